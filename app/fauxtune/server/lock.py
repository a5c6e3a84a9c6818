"""One process owns a data folder and its database. A second one is refused, and told who holds it.

The lock is the kernel's (flock), so a killed process leaves none behind; the file says only who took it last.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fauxtune.server.refusal import StartRefused


@contextmanager
def held(file: Path, *, what: str) -> Iterator[None]:
    """Hold the lock as long as the block runs; StartRefused, naming the holder's process id, if another has it."""
    file.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(file, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(descriptor, 100).decode(errors="replace").strip() or "another one"
            raise StartRefused(
                f"{what} is in use by process {holder}. Stop that one, or take another --data-dir."
            ) from None
        os.ftruncate(descriptor, 0)
        os.write(descriptor, f"{os.getpid()}\n".encode())
        yield
    finally:
        os.close(descriptor)
