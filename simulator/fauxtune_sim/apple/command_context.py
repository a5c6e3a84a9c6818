"""A command with the device that executes it, and the outcome. Apple: "Commands and Queries"."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from fauxtune_sim.apple.enrollment import AppleEnrollment
from fauxtune_sim.apple.facts import System
from fauxtune_sim.apple.install import Installer, StagedProfile
from fauxtune_sim.apple.messages import Command
from fauxtune_sim.apple.store import ProfileStore
from fauxtune_sim.device.device import Device
from fauxtune_sim.server.transport import Answer


class NotNow(Exception):
    """The device is locked and defers the command."""


class Malformed(Exception):
    """The command lacks a parameter, which the text names."""


class EnrollmentEnd(StrEnum):
    """The reason why the enrolment ends once a command is acknowledged."""

    RETIRED = "the server removed the MDM profile"
    ERASED = "factory reset"


@dataclass(slots=True)
class CommandResult:
    """The result of a command: its answer, the names of installed and removed profiles, the end of the enrolment.

    `renewed` is the MDM profile that replaces the present one.
    """

    answer: dict[str, Any] = field(default_factory=dict)
    installed: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    end: EnrollmentEnd | None = None
    renewed: StagedProfile | None = None


@dataclass(frozen=True, slots=True)
class CommandContext:
    """A command with the device that executes it. `load` gets what is at an address."""

    command: Command
    device: Device
    system: System
    enrollment: AppleEnrollment
    installer: Installer
    load: Callable[[str], Awaitable[Answer]]

    @property
    def store(self) -> ProfileStore:
        """The profiles that are installed on the device."""
        assert isinstance(self.device.state, ProfileStore)
        return self.device.state

    @property
    def wants_managed_only(self) -> bool:
        """The parameter ManagedOnly of ProfileList and CertificateList."""
        return self.command.parameters.get("ManagedOnly") is True

    def check_unlocked(self) -> None:
        """Raise NotNow on a locked iPhone or iPad."""
        if self.device.condition.locked and not self.system.is_mac:
            raise NotNow

    def check_unlocked_once(self) -> None:
        """Raise NotNow if the system lists certificates only after the first unlock since the device started."""
        if not self.device.condition.unlocked_since_boot and not self.system.lists_certificates_before_unlock:
            raise NotNow
