"""Ends what people made with a hub or a gateway in a namespace that stays: Dask clusters, notebook servers, homes.

Runs when hub and gateway are gone, so that nobody makes any more of it; nobody else knows of it.
"""
import json
import os
import ssl
import sys
import time
import urllib.error
import urllib.parse
import urllib.request

ACCOUNT = os.environ.get("ACCOUNT", "/var/run/secrets/kubernetes.io/serviceaccount")
SERVER = os.environ.get("SERVER", "https://kubernetes.default.svc")


def call(method, path):
    with open(f"{ACCOUNT}/token") as token:
        headers = {"Authorization": f"Bearer {token.read()}"}
    request = urllib.request.Request(SERVER + path, method=method, headers=headers)
    context = ssl.create_default_context(cafile=f"{ACCOUNT}/ca.crt")
    try:
        with urllib.request.urlopen(request, timeout=30, context=context) as response:
            return json.load(response)
    except urllib.error.HTTPError as error:
        # The object or its kind is gone already.
        if error.code == 404:
            return {}
        raise RuntimeError(f"{method} {path}: {error.code} {error.read().decode()[:500]}") from error


def remaining(targets):
    with open(f"{ACCOUNT}/namespace") as file:
        namespace = file.read()
    for target in targets:
        path = f"/{target['api']}/namespaces/{namespace}/{target['resource']}"
        selector = ",".join(f"{key}={value}" for key, value in target["labels"].items())
        query = urllib.parse.urlencode({"labelSelector": selector})
        for item in call("GET", f"{path}?{query}").get("items", []):
            yield f"{path}/{item['metadata']['name']}", item


def drain(targets, patience):
    deadline = time.monotonic() + patience
    while True:
        left = list(remaining(targets))
        for path, item in left:
            # What has an owner goes with it.
            if "deletionTimestamp" not in item["metadata"] and not item["metadata"].get("ownerReferences"):
                call("DELETE", path)
        if not left:
            return
        if time.monotonic() > deadline:
            sys.exit("still there: " + ", ".join(f"{path}, held by {item['metadata'].get('finalizers')}"
                                                 for path, item in left))
        time.sleep(1)


if __name__ == "__main__":
    drain(json.loads(os.environ["TARGETS"]), float(os.environ["PATIENCE"]))
    print("nothing that people made is left, but what is to be kept", flush=True)
