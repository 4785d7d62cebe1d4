"""Proves that people can make Dask clusters with KubeCluster: makes one, scales it, computes, ends it.

Runs with the ServiceAccount and the environment that notebooks get. Prints one line of JSON. What goes wrong is said in
the container's termination message.
"""
import json
import os
import sys
import time
import warnings


def prove(namespace, wanted):
    try:
        from dask_kubernetes.operator import KubeCluster
    except ImportError as error:
        raise RuntimeError("the image has no dask-kubernetes; name it in clientPackages") from error
    import numpy
    from distributed import Client
    from distributed.versions import VersionMismatchWarning

    # Dask only warns when versions differ, and then fails later in ways that nobody understands.
    warnings.simplefilter("error", VersionMismatchWarning)
    started = time.monotonic()
    with KubeCluster(namespace=namespace, quiet=True, resource_timeout=300) as cluster, Client(cluster) as client:
        cluster.scale(wanted)
        client.wait_for_workers(wanted, timeout=600)
        packages = client.get_versions(check=True)["client"]["packages"]
        workers = list(client.scheduler_info(n_workers=-1)["workers"])
        parts = [client.submit(numpy.add, number, 1, workers=[address], allow_other_workers=False, pure=False)
                 for number, address in enumerate(workers)]
        answers = client.gather(parts)
        assert answers == [number + 1 for number in range(len(workers))], f"workers answered {answers}"
        first_result = time.monotonic() - started
        name = cluster.name
    # Leaving the block deletes the cluster and waits until it is gone.
    return {
        "cluster": name,
        "workers": len(workers),
        "secondsToFirstResult": round(first_result, 2),
        "versions": {name: packages[name] for name in ("python", "dask", "distributed", "numpy")},
    }


def say_last(text):
    try:
        with open("/dev/termination-log", "w") as log:
            log.write(text)
    except OSError:
        pass


if __name__ == "__main__":
    try:
        result = prove(os.environ["NAMESPACE"], int(os.environ["WORKERS"]))
    except Exception as error:
        message = f"no Dask cluster computes: {type(error).__name__}: {error}"
        say_last(message)
        sys.exit(message)
    print(json.dumps(result), flush=True)
    say_last(json.dumps(result))
