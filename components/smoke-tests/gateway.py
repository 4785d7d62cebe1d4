"""Proves that a Dask gateway serves: signs in as a user would, starts a cluster with chosen options, computes on it.

The cluster is closed in any case, also when the test fails or is told to end.
"""
import json
import os
import signal

from aiohttp import ClientError, ClientResponseError
from dask_gateway import BasicAuth, Gateway, GatewayServerError, JupyterHubAuth

# How long each wait may take, in seconds; nodes may have to be made first.
PATIENCE = float(os.environ.get("PATIENCE", "600"))

# Bytes of a page of memory on the processors that have the largest ones.
LARGEST_PAGE = 64 * 1024


def prove(gateway, order, own_user):
    offered = first_answer(gateway.cluster_options)
    started = time.monotonic()
    if own_user:
        # A test that was killed could not close its cluster.
        for report in gateway.list_clusters():
            close(gateway, report.name)
    unknown = sorted(set(order["options"]) - set(offered))
    assert not unknown, f"the gateway offers no option {', '.join(unknown)}"
    name = gateway.submit(**order["options"])
    try:
        wait_until_running(gateway, name)
        check_options(gateway, name, order)
        with gateway.connect(name) as cluster, cluster.get_client() as client:
            return compute(cluster, client, order, started)
    finally:
        close(gateway, name)


def first_answer(ask):
    """The proxy learns of the gateway a moment after both are ready; whoever may not come in is told at once."""
    deadline = time.monotonic() + min(PATIENCE, 60)
    while True:
        try:
            return ask()
        except (ClientError, ValueError, GatewayServerError) as error:
            refused = isinstance(error, ClientResponseError) and error.status < 500
            if refused or time.monotonic() > deadline:
                raise
        time.sleep(1)


def check_options(gateway, name, order):
    options = next(report.options for report in gateway.list_clusters() if report.name == name)
    for option, value in order["options"].items():
        assert options.get(option) == value, f"option {option} is {options.get(option)!r} and not {value!r}"


def compute(cluster, client, order, started):
    cluster.scale(order["workers"])
    client.wait_for_workers(order["workers"], timeout=PATIENCE)
    versions = check_versions(client)
    mean = compute_mean(order["size"])
    first_result = time.monotonic() - started
    check_workers(client, order)
    return {
        "mean": mean,
        "size": order["size"],
        "workers": use_every_worker(client),
        "image": order["image"],
        "secondsToFirstResult": round(first_result, 2),
        "versions": versions,
    }


def check_workers(client, order):
    variable = order["imageVariable"]
    workers = client.run(lambda dask_worker: (dask_worker.memory_manager.memory_limit, os.environ.get(variable)))
    for address, (memory, image) in workers.items():
        # Dask takes the limit that the kernel set, and the kernel cuts it to whole pages.
        short = order["memory"] - memory
        assert 0 <= short < LARGEST_PAGE, f"worker {address} has {memory} bytes of memory and not {order['memory']}"
        assert image == order["image"], f"worker {address} runs {image} and not {order['image']}"


def wait_until_running(gateway, name):
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        report = next((each for each in gateway.list_clusters() if each.name == name), None)
        assert report is not None, f"cluster {name} ended before its scheduler ran; look at the controller's log"
        if report.status.name == "RUNNING":
            return
        time.sleep(0.5)
    raise TimeoutError(f"the scheduler of cluster {name} did not run within {PATIENCE:g} s")


def close(gateway, name):
    gateway.stop_cluster(name)
    deadline = time.monotonic() + 60
    while any(report.name == name for report in gateway.list_clusters()):
        if time.monotonic() > deadline:
            raise TimeoutError(f"cluster {name} was told to stop and has not stopped within 60 s")
        time.sleep(0.5)


def connect(login, secret):
    auth = BasicAuth("smoke-test", secret) if login == "password" else JupyterHubAuth(secret)
    return Gateway(os.environ["GATEWAY"], proxy_address=os.environ["PROXY"], auth=auth)


def end(signum, frame):
    raise TimeoutError("the test was told to end before it was done")


def main():
    login = os.environ["LOGIN"]
    # Not closed: it closes itself, and would complain at the end of the log of being closed twice.
    gateway = connect(login, os.environ["LOGIN_SECRET"])
    return prove(gateway, json.loads(os.environ["ORDER"]), own_user=login != "jupyterhub")


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, end)
    run("Dask Gateway does not serve", main)
