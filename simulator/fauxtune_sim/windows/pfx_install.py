"""Install PFX files with their keys (Microsoft: ClientCertificateInstall CSP, PFXCertInstall).

Setting `PFXCertBlob` starts the import, inside an Atomic at its end, so that the order of the nodes does not matter.
`Status` has the Windows error number of the import. Deleting the node removes certificate and key.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from cryptography.hazmat.primitives.serialization import Encoding

from fauxtune_sim.cms.envelope import RecipientIdentity, open_envelope
from fauxtune_sim.device.state_folder import Delivery
from fauxtune_sim.errors import CmsRefused, PfxRefused
from fauxtune_sim.keys.keystore import KeyEntry
from fauxtune_sim.keys.pfx import PfxContents, read_pfx
from fauxtune_sim.windows.certificate_stores import (
    ACCESS_DENIED,
    INVALID_ARGUMENT,
    NOT_SUPPORTED,
    SOFTWARE,
    InstallFailed,
    alias_of,
    provider_of,
)
from fauxtune_sim.windows.machine import Machine
from fauxtune_sim.windows.nodes import Path
from fauxtune_sim.windows.state import KeyPlace
from fauxtune_sim.windows.tree import NodeRefusal, decode_base64, refusal_of_owner

_BELOW = ("Vendor", "MSFT", "ClientCertificateInstall", "PFXCertInstall")
#: Windows error numbers (winerror.h).
WRONG_PASSWORD = 0x80070056
NO_PRIVATE_KEY = 0x8009200B
NO_DECRYPTION_KEY = 0x8009200C
NOT_A_PFX = 0x8009310B


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


def apply_changes(machine: Machine, touched: Iterable[Path]) -> None:
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


#: The protocol does not distinguish issued certificates from imported ones; the friendlyName that the connector gives
#: to issued ones does.
_ISSUED = "PKCS: "


def _import(machine: Machine, root: Path) -> None:
    order = _read(machine, root)
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


def _read(machine: Machine, root: Path) -> _Order:
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
