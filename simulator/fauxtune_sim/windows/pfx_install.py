"""Installing PFX files with their keys (Microsoft: ClientCertificateInstall CSP, PFXCertInstall).

An import begins when `PFXCertBlob` was set, once everything that came with it is there: at the end of an Atomic, where
the order of the nodes does not matter. Its outcome is Windows' error number in `Status`. Deleting the node removes
certificate and key.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

from cryptography.hazmat.primitives.serialization import Encoding

from fauxtune_sim.cms import open_envelope
from fauxtune_sim.cms.envelope import Holder
from fauxtune_sim.errors import CmsRefused, PfxRefused
from fauxtune_sim.keystore import KeyEntry
from fauxtune_sim.pfx import PfxContents, read_pfx
from fauxtune_sim.windows.machine import Machine
from fauxtune_sim.windows.state import KeyPlace
from fauxtune_sim.windows.tree import Path, Refused, decoded
from fauxtune_sim.windows.variants import has_scopes

_BELOW = ("Vendor", "MSFT", "ClientCertificateInstall", "PFXCertInstall")
#: Windows' numbers: winerror.h.
WRONG_PASSWORD = 0x80070056
INVALID_ARGUMENT = 0x80070057
NOT_SUPPORTED = 0x80090029
NO_PRIVATE_KEY = 0x8009200B
NO_DECRYPTION_KEY = 0x8009200C
NOT_A_PFX = 0x8009310B

_TPM, _TPM_OR_SOFTWARE, _SOFTWARE, _HELLO = "1", "2", "3", "4"
_PLATFORM_KSP = "Microsoft Platform Crypto Provider"
_SOFTWARE_KSP = "Microsoft Software Key Storage Provider"
_HELLO_KSP = "Microsoft Passport Key Storage Provider"


class _Failed(Exception):
    def __init__(self, number: int, why: str) -> None:
        super().__init__(why)
        self.number = number


@dataclass(frozen=True, slots=True)
class _Order:
    """The leaves of one node, as they stand when the import begins."""

    location: str
    container: str
    blob: str
    password: str
    encryption: str
    store: str
    exportable: str | None


def settle(machine: Machine, touched: Iterable[Path]) -> None:
    """Import what got a new file, and remove the keys of nodes that are gone.

    Refused with 500 at the PFXCertBlob whose import failed; `Status` tells why even after the node is rolled back.
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
            except _Failed as failed:
                machine.state.failed_imports[root] = failed.number
                raise Refused(500, f"{failed} (0x{failed.number:08X})", at=blob) from failed
            machine.state.failed_imports.pop(root, None)


def _roots(touched: Iterable[Path]) -> dict[Path, bool]:
    """The nodes that were touched, and whether their PFXCertBlob was."""
    found: dict[Path, bool] = {}
    for path in touched:
        at = 1 if path[:1] == ("User",) else 0
        if path[at : at + 4] == _BELOW and len(path) > at + 4:
            root = path[: at + 5]
            found[root] = found.get(root, False) or path[-1] == "PFXCertBlob"
    return found


def forget_failure(machine: Machine, path: Path) -> None:
    """A Delete of a node, even of one that is not there, also forgets how its last import failed."""
    machine.state.failed_imports.pop(path, None)


#: The wire does not tell a certificate that was issued for this device from an imported one; the name that the
#: connector gives its own files does.
_ISSUED = "PKCS: "


def _import(machine: Machine, root: Path) -> None:
    order = _read(machine, root)
    provider = _provider(order, has_tpm=machine.hardware.has_tpm)
    if order.exportable == "true" and order.location != _SOFTWARE:
        raise _Failed(NOT_SUPPORTED, "PFXKeyExportable may be true with KeyLocation 3 only")
    data = decoded(order.blob)
    contents = _open(data, _password(machine, order))
    # The same UniqueID in both scopes is two keys.
    alias = root[-1] if root[0] == "User" or not has_scopes(machine.device.platform) else f"device-{root[-1]}"
    machine.device.keystore.install(
        KeyEntry(
            alias=alias,
            source="pkcs" if contents.name.startswith(_ISSUED) else "imported",
            certificate=contents.certificate.public_bytes(Encoding.DER),
            key=contents.key_bytes(),
            chain=tuple(one.public_bytes(Encoding.DER) for one in contents.chain),
            digest=hashlib.sha256(data).hexdigest(),
        )
    )
    exportable = order.location == _SOFTWARE and order.exportable != "false"
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


def _provider(order: _Order, *, has_tpm: bool) -> str:
    """The key storage provider that KeyLocation asks for."""
    if order.location == _SOFTWARE:
        return _SOFTWARE_KSP
    if order.location == _TPM_OR_SOFTWARE:
        return _PLATFORM_KSP if has_tpm else _SOFTWARE_KSP
    if order.location == _TPM:
        if not has_tpm:
            raise _Failed(NOT_SUPPORTED, "KeyLocation 1 wants a TPM, and this device has none")
        return _PLATFORM_KSP
    if order.location == _HELLO:
        if not order.container:
            raise _Failed(INVALID_ARGUMENT, "KeyLocation 4 needs a ContainerName")
        return _HELLO_KSP
    said = order.location or "not set"
    raise _Failed(INVALID_ARGUMENT, f"KeyLocation is 1, 2, 3 or 4 and must be there; it is {said}")


def _password(machine: Machine, order: _Order) -> bytes:
    """The password: clear (type 0), or in an envelope for the identity (1) or for a certificate of a store (2)."""
    if order.encryption == "0":
        return order.password.encode()
    holders: list[Holder]
    if order.encryption == "1":
        holders = list(machine.enrollment.openers())
    elif order.encryption == "2" and order.store.upper() == "MY":
        holders = list(machine.device.keystore.identities())
    else:
        raise _Failed(
            INVALID_ARGUMENT, f"PFXCertPasswordEncryptionType {order.encryption} of store {order.store!r} is not known"
        )
    try:
        return open_envelope(decoded(order.password), holders).content
    except (CmsRefused, Refused) as why:
        raise _Failed(NO_DECRYPTION_KEY, f"the PFX password cannot be decrypted: {why}") from why


def _open(data: bytes, password: bytes) -> PfxContents:
    try:
        return read_pfx(data, password)
    except PfxRefused as why:
        text = str(why)
        number = WRONG_PASSWORD if "password" in text else NO_PRIVATE_KEY if "private key" in text else NOT_A_PFX
        raise _Failed(number, f"the PFX cannot be opened: {why}") from why
