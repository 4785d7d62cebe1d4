"""One more handler of the operator: a cluster that is complete, and can be reached, is Running.

The operator says Running when the scheduler's Service is there, and Pending when all parts of the cluster are made, in
whatever order the two happen. With Pending as its last word a cluster that works stays so for ever, and KubeCluster
gives up waiting (github.com/dask/dask-kubernetes/issues/968).
"""
import kopf
from kr8s.asyncio.objects import Service


@kopf.on.field("daskcluster.kubernetes.dask.org", field="status.phase", new="Pending")
async def complete(name, namespace, patch, **_):
    service = await Service.get(f"{name}-scheduler", namespace=namespace)
    if reachable(service.raw):
        patch.status["phase"] = "Running"


def reachable(service):
    """Whether a Service waits for no address; the operator says Running when a load balancer gets its own."""
    return service["spec"]["type"] != "LoadBalancer" or bool(service["status"].get("loadBalancer", {}).get("ingress"))
