"""What the smoke tests have in common; stands before each of them in one program."""
import json
import sys
import time
import warnings


def run(what_fails, prove):
    """Prints what `prove` answers as one line of JSON; what goes wrong becomes the container's last words."""
    try:
        result = json.dumps(prove())
    except Exception as error:
        message = f"{what_fails}: {type(error).__name__}: {error}"
        say_last(message)
        sys.exit(message)
    print(result, flush=True)
    say_last(result)


def say_last(text):
    try:
        with open("/dev/termination-log", "w") as log:
            log.write(text)
    except OSError:
        pass


def check_versions(client):
    """The versions that client, scheduler and workers share; Dask only warns when they differ, and then fails later."""
    from distributed.versions import VersionMismatchWarning

    warnings.simplefilter("error", VersionMismatchWarning)
    packages = client.get_versions(check=True)["client"]["packages"]
    return {name: packages[name] for name in ("python", "dask", "distributed", "numpy")}


def compute_mean(size):
    import dask.array as da

    mean = float(da.random.normal(10, 0.1, size=(size, size)).mean().compute())
    assert abs(mean - 10) < 0.01, f"the mean of normal(10, 0.1) came out as {mean}"
    return mean


def use_every_worker(client):
    """Gives each worker a task of its own; answers how many there are."""
    import numpy

    workers = list(client.scheduler_info(n_workers=-1)["workers"])
    part = [client.submit(numpy.add, number, 1, workers=[address], allow_other_workers=False, pure=False)
            for number, address in enumerate(workers)]
    answers = client.gather(part)
    assert answers == [number + 1 for number in range(len(workers))], f"workers answered {answers}"
    ran_on = {address for holders in client.who_has(part).values() for address in holders}
    idle = sorted(set(workers) - ran_on)
    assert not idle, f"these workers took no part: {idle}"
    return len(workers)
