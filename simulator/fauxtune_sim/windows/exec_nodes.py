"""The nodes that a Windows device executes by Exec (Microsoft: DMClient, RemoteWipe, RemoteLock and Reboot CSP)."""

from __future__ import annotations

import secrets
from collections.abc import Callable

from fauxtune_sim.windows.machine import EnrollmentEnd, Machine
from fauxtune_sim.windows.tree import NodeRefusal, Path

#: The end of the path of a request by SCEP.
ENROLL = ("Install", "Enroll")


class SessionAborted(Exception):
    """The session ends at once: the device sends no further message in it."""


def execute_node(machine: Machine, path: Path, *, data: str) -> None:
    """Execute a node. Raises NodeRefusal if it cannot be executed, SessionAborted if the session ends with it."""
    machine.tree.execute(path)
    if path[-2:] == ENROLL:
        return  # its effect is that of a changed node: scep_requests
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


_ACTIONS: dict[str, Callable[[Machine, str], None]] = {
    "DMClient/Unenroll": _unenroll,
    "RemoteWipe/doWipe": _wipe,
    "RemoteWipe/doWipeProtected": _wipe,
    # Unverified: that the provisioning data, which persists, does not restore the enrolment.
    "RemoteWipe/doWipePersistProvisionedData": _wipe,
    "RemoteWipe/doWipePersistUserData": _wipe_and_stay,
    "Reboot/RebootNow": _reboot,
    "RemoteLock/Lock": _lock,
    "RemoteLock/LockAndResetPIN": _lock_and_reset,
}
