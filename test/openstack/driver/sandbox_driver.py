"""A Magnum driver for tests: its clusters are control planes on this machine, and their nodes are simulated.

It starts nothing itself. Of every cluster it leaves word in a folder, and a process outside does what it says:
`wanted.json` is what the cluster should be, under a new id at every change; `state.json` says what has become of it.
All certificates are signed by the authority that Magnum made for the cluster, so what Magnum signs is accepted.

A cluster with the label `sandbox_fails` comes to nothing, with the label's text as the reason.
"""

import ipaddress
import json
import os
import pathlib
import shutil
import uuid

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID
from magnum import objects
from magnum.common import clients
from magnum.conductor.handlers.common import cert_manager, trust_manager
from magnum.drivers.common import driver
from magnum.objects.fields import ClusterStatus as Status

CLUSTERS = pathlib.Path(os.environ["SANDBOX_CLUSTERS"])
SERVICE_NAMES = ("localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc")
SERVICE_ADDRESSES = ("127.0.0.1", "10.96.0.1")


def folder(cluster):
    return CLUSTERS / cluster.uuid


def text(value):
    return value.decode() if isinstance(value, bytes) else value


def write(path, content):
    """Writes in one step, so that the other side never reads half of it."""
    part = path.with_suffix(".part")
    part.touch(mode=0o600)
    part.write_text(text(content))
    part.replace(path)


def read(path):
    try:
        return json.loads(path.read_text())
    except FileNotFoundError:
        return None


def in_progress(thing):
    return (thing.status or "").endswith("IN_PROGRESS")


class Driver(driver.Driver):
    @property
    def provides(self):
        return [{"server_type": "vm", "os": "ubuntu", "coe": "kubernetes"}]

    # Clusters

    def create_cluster(self, context, cluster, cluster_create_timeout):
        folder(cluster).mkdir(mode=0o700, exist_ok=True)
        cluster.stack_id = cluster.uuid
        certificates = self._certificates(context, cluster)
        for name, content in certificates.items():
            write(folder(cluster) / name, content)
        self._want(cluster)

    def delete_cluster(self, context, cluster):
        folder(cluster).mkdir(mode=0o700, exist_ok=True)
        self._want(cluster, gone=True)

    def update_cluster(self, context, cluster, scale_manager=None, rollback=False):
        self._change(context, cluster)

    def resize_cluster(self, context, cluster, resize_manager, node_count, nodes_to_remove, nodegroup=None):
        self._change(context, cluster)

    def upgrade_cluster(self, context, cluster, template, max_batch_size, nodegroup, scale_manager=None,
                        rollback=False):
        raise NotImplementedError()

    # Node groups

    def create_nodegroup(self, context, cluster, nodegroup):
        self._change(context, cluster)

    def update_nodegroup(self, context, cluster, nodegroup):
        self._change(context, cluster, nodegroup)

    def delete_nodegroup(self, context, cluster, nodegroup):
        self._change(context, cluster, nodegroup)

    def create_federation(self, context, federation):
        raise NotImplementedError()

    update_federation = delete_federation = create_federation

    def get_scale_manager(self, context, osclient, cluster):
        return None

    # What became of it; Magnum asks this of every cluster that is in progress

    def update_cluster_status(self, context, cluster, use_admin_ctx=False):
        wanted, state = read(folder(cluster) / "wanted.json"), read(folder(cluster) / "state.json")
        if wanted is None or state is None or state["id"] != wanted["id"]:
            return
        failure = state.get("failure")
        if cluster.status == Status.DELETE_IN_PROGRESS and not failure:
            self._forget(context, cluster)
            return
        ending = "FAILED" if failure else "COMPLETE"
        for group in cluster.nodegroups:
            if group.status == Status.DELETE_IN_PROGRESS and not failure:
                group.destroy()
            elif in_progress(group):
                group.status = group.status.replace("IN_PROGRESS", ending)
                group.node_addresses = ["127.0.0.1"] * (group.node_count or 0)
                group.save()
        cluster.status = cluster.status.replace("IN_PROGRESS", ending)
        cluster.status_reason = failure
        cluster.api_address = state.get("address")
        cluster.coe_version = state.get("version")
        cluster.save()
        self._keep_in_progress(context, cluster)

    def _forget(self, context, cluster):
        trust_manager.delete_trustee_and_trust(clients.OpenStackClients(context), context, cluster)
        cert_manager.delete_certificates_from_cluster(cluster, context=context)
        cluster.status = Status.DELETE_COMPLETE
        cluster.save()
        shutil.rmtree(folder(cluster))

    # Word to the other side

    def _want(self, cluster, gone=False):
        groups = [] if gone else [group for group in cluster.nodegroups
                                  if group.status != Status.DELETE_IN_PROGRESS]
        nodes = [{"name": f"{cluster.name}-{group.name}-{index}", "group": group.name, "role": group.role}
                 for group in groups for index in range(group.node_count or 0)]
        wanted = {"id": uuid.uuid4().hex, "gone": gone, "nodes": nodes}
        if "sandbox_fails" in cluster.labels and not gone:
            wanted["failure"] = cluster.labels["sandbox_fails"]
        write(folder(cluster) / "wanted.json", json.dumps(wanted))

    def _change(self, context, cluster, nodegroup=None):
        # From here on Magnum's periodic question is not answered until the change is done.
        (folder(cluster) / "wanted.json").unlink(missing_ok=True)
        if nodegroup is not None:
            # The conductor does so only afterwards.
            nodegroup.save()
        self._keep_in_progress(context, cluster)
        self._want(cluster)

    @staticmethod
    def _keep_in_progress(context, cluster):
        """Marks the cluster again while one of its node groups is in progress.

        The conductor marks the cluster before the node group. Asked between the two, the driver would call the
        cluster complete, and nobody would ask about the node group ever again.
        """
        groups = objects.NodeGroup.list(context, cluster.uuid)
        fresh = objects.Cluster.get_by_uuid(context, cluster.uuid)
        if any(in_progress(group) for group in groups) and not in_progress(fresh):
            fresh.status = Status.UPDATE_IN_PROGRESS
            fresh.save()

    # Certificates

    def _certificates(self, context, cluster):
        authority = text(cert_manager.get_cluster_ca_certificate(cluster, context=context).get_certificate())
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        names = [x509.DNSName(name) for name in SERVICE_NAMES]
        names += [x509.IPAddress(ipaddress.ip_address(address)) for address in SERVICE_ADDRESSES]
        request = (
            x509.CertificateSigningRequestBuilder()
            .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "kube-apiserver")]))
            .add_extension(x509.SubjectAlternativeName(names), critical=False)
            .sign(key, hashes.SHA256())
        )
        request_pem = text(request.public_bytes(serialization.Encoding.PEM))
        signed = text(cert_manager.sign_node_certificate(cluster, request_pem, context=context))
        pkcs8 = serialization.PrivateFormat.PKCS8
        plain = serialization.NoEncryption()
        return {
            "ca.crt": authority,
            # With its issuer, so that this file alone is what a client has to trust.
            "apiserver.crt": signed.rstrip() + "\n" + authority,
            "apiserver.key": key.private_bytes(serialization.Encoding.PEM, pkcs8, plain),
        }
