import { type Fields, fields, HELM_RELEASE, list, type Part, type Planned, parts } from "./planned.ts";

const GATEWAY = "dask-gateway";
/** Charts whose Services let people run code without a login page between. */
const CODE_RUNNERS = ["dask", GATEWAY];
/** A chart of a hub and a gateway, each under its name. */
const UMBRELLA = "daskhub";

/** Services that let anybody run code: of schedulers, notebooks and gateways. */
export function openSchedulers({ type, inputs }: Planned): readonly string[] {
  if (type === "kubernetes:core/v1:Service")
    return isOfDask(inputs) ? faultsOf(fields(inputs.spec), "spec") : [];
  return type === HELM_RELEASE ? parts(valuesOf(inputs)).flatMap(faultsOfPart) : [];
}

/** The values of a release that tell of such Services, each under its path. */
function valuesOf(inputs: Fields): unknown {
  const chart = chartOf(inputs);
  if (CODE_RUNNERS.includes(chart)) return inputs.values;
  return chart === UMBRELLA ? { [GATEWAY]: fields(inputs.values)[GATEWAY] } : undefined;
}

function faultsOfPart({ path, value }: Part): readonly string[] {
  const { serviceType } = value;
  // One chart takes what goes into the Service's spec in a map of its own.
  const service = { ...value, ...fields(value.spec), type: serviceType ?? value.type };
  return /(^|\.)service$/.test(path) || serviceType !== undefined ? faultsOf(service, path) : [];
}

/** The name of a release's chart, be it from a repository, a registry or a directory. */
export function chartOf({ chart }: Fields): string {
  const last = String(chart).split("/").at(-1) ?? "";
  return last.replace(/-\d[\w.+-]*?(\.tgz)?$/, "");
}

/** Whether a Service leads to pods of the chart `dask`, or to their ports. */
function isOfDask({ spec }: Fields): boolean {
  const { selector, ports } = fields(spec);
  const known = list(ports).some((each) => [8786, 8787].includes(Number(fields(each).port)));
  return known || fields(selector).app === "dask";
}

function faultsOf({ type, loadBalancerSourceRanges }: Fields, path: string): readonly string[] {
  if (type === "NodePort") return [`${path} is a NodePort, which anybody may connect to; use a LoadBalancer`];
  const ranges = list(loadBalancerSourceRanges).map(String);
  const named = ranges.length > 0 && !ranges.some((range) => range.endsWith("/0"));
  if (type !== "LoadBalancer" || named) return [];
  return [`${path} lets anybody connect; name the networks that may, with allowFrom`];
}
