"""The challenges of Azure Arc: a secret in a file that only programs of this machine can read, for one use.

Source: Azure Arc, "Authenticate against Azure resources with Azure Arc-enabled servers" (2025-05): the agent writes the
secret to a file, names the file in `WWW-Authenticate`, and takes the secret in `Authorization`. The secret names its
file, so that every process of the server can judge it.
"""

from __future__ import annotations

import hmac
import os
import re
from pathlib import Path

from fauxtune.core.errors import Invalid
from fauxtune.core.model.ids import IdSource

#: Seconds that a challenge can be answered, and how many of ours there are at a time: the oldest go.
_LIFE, _MOST = 60.0, 100
#: Names of our own: a real agent may have files there.
_NAME = re.compile(r"fauxtune-[0-9a-f-]{36}")


def challenge(folder: Path, ids: IdSource, *, now: float) -> Path:
    """Write a new secret, and return its file. `now`: seconds since 1970. Blocks. Raises Invalid if the folder cannot
    be written.
    """
    name = f"fauxtune-{ids.uuid()}"
    file = folder / f"{name}.key"
    try:
        folder.mkdir(mode=0o755, parents=True, exist_ok=True)
        _forget_old(folder, now)
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as stream:
            stream.write(f"{name}:{ids.token(32)}")
        os.utime(file, (now, now))
    except OSError as error:
        raise Invalid(
            f"The folder {folder} of Azure Arc's challenges cannot be written: {error.strerror}. Make it for the user "
            "of this server, or start it with --arc-tokens FOLDER."
        ) from None
    return file


def is_answered(folder: Path, secret: str, *, now: float) -> bool:
    """Whether this is the secret of a challenge that nobody has answered yet, which is used up. Blocks."""
    name = secret.partition(":")[0]
    if not _NAME.fullmatch(name):
        return False
    file = folder / f"{name}.key"
    try:
        is_right = hmac.compare_digest(file.read_bytes(), secret.encode("utf-8", "replace"))
        is_right = is_right and file.stat().st_mtime > now - _LIFE
        file.unlink()  # of two answers at the same time one is refused
    except OSError:
        return False
    return is_right


def _forget_old(folder: Path, now: float) -> None:
    """Delete challenges that nobody has answered."""
    ours = [(file.stat().st_mtime, file) for file in folder.glob("fauxtune-*.key") if _NAME.fullmatch(file.stem)]
    for number, (written, file) in enumerate(sorted(ours, reverse=True), start=1):
        if number >= _MOST or written < now - _LIFE:
            file.unlink(missing_ok=True)
