import { clusterRoles, fullName, longestOwnName } from "../../components/dask-gateway/chart.ts";
import { gatewayRelease as gatewayReleaseOfHub } from "../../components/hub/chart.ts";
import { checkExposure } from "../clusters/exposure-rules.ts";
import { keyOf, type Problem, type Report } from "../problems.ts";
import type { ReleaseSettings, Settings } from "../schema.ts";
import { type DaskGatewaySettings, type GatewayShapeSettings, IMAGE_VARIABLE } from "./dask-gateway.ts";
import { type GatewaySizes, gatewaySizes } from "./gateway-limits.ts";
import { namespaceOf } from "./namespace-rules.ts";
import { checkName, checkOverrides } from "./release-rules.ts";

/** Names of secrets in `dask:secrets.<release>` that a gateway reads. */
export const GATEWAY_SECRETS = {
  /** The gateway's own token at its hub. */
  apiToken: "apiToken",
  /** A user's token at the hub, for the smoke test. */
  smokeTestToken: "smokeTestToken",
} as const;

/** The rules of a release of kind `dask-gateway`, beyond the schema. */
export function checkDaskGateway(
  name: string,
  release: DaskGatewaySettings,
  settings: Settings,
  report: Report,
): Problem[] {
  const path = ["releases", name];
  return [
    ...checkGatewayShape(path, release, report),
    ...checkGatewayValues([...path, "values"], release.values, report),
    ...checkAuth(name, release, settings, report),
    ...checkExposure([...path, "expose"], release.expose, settings.cluster, report, HTTP),
    ...checkName(name, longestOwnName(name), report),
  ];
}

const HTTP = "sends password and cluster keys in clear over HTTP";

/** The rules of what every release with a gateway accepts: sizes fit the limits, names are free. */
export function checkGatewayShape(
  path: readonly string[],
  release: GatewayShapeSettings,
  report: Report,
): Problem[] {
  return [
    ...checkLimits(path, gatewaySizes(release), report),
    ...Object.keys(release.environment).flatMap((key) => {
      const message = environmentProblem(key);
      return message === undefined ? [] : [{ key: keyOf([...path, "environment", key]), message }];
    }),
    ...(release.proxy.schedulerPort === 80
      ? [
          report(
            [...path, "proxy", "schedulerPort"],
            "is HTTP's own port; leave schedulerPort out to share it",
          ),
        ]
      : []),
  ];
}

function checkLimits(path: readonly string[], sizes: GatewaySizes, report: Report): Problem[] {
  const { limits, scheduler, worker } = sizes;
  const found: Problem[] = [];
  for (const key of ["cores", "memory"] as const) {
    const unit = units[key];
    const least = scheduler[key] + worker[key];
    if (limits[key] < least) {
      found.push(
        report(
          [...path, "limits", key],
          `is less than a scheduler and one worker need; raise it to at least ${unit(least)}`,
        ),
      );
      continue;
    }
    const option = key === "cores" ? "workerCores" : "workerMemory";
    const range = sizes[option];
    if (range === undefined) continue;
    const at = [...path, "options", option];
    const most = limits[key] - scheduler[key];
    if (range.min > worker[key] || range.max < worker[key]) {
      found.push(
        report(
          at,
          `leaves out worker.${key}, what a user gets who chooses nothing (${unit(worker[key])}); widen the range`,
        ),
      );
    } else if (range.max > most) {
      found.push(
        report(
          [...at, "max"],
          `does not fit limits.${key} beside the scheduler; lower it to ${unit(most)}, or raise limits.${key}`,
        ),
      );
    }
  }
  return found;
}

const units = { cores: String, memory: (bytes: number) => `${Math.round(bytes / 1e6)}M` } as const;

function environmentProblem(key: string): string | undefined {
  if (/^DASK_GATEWAY_(?!_)|^DASK_DISTRIBUTED__COMM__TLS__/.test(key))
    return "is set by the gateway itself; remove it";
  if (key === IMAGE_VARIABLE) return "is set by the stack to the cluster's image; remove it";
  return undefined;
}

/** Values of the escape hatch that would break the stack or put a secret into plain settings. */
export function checkGatewayValues(
  path: readonly string[],
  values: Readonly<Record<string, unknown>>,
  report: Report,
): Problem[] {
  const found = checkOverrides(path, values, report);
  for (const secret of SECRET_VALUES) {
    if (at(values, secret) !== undefined)
      found.push({
        key: keyOf([...path, ...secret]),
        message: "is a secret among the plain settings; remove it, the stack hands it over in a Secret",
      });
  }
  return found;
}

