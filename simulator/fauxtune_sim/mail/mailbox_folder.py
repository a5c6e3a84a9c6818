"""The messages that a device has fetched, as files of its folder. They leave the device together with their account."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable
from pathlib import Path

from fauxtune_sim.device.state_folder import StateFolder
from fauxtune_sim.mail.accounts import MailAccount

_PREFIX, _SUFFIX = "mail-", ".eml"


class MailFolder:
    """The messages of one account: `mail-ACCOUNT-NUMBER-ID.eml`, in the order in which they were fetched."""

    def __init__(self, folder: StateFolder, account: MailAccount) -> None:
        self._folder = folder
        self._prefix = f"{_PREFIX}{_short(account.id)}-"

    def files(self) -> list[Path]:
        """The files, the oldest first."""
        return sorted(self._folder.path.glob(f"{self._prefix}*{_SUFFIX}"))

    def missing(self, unique_ids: Iterable[str]) -> list[str]:
        """Those of the unique ids whose messages are not here."""
        present = {_id_of(path) for path in self.files()}
        return [each for each in unique_ids if _short(each) not in present]

    def add(self, unique_id: str, message: bytes) -> Path:
        """Keep a message."""
        files = self.files()
        number = int(files[-1].name.removeprefix(self._prefix).split("-")[0]) + 1 if files else 1
        name = f"{self._prefix}{number:06d}-{_short(unique_id)}{_SUFFIX}"
        self._folder.write(name, message)
        return self._folder.path / name

    def keep_only(self, unique_ids: Collection[str]) -> int:
        """Remove the messages that are not on the server any more. Returns how many."""
        kept = {_short(each) for each in unique_ids}
        gone = [path for path in self.files() if _id_of(path) not in kept]
        for path in gone:
            self._folder.remove(path.name)
        return len(gone)


def forget_mail(folder: StateFolder, *, except_of: Iterable[str] = ()) -> None:
    """Remove the messages of all accounts but those with these ids."""
    kept = tuple(f"{_PREFIX}{_short(account)}-" for account in except_of)
    for path in folder.path.glob(f"{_PREFIX}*{_SUFFIX}"):
        if not path.name.startswith(kept):
            folder.remove(path.name)


def _short(text: str) -> str:
    """A text from elsewhere as a part of a file name."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _id_of(path: Path) -> str:
    return path.name.removesuffix(_SUFFIX).rpartition("-")[2]
