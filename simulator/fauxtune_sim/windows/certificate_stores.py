"""Certificates that management puts into stores (Microsoft: RootCATrustedCertificates and CertificateStore CSP).

A node is named by the SHA-1 of its certificate. The device trusts the certificates in `Root` and `CA` of both scopes;
those in the other stores have no effect.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable

from cryptography import x509

from fauxtune_sim.device.refusals import Delivery
from fauxtune_sim.windows.machine import Machine
from fauxtune_sim.windows.tree import NodeRefusal, Path, decode_base64, refusal_of_owner

_LEAF = "EncodedCertificate"
_TRUSTING = {
    ("Vendor", "MSFT", "RootCATrustedCertificates", "Root"),
    ("Vendor", "MSFT", "RootCATrustedCertificates", "CA"),
    ("User", "Vendor", "MSFT", "RootCATrustedCertificates", "CA"),
    ("Vendor", "MSFT", "CertificateStore", "Root", "System"),
    ("Vendor", "MSFT", "CertificateStore", "CA", "System"),
}


def apply_changes(machine: Machine, touched: Iterable[Path]) -> None:
    """Check the added certificates and update the trusted ones by the nodes; nodes outside the stores are ignored.

    Raises NodeRefusal if the data is not a certificate, or if its SHA-1 is not the node's name.
    """
    paths = [path for path in touched if "RootCATrustedCertificates" in path or "CertificateStore" in path]
    if not paths:
        return
    for path in paths:
        if path[-1] == _LEAF and path in machine.state.nodes:
            _check(machine, path)
    store = machine.device.keystore
    trusted = {
        hashlib.sha256(der).hexdigest(): der
        for path, value in machine.state.nodes.items()
        if path[-1] == _LEAF and path[:-2] in _TRUSTING
        for der in (base64.b64decode(str(value)),)
    }
    for sha256 in store.trusted.keys() - trusted.keys():
        store.distrust(sha256)
    for sha256, der in trusted.items():
        if sha256 not in store.trusted:
            store.trust(der)


def _check(machine: Machine, path: Path) -> None:
    der = decode_base64(str(machine.state.nodes[path]))
    try:
        x509.load_der_x509_certificate(der)
    except ValueError as broken:
        raise NodeRefusal(500, f"this is not a certificate: {broken}", node=path) from broken
    name = hashlib.sha1(der, usedforsecurity=False).hexdigest()
    if name != path[-2].lower():
        raise NodeRefusal(500, f"the certificate's SHA-1 is {name.upper()}, not the node's name", node=path)
    refusal = refusal_of_owner(machine.device, Delivery.ROOT, node=path)
    if refusal is not None and hashlib.sha256(der).hexdigest() not in machine.device.keystore.trusted:
        raise refusal
