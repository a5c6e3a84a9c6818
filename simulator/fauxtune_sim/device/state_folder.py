"""A device's folder on disk: mode 0700, files 0600 and replaced atomically, so that a crash leaves old or new files."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any

import orjson

from fauxtune_sim.errors import StateBroken


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
