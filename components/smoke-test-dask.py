"""Proves that a Dask cluster computes: connects as a user would, computes, checks the answer.

Prints one line of JSON. What goes wrong is said in the container's termination message.
"""
import json
import os
import sys
import time
import warnings

# How long to wait for the workers, in seconds; nodes may have to be made first.
PATIENCE = float(os.environ.get("PATIENCE", "600"))


def prove(scheduler, expected_workers, size):
    import dask.array as da
    import numpy
    from distributed import Client
    from distributed.versions import VersionMismatchWarning

    # Dask only warns when versions differ, and then fails later in ways that nobody understands.
    warnings.simplefilter("error", VersionMismatchWarning)
    started = time.monotonic()
    with Client(scheduler, timeout=min(PATIENCE, 120)) as client:
        client.wait_for_workers(expected_workers, timeout=PATIENCE)
        versions = client.get_versions(check=True)
        mean = float(da.random.normal(10, 0.1, size=(size, size)).mean().compute())
        first_result = time.monotonic() - started
        assert abs(mean - 10) < 0.01, f"the mean of normal(10, 0.1) came out as {mean}"
        workers = list(client.scheduler_info(n_workers=-1)["workers"])
        part = [client.submit(numpy.add, number, 1, workers=[address], allow_other_workers=False, pure=False)
                for number, address in enumerate(workers)]
        answers = client.gather(part)
        assert answers == [number + 1 for number in range(len(workers))], f"workers answered {answers}"
        ran_on = {address for holders in client.who_has(part).values() for address in holders}
        idle = sorted(set(workers) - ran_on)
        assert not idle, f"these workers took no part: {idle}"
        packages = versions["client"]["packages"]
        return {
            "mean": mean,
            "size": size,
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
        result = prove(os.environ["SCHEDULER"], int(os.environ["WORKERS"]), int(os.environ["SIZE"]))
    except Exception as error:
        message = f"Dask does not compute: {type(error).__name__}: {error}"
        say_last(message)
        sys.exit(message)
    print(json.dumps(result), flush=True)
    say_last(json.dumps(result))
