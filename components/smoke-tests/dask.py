"""Proves that a Dask cluster computes: connects as a user would, computes, checks the answer."""
import os

# How long each wait may take, in seconds; nodes may have to be made first.
PATIENCE = float(os.environ.get("PATIENCE", "600"))


def prove(scheduler, expected_workers, size):
    from distributed import Client

    started = time.monotonic()
    with Client(scheduler, timeout=min(PATIENCE, 120)) as client:
        client.wait_for_workers(expected_workers, timeout=PATIENCE)
        versions = check_versions(client)
        mean = compute_mean(size)
        first_result = time.monotonic() - started
        return {
            "mean": mean,
            "size": size,
            "workers": use_every_worker(client),
            "secondsToFirstResult": round(first_result, 2),
            "versions": versions,
        }


if __name__ == "__main__":
    run("Dask does not compute",
        lambda: prove(os.environ["SCHEDULER"], int(os.environ["WORKERS"]), int(os.environ["SIZE"])))
