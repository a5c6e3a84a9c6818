"""From an administrator's actions to the nodes of a Windows device's CSPs.

Microsoft: "Configuration service provider reference" (RemoteWipe, DMClient, RemoteLock, Reboot, DevDetail, RemoteFind,
CleanPC, Defender, BitLocker, LAPS, DiagnosticLog).
"""

from __future__ import annotations

from collections.abc import Callable

from fauxtune.core.formats.xml import leaf, tag
from fauxtune.core.model.actions import DeviceAction
from fauxtune.core.model.text import JsonObject
from fauxtune.operations.devices.actions import Order
from fauxtune.surfaces.devices.windows.csp import Tree
from fauxtune.surfaces.devices.windows.messages.syncml import Command
from fauxtune.surfaces.devices.windows.status_mapping import ASK, MUST, POSITION

_QUICK, _FULL = "1", "2"
_NEEDED = 2
#: What the archive has: some of what Intune collects.
_COLLECTED = (
    leaf("RegistryKey", r"HKLM\Software\Microsoft\IntuneManagementExtension")
    + leaf("FoldersFiles", r"%ProgramData%\Microsoft\DiagnosticLogCSP\Collectors\*.etl")
    + leaf("Command", r"%windir%\system32\ipconfig.exe /all")
    + leaf("Events", "Application")
)


def commands(order: Order, tree: Tree) -> tuple[Command, ...]:
    """Return the commands of an order; none if devices of this kind have no such node."""
    if order.scope == "DEVICE":
        return (Command("Exec", f"{tree.wipe}/{_way_to_wipe(order.details)}", "", "chr", role=MUST),)
    if order.scope:
        return (Command("Exec", tree.unenroll, tree.provider, "chr", role=MUST),)
    build = _COMMANDS.get(order.action)
    return () if build is None else build(order, tree)


def _way_to_wipe(details: JsonObject) -> str:
    """RemoteWipe CSP. Unverified: that keepUserData alone uses this node too; there is no other."""
    if details.get("keepEnrollmentData") or details.get("keepUserData"):
        return "doWipePersistUserData"
    return "doWipeProtected" if details.get("useProtectedWipe") else "doWipe"


def _locate(_order: Order, tree: Tree) -> tuple[Command, ...]:
    node = f"{tree.providers}/RemoteFind/Location"
    roles = (MUST,) * _NEEDED + (ASK,) * (len(POSITION) - _NEEDED)
    return tuple(Command("Get", f"{node}/{leaf}", role=role) for leaf, role in zip(POSITION, roles, strict=True))


def _rename(order: Order, _tree: Tree) -> tuple[Command, ...]:
    """DevDetail CSP: the name takes effect when the device restarts, which the administrator orders."""
    node = "./DevDetail/Ext/Microsoft/DNSComputerName"
    return (Command("Replace", node, str(order.details["deviceName"]), "chr", role=MUST),)


def _clean(order: Order, tree: Tree) -> tuple[Command, ...]:
    way = "CleanPCRetainingUserData" if order.details.get("keepUserData") else "CleanPCWithoutRetainingUserData"
    return (Command("Exec", f"{tree.providers}/CleanPC/{way}", role=MUST),)


def _scan(order: Order, tree: Tree) -> tuple[Command, ...]:
    kind = _QUICK if order.details.get("quickScan") else _FULL
    return (Command("Exec", f"{tree.providers}/Defender/Scan", kind, "chr", role=MUST),)


def _collect_logs(order: Order, tree: Tree) -> tuple[Command, ...]:
    """DiagnosticLog CSP, DiagnosticArchive: what is collected, and the address for the archive."""
    address = leaf("SasUrl", str(order.secrets.get("url", "")))
    definition = tag("Collection", leaf("ID", order.id) + address + _COLLECTED)
    node = f"{tree.providers}/DiagnosticLog/DiagnosticArchive/ArchiveDefinition"
    return (Command("Exec", node, definition, "chr", role=MUST),)


def _rotate_bitlocker(order: Order, tree: Tree) -> tuple[Command, ...]:
    """BitLocker CSP: the request has an id, by which the device tells how it went."""
    return (Command("Exec", f"{tree.providers}/BitLocker/RotateRecoveryPasswords", order.id, "chr", role=MUST),)


def _executed(node: str) -> Callable[[Order, Tree], tuple[Command, ...]]:
    return lambda _order, tree: (Command("Exec", f"{tree.providers}/{node}", role=MUST),)


_COMMANDS: dict[DeviceAction, Callable[[Order, Tree], tuple[Command, ...]]] = {
    DeviceAction.LOCK: lambda _order, tree: (Command("Exec", tree.lock, role=MUST),),
    DeviceAction.REBOOT: _executed("Reboot/RebootNow"),
    DeviceAction.RENAME: _rename,
    DeviceAction.LOCATE: _locate,
    DeviceAction.CLEAN_WINDOWS: _clean,
    DeviceAction.DEFENDER_SCAN: _scan,
    DeviceAction.DEFENDER_UPDATE: _executed("Defender/UpdateSignature"),
    DeviceAction.COLLECT_LOGS: _collect_logs,
    DeviceAction.ROTATE_BITLOCKER_KEYS: _rotate_bitlocker,
    DeviceAction.ROTATE_ADMIN_PASSWORD: _executed("LAPS/Actions/ResetPassword"),
}
