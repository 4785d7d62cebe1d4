"""What a user of a gateway does: one step a call, named by the first argument, the others as JSON.

Prints the step's answer as JSON.
"""
import json
import os
import sys
import time
import warnings
from pathlib import Path

from dask_gateway import BasicAuth, Gateway


def enter(gateway):
    """Comes in and answers which options there are; the status where the gateway refuses."""
    try:
        return sorted(gateway.cluster_options())
    except Exception as error:
        return getattr(error, "status", str(error))


def order(gateway, options, workers):
    """Starts a cluster, asks for workers, and answers what came of it; the cluster stays. What is refused answers why."""
    try:
        name = gateway.submit(**options)
    except Exception as error:
        return {"refused": str(error)}
    with gateway.connect(name) as cluster, cluster.get_client() as client:
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            cluster.scale(workers)
        granted = workers if not said else int(str(said[0].message).split("Scaling to ")[1].split()[0])
        client.wait_for_workers(granted, timeout=180)
        found = client.run(look)
        return {
            "name": name,
            "said": [str(each.message) for each in said],
            "workers": sorted(found.values(), key=lambda each: each["pod"]),
            "sum": client.submit(sum, [1, 2, 3]).result(timeout=60),
        }


def look(dask_worker):
    """What a worker has; the cores are those that the kernel gives its container."""
    both, period = Path("/sys/fs/cgroup/cpu.max"), Path("/sys/fs/cgroup/cpu/cpu.cfs_period_us")
    if both.exists():
        quota, length = both.read_text().split()
    else:
        quota, length = period.with_name("cpu.cfs_quota_us").read_text(), period.read_text()
    return {
        "pod": os.environ["DASK_GATEWAY_WORKER_NAME"],
        "threads": dask_worker.state.nthreads,
        "memory": dask_worker.memory_manager.memory_limit,
        "cores": int(quota) / int(length),
    }


def idle(gateway):
    """Starts a cluster, gives it nothing to do, and answers the states that it goes through until it is over."""
    name = gateway.submit()
    states, deadline = [], time.monotonic() + 180
    while not states or states[-1] not in ("STOPPED", "FAILED"):
        assert time.monotonic() < deadline, f"after 180 s: {states}"
        state = gateway.get_cluster(name).status.name
        if state not in states:
            states.append(state)
        time.sleep(0.2)
    return states


def running(gateway):
    return sorted(report.name for report in gateway.list_clusters())


def end(gateway, name):
    """Ends a cluster and waits until the gateway has forgotten it."""
    gateway.stop_cluster(name)
    deadline = time.monotonic() + 180
    while name in running(gateway):
        assert time.monotonic() < deadline, f"{name} is still there 180 s after it was stopped"
        time.sleep(0.2)


STEPS = {step.__name__: step for step in (enter, order, idle, running, end)}

if __name__ == "__main__":
    address, password, step, *arguments = sys.argv[1:]
    with Gateway(address, auth=BasicAuth("ada", password)) as gateway:
        print(json.dumps(STEPS[step](gateway, *map(json.loads, arguments))))
