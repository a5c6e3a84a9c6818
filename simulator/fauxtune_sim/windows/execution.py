"""What a Windows device does when a node is executed (Microsoft: DMClient, RemoteWipe, RemoteLock and Reboot CSP)."""

from __future__ import annotations

import secrets
from collections.abc import Callable

from fauxtune_sim.windows.machine import Ending, Machine
from fauxtune_sim.windows.tree import Path, Refused


class SessionAborted(Exception):
    """Everything that runs is broken off at once: nothing more is said in this session."""


def execute(machine: Machine, path: Path, *, data: str) -> None:
    """Execute a node; Refused if it cannot be, SessionAborted if there is no session afterwards."""
    machine.tree.execute(path)
    _ACTIONS["/".join(path[2:])](machine, data)


def _unenroll(machine: Machine, data: str) -> None:
    if data != machine.enrollment.provider:
        # Unverified: the status for a management server that is not there.
        raise Refused(404, f"{data!r} does not manage this device: {machine.enrollment.provider!r} does")
    machine.ending = Ending.UNENROLL
    raise SessionAborted


def _wipe(machine: Machine, _data: str) -> None:
    machine.ending = Ending.RESET


def _wipe_and_stay(machine: Machine, _data: str) -> None:
    machine.ending = machine.ending or Ending.RESET_BUT_STAY


def _reboot(machine: Machine, _data: str) -> None:
    machine.device.condition.restart()


def _lock(machine: Machine, _data: str) -> None:
    if machine.device.condition.passcode is None:
        raise Refused(405, "the phone has no PIN, so it cannot be locked")
    machine.device.condition.lock(True)


def _lock_and_reset(machine: Machine, _data: str) -> None:
    machine.device.condition.passcode = f"{secrets.randbelow(10_000):04d}"
    machine.device.condition.lock(True)


_ACTIONS: dict[str, Callable[[Machine, str], None]] = {
    "DMClient/Unenroll": _unenroll,
    "RemoteWipe/doWipe": _wipe,
    "RemoteWipe/doWipeProtected": _wipe,
    # Unverified: that the provisioning data which is kept does not bring the enrolment back.
    "RemoteWipe/doWipePersistProvisionedData": _wipe,
    "RemoteWipe/doWipePersistUserData": _wipe_and_stay,
    "Reboot/RebootNow": _reboot,
    "RemoteLock/Lock": _lock,
    "RemoteLock/LockAndResetPIN": _lock_and_reset,
}
