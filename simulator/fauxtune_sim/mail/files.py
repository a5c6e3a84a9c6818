"""Files that commands read, within a bound."""

from __future__ import annotations

import sys
from pathlib import Path

from fauxtune_sim.errors import MailRefused, NotFoundHere

#: Exchange Online takes messages of at most 150 MB; base64 adds a third to an attachment.
LARGEST_FILE = 100 * 1024 * 1024


def file_bytes(path: Path, *, most: int = LARGEST_FILE) -> bytes:
    """The bytes of a file, or of standard input for `-`. Raises MailRefused if there are more than `most`."""
    try:
        if str(path) == "-":
            data = sys.stdin.buffer.read(most + 1)
        else:
            with path.open("rb") as file:
                data = file.read(most + 1)
    except OSError as failed:
        raise NotFoundHere(f"{path} cannot be read: {failed.strerror}") from failed
    if len(data) > most:
        raise MailRefused(f"{path} has more than {most // 1024**2} MiB, the most that a mail program takes")
    return data
