"""The vendors' own host names, all on this machine: an HTTP proxy that ends TLS by itself."""

from __future__ import annotations

import datetime
import ssl
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from scripted_server import Behaviour, ScriptedServer, _Handler

DAY = datetime.timedelta(days=1)


class VendorNetwork(ScriptedServer):
    """What comes for any of `hosts` by CONNECT is answered by `behaviour`, in TLS.

    `asked` are the hosts as they were named. `ca` is the file that a client has to trust.
    """

    def __init__(self, behaviour: Behaviour, hosts: Sequence[str], folder: Path) -> None:
        super().__init__(behaviour)
        self.asked: list[str] = []
        self.ca = folder / "ca.pem"
        both = folder / "both.pem"
        _write_certificate(hosts, self.ca, both)
        self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._tls.load_cert_chain(both)

    def finish_request(self, request: Any, client_address: Any) -> None:
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            received = request.recv(1)
            if not received:
                return
            head += received
        method, host, _ = head.decode().split("\r\n")[0].split(" ")
        assert method == "CONNECT", head
        self.asked.append(host)
        request.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        try:
            with self._tls.wrap_socket(request, server_side=True) as secured:
                _Handler(secured, client_address, self)
        except OSError:  # whoever came does not trust us
            return


def _write_certificate(hosts: Sequence[str], alone: Path, with_key: Path) -> None:
    """A certificate for these hosts that signs itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "vendors of the tests")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - DAY)
        .not_valid_after(now + DAY)
        .add_extension(x509.SubjectAlternativeName(map(x509.DNSName, hosts)), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    certificate = made.public_bytes(serialization.Encoding.PEM)
    alone.write_bytes(certificate)
    with_key.write_bytes(
        certificate
        + key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
