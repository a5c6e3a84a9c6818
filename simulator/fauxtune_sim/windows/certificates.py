"""Certificates that management installs on a Windows device: into stores, and with their keys from PFX files. And
where Windows keeps a private key: the key storage provider for a KeyLocation or KeyProtection, which have one table.

Microsoft: RootCATrustedCertificates and CertificateStore CSP; ClientCertificateInstall CSP, PFXCertInstall. The errors
are Windows error numbers (winerror.h).

A node of a store is named by the SHA-1 of its certificate. The device trusts the certificates in `Root` and `CA` of
both scopes; those in the other stores have no effect.

Setting `PFXCertBlob` starts the import, inside an Atomic at its end, so that the order of the nodes does not matter.
`Status` has the Windows error number of the import. Deleting the node removes certificate and key.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from fauxtune_sim.cms.envelope import RecipientIdentity, open_envelope
from fauxtune_sim.device.state_folder import Delivery
from fauxtune_sim.errors import CmsRefused, PfxRefused
from fauxtune_sim.keys.keystore import KeyEntry
from fauxtune_sim.keys.pfx import PfxContents, read_pfx
from fauxtune_sim.platforms import Platform
from fauxtune_sim.windows.machine import Machine
from fauxtune_sim.windows.nodes import Path, has_scopes
from fauxtune_sim.windows.state import KeyPlace
from fauxtune_sim.windows.tree import NodeRefusal, decode_base64, refusal_of_owner

_LEAF = "EncodedCertificate"
_TRUSTING = {
    ("Vendor", "MSFT", "RootCATrustedCertificates", "Root"),
    ("Vendor", "MSFT", "RootCATrustedCertificates", "CA"),
    ("User", "Vendor", "MSFT", "RootCATrustedCertificates", "CA"),
    ("Vendor", "MSFT", "CertificateStore", "Root", "System"),
    ("Vendor", "MSFT", "CertificateStore", "CA", "System"),
}
#: Windows error numbers.
ACCESS_DENIED = 0x80070005
INVALID_ARGUMENT = 0x80070057
NOT_SUPPORTED = 0x80090029
WRONG_PASSWORD = 0x80070056
NO_PRIVATE_KEY = 0x8009200B
NO_DECRYPTION_KEY = 0x8009200C
NOT_A_PFX = 0x8009310B
TPM, TPM_OR_SOFTWARE, SOFTWARE, HELLO = "1", "2", "3", "4"
PLATFORM_KSP = "Microsoft Platform Crypto Provider"
SOFTWARE_KSP = "Microsoft Software Key Storage Provider"
HELLO_KSP = "Microsoft Passport Key Storage Provider"
#: Bits of the longest key that a TPM makes. Unverified: of all TPMs.
_LONGEST_IN_TPM = 2048
#: The nodes of PFX files.
_BELOW = ("Vendor", "MSFT", "ClientCertificateInstall", "PFXCertInstall")
#: The protocol does not distinguish issued certificates from imported ones; the friendlyName that the connector gives
#: to issued ones does.
_ISSUED = "PKCS: "


def apply_changes(machine: Machine, touched: Iterable[Path]) -> None:
    """Apply the changed nodes to the stores, then to the keys. Raises NodeRefusal."""
    touched = tuple(touched)
    _apply_stores(machine, touched)
    _apply_files(machine, touched)


def _apply_stores(machine: Machine, touched: Iterable[Path]) -> None:
    """Check the added certificates and update the trusted ones by the nodes; nodes outside the stores are ignored.

    Raises NodeRefusal if the data is not a certificate, or if its SHA-1 is not the node's name.
    """
    paths = [path for path in touched if "RootCATrustedCertificates" in path or "CertificateStore" in path]
    if not paths:
        return
    for path in paths:
        if path[-1] == _LEAF and path in machine.state.nodes:
            _check_certificate(machine, path)
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


def _check_certificate(machine: Machine, path: Path) -> None:
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


@dataclass(frozen=True, slots=True)
class _Order:
    """The leaves of one node at the begin of the import."""

    location: str
    container: str
    blob: str
    password: str
    encryption: str
    store: str
    exportable: str | None


def _apply_files(machine: Machine, touched: Iterable[Path]) -> None:
    """Import the files of changed nodes, and remove the keys of deleted nodes.

    Raises NodeRefusal for the PFXCertBlob whose import failed, with 500 unless the device's owner has set another
    status; `Status` keeps the error after the rollback.
    """
    for root, has_new_file in _roots(touched).items():
        blob = (*root, "PFXCertBlob")
        if blob not in machine.state.nodes:
            place = machine.state.keys.pop(root, None)
            if place is not None:
                machine.device.keystore.remove(place.alias)
        elif has_new_file:
            try:
                _import(machine, root)
            except InstallFailed as failed:
                machine.state.failed_imports[root] = failed.number
                raise NodeRefusal(failed.status, f"{failed} (0x{failed.number:08X})", node=blob) from failed
            machine.state.failed_imports.pop(root, None)


def _roots(touched: Iterable[Path]) -> dict[Path, bool]:
    """The changed PFXCertInstall nodes, and whether their PFXCertBlob was changed."""
    roots: dict[Path, bool] = {}
    for path in touched:
        at = 1 if path[:1] == ("User",) else 0
        if path[at : at + 4] == _BELOW and len(path) > at + 4:
            root = path[: at + 5]
            roots[root] = roots.get(root, False) or path[-1] == "PFXCertBlob"
    return roots


def forget_failure(machine: Machine, path: Path) -> None:
    """Clear the error of a node's last import: a Delete does so, even of a node that does not exist."""
    machine.state.failed_imports.pop(path, None)


