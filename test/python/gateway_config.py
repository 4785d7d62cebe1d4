"""Runs the gateway's generated configuration in the real server's classes and answers what comes out.

Reads JSON from stdin, a list of cases: `extraConfig` and `backend` (values of the chart), `environment` of the server,
`requests` (options as users send them). Writes a list of answers: `error`, or `specification`, `settings`, `password`,
and for each request its `error` or the cluster's `config` and the `pods` that the controller would make.
"""
import asyncio
import json
import os
import sys
import tempfile

from dask_gateway_server.app import DaskGateway
from dask_gateway_server.auth import SimpleAuthenticator
from dask_gateway_server.backends.kubernetes.backend import KubeBackend
from dask_gateway_server.backends.kubernetes.controller import KubeController
from dask_gateway_server.models import User

# Values of the chart and the settings of the server that it makes of them.
BACKEND = {
    "scheduler_cores": ("scheduler", "cores", "request"),
    "scheduler_cores_limit": ("scheduler", "cores", "limit"),
    "scheduler_memory": ("scheduler", "memory", "request"),
    "scheduler_memory_limit": ("scheduler", "memory", "limit"),
    "scheduler_extra_pod_config": ("scheduler", "extraPodConfig"),
    "scheduler_extra_container_config": ("scheduler", "extraContainerConfig"),
    "worker_cores": ("worker", "cores", "request"),
    "worker_cores_limit": ("worker", "cores", "limit"),
    "worker_memory": ("worker", "memory", "request"),
    "worker_memory_limit": ("worker", "memory", "limit"),
    "worker_threads": ("worker", "threads"),
    "worker_extra_pod_config": ("worker", "extraPodConfig"),
    "worker_extra_container_config": ("worker", "extraContainerConfig"),
    "environment": ("environment",),
}


def lookup(value, path):
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def config_file(case):
    """The chart's configuration file, as far as clusters are concerned, with the snippets in the chart's order."""
    backend = case["backend"]
    lines = ['c.DaskGateway.backend_class = "dask_gateway_server.backends.kubernetes.KubeBackend"',
             'c.KubeBackend.gateway_instance = "test"']
    for field, path in BACKEND.items():
        value = lookup(backend, path)
        if value is not None:
            lines.append(f"c.KubeClusterConfig.{field} = {value!r}")
    name, tag = backend["image"]["name"], backend["image"]["tag"]
    image = f"{name}:{tag}" if tag else name
    lines.append(f"c.KubeClusterConfig.image = {image!r}")
    return "\n".join(lines + [code for _, code in sorted(case["extraConfig"].items())])


def load(case):
    with tempfile.NamedTemporaryFile("w", suffix=".py", encoding="utf-8") as file:
        file.write(config_file(case))
        file.flush()
        app = DaskGateway()
        app.load_config_file(file.name)
    return app


def pods(config):
    controller = KubeController(gateway_instance="test", api_url="http://api.test:8000/api")
    return {name: controller.make_pod("test", "cluster", config, is_worker=name == "worker")
            for name in ("scheduler", "worker")}


async def answer_request(backend, request):
    try:
        _, config = await backend.process_cluster_options(User("ann"), request)
        return {"config": config.to_dict(), "pods": pods(config)}
    except Exception as error:
        return {"error": str(error)}


def answer(case):
    os.environ.update(case.get("environment", {}))
    try:
        app = load(case)
        backend = KubeBackend(parent=app)
        options = backend.cluster_options
        return {
            "specification": options.get_specification(),
            "settings": backend.cluster_config_class(parent=backend).to_dict(),
            "password": SimpleAuthenticator(parent=app).password,
            "requests": [asyncio.run(answer_request(backend, request)) for request in case["requests"]],
        }
    except Exception as error:
        return {"error": f"{type(error).__name__}: {error}"}
    finally:
        for name in case.get("environment", {}):
            os.environ.pop(name, None)


json.dump([answer(case) for case in json.load(sys.stdin)], sys.stdout)
