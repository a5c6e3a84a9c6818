"""Certificates that management puts into stores (Microsoft: RootCATrustedCertificates and CertificateStore CSP).

A node is named by the SHA-1 of its certificate. What is in `Root` or `CA` of either scope the device trusts; what is in
the other stores only lies there.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable

from cryptography import x509

from fauxtune_sim.windows.machine import Machine
from fauxtune_sim.windows.tree import Path, Refused, decoded

_LEAF = "EncodedCertificate"
_TRUSTING = {
    ("Vendor", "MSFT", "RootCATrustedCertificates", "Root"),
    ("Vendor", "MSFT", "RootCATrustedCertificates", "CA"),
    ("User", "Vendor", "MSFT", "RootCATrustedCertificates", "CA"),
    ("Vendor", "MSFT", "CertificateStore", "Root", "System"),
    ("Vendor", "MSFT", "CertificateStore", "CA", "System"),
}


def settle(machine: Machine, touched: Iterable[Path]) -> None:
    """Check the certificates that were added, and trust what the nodes say; Refused if a certificate is not its name's.

    Nodes elsewhere in the tree are none of its business.
    """
    ours = [path for path in touched if "RootCATrustedCertificates" in path or "CertificateStore" in path]
    if not ours:
        return
    for path in ours:
        if path[-1] == _LEAF and path in machine.state.nodes:
            _check(path, str(machine.state.nodes[path]))
    store = machine.device.keystore
    wanted = {
        hashlib.sha256(der).hexdigest(): der
        for path, value in machine.state.nodes.items()
        if path[-1] == _LEAF and path[:-2] in _TRUSTING
        for der in (base64.b64decode(str(value)),)
    }
    for sha256 in store.trusted.keys() - wanted.keys():
        store.distrust(sha256)
    for sha256, der in wanted.items():
        if sha256 not in store.trusted:
            store.trust(der)


def _check(path: Path, data: str) -> None:
    der = decoded(data)
    try:
        x509.load_der_x509_certificate(der)
    except ValueError as broken:
        raise Refused(500, f"this is not a certificate: {broken}", at=path) from broken
    name = hashlib.sha1(der, usedforsecurity=False).hexdigest()
    if name != path[-2].lower():
        raise Refused(500, f"the certificate's SHA-1 is {name.upper()}, not the node's name", at=path)