const SECRET_VALUES = [
  ["gateway", "auth", "simple", "password"],
  ["gateway", "auth", "jupyterhub", "apiToken"],
];

function at(value: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (here, key) =>
      typeof here === "object" && here !== null ? (here as Record<string, unknown>)[key] : undefined,
    value,
  );
}

function checkAuth(
  name: string,
  release: DaskGatewaySettings,
  settings: Settings,
  report: Report,
): Problem[] {
  const { auth } = release;
  if (auth.kind === "password") return [];
  const own = settings.secrets[name] ?? {};
  const hasToken = own[GATEWAY_SECRETS.apiToken] !== undefined;
  const path = ["releases", name, "auth"];
  const found: Problem[] = [];
  if (auth.secret === undefined && !hasToken) {
    found.push({
      key: keyOf(path),
      message: `needs the gateway's token at the hub; name its Secret in auth.secret, or set dask:secrets.${name}.apiToken`,
    });
  }
  if (auth.secret !== undefined && hasToken) {
    found.push(report([...path, "secret"], `stands beside dask:secrets.${name}.apiToken; keep one of them`));
  }
  if (auth.secret !== undefined) found.push(...checkTokenSecret(name, release, settings, report));
  if (auth.secret === undefined && auth.apiUrl === undefined) {
    found.push({
      key: keyOf([...path, "apiUrl"]),
      message: "is missing, and the hub is not known; write http://hub.<namespace>:8081/hub/api",
    });
  }
  if ((release.smokeTest ?? settings.smokeTest) && own[GATEWAY_SECRETS.smokeTestToken] === undefined) {
    found.push({
      key: keyOf([...path.slice(0, 2), "smokeTest"]),
      message: `needs a user's token at the hub; set dask:secrets.${name}.smokeTestToken, or smokeTest: false`,
    });
  }
  return found;
}

/** A Secret that this stack neither makes nor finds keeps the gateway's pod from starting, and `up` waits in vain. */
function checkTokenSecret(
  name: string,
  release: DaskGatewaySettings,
  { releases }: Settings,
  report: Report,
): Problem[] {
  const path = ["releases", name, "auth", "secret"];
  const namespace = namespaceOf(name, release);
  const beside = Object.entries(releases).find(
    ([other, { kind, ...rest }]) =>
      (kind === "jupyterhub" || kind === "daskhub") && namespaceOf(other, rest).name === namespace.name,
  );
  if (beside !== undefined) {
    const message = `asks for a token of ${beside[0]}, a hub of this stack, which has none for other gateways; use kind: daskhub for hub and gateway`;
    return [report(path, message)];
  }
  if (!namespace.create) return [];
  const message = `cannot be there in time, because this stack makes the namespace ${namespace.name}; write namespace: { name: ${namespace.name}, create: false } where it is there already, set apiUrl and dask:secrets.${name}.apiToken, or use kind: daskhub`;
  return [report(path, message)];
}

/** Names that objects of the release will have in its namespace, which no other release may make there. */
export function daskGatewayClaims(name: string): string[] {
  return [`the objects named *-${fullName(name)}`];
}

/** The Helm release with a gateway that a release makes, where it makes one; each kind of release says so here. */
export function gatewayRelease(name: string, release: ReleaseSettings): string | undefined {
  switch (release.kind) {
    case "dask-gateway":
      return name;
    case "daskhub":
      return gatewayReleaseOfHub(name, release.distribution);
    default:
      return undefined;
  }
}

/** ClusterRoles must have one owner in the whole cluster, whatever the namespaces. */
export function checkClusterRoles(settings: Settings): Problem[] {
  const owners = new Map<string, string>();
  return Object.entries(settings.releases).flatMap(([release, value]) => {
    const helmRelease = gatewayRelease(release, value);
    if (helmRelease === undefined) return [];
    const [role = helmRelease] = clusterRoles(helmRelease);
    const owner = owners.get(role);
    owners.set(role, owner ?? release);
    if (owner === undefined) return [];
    const message = `and ${owner} would both make the ClusterRole ${role}; rename one of them`;
    return [{ key: keyOf(["releases", release]), message }];
  });
}
