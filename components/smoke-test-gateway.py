"""Proves that a Dask gateway serves: signs in as a user would, starts a cluster with chosen options, computes on it.

Prints one line of JSON. What goes wrong is said in the container's termination message. The cluster is closed in
any case, also when the test fails or is told to end.
"""
import json
import os
import signal
import sys
import time
import warnings

# How long each wait may take, in seconds; nodes may have to be made first.
PATIENCE = float(os.environ.get("PATIENCE", "600"))


def prove(gateway, order, own_user):
    started = time.monotonic()
    if own_user:
        # A test that was killed could not close its cluster.
        for report in gateway.list_clusters():
            close(gateway, report.name)
    unknown = sorted(set(order["options"]) - set(gateway.cluster_options()))
    assert not unknown, f"the gateway offers no option {', '.join(unknown)}"
    name = gateway.submit(**order["options"])
    try:
        wait_until_running(gateway, name)
        check_options(gateway, name, order)
        with gateway.connect(name) as cluster, cluster.get_client() as client:
            return compute(cluster, client, order, started)
    finally:
        close(gateway, name)


def check_options(gateway, name, order):
    options = next(report.options for report in gateway.list_clusters() if report.name == name)
    for option, value in order["options"].items():
        assert options.get(option) == value, f"option {option} is {options.get(option)!r} and not {value!r}"


def compute(cluster, client, order, started):
    import dask.array as da
    import numpy
    from distributed.versions import VersionMismatchWarning

    # Dask only warns when versions differ, and then fails later in ways that nobody understands.
    warnings.simplefilter("error", VersionMismatchWarning)
    cluster.scale(order["workers"])
    client.wait_for_workers(order["workers"], timeout=PATIENCE)
    versions = client.get_versions(check=True)
    size = order["size"]
    mean = float(da.random.normal(10, 0.1, size=(size, size)).mean().compute())
    first_result = time.monotonic() - started
    assert abs(mean - 10) < 0.01, f"the mean of normal(10, 0.1) came out as {mean}"
    variable = order["imageVariable"]
    workers = client.run(lambda dask_worker: (dask_worker.memory_manager.memory_limit, os.environ.get(variable)))
    for address, (memory, image) in workers.items():
        assert memory == order["memory"], f"worker {address} has {memory} bytes of memory and not {order['memory']}"
        assert image == order["image"], f"worker {address} runs {image} and not {order['image']}"
    part = [client.submit(numpy.add, number, 1, workers=[address], allow_other_workers=False, pure=False)
            for number, address in enumerate(workers)]
    answers = client.gather(part)
    assert answers == [number + 1 for number in range(len(workers))], f"workers answered {answers}"
    packages = versions["client"]["packages"]
    return {
        "mean": mean,
        "size": size,
        "workers": len(workers),
        "image": order["image"],
        "secondsToFirstResult": round(first_result, 2),
        "versions": {name: packages[name] for name in ("python", "dask", "distributed", "numpy")},
    }


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
    from dask_gateway import BasicAuth, Gateway, JupyterHubAuth

    auth = BasicAuth("smoke-test", secret) if login == "password" else JupyterHubAuth(secret)
    return Gateway(os.environ["GATEWAY"], proxy_address=os.environ["PROXY"], auth=auth)


def say_last(text):
    try:
        with open("/dev/termination-log", "w") as log:
            log.write(text)
    except OSError:
        pass


def end(signum, frame):
    raise TimeoutError("the test was told to end before it was done")


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, end)
    login = os.environ["LOGIN"]
    try:
        with connect(login, os.environ["LOGIN_SECRET"]) as gateway:
            result = prove(gateway, json.loads(os.environ["ORDER"]), own_user=login != "jupyterhub")
    except Exception as error:
        message = f"Dask Gateway does not serve: {type(error).__name__}: {error}"
        say_last(message)
        sys.exit(message)
    print(json.dumps(result), flush=True)
    say_last(json.dumps(result))
