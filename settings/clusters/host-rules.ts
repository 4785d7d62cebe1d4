import { keyOf, type Problem, type Report } from "../problems.ts";
import type { ExposeSettings } from "../releases/release.ts";
import type { ReleaseSettings, Settings } from "../schema.ts";
import type { ClusterSettings } from "./cluster.ts";
import { offeredExposure } from "./exposure-rules.ts";

/** The rules of hosts: each names one endpoint that is exposed, and lies in the zone where it gets its record. */
export function checkHosts({ cluster, releases }: Settings, report: Report): Problem[] {
  const hosts = Object.entries(releases).flatMap(([name, release]) => hostsOf(name, release));
  const outside = hosts.filter((host) => isExposed(host, cluster));
  return hosts.flatMap((host) => {
    const message = outside.includes(host) ? recordFault(host, outside, cluster) : insideFault(host);
    return message === undefined ? [] : [report(host.path, message)];
  });
}

/** A host name of a release, and how what it names is exposed. */
interface Host {
  /** Path of the setting. */
  readonly path: readonly string[];
  readonly name: string;
  readonly expose: ExposeSettings | undefined;
  /** Whether something of the user's may stand before what is not exposed, and end TLS for it. */
  readonly mayBeInside?: boolean;
}

/** The hosts of a release; each kind says so here. */
function hostsOf(release: string, settings: ReleaseSettings): Host[] {
  const at = (...path: string[]) => ["releases", release, ...path, "host"];
  switch (settings.kind) {
    case "dask":
      return [...hostOf(at("scheduler"), settings.scheduler), ...hostOf(at("jupyter"), settings.jupyter)];
    case "dask-gateway":
      return hostOf(at(), settings);
    case "jupyterhub":
    case "daskhub":
      return hostOf(at(), settings).map((host) => ({ ...host, mayBeInside: true }));
    case "dask-operator":
      return [];
    default:
      return settings satisfies never;
  }
}

interface Exposable {
  readonly host?: string | undefined;
  readonly expose?: ExposeSettings | undefined;
}

function hostOf(path: readonly string[], part: Exposable | undefined): Host[] {
  if (part?.host === undefined) return [];
  // A hub's host may name a port.
  return [{ path, name: part.host.replace(/:\d+$/, ""), expose: part.expose }];
}

function isExposed({ expose }: Host, cluster: ClusterSettings): boolean {
  return expose !== undefined && (expose.type ?? offeredExposure(cluster)) !== "ClusterIP";
}

function insideFault({ mayBeInside }: Host): string | undefined {
  return mayBeInside === true
    ? undefined
    : "names what nobody reaches from outside; add expose with allowFrom beside it, or remove it";
}

/** Why a host cannot get its record; `undefined` where it can, or where the settings name no zone. */
function recordFault(host: Host, outside: readonly Host[], cluster: ClusterSettings): string | undefined {
  if (cluster.provider === "existing" || cluster.dns === undefined) return undefined;
  const first = outside.find(({ name }) => name === host.name);
  if (first !== undefined && first !== host)
    return `is that of ${keyOf(first.path)} too, and a name has one record; choose another`;
  // Google's is a name that says nothing of the domain.
  const zone = cluster.provider === "gke" ? undefined : cluster.dns.zone.replace(/\.$/, "");
  return zone === undefined || host.name === zone || host.name.endsWith(`.${zone}`)
    ? undefined
    : `lies outside ${zone}, the zone of dask:cluster.dns; choose a name below it, or remove dns`;
}
