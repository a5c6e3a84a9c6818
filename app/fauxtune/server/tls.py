"""The server's own TLS: a root made at the first start, a server certificate below it, and devices' certificates.

Clients trust the root (`<data-dir>/tls/ca.pem`); it is made here, never shipped. Both certificates follow the system's
clock, because real clients check them by theirs. Devices may present a certificate: it must come from a tenant's device
authority, but the application checks its validity, on the tenant's clock (OpenSSL ignores the times). Sources: RFC
5280, and what clients demand of server certificates (397 days, names in the SAN).

The certificate names the addresses of this machine in its networks, so that other machines accept it.
"""

from __future__ import annotations

import contextlib
import fcntl
import ipaddress
import os
import socket
import ssl
import struct
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from fauxtune.core.model.ids import IdSource
from fauxtune.core.pki.authority import ROOT_NAME, WARNING
from fauxtune.server import lock

_ROOT_LIFE = timedelta(days=3650)
_SERVER_LIFE = timedelta(days=397)
_RENEW_BEFORE = timedelta(days=30)
_BACKDATED = timedelta(hours=1)
#: Authorities that are gone and that a context may know in any case: to make a context takes milliseconds.
_MOST_FORMER = 64
#: X509_V_FLAG_NO_CHECK_TIME (openssl/x509_vfy.h): Python's ssl has no name for it.
_NO_CHECK_TIME = 0x200000

#: The key usage of an authority.
SIGNS_CERTIFICATES = x509.KeyUsage(
    digital_signature=False,
    content_commitment=False,
    key_encipherment=False,
    data_encipherment=False,
    key_agreement=False,
    key_cert_sign=True,
    crl_sign=True,
    encipher_only=False,
    decipher_only=False,
)


@dataclass(frozen=True, slots=True)
class TlsFiles:
    """The paths of the PEM files: the root that clients trust and its key, the server's chain and key."""

    ca: Path
    ca_key: Path
    server: Path
    key: Path


def prepare(folder: Path, *, names: Sequence[str], now: datetime, ids: IdSource, roots: Path | None = None) -> TlsFiles:
    """Return the files in `folder`: a root, made once, and a server certificate for these names, made when needed.
    `roots`: the folder of the root, if several processes have one.

    A server certificate is replaced if it lacks a name, does not chain to the root, or ends within 30 days.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if roots is not None:
        roots.mkdir(mode=0o700, parents=True, exist_ok=True)
        with lock.waited(roots / ".lock"):
            return _prepared(folder, roots, names=names, now=now, ids=ids)
    return _prepared(folder, folder, names=names, now=now, ids=ids)


def _prepared(folder: Path, roots: Path, *, names: Sequence[str], now: datetime, ids: IdSource) -> TlsFiles:
    files = TlsFiles(
        ca=roots / "ca.pem", ca_key=roots / "ca.key", server=folder / "server.pem", key=folder / "server.key"
    )
    if not (files.ca.exists() and files.ca_key.exists()):
        _make_root(files, now=now, serial=ids.serial())
    alternative_names = _alternative_names(names)
    if not _is_good(files, names=alternative_names, now=now):
        _make_server(files, names=alternative_names, now=now, serial=ids.serial())
    return files


def root(files: TlsFiles) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    """Read the root and its key."""
    key = serialization.load_pem_private_key(files.ca_key.read_bytes(), None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    return x509.load_pem_x509_certificate(files.ca.read_bytes()), key


def plain_context(protocol: str | None = "http/1.1") -> ssl.SSLContext:
    """Return a listener's context without a certificate, which asks clients for none. `protocol`: its name in ALPN."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if protocol is not None:
        context.set_alpn_protocols([protocol])
    return context


def server_context(files: TlsFiles, *, client_certificates: bool, protocol: str | None = "http/1.1") -> ssl.SSLContext:
    """Return a listener's context. With `client_certificates` it asks for a certificate, which `AcceptingContext` makes
    valid.
    """
    context = plain_context(protocol)
    context.load_cert_chain(files.server, files.key)
    if client_certificates:
        context.verify_mode = ssl.CERT_OPTIONAL
        context.verify_flags |= _NO_CHECK_TIME
    return context


class AcceptingContext:
    """The context of a listener that accepts clients' certificates of authorities which come and go with their tenants.

    OpenSSL cannot forget an authority. So a new context takes the place of one that knows more former authorities than
    present ones; the application refuses their clients in any case. Connections keep the context that they began with.
    """

    def __init__(self, files: TlsFiles, *, client_certificates: bool, protocol: str | None = "http/1.1") -> None:
        """The arguments are those of `server_context`."""
        self._make = partial(server_context, files, client_certificates=client_certificates, protocol=protocol)
        self._context = self._make()
        self._present: set[bytes] = set()
        self._former = 0

    def __call__(self) -> ssl.SSLContext:
        """Return the context for a new connection."""
        return self._context

    def admit(self, certificate: bytes) -> None:
        """Accept clients whose certificate this authority (DER) signed. Safe to repeat."""
        if certificate not in self._present:
            self._context.load_verify_locations(cadata=certificate)
            self._present.add(certificate)

    def dismiss(self, certificate: bytes) -> None:
        """Note that an authority is gone. Its clients may still be accepted, until the context is replaced."""
        if certificate in self._present:
            self._present.remove(certificate)
            self._former += 1
            if self._former > max(len(self._present), _MOST_FORMER):
                self._replace()

    def admit_only(self, certificates: Iterable[bytes]) -> None:
        """Accept clients of these authorities, all others being gone."""
        wanted = set(certificates)
        for certificate in self._present - wanted:
            self.dismiss(certificate)
        for certificate in wanted - self._present:
            self.admit(certificate)

    def _replace(self) -> None:
        present, self._present, self._former = self._present, set(), 0
        self._context = self._make()
        for certificate in present:
            self.admit(certificate)


