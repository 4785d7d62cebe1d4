import { z } from "zod";
import { dnsLabel } from "../quantities.ts";

const letsencrypt = z
  .strictObject({
    kind: z.literal("letsencrypt"),
    email: z
      .email({ error: "must be an e-mail address; write ops@example.org" })
      .describe("Where Let's Encrypt writes to when a certificate runs out."),
    server: z
      .url({ error: "must be the URL of an ACME directory; remove it for Let's Encrypt's own" })
      .default("https://acme-v02.api.letsencrypt.org/directory")
      .describe("ACME directory: that of Let's Encrypt's staging service gives certificates for trials."),
  })
  .describe("A certificate of Let's Encrypt, got and renewed by the hub's own proxy.");

const secret = z
  .strictObject({
    kind: z.literal("secret"),
    name: dnsLabel.describe("Name of the Secret in the hub's namespace."),
    key: z.string().min(1).default("tls.key").describe("Key of the Secret that holds the private key."),
    certificate: z
      .string()
      .min(1)
      .default("tls.crt")
      .describe("Key of the Secret that holds the certificate."),
  })
  .describe(
    "A certificate in a Secret that you or cert-manager make. Where the stack makes the namespace, add it while `up` waits for the hub.",
  );

const manual = z
  .strictObject({ kind: z.literal("manual") })
  .describe("Your own certificate: `tlsKey` and `tlsCertificate` of `dask:secrets.<release>`, as PEM text.");

const offload = z
  .strictObject({ kind: z.literal("offload") })
  .describe("TLS ends before the hub: at a load balancer or an Ingress of yours.");

const none = z
  .strictObject({
    kind: z.literal("none"),
    plainHttp: z
      .literal("accepted", { error: "must be the word accepted; write plainHttp: accepted or remove it" })
      .optional()
      .describe("`accepted` lets people log in over plain HTTP on a public address: passwords can be read."),
  })
  .describe("Plain HTTP.");

/** How a hub is served over HTTPS. */
export const hubTls = z.discriminatedUnion("kind", [letsencrypt, secret, manual, offload, none]);

/** How a hub is served over HTTPS. */
export type HubTls = z.output<typeof hubTls>;

/** Scheme of a hub's address. */
export function schemeOf(tls: HubTls): "http" | "https" {
  return tls.kind === "none" ? "http" : "https";
}
