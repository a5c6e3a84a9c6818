"""The nodes that a Windows device executes by Exec (Microsoft: DMClient, RemoteWipe, RemoteLock, Reboot, CleanPC,
Defender, BitLocker, LAPS and DiagnosticLog CSP), and the archive of diagnostic data that a PC makes and uploads
(DiagnosticArchive).
"""

from __future__ import annotations

import io
import secrets
import zipfile
from collections.abc import Callable

from fauxtune_sim.errors import AnswerBroken
from fauxtune_sim.facts.table import FactValue
from fauxtune_sim.windows.apps import JOBS, begin
from fauxtune_sim.windows.machine import EnrollmentEnd, LogArchive, Machine
from fauxtune_sim.windows.markup import read
from fauxtune_sim.windows.nodes import Path
from fauxtune_sim.windows.state import LocalPassword, RecoveryPassword
from fauxtune_sim.windows.tree import NodeRefusal

#: Azure: "Put Blob".
HEADERS = {"x-ms-blob-type": "BlockBlob", "x-ms-version": "2018-11-09"}
_MOST_DIRECTIVES = 1000
#: The end of the path of a request by SCEP.
ENROLL = ("Install", "Enroll")
#: Defender CSP, Scan.
_SCANS = {"1": "Quick", "2": "Full"}
_PARTS = 4


def archive(machine: Machine, definition: str) -> LogArchive:
    """Make the archive of a definition. Raises NodeRefusal for one that is malformed or names no address."""
    try:
        collection = read(definition.encode(), what="the definition of an archive")
    except AnswerBroken as broken:
        raise NodeRefusal(400, str(broken)) from broken
    address = collection.first("SasUrl")
    if collection.name != "Collection" or address is None or not address.text.startswith(("https://", "http://")):
        raise NodeRefusal(400, "the definition of an archive is a Collection with a SasUrl")
    directives = [child for child in collection.children if child.name not in {"ID", "SasUrl"}][:_MOST_DIRECTIVES]
    results = "".join(f"{child.name}\t{child.text}\t0x0\n" for child in directives)
    facts = "".join(f"{name}: {value}\n" for name, value in sorted(machine.facts.items()))
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, text in (("results.txt", results), ("device.txt", facts)):
            packed.writestr(zipfile.ZipInfo(name, machine.now.timetuple()[:6]), text)
    return LogArchive(address.text, file.getvalue())


class SessionAborted(Exception):
    """The session ends at once: the device sends no further message in it."""


def execute_node(machine: Machine, path: Path, *, data: str) -> None:
    """Execute a node. Raises NodeRefusal if it cannot be executed, SessionAborted if the session ends with it."""
    machine.tree.execute(path)
    if path[-2:] == ENROLL:
        return  # its effect is that of a changed node: scep
    if path[-1] in JOBS:
        begin(machine, path, data=data)
        return
    _ACTIONS["/".join(path[2:])](machine, data)


def _unenroll(machine: Machine, data: str) -> None:
    if data != machine.enrollment.provider:
        # Unverified: the status for an unknown management server.
        raise NodeRefusal(404, f"{data!r} does not manage this device: {machine.enrollment.provider!r} does")
    machine.end = EnrollmentEnd.UNENROLL
    raise SessionAborted


def _wipe(machine: Machine, _data: str) -> None:
    machine.end = EnrollmentEnd.RESET


def _wipe_and_stay(machine: Machine, _data: str) -> None:
    machine.end = machine.end or EnrollmentEnd.RESET_KEEP_ENROLLMENT


def _reboot(machine: Machine, _data: str) -> None:
    machine.device.condition.restart()


def _lock(machine: Machine, _data: str) -> None:
    if machine.device.condition.passcode is None:
        raise NodeRefusal(405, "the phone has no PIN, so it cannot be locked")
    machine.device.condition.lock(True)


def _lock_and_reset(machine: Machine, _data: str) -> None:
    machine.device.condition.passcode = f"{secrets.randbelow(10_000):04d}"
    machine.device.condition.lock(True)


def _clean(machine: Machine, _data: str) -> None:
    machine.device.condition.cleanings += 1


def _scan(machine: Machine, data: str) -> None:
    kind = _SCANS.get(data)
    if kind is None:
        raise NodeRefusal(400, f"{data!r} is no kind of scan: 1 is a quick one, 2 a full one")
    machine.device.condition.scans.append(kind)
    facts: dict[str, FactValue] = {f"last{kind}ScanDateTime": machine.now.strftime("%Y-%m-%dT%H:%M:%SZ")}
    facts[f"{kind.lower()}ScanOverdue"] = False
    if "signatureVersion" in machine.facts:
        facts[f"last{kind}ScanSignatureVersion"] = machine.facts["signatureVersion"]
    machine.device.report(**facts)


def _update_signature(machine: Machine, _data: str) -> None:
    facts: dict[str, FactValue] = {"signatureUpdateOverdue": False, "isAntivirusSignatureCurrent": True}
    numbers = str(machine.facts.get("signatureVersion", "")).split(".")
    if len(numbers) == _PARTS and numbers[2].isdigit():
        numbers[2] = str(int(numbers[2]) + 1)
        facts["signatureVersion"] = ".".join(numbers)
    machine.device.report(**facts)


def _archive(machine: Machine, data: str) -> None:
    machine.archives.append(archive(machine, data))


def _rotate_recovery(machine: Machine, _data: str) -> None:
    if machine.facts.get("isEncrypted") is not True:
        raise NodeRefusal(500, "the system volume is not encrypted")
    machine.state.secrets.recovery = RecoveryPassword.new()


def _reset_password(machine: Machine, _data: str) -> None:
    machine.state.secrets.administrator = LocalPassword.new(machine.state.secrets.administrator)


_ACTIONS: dict[str, Callable[[Machine, str], None]] = {
    "DMClient/Unenroll": _unenroll,
    "RemoteWipe/doWipe": _wipe,
    "RemoteWipe/doWipeProtected": _wipe,
    # Unverified: that the provisioning data, which persists, does not restore the enrolment.
    "RemoteWipe/doWipePersistProvisionedData": _wipe,
    "RemoteWipe/doWipePersistUserData": _wipe_and_stay,
    "Reboot/RebootNow": _reboot,
    "CleanPC/CleanPCRetainingUserData": _clean,
    # Unverified: that the enrolment stays. The documents say of a device in Entra ID that it enrols again by itself.
    "CleanPC/CleanPCWithoutRetainingUserData": _clean,
    "Defender/Scan": _scan,
    "Defender/UpdateSignature": _update_signature,
    "DiagnosticLog/DiagnosticArchive/ArchiveDefinition": _archive,
    "BitLocker/RotateRecoveryPasswords": _rotate_recovery,
    "LAPS/Actions/ResetPassword": _reset_password,
    "RemoteLock/Lock": _lock,
    "RemoteLock/LockAndResetPIN": _lock_and_reset,
}
