import type { Problem, Report } from "../problems.ts";
import type { ExposeSettings } from "../releases/release.ts";
import type { ClusterSettings, ServiceType } from "./cluster.ts";
import { eksExposureFault } from "./eks-rules.ts";

const ANYWHERE = "0.0.0.0/0";

/** How a cluster lets Services out; every cloud has load balancers. */
export function offeredExposure(cluster: ClusterSettings): ServiceType {
  return cluster.provider === "existing" ? cluster.expose : "LoadBalancer";
}

/**
 * Exposing a scheduler or a notebook lets whoever reaches it run code, so it needs networks that may.
 *
 * @param danger what happens where anybody may connect, as the start of the message
 */
export function checkExposure(
  path: readonly string[],
  expose: ExposeSettings | undefined,
  cluster: ClusterSettings,
  report: Report,
  danger = "exposes a service that runs anybody's code",
): Problem[] {
  if (expose === undefined) return [];
  const fault = cluster.provider === "eks" ? eksExposureFault(expose) : undefined;
  if (fault !== undefined) return [report([...path, fault[0]], fault[1])];
  const offered = offeredExposure(cluster);
  const type = expose.type ?? offered;
  const message = nodePortFault(type, cluster) ?? exposureProblem(type, expose, offered, danger);
  return message === undefined ? [] : [report(path, message)];
}

/** What is wrong with a NodePort on a cluster whose nodes have no address that anybody knows. */
export function nodePortFault(type: ServiceType, cluster: ClusterSettings): string | undefined {
  if (type !== "NodePort" || cluster.provider === "existing") return undefined;
  return "has no address on this cluster: its nodes are private and come and go; use LoadBalancer";
}

function exposureProblem(
  type: ServiceType,
  expose: ExposeSettings,
  offered: ServiceType,
  danger: string,
): string | undefined {
  if (type === "ClusterIP") {
    const asksMore = expose.allowFrom !== undefined || expose.address !== undefined;
    return asksMore || expose.type === undefined
      ? `exposes nothing, because dask:cluster.expose is ${offered}; set that to LoadBalancer or NodePort`
      : undefined;
  }
  if (type !== offered && offered !== "LoadBalancer") {
    return `asks for ${type}, and dask:cluster.expose says ${offered}; change one of them`;
  }
  if (expose.allowFrom === undefined) {
    return `${danger}; add allowFrom with the networks that may connect, like ["203.0.113.0/24"]`;
  }
  if (type === "NodePort" && expose.allowFrom.join() !== ANYWHERE) {
    return `cannot keep others out: a NodePort has no source ranges; use LoadBalancer, or say allowFrom: ["${ANYWHERE}"]`;
  }
  if (type === "NodePort" && expose.address !== undefined)
    return "takes no address on a NodePort; remove address";
  return undefined;
}
