import { generateKeyPairSync, randomBytes, X509Certificate } from "node:crypto";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { stringify } from "yaml";
import type { Access } from "./kubernetes-api.ts";
import type { Layout } from "./layout.ts";

// The API server makes its own serving certificate and the administrator carries a bearer token, so nothing here
// has to sign certificates and no openssl is needed.

/** Files of the control plane's identity, absolute. */
export interface Credentials {
  /** Private RSA key that signs service account tokens. */
  readonly serviceAccountKey: string;
  /** The API server's static tokens, CSV. */
  readonly tokens: string;
  /** Folder of the API server's serving certificate. */
  readonly certificates: string;
  /** The certificate to trust, PEM; it exists once the API server runs. */
  readonly certificate: string;
}

// The API server's self-signed certificate lasts a year; a sandbox that is older gets a new one before it starts.
const RENEW_BEFORE_MS = 30 * 24 * 3600 * 1000;

// User, id and group of each token. The kubelet's name must be that of its node.
const users = [
  'sandbox-admin,sandbox-admin,"system:masters"',
  'system:node:sandbox,kubelet,"system:nodes"',
  "system:kube-proxy,kube-proxy",
] as const;

/** The tokens of a real node's programs. */
export interface NodeTokens {
  readonly kubelet: string;
  readonly kubeProxy: string;
}

/** Reads the tokens that `createSecrets` made for the programs of a real node. */
export function nodeTokens(layout: Layout): NodeTokens {
  const lines = readFileSync(credentialsOf(layout).tokens, "utf8").split("\n");
  const token = (user: string) => lines.find((line) => line.split(",")[1] === user)?.split(",")[0] ?? "";
  return { kubelet: token("system:node:sandbox"), kubeProxy: token("system:kube-proxy") };
}

/** The credential files of a sandbox; touches nothing. */
export function credentialsOf(layout: Layout): Credentials {
  const certificates = join(layout.cluster, "certificates");
  return {
    serviceAccountKey: join(layout.cluster, "service-account.key"),
    tokens: join(layout.cluster, "tokens.csv"),
    certificates,
    certificate: join(certificates, "apiserver.crt"),
  };
}

/** Creates the secrets that do not exist yet: signing key, administrator's token, Pulumi passphrase; mode 600. */
export function createSecrets(layout: Layout): void {
  const { serviceAccountKey, tokens } = credentialsOf(layout);
  const secret = () => randomBytes(32).toString("hex");
  createOnce(tokens, () => users.map((user) => `${secret()},${user}\n`).join(""));
  createOnce(layout.passphrase, () => `${secret()}\n`);
  createOnce(serviceAccountKey, () => {
    const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
    return privateKey.export({ type: "pkcs8", format: "pem" }).toString();
  });
}

/** Removes a serving certificate that ends within 30 days. Only while the API server is stopped: it writes a new one. */
export function dropOldCertificate(layout: Layout): void {
  const { certificate, certificates } = credentialsOf(layout);
  if (!existsSync(certificate)) return;
  const end = Date.parse(new X509Certificate(readFileSync(certificate)).validTo);
  if (end - Date.now() < RENEW_BEFORE_MS) rmSync(certificates, { recursive: true });
}

/** What is needed to speak to the API server on `port`; undefined until it has written its certificate. */
export function accessOf(layout: Layout, port: number): Access | undefined {
  const { certificate, tokens } = credentialsOf(layout);
  if (!existsSync(certificate)) return undefined;
  const token = readFileSync(tokens, "utf8").split(",")[0] ?? "";
  return { port, ca: readFileSync(certificate, "utf8"), token };
}

/** The administrator's kubeconfig as YAML; cluster, user and context are named `sandbox`. */
export function kubeconfig(access: Access): string {
  const cluster = {
    server: `https://127.0.0.1:${access.port}`,
    "certificate-authority-data": Buffer.from(access.ca).toString("base64"),
  };
  return stringify({
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name: "sandbox", cluster }],
    users: [{ name: "sandbox", user: { token: access.token } }],
    contexts: [{ name: "sandbox", context: { cluster: "sandbox", user: "sandbox" } }],
    "current-context": "sandbox",
  });
}

function createOnce(path: string, content: () => string): void {
  if (!existsSync(path)) writeFileSync(path, content(), { mode: 0o600 });
}
