"""A device's folder on disk: mode 0700, files 0600 and replaced atomically, so that a crash leaves old or new files."""

from __future__ import annotations

import os
import tempfile
import zlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

import orjson

from fauxtune_sim.errors import NotAllowedHere, NotFoundHere, StateBroken


class StateFolder:
    """One folder; the caller chooses the names of the files."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def write(self, name: str, data: bytes) -> None:
        """Write a file atomically. It is on the disk when this returns."""
        try:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            self.path.chmod(0o700)
            # mkstemp makes the file 0600 whatever the umask.
            handle, temporary = tempfile.mkstemp(dir=self.path, prefix=f".{name}.")
            try:
                with os.fdopen(handle, "wb") as file:
                    file.write(data)
                    file.flush()
                    os.fsync(file.fileno())
                Path(temporary).replace(self.path / name)
            except BaseException:
                Path(temporary).unlink(missing_ok=True)
                raise
            self._sync()
        except OSError as failed:
            raise StateBroken(f"{self.path / name} cannot be written: {failed.strerror}") from failed

    def read(self, name: str) -> bytes | None:
        """The file's bytes, or None if there is no such file."""
        try:
            return (self.path / name).read_bytes()
        except FileNotFoundError:
            return None
        except OSError as failed:
            raise StateBroken(f"{self.path / name} cannot be read: {failed.strerror}") from failed

    def remove(self, name: str) -> None:
        """Delete a file if it exists."""
        try:
            (self.path / name).unlink(missing_ok=True)
        except OSError as failed:
            raise StateBroken(f"{self.path / name} cannot be removed: {failed.strerror}") from failed

    def write_json(self, name: str, document: dict[str, Any]) -> None:
        """Write a JSON file atomically."""
        self.write(name, orjson.dumps(document, option=orjson.OPT_INDENT_2))

    def read_json(self, name: str) -> dict[str, Any] | None:
        """The JSON object in a file, None if there is no such file. Raises StateBroken if it is not an object."""
        data = self.read(name)
        if data is None:
            return None
        try:
            document = orjson.loads(data)
        except orjson.JSONDecodeError as damaged:
            raise StateBroken(f"{self.path / name} is damaged: {damaged}") from damaged
        if not isinstance(document, dict):
            raise StateBroken(f"{self.path / name} is damaged: it is not a JSON object")
        return document

    def _sync(self) -> None:
        if os.name == "nt":
            return
        handle = os.open(self.path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


#: Below are no error codes of any platform: SyncML's begin with 400, Apple's with 1000, those of Windows are larger.
_LEAST, _MOST = 400, 0xFFFFFFFF


@dataclass(slots=True)
class Condition:
    """The present condition of a device. A factory reset creates a new one.

    `unlocked_since_boot`: whether it was unlocked since it started. `lost` is the text on the lock screen in lost mode,
    else None; `sounds` counts the sounds that it played; `notifications` are pairs of title and body. `shut_downs` and
    `cleanings` count how often it was shut down and its applications were removed; `scans` are the kinds of the scans
    for malware.
    """

    locked: bool = False
    unlocked_since_boot: bool = True
    passcode: str | None = None
    reboots: int = 0
    lost: str | None = None
    sounds: int = 0
    notifications: list[tuple[str, str]] = field(default_factory=list)
    shut_downs: int = 0
    cleanings: int = 0
    scans: list[str] = field(default_factory=list)

    def document(self) -> dict[str, Any]:
        """The condition as JSON."""
        return asdict(self)

    def lock(self, locked: bool) -> None:
        """Lock or unlock the device."""
        self.locked = locked
        self.unlocked_since_boot = self.unlocked_since_boot or not locked

    def restart(self) -> None:
        """Restart the device: it is locked afterwards, and not unlocked since it started."""
        self.reboots += 1
        self.locked, self.unlocked_since_boot = True, False

    def shut_down(self) -> None:
        """Shut the device down. Differs from a device: it is on again, and locked, at its next check-in."""
        self.shut_downs += 1
        self.locked, self.unlocked_since_boot = True, False

    @classmethod
    def from_document(cls, document: dict[str, Any] | None) -> Condition:
        """Read the JSON of `document`; None, in state folders of earlier versions, gives a new condition."""
        values = dict(document or {})
        values["notifications"] = [(title, body) for title, body in values.get("notifications", ())]
        return cls(**values)


def position(device_id: str) -> tuple[float, float]:
    """Return the latitude and the longitude of a device. They depend on its id: they are always the same ones."""
    number = zlib.crc32(device_id.encode())
    east, north = number % 1000, number // 1000 % 1000
    return round(47.6 + north / 10_000, 4), round(-122.3 + east / 10_000, 4)


class Delivery(StrEnum):
    """A kind of delivery."""

    ROOT = "root"
    PKCS = "pkcs"
    IMPORTED = "imported"
    SCEP = "scep"
    EMAIL = "email"
    SETTING = "setting"
    APP = "app"


_WORDS = {
    Delivery.ROOT: "trusted certificates",
    Delivery.PKCS: "PKCS certificates",
    Delivery.IMPORTED: "imported certificates",
    Delivery.SCEP: "SCEP certificates",
    Delivery.EMAIL: "mail accounts",
    Delivery.SETTING: "settings",
    Delivery.APP: "apps",
}


class Refusals(dict[Delivery, int | None]):
    """The refused kinds, each with the error code to answer, or None for the platform's usual one."""

    def refuse(self, kind: str, code: int | None = None) -> None:
        """Refuse a kind from now on. Raises NotFoundHere for an unknown kind, NotAllowedHere for a wrong code."""
        if kind not in {known.value for known in Delivery}:
            raise NotFoundHere(f"a device can refuse {', '.join(Delivery)}, not {kind or 'nothing'}")
        if code is not None and not _LEAST <= code <= _MOST:
            raise NotAllowedHere(f"an error code is a number from {_LEAST} to {_MOST}, not {code}")
        self[Delivery(kind)] = code

    def reason(self, kind: str) -> str | None:
        """The reason why a delivery of this kind is refused, or None if it is not refused."""
        if kind not in self:
            return None
        known = Delivery(kind)
        return f"the device's owner has set it to refuse {_WORDS[known]}"

    def document(self) -> dict[str, int | None]:
        """The refusals as JSON."""
        return {kind.value: code for kind, code in self.items()}

    @classmethod
    def from_document(cls, document: Mapping[str, Any] | None) -> Refusals:
        """Read the JSON of `document`; None, in state folders of earlier versions, gives no refusals."""
        return cls({Delivery(kind): code for kind, code in (document or {}).items()})
