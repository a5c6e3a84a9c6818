"""What an administrator's commands did to a device, apart from what is installed on it."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(slots=True)
class Condition:
    """How the device is just now. A factory reset makes a new one.

    `unlocked_since_boot`: somebody has unlocked it since it started. `lost` is what the lock screen says in lost mode,
    None outside of it; `sounds` counts how often it made itself heard; `notifications` are (title, body).
    """

    locked: bool = False
    unlocked_since_boot: bool = True
    passcode: str | None = None
    reboots: int = 0
    lost: str | None = None
    sounds: int = 0
    notifications: list[tuple[str, str]] = field(default_factory=list)

    def document(self) -> dict[str, Any]:
        """As JSON."""
        return asdict(self)

    def lock(self, locked: bool) -> None:
        """Lock or unlock it."""
        self.locked = locked
        self.unlocked_since_boot = self.unlocked_since_boot or not locked

    def restart(self) -> None:
        """Start it again: it is locked then, and nobody has unlocked it yet."""
        self.reboots += 1
        self.locked, self.unlocked_since_boot = True, False

    @classmethod
    def from_document(cls, document: dict[str, Any] | None) -> Condition:
        """The reverse of `document`; of a device that was kept before there were commands, a new one."""
        values = dict(document or {})
        values["notifications"] = [(title, body) for title, body in values.get("notifications", ())]
        return cls(**values)
