"""Locks on a data folder and its database, for one process at a time. A second one is refused.

The lock is the kernel's (flock), so a killed process leaves none behind; the file names the process that took it last.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fauxtune.server import StartRefused


@contextmanager
def waited(file: Path) -> Iterator[None]:
    """Hold the lock while the block runs, once nobody else does."""
    descriptor = os.open(file, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


@contextmanager
def held(file: Path, *, what: str) -> Iterator[None]:
    """Hold the lock while the block runs. Raises StartRefused, with the holder's process id, if another process has
    it.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(file, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(descriptor, 100).decode(errors="replace").strip() or "(unknown)"
            raise StartRefused(
                f"{what} is in use by process {holder}. Stop that process, or choose another --data-dir."
            ) from None
        os.ftruncate(descriptor, 0)
        os.write(descriptor, f"{os.getpid()}\n".encode())
        yield
    finally:
        os.close(descriptor)