def _import(machine: Machine, root: Path) -> None:
    order = _read_order(machine, root)
    provider = provider_of(order.location, container=order.container, has_tpm=machine.hardware.has_tpm)
    if order.exportable == "true" and order.location != SOFTWARE:
        raise InstallFailed(NOT_SUPPORTED, "PFXKeyExportable may be true with KeyLocation 3 only")
    data = decode_base64(order.blob)
    contents = _open(data, _password(machine, order))
    source = "pkcs" if contents.name.startswith(_ISSUED) else "imported"
    if (refusal := refusal_of_owner(machine.device, source, node=root)) is not None:
        code = machine.device.refusals[Delivery(source)] or ACCESS_DENIED
        raise InstallFailed(code if code > refusal.status else ACCESS_DENIED, str(refusal), status=refusal.status)
    alias = alias_of(root, machine.device.platform)
    machine.device.keystore.install(
        KeyEntry(
            alias=alias,
            source=source,
            certificate=contents.certificate.public_bytes(Encoding.DER),
            key=contents.key_bytes(),
            chain=tuple(certificate.public_bytes(Encoding.DER) for certificate in contents.chain),
            digest=hashlib.sha256(data).hexdigest(),
        )
    )
    exportable = order.location == SOFTWARE and order.exportable != "false"
    machine.state.keys[root] = KeyPlace(alias=alias, provider=provider, exportable=exportable)


def _read_order(machine: Machine, root: Path) -> _Order:
    def leaf(name: str) -> str:
        return machine.tree.value((*root, name)) or ""

    exportable = machine.state.nodes.get((*root, "PFXKeyExportable"))
    return _Order(
        location=leaf("KeyLocation"),
        container=leaf("ContainerName"),
        blob=leaf("PFXCertBlob"),
        password=leaf("PFXCertPassword"),
        encryption=leaf("PFXCertPasswordEncryptionType"),
        store=leaf("PFXCertPasswordEncryptionStore"),
        exportable=None if exportable is None else ("true" if exportable.lower() in {"true", "1"} else "false"),
    )


def _password(machine: Machine, order: _Order) -> bytes:
    """The password: clear (type 0), or encrypted to the identity (1) or to a certificate of a store (2)."""
    if order.encryption == "0":
        return order.password.encode()
    identities: list[RecipientIdentity]
    if order.encryption == "1":
        identities = list(machine.enrollment.decryption_identities())
    elif order.encryption == "2" and order.store.upper() == "MY":
        identities = list(machine.device.keystore.identities())
    else:
        raise InstallFailed(
            INVALID_ARGUMENT, f"PFXCertPasswordEncryptionType {order.encryption} of store {order.store!r} is not known"
        )
    try:
        return open_envelope(decode_base64(order.password), identities).content
    except (CmsRefused, NodeRefusal) as why:
        raise InstallFailed(NO_DECRYPTION_KEY, f"the PFX password cannot be decrypted: {why}") from why


def _open(data: bytes, password: bytes) -> PfxContents:
    try:
        return read_pfx(data, password)
    except PfxRefused as why:
        text = str(why)
        number = WRONG_PASSWORD if "password" in text else NO_PRIVATE_KEY if "private key" in text else NOT_A_PFX
        raise InstallFailed(number, f"the PFX cannot be opened: {why}") from why
