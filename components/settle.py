"""Waits until the volumes and load balancers of some namespaces are really gone, and names what holds them.

Runs after everything else in the cluster has been deleted and before the cluster is: only the cluster's own controllers
delete disks and load balancers, and those that outlive it cost money and keep its network from being deleted.
"""
import json
import os
import ssl
import sys
import time
import urllib.request

ACCOUNT = os.environ.get("ACCOUNT", "/var/run/secrets/kubernetes.io/serviceaccount")
SERVER = os.environ.get("SERVER", "https://kubernetes.default.svc")


def items(path):
    with open(f"{ACCOUNT}/token") as token:
        request = urllib.request.Request(SERVER + path, headers={"Authorization": f"Bearer {token.read()}"})
    context = ssl.create_default_context(cafile=f"{ACCOUNT}/ca.crt")
    with urllib.request.urlopen(request, timeout=30, context=context) as response:
        return json.load(response)["items"]


def holding(namespaces):
    for volume in items("/api/v1/persistentvolumes"):
        spec = volume["spec"]
        claim = spec.get("claimRef", {})
        # A volume that is to be retained stays by the user's own choice.
        if claim.get("namespace") in namespaces and spec.get("persistentVolumeReclaimPolicy") == "Delete":
            yield f"volume {volume['metadata']['name']} of claim {claim['namespace']}/{claim['name']}"
    for service in items("/api/v1/services"):
        meta = service["metadata"]
        if meta["namespace"] in namespaces and service["spec"]["type"] == "LoadBalancer":
            yield f"load balancer of service {meta['namespace']}/{meta['name']}, finalizers {meta.get('finalizers', [])}"


def settle(namespaces, patience):
    deadline = time.monotonic() + patience
    while True:
        left = list(holding(namespaces))
        if not left:
            return
        if time.monotonic() > deadline:
            sys.exit("the cluster still holds what its cloud would keep: " + "; ".join(left))
        time.sleep(2)


if __name__ == "__main__":
    settle(set(os.environ["NAMESPACES"].split()), float(os.environ["PATIENCE"]))
    print("no volume and no load balancer is left", flush=True)
