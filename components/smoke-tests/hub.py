"""Proves that a JupyterHub serves: asks it, through its proxy, with a token that may ask for versions and no more.

Nothing is made, so nothing is left behind.
"""
import json
import os
import ssl
import urllib.error
import urllib.request

# How long the hub may take to answer, in seconds: its release is ready, its proxy may not have the route yet.
PATIENCE = float(os.environ.get("PATIENCE", "120"))

# The certificate is one for the hub's own name, and this goes to a name inside the cluster.
INSIDE = ssl._create_unverified_context()


def ask(path, token=None):
    headers = {"Authorization": f"token {token}"} if token else {}
    request = urllib.request.Request(f"{os.environ['HUB']}/hub{path}", headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=30, context=INSIDE) as response:
            return response.status, json.loads(response.read() or b"null")
    except urllib.error.HTTPError as error:
        return error.code, None


def wait_for_hub():
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            status, answer = ask("/api/")
            if status == 200:
                return answer
            problem = f"status {status}"
        except (OSError, ValueError) as error:
            problem = str(error)
        if time.monotonic() > deadline:
            raise TimeoutError(f"the hub gave no answer within {PATIENCE:g} s: {problem}")
        time.sleep(1)


def prove(token):
    started = time.monotonic()
    version = wait_for_hub()["version"]
    status, info = ask("/api/info", token)
    assert status == 200, f"the test's token was answered with status {status}"
    assert info["version"] == version, f"the hub says {version} and {info['version']} of itself"
    for stranger in (None, "0" * 64):
        status, _ = ask("/api/info", stranger)
        assert status in (401, 403), f"without a token of the hub the answer had status {status}"
    status, _ = ask("/api/users", token)
    assert status == 403, f"the test's token may list users: status {status}"
    return {
        "versions": {"jupyterhub": version, "python": info["python"].split()[0]},
        "authenticator": info["authenticator"]["class"],
        "spawner": info["spawner"]["class"],
        "secondsToAnswer": round(time.monotonic() - started, 2),
    }


if __name__ == "__main__":
    run("JupyterHub does not serve", lambda: prove(os.environ["TOKEN"]))
