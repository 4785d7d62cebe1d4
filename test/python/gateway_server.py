"""Configuration of a real gateway server whose clusters are processes of this machine; for tests on the loopback.

The environment holds GATEWAY_PORT, PROXY_PORT, CLUSTERS_DIRECTORY and SNIPPETS, the snippets that a stack adds to the
configuration, as JSON.
"""
import json
import os

from dask_gateway_server.backends.local import LocalClusterConfig
from dask_gateway_server.traitlets import MemoryLimit
from traitlets import Dict, Float, Unicode


class KubeClusterConfig(LocalClusterConfig):
    """What a cluster on Kubernetes can be told, as far as processes can be told it too."""

    image = Unicode(config=True)
    worker_cores = Float(1, config=True)
    worker_cores_limit = Float(config=True)
    worker_memory_limit = MemoryLimit(config=True)
    scheduler_extra_pod_annotations = Dict(config=True)


c = get_config()  # noqa: F821
c.DaskGateway.address = "127.0.0.1:" + os.environ["GATEWAY_PORT"]
c.DaskGateway.backend_class = "dask_gateway_server.backends.local.UnsafeLocalBackend"
c.DaskGateway.authenticator_class = "dask_gateway_server.auth.SimpleAuthenticator"
c.Proxy.address = "127.0.0.1:" + os.environ["PROXY_PORT"]
c.LocalBackend.clusters_directory = os.environ["CLUSTERS_DIRECTORY"]
c.DBBackendBase.cluster_config_class = KubeClusterConfig
c.LocalClusterConfig.adaptive_period = 0.5
c.LocalBackend.sigint_timeout = 1
for _, _code in sorted(json.loads(os.environ["SNIPPETS"]).items()):
    exec(_code)
