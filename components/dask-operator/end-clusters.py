"""Ends all Dask clusters of the operator in some namespaces, and waits until they are gone.

Runs before the operator is deleted: only the operator takes the finalizers off its clusters, and without it the
clusters and their namespace could never be deleted. Where the operator does not do so in time, they are taken off here.
"""
import json
import os
import ssl
import sys
import time
import urllib.error
import urllib.request

ACCOUNT = os.environ.get("ACCOUNT", "/var/run/secrets/kubernetes.io/serviceaccount")
SERVER = os.environ.get("SERVER", "https://kubernetes.default.svc")
# Jobs first: one that runs would make its cluster again.
KINDS = ("daskjobs", "daskautoscalers", "daskclusters", "daskworkergroups")


def call(method, path, body=None):
    with open(f"{ACCOUNT}/token") as token:
        headers = {"Authorization": f"Bearer {token.read()}", "Content-Type": "application/merge-patch+json"}
    request = urllib.request.Request(SERVER + path, method=method, headers=headers,
                                     data=None if body is None else json.dumps(body).encode())
    context = ssl.create_default_context(cafile=f"{ACCOUNT}/ca.crt")
    try:
        with urllib.request.urlopen(request, timeout=30, context=context) as response:
            return json.load(response)
    except urllib.error.HTTPError as error:
        # The object or its kind is gone already.
        if error.code == 404:
            return {}
        raise RuntimeError(f"{method} {path}: {error.code} {error.read().decode()[:500]}") from error


def remaining(namespaces):
    for namespace in namespaces:
        for kind in KINDS:
            path = f"/apis/kubernetes.dask.org/v1/namespaces/{namespace}/{kind}"
            for item in call("GET", path).get("items", []):
                yield f"{path}/{item['metadata']['name']}", item


def wait_until_gone(namespaces, seconds):
    deadline = time.monotonic() + seconds
    while True:
        left = list(remaining(namespaces))
        for path, item in left:
            if "deletionTimestamp" not in item["metadata"]:
                call("DELETE", path)
        if not left or time.monotonic() > deadline:
            return left
        time.sleep(1)


def existing(namespaces):
    there = {item["metadata"]["name"] for item in call("GET", "/api/v1/namespaces")["items"]}
    return [namespace for namespace in namespaces if namespace in there]


def end(namespaces, patience):
    for path, item in wait_until_gone(namespaces, patience):
        print(f"{path} is held by {item['metadata'].get('finalizers')}; letting it go", flush=True)
        call("PATCH", path, {"metadata": {"finalizers": None}})
    left = wait_until_gone(namespaces, patience)
    if left:
        sys.exit("still there: " + ", ".join(path for path, _ in left))


if __name__ == "__main__":
    end(existing(os.environ["NAMESPACES"].split()), float(os.environ["PATIENCE"]))
    print("no Dask cluster is left", flush=True)
