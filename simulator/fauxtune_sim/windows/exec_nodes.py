"""The nodes that a Windows device executes by Exec (Microsoft: DMClient, RemoteWipe, RemoteLock, Reboot, CleanPC,
Defender, BitLocker, LAPS and DiagnosticLog CSP).
"""

from __future__ import annotations

import secrets
from collections.abc import Callable

from fauxtune_sim.facts.values import FactValue
from fauxtune_sim.windows.apps import JOBS, begin
from fauxtune_sim.windows.escrow import LocalPassword, RecoveryPassword
from fauxtune_sim.windows.log_archive import archive
from fauxtune_sim.windows.machine import EnrollmentEnd, Machine
from fauxtune_sim.windows.tree import NodeRefusal, Path

#: The end of the path of a request by SCEP.
ENROLL = ("Install", "Enroll")
#: Defender CSP, Scan.
_SCANS = {"1": "Quick", "2": "Full"}
_PARTS = 4


class SessionAborted(Exception):
    """The session ends at once: the device sends no further message in it."""


def execute_node(machine: Machine, path: Path, *, data: str) -> None:
    """Execute a node. Raises NodeRefusal if it cannot be executed, SessionAborted if the session ends with it."""
    machine.tree.execute(path)
    if path[-2:] == ENROLL:
        return  # its effect is that of a changed node: scep_requests
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
