"""Ends what people made with a hub or a gateway in a namespace that stays: Dask clusters, notebook servers, homes.

Works when hub and gateway are gone, so that nobody makes any more of it; nobody else knows of it. While one of them
stands it deletes nothing: then its Helm release went because the namespace now goes with the hub, and people work on.
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


def namespace():
    with open(f"{ACCOUNT}/namespace") as file:
        return file.read()


def standing(owners, deadline):
    """The first of these Deployments that stands; waits for those that are going."""
    for owner in owners:
        path = f"/apis/apps/v1/namespaces/{namespace()}/deployments/{owner['name']}"
        while True:
            metadata = call("GET", path).get("metadata", {})
            if not owner["labels"].items() <= metadata.get("labels", {}).items():
                break
            if "deletionTimestamp" not in metadata:
                return path
            if time.monotonic() > deadline:
                sys.exit(f"still there: {path}, held by {metadata.get('finalizers')}")
            time.sleep(1)
    return None


def selector(target):
    if "name" in target:
        # Without this field the right to one name does not hold for a list.
        return {"fieldSelector": f"metadata.name={target['name']}"}
    return {"labelSelector": ",".join(f"{key}={value}" for key, value in target["labels"].items())}


def remaining(targets):
    for target in targets:
        path = f"/{target['api']}/namespaces/{namespace()}/{target['resource']}"
        query = urllib.parse.urlencode(selector(target))
        for item in call("GET", f"{path}?{query}").get("items", []):
            yield f"{path}/{item['metadata']['name']}", item


def drain(targets, deadline):
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
    end = time.monotonic() + float(os.environ["PATIENCE"])
    owner = standing(json.loads(os.environ["OWNERS"]), end)
    if owner is not None:
        print(f"{owner} stands: nothing is deleted", flush=True)
        sys.exit()
    drain(json.loads(os.environ["TARGETS"]), end)
    print("nothing that people made is left, but what is to be kept", flush=True)
