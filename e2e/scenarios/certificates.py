"""Mutual TLS between the services, with certificates of an authority made here."""
import base64
import socket
import ssl
import subprocess
import tempfile
import time
from pathlib import Path

import cluster
from api import Ingress, User
from cluster import check
from scenarios.rollouts import TWO_OF_EACH, under_load

SECURED = TWO_OF_EACH | {"tls.internal": {"mode": "existing"}}
# Until every pod has a replaced Secret, and has looked at it twice.
SPREAD = 20


def openssl(*arguments):
    """Runs openssl."""
    cluster.command(["openssl", *map(str, arguments)])


class Authority:
    """Signs certificates."""

    def __init__(self, folder, name):
        self.folder, self.name = folder, name
        self.key, self.certificate = folder / f"{name}.key", folder / f"{name}.crt"
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", f"/CN={name}",
                "-addext", "basicConstraints=critical,CA:TRUE", "-keyout", self.key, "-out", self.certificate)

    def issue(self, service, *more):
        """A key and a certificate for the names of a service."""
        base = f"{cluster.RELEASE}-{service}"
        names = [host + rest for host in (base, f"{base}-headless") for rest in
                 ("", f".{cluster.NAMESPACE}", f".{cluster.NAMESPACE}.svc", f".{cluster.NAMESPACE}.svc.cluster.local")]
        key, request, certificate = (self.folder / f"{self.name}-{service}.{kind}" for kind in ("key", "csr", "crt"))
        alternative = self.folder / f"{service}.ext"
        alternative.write_text("subjectAltName=" + ",".join(f"DNS:{name}" for name in [*names, *more]))
        openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", f"/CN={base}", "-keyout", key, "-out", request)
        openssl("x509", "-req", "-in", request, "-CA", self.certificate, "-CAkey", self.key, "-days", "2", "-CAcreateserial",
                "-extfile", alternative, "-out", certificate)
        return key, certificate


def install(authority, trusted):
    """Puts fresh certificates of an authority into the Secrets; whoever is signed by one of `trusted` is believed."""
    together = b"".join(known.certificate.read_bytes() for known in trusted)
    objects = []
    for service in cluster.SERVICES:
        key, certificate = authority.issue(service)
        files = {"tls.key": key.read_bytes(), "tls.crt": certificate.read_bytes(), "ca.crt": together}
        objects.append({"apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/tls",
                        "metadata": {"name": f"{cluster.RELEASE}-{service}-tls"},
                        "data": {name: base64.b64encode(content).decode() for name, content in files.items()}})
    cluster.apply(*objects)


def are_asked_for_and_replaced():
    """A caller without a certificate of the right name is refused; replacing all certificates costs no request."""
    with tempfile.TemporaryDirectory() as folder:
        first, second = Authority(Path(folder), "first"), Authority(Path(folder), "second")
        install(first, [first])
        cluster.upgrade(SECURED)
        # A gateway without a certificate still answers on connections it has, until it is gone.
        cluster.await_that(lambda: not any(cluster.pods(service, leaving=True) for service in cluster.SERVICES), "the end of the pods without certificates")
        cluster.await_that(lambda: User(Ingress()).ask("GET", "/v1/tasks").expect(200) is not None, "a session over mutual TLS", 30)
        for refused, caller in {"nothing": None, "a stranger's": first.issue("stranger"), "another authority's": second.issue("gateway")}.items():
            check(not is_served(caller, first), f"a caller with {refused} certificate is served")
        check(is_served(first.issue("gateway"), first), "the gateway's own certificate is refused")

        def replace():
            for authority, trusted in ((first, [first, second]), (second, [first, second]), (second, [second])):
                install(authority, trusted)
                cluster.hurry()
                serial = {service: signature(service) for service in cluster.SERVICES}
                time.sleep(SPREAD)
                renewed.append(serial)

        renewed = []
        said = under_load(replace)
        check(len({str(serial) for serial in renewed}) > 1, "no pod took up a certificate")
        check(is_served(second.issue("gateway"), second), "a certificate of the new authority is refused")
        check(not is_served(first.issue("gateway"), second), "a certificate of the old authority is still served")
    return f"strangers refused; authority and certificates replaced: {said}"


def signature(service):
    """By what the certificates in use can be told apart."""
    samples = cluster.metrics(cluster.names(service)[0])
    return sorted((key, value) for key, value in samples.items() if key.startswith("errand_tls_certificate_not_before"))


def is_served(caller, authority):
    """Whether the tasks service talks to a caller with that key and certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(authority.certificate)
    context.set_alpn_protocols(["h2"])
    if caller:
        key, certificate = caller
        context.load_cert_chain(certificate, key)
    pod = cluster.names("tasks")[0]
    forward = subprocess.Popen(["kubectl", "--namespace", cluster.NAMESPACE, "port-forward", f"pod/{pod}", ":50052"],
                               stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        port = int(forward.stdout.readline().split("->")[0].rsplit(":", 1)[1])
        with socket.create_connection(("127.0.0.1", port), 5) as plain:
            with context.wrap_socket(plain, server_hostname=f"{cluster.RELEASE}-tasks") as secured:
                # With TLS 1.3 a refusal comes after the handshake, in place of the first frame.
                secured.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\x00\x00\x00\x04\x00\x00\x00\x00\x00")
                secured.settimeout(5)
                return len(secured.recv(9)) > 0
    except (ssl.SSLError, ConnectionError, TimeoutError):
        return False
    finally:
        forward.terminate()
        forward.wait()
