"""Configuration of the stand-in's hub: reads the values that this project sets, and those that the chart makes of them."""
from pathlib import Path

import yaml

MOUNTS = Path("/usr/local/etc/jupyterhub")
PURPOSE = "hub.jupyter.org/node-purpose"


def secret(key):
    """What the project's own Secret holds, else what the chart's does."""
    found = [folder / key for folder in (MOUNTS / "existing-secret", MOUNTS / "secret") if (folder / key).exists()]
    return found[0].read_text()


def given(settings):
    return {name: value for name, value in settings.items() if value is not None}


def set_up_hub(hub, release):
    c.JupyterHub.hub_bind_url = "http://:8081"
    c.JupyterHub.hub_connect_url = "http://hub:8081"
    c.JupyterHub.cleanup_servers = False
    c.JupyterHub.cookie_secret = secret("hub.config.JupyterHub.cookie_secret")
    c.CryptKeeper.keys = secret("hub.config.CryptKeeper.keys").split(";")
    own_file = hub["db"]["type"] == "sqlite-pvc"
    c.JupyterHub.db_url = "sqlite:////srv/jupyterhub/jupyterhub.sqlite" if own_file else hub["db"]["url"]
    c.ConfigurableHTTPProxy.should_start = False
    c.ConfigurableHTTPProxy.api_url = "http://proxy-api:8001"
    c.JupyterHub.spawner_class = "kubespawner.KubeSpawner"
    c.KubeSpawner.namespace = release["namespace"]
    names = {"app": "jupyterhub", "release": release["name"]}
    modern = {"name": "jupyterhub", "instance": release["name"], "managed-by": "kubespawner"}
    c.KubeSpawner.common_labels = {**names, **{f"app.kubernetes.io/{key}": value for key, value in modern.items()}}


def set_up_servers(user, pull_secrets, scheduling):
    c.Spawner.cmd = ["jupyterhub-singleuser"]
    c.KubeSpawner.update(given({
        "image": f"{user['image']['name']}:{user['image']['tag']}",
        "image_pull_secrets": pull_secrets,
        "cpu_guarantee": user["cpu"]["guarantee"],
        "cpu_limit": user["cpu"]["limit"],
        "mem_guarantee": user["memory"]["guarantee"],
        "mem_limit": user["memory"]["limit"],
        "environment": user["extraEnv"],
        "default_url": user["defaultUrl"],
        "start_timeout": user["startTimeout"],
        "node_selector": user["nodeSelector"],
        "tolerations": user["extraTolerations"],
        "service_account": user["serviceAccountName"],
        "profile_list": user["profileList"],
        "uid": 1000,
        "fs_gid": 100,
        # The hub's NetworkPolicy asks for it.
        "extra_labels": {"hub.jupyter.org/network-access-hub": "true"},
    }))
    purpose = {"matchExpressions": [{"key": PURPOSE, "operator": "In", "values": ["user"]}]}
    if scheduling["userPods"]["nodeAffinity"]["matchNodePurpose"] == "require":
        c.KubeSpawner.node_affinity_required = [purpose]
    if scheduling["userScheduler"]["enabled"]:
        c.KubeSpawner.scheduler_name = "user-scheduler"


def set_up_homes(storage):
    home = {"name": "home", "mountPath": "/home/jovyan"}
    if storage["type"] == "dynamic":
        c.KubeSpawner.update(given({
            "storage_pvc_ensure": True,
            "pvc_name_template": "claim-{escaped_user_server}",
            "storage_class": storage["dynamic"]["storageClass"],
            "storage_access_modes": ["ReadWriteOnce"],
            "storage_capacity": storage["capacity"],
        }))
        claim = "{pvc_name}"
    elif storage["type"] == "static":
        claim = storage["static"]["pvcName"]
        home["subPath"] = storage["static"]["subPath"]
    else:
        return
    c.KubeSpawner.volumes = [{"name": "home", "persistentVolumeClaim": {"claimName": claim}}]
    c.KubeSpawner.volume_mounts = [home]


def set_up_services(hub, cull):
    services = [{"name": name, **service, "api_token": secret(f"hub.services.{name}.apiToken")}
                for name, service in hub["services"].items()]
    roles = [{"name": name, **role} for name, role in hub["loadRoles"].items()]
    if cull["enabled"]:
        options = [f"--timeout={cull['timeout']}", f"--cull-every={cull['every']}", f"--max-age={cull['maxAge']}",
                   f"--cull-admin-users={cull['adminUsers']}"]
        command = ["python3", "-m", "jupyterhub_idle_culler", "--url=http://localhost:8081/hub/api", *options]
        services.append({"name": "cull", "command": command})
        rights = ["list:users", "read:users:activity", "read:servers", "delete:servers"]
        roles.append({"name": "cull", "services": ["cull"], "scopes": rights})
    c.JupyterHub.services = services
    c.JupyterHub.load_roles = roles


values = yaml.safe_load((MOUNTS / "secret/values.yaml").read_text())
set_up_hub(values["hub"], yaml.safe_load((MOUNTS / "config/release.yaml").read_text()))
set_up_servers(values["singleuser"], values["imagePullSecrets"], values["scheduling"])
set_up_homes(values["singleuser"]["storage"])
set_up_services(values["hub"], values["cull"])
for section, settings in values["hub"]["config"].items():
    c[section].update(settings)
for _, program in sorted(values["hub"]["extraConfig"].items()):
    exec(program)
