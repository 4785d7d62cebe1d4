"""Waits until the volumes and load balancers of the cluster are really gone, and names what holds them.

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


# Volumes on a node's own disk, which go with the node.
ON_THE_NODE = {"hostPath", "local"}


def holding(system):
    for volume in items("/api/v1/persistentvolumes"):
        spec = volume["spec"]
        claim = spec.get("claimRef", {})
        # A volume that is to be retained stays by the user's own choice, and one that nobody claimed is not deleted.
        ends = spec.get("persistentVolumeReclaimPolicy") == "Delete" and claim and not ON_THE_NODE & spec.keys()
        # What the cluster brings itself is never deleted in it.
        if ends and claim["namespace"] not in system:
            yield f"volume {volume['metadata']['name']} of claim {claim['namespace']}/{claim['name']}"
    for service in items("/api/v1/services"):
        meta = service["metadata"]
        if service["spec"]["type"] == "LoadBalancer":
            yield f"load balancer of service {meta['namespace']}/{meta['name']}, finalizers {meta.get('finalizers', [])}"


def settle(system, patience):
    deadline = time.monotonic() + patience
    while True:
        left = list(holding(system))
        if not left:
            return
        if time.monotonic() > deadline:
            sys.exit(
                "the cluster still holds what its cloud would keep: "
                + "; ".join(left)
                + ". Delete these with kubectl, and run pulumi destroy again."
            )
        time.sleep(2)


if __name__ == "__main__":
    settle(set(os.environ["SYSTEM_NAMESPACES"].split()), float(os.environ["PATIENCE"]))
    print("no volume and no load balancer is left", flush=True)
