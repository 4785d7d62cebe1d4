"""Proves that people can make Dask clusters with KubeCluster: makes one, scales it, computes, ends it.

Runs with the ServiceAccount and the environment that notebooks get.
"""
import os


def prove(namespace, wanted):
    try:
        from dask_kubernetes.operator import KubeCluster
    except ImportError as error:
        raise RuntimeError("the image has no dask-kubernetes; name it in clientPackages") from error
    from distributed import Client

    started = time.monotonic()
    with KubeCluster(namespace=namespace, quiet=True, resource_timeout=300) as cluster, Client(cluster) as client:
        cluster.scale(wanted)
        client.wait_for_workers(wanted, timeout=600)
        versions = check_versions(client)
        workers = use_every_worker(client)
        first_result = time.monotonic() - started
        name = cluster.name
    # Leaving the block deletes the cluster and waits until it is gone.
    return {
        "cluster": name,
        "workers": workers,
        "secondsToFirstResult": round(first_result, 2),
        "versions": versions,
    }


if __name__ == "__main__":
    run("no Dask cluster computes", lambda: prove(os.environ["NAMESPACE"], int(os.environ["WORKERS"])))
