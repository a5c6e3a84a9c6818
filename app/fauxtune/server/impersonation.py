"""Certificates in the names of Microsoft's hosts, and the authority that issues them during one run.

The authority is below the emulator's own root, so clients that trust that file trust these names too. Its key is made
in memory and never written. Its certificate permits these names only, no addresses, and only server authentication: a
leaked key could not be used for anything else. Source: RFC 5280 4.2.1.9 and 4.2.1.10.
"""

from __future__ import annotations

import ipaddress
import os
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID

from fauxtune.core.model.ids import IdSource
from fauxtune.core.model.partner_services import PUBLIC_HOST
from fauxtune.server import StartRefused, tls
from fauxtune.server.tls import TlsFiles

#: The hosts for which the interceptor answers. There are no others.
HOSTS = (
    "login.microsoftonline.com",
    "graph.microsoft.com",
    "graph.windows.net",
    "api.manage.microsoft.com",
    # Azure CLI asks it for tenants and subscriptions when it logs in.
    "management.azure.com",
    PUBLIC_HOST,
)

_EVERY_ADDRESS = (ipaddress.ip_network("0.0.0.0/0"), ipaddress.ip_network("::/0"))


@dataclass(frozen=True, slots=True)
class Impersonator:
    """The authority of one run and its key."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey = field(repr=False)

    def certify(
        self, host: str, *, now: datetime, ids: IdSource
    ) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
        """Return a server certificate for the host, and its key. Any name is signed; verifiers refuse all but
        `HOSTS`.
        """
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = tls.server_certificate(
            key.public_key(), names=[x509.DNSName(host)], common_name=host, now=now, serial=ids.serial()
        )
        return tls.signed(certificate, issuer=self.certificate, key=self.key), key


def make(files: TlsFiles, *, now: datetime, ids: IdSource) -> Impersonator:
    """Return an authority for `HOSTS` below the emulator's root. Raises StartRefused if that root permits none."""
    root, root_key = tls.root(files)
    if root.extensions.get_extension_for_class(x509.BasicConstraints).value.path_length == 0:
        raise StartRefused(
            f"--intercept needs an authority below {files.ca}, but this root, made by an earlier version, forbids any. "
            f"Delete {files.ca.parent}: the next start makes a new root, which clients must then trust."
        )
    key = ec.generate_private_key(ec.SECP256R1())
    permitted = [x509.DNSName(host) for host in HOSTS]
    excluded = [x509.IPAddress(network) for network in _EVERY_ADDRESS]
    builder = (
        tls.certificate(key.public_key(), common_name="Fauxtune Interception CA", now=now, serial=ids.serial())
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(tls.SIGNS_CERTIFICATES, critical=True)
        .add_extension(x509.NameConstraints(permitted, excluded), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
    )
    return Impersonator(tls.signed(builder, issuer=root, key=root_key), key)


def contexts(files: TlsFiles, *, now: datetime, ids: IdSource) -> dict[str, ssl.SSLContext]:
    """Return a TLS context for each of `HOSTS`."""
    impersonator = make(files, now=now, ids=ids)
    return {host: _context(impersonator, host, now=now, ids=ids) for host in HOSTS}


def _context(impersonator: Impersonator, host: str, *, now: datetime, ids: IdSource) -> ssl.SSLContext:
    certificate, key = impersonator.certify(host, now=now, ids=ids)
    chain = b"".join(one.public_bytes(serialization.Encoding.PEM) for one in (certificate, impersonator.certificate))
    context = tls.plain_context()
    with _file(chain) as chain_file, _file(tls.pem(key)) as key_file:
        context.load_cert_chain(chain_file, key_file)
    context.sni_callback = _only(host)
    return context


def _only(host: str) -> Callable[[ssl.SSLObject, str | None, ssl.SSLContext], int | None]:
    """A callback that refuses clients whose SNI has another name (RFC 6066 3). Without SNI the CONNECT has named it."""

    def check(_connection: ssl.SSLObject, name: str | None, _context: ssl.SSLContext) -> int | None:
        return None if name is None or name.lower() == host else ssl.ALERT_DESCRIPTION_UNRECOGNIZED_NAME

    return check


@contextmanager
def _file(content: bytes) -> Iterator[str]:
    """Yield a path from which `content` can be read once: `ssl` reads keys from files only; a pipe leaves none on
    disk.
    """
    reading, writing = os.pipe()
    try:
        with os.fdopen(writing, "wb") as file:
            file.write(content)  # far less than a pipe holds
        yield f"/dev/fd/{reading}"
    finally:
        os.close(reading)
