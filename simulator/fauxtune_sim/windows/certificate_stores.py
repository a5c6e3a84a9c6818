"""Certificates that management puts into stores (Microsoft: RootCATrustedCertificates and CertificateStore CSP), and
where Windows keeps a private key: the key storage provider for a KeyLocation or KeyProtection, which have one table
(ClientCertificateInstall CSP). The errors are Windows error numbers (winerror.h).

A node is named by the SHA-1 of its certificate. The device trusts the certificates in `Root` and `CA` of both scopes;
those in the other stores have no effect.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable

from cryptography import x509

from fauxtune_sim.device.state_folder import Delivery
from fauxtune_sim.platforms import Platform
from fauxtune_sim.windows.machine import Machine
from fauxtune_sim.windows.nodes import Path, has_scopes
from fauxtune_sim.windows.tree import NodeRefusal, decode_base64, refusal_of_owner

_LEAF = "EncodedCertificate"
_TRUSTING = {
    ("Vendor", "MSFT", "RootCATrustedCertificates", "Root"),
    ("Vendor", "MSFT", "RootCATrustedCertificates", "CA"),
    ("User", "Vendor", "MSFT", "RootCATrustedCertificates", "CA"),
    ("Vendor", "MSFT", "CertificateStore", "Root", "System"),
    ("Vendor", "MSFT", "CertificateStore", "CA", "System"),
}
ACCESS_DENIED = 0x80070005
INVALID_ARGUMENT = 0x80070057
NOT_SUPPORTED = 0x80090029
TPM, TPM_OR_SOFTWARE, SOFTWARE, HELLO = "1", "2", "3", "4"
PLATFORM_KSP = "Microsoft Platform Crypto Provider"
SOFTWARE_KSP = "Microsoft Software Key Storage Provider"
HELLO_KSP = "Microsoft Passport Key Storage Provider"
#: Bits of the longest key that a TPM makes. Unverified: of all TPMs.
_LONGEST_IN_TPM = 2048


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


class InstallFailed(Exception):
    """A certificate cannot be installed: the Windows error number, the reason, and the status of the command."""

    def __init__(self, number: int, why: str, *, status: int = 500) -> None:
        super().__init__(why)
        self.number, self.status = number, status


def provider_of(location: str, *, container: str, has_tpm: bool, bits: int = 0) -> str:
    """The key storage provider for a location. Raises InstallFailed if the device cannot provide it.

    `bits`: the length of a key that the device is to make there.
    """
    holds = has_tpm and bits <= _LONGEST_IN_TPM
    if location == SOFTWARE:
        return SOFTWARE_KSP
    if location == TPM_OR_SOFTWARE:
        return PLATFORM_KSP if holds else SOFTWARE_KSP
    if location == TPM:
        if not has_tpm:
            raise InstallFailed(NOT_SUPPORTED, "KeyLocation 1 needs a TPM, which this device does not have")
        if not holds:
            raise InstallFailed(NOT_SUPPORTED, f"the TPM makes no keys of {bits} bits")
        return PLATFORM_KSP
    if location == HELLO:
        if not container:
            raise InstallFailed(INVALID_ARGUMENT, "KeyLocation 4 needs a ContainerName")
        return HELLO_KSP
    raise InstallFailed(INVALID_ARGUMENT, f"KeyLocation must be 1, 2, 3 or 4; it is {location or 'not set'}")


def alias_of(root: Path, platform: Platform) -> str:
    """The alias of the key of a node. The same UniqueID in both scopes means two keys."""
    return root[-1] if root[0] == "User" or not has_scopes(platform) else f"device-{root[-1]}"
