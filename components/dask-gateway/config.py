# The part of the gateway's configuration that the chart has no values for. Runs inside dask_gateway_config.py, after
# the chart's own lines: `c` is the configuration, `_stack` what the stack's settings say (see gateway-config.ts).
import os

from dask_gateway_server.options import Float, Mapping, Options, Select, String

_GIGA = 10**9


def _fields(stack):
    """The cluster options that users see, one for each thing they may choose."""
    worker, fields = stack["worker"], []
    if stack["workerCores"] is not None:
        least, most = stack["workerCores"]
        fields.append(Float("worker_cores", worker["cores"], min=least, max=most, label="Worker cores"))
    if stack["workerMemory"] is not None:
        least, most = (size / _GIGA for size in stack["workerMemory"])
        default = worker["memory"] / _GIGA
        fields.append(Float("worker_memory", default, min=least, max=most, label="Worker memory (GB)"))
    if stack["images"] == "free":
        fields.append(String("image", stack["image"], label="Image"))
    elif stack["images"] is not None:
        fields.append(Select("image", stack["images"], stack["image"], label="Image"))
    if stack["userEnvironment"]:
        fields.append(Mapping("environment", label="Environment variables"))
    return fields


def _worker_limit(stack, cores, memory):
    """How many workers of this size the limits let a cluster have.

    The server works that out itself, but from the default size: a user with larger workers would pass the limits.
    """
    limits, scheduler = stack["limits"], stack["scheduler"]
    # The small number makes up for fractions of a core that binary numbers cannot hold.
    by_cores = int((limits["cores"] - scheduler["cores"]) / cores + 1e-9)
    by_memory = (limits["memory"] - scheduler["memory"]) // memory
    return min(limits["workers"], by_cores, by_memory)


def _chosen(stack, options):
    """Turns what a user chose into the configuration of one cluster."""
    cores = options.get("worker_cores", stack["worker"]["cores"])
    memory = stack["worker"]["memory"]
    if "worker_memory" in options:
        memory = round(options["worker_memory"] * _GIGA)
    image = options.get("image", stack["image"]).strip()
    if not image:
        raise ValueError("image must name an image; leave it out for %s" % stack["image"])
    environment = options.get("environment", {})
    for name, value in environment.items():
        if not isinstance(value, str):
            raise ValueError("environment must map names to text, and %s is not text" % name)
    workers = _worker_limit(stack, cores, memory)
    if workers < 1:
        raise ValueError("a worker of %g cores and %g GB passes what a cluster may use" % (cores, memory / _GIGA))
    return {
        "worker_cores": cores,
        "worker_cores_limit": cores,
        "worker_memory": memory,
        "worker_memory_limit": memory,
        "cluster_max_workers": workers,
        "image": image,
        "environment": {**stack["environment"], **environment, stack["imageVariable"]: image},
    }


def _configure(c, stack):
    limits = stack["limits"]
    c.KubeClusterConfig.idle_timeout = float(limits["idle"])
    c.KubeClusterConfig.cluster_max_workers = limits["workers"]
    c.KubeClusterConfig.cluster_max_cores = float(limits["cores"])
    c.KubeClusterConfig.cluster_max_memory = limits["memory"]
    # An autoscaler that moves a scheduler to empty its node ends the user's cluster.
    safe_to_evict = {"cluster-autoscaler.kubernetes.io/safe-to-evict": "false"}
    c.KubeClusterConfig.scheduler_extra_pod_annotations = safe_to_evict
    c.Backend.cluster_options = Options(*_fields(stack), handler=lambda options: _chosen(stack, options))
    if stack["passwordVariable"] is not None:
        password = os.environ[stack["passwordVariable"]]
        if not password:
            raise ValueError("the gateway's password is empty, and everybody would be let in")
        c.SimpleAuthenticator.password = password


_configure(c, _stack)  # noqa: F821
