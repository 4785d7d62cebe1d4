import { BlockList, isIPv6 } from "node:net";
import type { ClusterSettings } from "../clusters/cluster.ts";
import { nodePortFault, offeredExposure } from "../clusters/exposure-rules.ts";
import type { Problem, Report } from "../problems.ts";
import type { HubTls } from "./hub-tls.ts";
import type { HubSettings } from "./jupyterhub.ts";

const PRIVATE = new BlockList();
for (const [network, bits] of [
  ["10.0.0.0", 8],
  ["172.16.0.0", 12],
  ["192.168.0.0", 16],
  ["127.0.0.0", 8],
] as const)
  PRIVATE.addSubnet(network, bits, "ipv4");
PRIVATE.addSubnet("fc00::", 7, "ipv6");
/** Fewest bits of a network that can lie within a private one. */
const LEAST_BITS = { ipv4: 8, ipv6: 7 } as const;

/** The Service type of a hub: the one asked for, else the cluster's way. */
function serviceTypeOf({ expose }: Pick<HubSettings, "expose">, cluster: ClusterSettings) {
  return expose.type ?? offeredExposure(cluster);
}

/** Whether people outside private networks can reach a hub. */
export function isPublic(release: Pick<HubSettings, "expose">, cluster: ClusterSettings): boolean {
  if (serviceTypeOf(release, cluster) === "ClusterIP") return false;
  const { allowFrom } = release.expose;
  return allowFrom === undefined || !allowFrom.every(isPrivate);
}

function isPrivate(network: string): boolean {
  const [address = "", bits = "0"] = network.split("/");
  const family = isIPv6(address) ? "ipv6" : "ipv4";
  // A network as wide as 172.0.0.0/8 starts private and is not.
  const least = address.startsWith("172.") ? 12 : address.startsWith("192.") ? 16 : LEAST_BITS[family];
  return Number(bits) >= least && PRIVATE.check(address, family);
}

/** The rules of how a hub is exposed; unlike a scheduler it has a login, so anybody may connect. */
export function checkHubExposure(
  path: readonly string[],
  release: HubSettings,
  cluster: ClusterSettings,
  report: Report,
): Problem[] {
  const { expose } = release;
  const offered = offeredExposure(cluster);
  const type = serviceTypeOf(release, cluster);
  const found = (message: string) => [report([...path, "expose"], message)];
  if (type === "ClusterIP") {
    const asksMore = expose.allowFrom !== undefined || expose.address !== undefined;
    return asksMore
      ? found(`exposes nothing, because the type is ClusterIP; remove allowFrom and address, or set type`)
      : [];
  }
  const fault = nodePortFault(type, cluster);
  if (fault !== undefined) return found(fault);
  if (type !== offered && offered !== "LoadBalancer")
    return found(`asks for ${type}, and dask:cluster.expose says ${offered}; change one of them`);
  if (type === "NodePort" && expose.allowFrom !== undefined)
    return found(
      "cannot keep others out: a NodePort has no source ranges; use LoadBalancer or remove allowFrom",
    );
  if (type === "NodePort" && expose.address !== undefined)
    return found("takes no address on a NodePort; remove address");
  return [];
}

const EVERYWHERE = ["0.0.0.0/0", "::/0"];

/** The rules of `tls`: what a certificate needs, and that nobody logs in over plain HTTP unawares. */
export function checkHubTls(
  name: string,
  release: HubSettings,
  { cluster, secrets }: { cluster: ClusterSettings; secrets: Readonly<Record<string, object>> },
  report: Report,
): Problem[] {
  const path = ["releases", name, "tls"];
  const { tls } = release;
  switch (tls.kind) {
    case "letsencrypt":
      return checkLetsEncrypt(["releases", name], release, cluster, report);
    case "manual": {
      const missing = ["tlsKey", "tlsCertificate"].filter((key) => !(key in (secrets[name] ?? {})));
      const remedy = `set ${missing.map((key) => `dask:secrets.${name}.${key}`).join(" and ")}, as PEM text`;
      return missing.length > 0 ? [report([...path, "kind"], `has no key and certificate; ${remedy}`)] : [];
    }
    case "none":
      return checkPlainHttp(path, release, tls, cluster, report);
    default:
      return [];
  }
}

function checkPlainHttp(
  path: readonly string[],
  release: HubSettings,
  tls: Extract<HubTls, { kind: "none" }>,
  cluster: ClusterSettings,
  report: Report,
): Problem[] {
  // A dummy login on a public address is refused for itself.
  const harmless = release.auth.kind === "dummy" || !isPublic(release, cluster);
  if (harmless || tls.plainHttp === "accepted") return [];
  const message =
    "is none: people would log in over plain HTTP on a public address; set tls to letsencrypt, secret, manual or offload, expose: ClusterIP, or { kind: none, plainHttp: accepted }";
  return [report(path, message)];
}

function checkLetsEncrypt(
  path: readonly string[],
  release: HubSettings,
  cluster: ClusterSettings,
  report: Report,
): Problem[] {
  const { host, expose } = release;
  const found: Problem[] = [];
  if (host === undefined)
    found.push(
      report(
        [...path, "host"],
        "is missing: Let's Encrypt certifies a host name; set it like hub.example.org",
      ),
    );
  else if (!host.includes(".") || host.includes(":") || /^[\d.]+$/.test(host))
    found.push(
      report(
        [...path, "host"],
        "is not a name that Let's Encrypt certifies; use a public one like hub.example.org",
      ),
    );
  if (serviceTypeOf(release, cluster) !== "LoadBalancer")
    found.push(
      report(
        [...path, "tls", "kind"],
        "needs a load balancer: Let's Encrypt connects to port 80 of the host; set expose to LoadBalancer, or use secret or offload",
      ),
    );
  if (expose.allowFrom !== undefined && !expose.allowFrom.some((network) => EVERYWHERE.includes(network)))
    found.push(
      report(
        [...path, "expose", "allowFrom"],
        "keeps Let's Encrypt out: it proves the host by connecting to it from the Internet, when the certificate is made and each time it is renewed; remove allowFrom, or use tls secret or manual",
      ),
    );
  return found;
}