def certificate(
    key: ec.EllipticCurvePublicKey, *, common_name: str, now: datetime, serial: int
) -> x509.CertificateBuilder:
    """Return the draft of a certificate that is valid as long as a server's may be."""
    return (
        x509.CertificateBuilder()
        .subject_name(_name(common_name))
        .public_key(key)
        .serial_number(serial)
        .not_valid_before(now - _BACKDATED)
        .not_valid_after(now - _BACKDATED + _SERVER_LIFE)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def server_certificate(
    key: ec.EllipticCurvePublicKey, *, names: list[x509.GeneralName], common_name: str, now: datetime, serial: int
) -> x509.CertificateBuilder:
    """Return the draft of a server certificate."""
    return (
        certificate(key, common_name=common_name, now=now, serial=serial)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
    )


def signed(
    draft: x509.CertificateBuilder, *, issuer: x509.Certificate, key: ec.EllipticCurvePrivateKey
) -> x509.Certificate:
    """Sign a draft."""
    issuer_key = issuer.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    return (
        draft.issuer_name(issuer.subject)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(issuer_key), critical=False)
        .sign(key, hashes.SHA256())
    )


def pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    """Write the key without encryption (PKCS #8)."""
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _make_root(files: TlsFiles, *, now: datetime, serial: int) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = _name(ROOT_NAME)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), serial, now - _BACKDATED, now + _ROOT_LIFE)
        # One authority may be below it: that of the intercepting listener.
        .add_extension(x509.BasicConstraints(ca=True, path_length=1), critical=True)
        .add_extension(SIGNS_CERTIFICATES, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    _write(files.ca_key, pem(key), mode=0o600)
    _write(files.ca, certificate.public_bytes(serialization.Encoding.PEM), mode=0o644)


def _make_server(files: TlsFiles, *, names: list[x509.GeneralName], now: datetime, serial: int) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    draft = server_certificate(key.public_key(), names=names, common_name="Fauxtune", now=now, serial=serial)
    issuer, issuer_key = root(files)
    certificate = signed(draft, issuer=issuer, key=issuer_key)
    _write(files.key, pem(key), mode=0o600)
    _write(files.server, certificate.public_bytes(serialization.Encoding.PEM), mode=0o644)


def _is_good(files: TlsFiles, *, names: list[x509.GeneralName], now: datetime) -> bool:
    try:
        server = x509.load_pem_x509_certificate(files.server.read_bytes())
        key = serialization.load_pem_private_key(files.key.read_bytes(), None)
        server.verify_directly_issued_by(x509.load_pem_x509_certificate(files.ca.read_bytes()))
        present = server.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (OSError, ValueError, TypeError, InvalidSignature, x509.ExtensionNotFound):
        return False  # missing, damaged or foreign: a new one replaces it
    return (
        set(names) <= set(present)
        and server.public_key() == key.public_key()
        and server.not_valid_before_utc <= now < server.not_valid_after_utc - _RENEW_BEFORE
    )


def _alternative_names(names: Sequence[str]) -> list[x509.GeneralName]:
    by_text: dict[str, x509.GeneralName] = {}
    for name in ("localhost", "127.0.0.1", "::1", *names):
        try:
            address = ipaddress.ip_address(name)
            if not address.is_unspecified:
                by_text[str(address)] = x509.IPAddress(address)
        except ValueError:
            by_text[name.lower()] = x509.DNSName(name.lower())
    return list(by_text.values())


def _name(common_name: str) -> x509.Name:
    return x509.Name(
        [x509.NameAttribute(NameOID.ORGANIZATION_NAME, WARNING), x509.NameAttribute(NameOID.COMMON_NAME, common_name)]
    )


def _write(file: Path, content: bytes, *, mode: int) -> None:
    """Write the file whole or not at all, also if the process is killed meanwhile."""
    draft = file.with_name(f".{file.name}.new")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "wb") as handle:
        handle.write(content)
        handle.flush()
        os.fsync(handle.fileno())
    draft.replace(file)


#: The request for the address of an interface: netdevice(7) on Linux, sys/sockio.h on macOS.
_SIOCGIFADDR = 0xC0206921 if sys.platform == "darwin" else 0x8915
#: struct ifreq: the name of the interface, then its address (family, port, four bytes).
_NAME, _ADDRESS = 16, slice(20, 24)


def addresses_of(host: str) -> list[str]:
    """Return the IPv4 addresses at which others reach a server that listens on `host`: those of all interfaces for
    0.0.0.0 and ::, else the host itself.
    """
    try:
        if not ipaddress.ip_address(host).is_unspecified:
            return [host]
    except ValueError:
        return [host]
    known = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        for _, name in socket.if_nameindex():
            request = struct.pack("256s", name.encode()[: _NAME - 1])
            with contextlib.suppress(OSError):  # an interface without an IPv4 address
                known.append(socket.inet_ntoa(fcntl.ioctl(probe, _SIOCGIFADDR, request)[_ADDRESS]))
    return [each for each in dict.fromkeys(known) if not ipaddress.ip_address(each).is_loopback]
