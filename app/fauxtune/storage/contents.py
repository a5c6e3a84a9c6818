"""Large contents, as files below the data folder: `contents/<tenant>/<content>/`.

They are not in the database: a package of an app has some hundred MiB, and writing it would hold the database, of
which there is one writer, and make every copy of it as large. A content consists of its blocks, which are uploaded one
by one, and of one file that a list of blocks puts together. Files are written under another name and then renamed, so
a process that is killed leaves whole blocks and the old content, or the new one; never half of it.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from threading import Lock

from fauxtune.core.errors import Conflict, Invalid, NotFound

#: Bytes of one content, and of all contents of a tenant with their blocks.
MOST_OF_ONE, MOST_OF_TENANT = 256 * 1024 * 1024, 1024 * 1024 * 1024
#: Blocks of a content (Azure: "Put Block List").
MOST_BLOCKS = 50_000
#: Bytes that are read at a time.
PIECE = 1024 * 1024
#: Contents whose blocks are counted in memory; those of others are counted when the next one comes.
_MOST_COUNTED = 1000
_NAME = re.compile(r"[0-9A-Za-z][0-9A-Za-z_-]{0,139}(\.zip)?")
_BLOCKS, _WHOLE, _DRAFT = "blocks", "content", ".new"
#: A content ends with the ids and lengths of its blocks in JSON, and with the length of that in 8 bytes.
_LENGTH = 8
_KEY = ".key"
#: Seconds after which a draft counts as left behind, where several processes write.
_ABANDONED = 3600.0


class TooLarge(Invalid):
    """The content, or all contents of the tenant, would have too many bytes."""


class UnknownBlock(Invalid):
    """A list of blocks names one that was not uploaded."""


@dataclass(frozen=True, slots=True)
class Listed:
    """A block as a list names it; `kind` is Latest, Committed or Uncommitted."""

    name: bytes
    kind: str = "Latest"


class Writing:
    """A block or a content that is being written: `add` pieces, then `finish`; or `drop` it."""

    def __init__(self, draft: Path, *, reserve: Callable[[int], None], keep: Callable[[Path], None]) -> None:
        """`reserve` counts bytes of the tenant; `keep` gives the finished file its name."""
        self.size = 0
        self._draft = draft
        self._reserve = reserve
        self._keep = keep
        self._file = os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")
        self._digest = hashlib.md5(usedforsecurity=False)

    def add(self, piece: bytes) -> None:
        """Write the next piece. Raises TooLarge."""
        if self.size + len(piece) > MOST_OF_ONE:
            raise TooLarge(f"A file of an app has at most {MOST_OF_ONE // 1024 // 1024} MiB here.")
        self._reserve(len(piece))
        self.size += len(piece)
        self._file.write(piece)
        self._digest.update(piece)

    def md5(self) -> bytes:
        """Return the MD5 of what was added so far."""
        return self._digest.digest()

    def finish(self, index: bytes = b"") -> None:
        """Keep what was written, with this index behind it."""
        self._file.write(index)
        self._file.close()
        try:
            self._keep(self._draft)
        except FileNotFoundError:  # meanwhile it was deleted, or its tenant
            raise NotFound("The specified blob does not exist.") from None

    def drop(self) -> None:
        """Remove what was written. Does nothing after `finish`."""
        self._file.close()
        if self._draft.exists():
            self._reserve(-self.size)
            self._draft.unlink(missing_ok=True)


@dataclass(slots=True)
class _Uploaded:
    """The blocks of a content that no list has named yet: how many, and how long their ids are."""

    number: int
    id_length: int | None


class ContentStore:
    """The contents of all tenants. Safe to use from several threads, and with `shared` from several processes. Its
    methods block.
    """

    def __init__(self, folder: Path, *, shared: bool = False) -> None:
        """`folder` is made by the first content."""
        self._folder = folder
        self._is_shared = shared
        #: What no other process begins the names of its drafts with.
        self._mark = f"{os.uname().nodename}-{os.getpid()}-" if shared else ""
        self._lock = Lock()
        self._sizes: dict[str, int] = {}
        self._uploaded: dict[Path, _Uploaded] = {}
        self._drafts = 0
        self._seen: set[str] = set()

    def write_block(self, tenant: str, content: str, *, name: bytes) -> Writing:
        """Begin to write a block. Raises Invalid if the ids of earlier ones have another length, Conflict for one too
        many.
        """
        folder = self._made(self._of(tenant, content) / _BLOCKS)
        with self._lock:
            uploaded = self._count(folder)
            if uploaded.id_length not in (None, len(name)):
                raise Invalid("The ids of all blocks of a blob must have the same length.")
            if uploaded.number >= MOST_BLOCKS:
                raise Conflict(f"A blob has at most {MOST_BLOCKS} blocks.")
        target = folder / name.hex()
        return self._writing(tenant, content, keep=partial(self._keep_block, tenant, target=target))

    def write_whole(self, tenant: str, content: str) -> Writing:
        """Begin to write a content at once, without blocks: `finish` it with `index_of([])`."""
        self._made(self._of(tenant, content))
        return self._writing(tenant, content, keep=partial(self._keep_whole, tenant, content=content))

    def put_list(self, tenant: str, content: str, *, blocks: Sequence[Listed]) -> int:
        """Put the listed blocks together, in this order; return the bytes. All other blocks are dropped. Raises
        UnknownBlock, TooLarge.
        """
        folder = self._of(tenant, content)
        committed = _committed(folder)
        sources = [_source(folder, block, committed=committed) for block in blocks]
        writing = self.write_whole(tenant, content)
        try:
            for path, start, length in sources:
                for piece in _pieces(path, start=start, length=length):
                    writing.add(piece)
            lengths = [(block.name, length) for block, (_, _, length) in zip(blocks, sources, strict=True)]
            writing.finish(index_of(lengths))
        except FileNotFoundError:
            raise UnknownBlock("The specified block list is invalid.") from None
        finally:
            writing.drop()
        return writing.size

    def size(self, tenant: str, content: str) -> int:
        """Return the bytes of a content. Raises NotFound for one that was not put together yet."""
        path = self._of(tenant, content) / _WHOLE
        if not path.exists():
            raise NotFound("The specified blob does not exist.")
        return path.stat().st_size - len(_index(path)) - _LENGTH

    def read(self, tenant: str, content: str, *, start: int = 0, length: int | None = None) -> Iterator[bytes]:
        """Return a content, or `length` bytes of it from `start` on, in pieces. Raises NotFound as `size` does."""
        rest = max(0, self.size(tenant, content) - start)
        wanted = rest if length is None else min(length, rest)
        return _pieces(self._of(tenant, content) / _WHOLE, start=start, length=wanted)

    def delete(self, tenant: str, *contents: str) -> None:
        """Delete contents with their blocks, if there are any."""
        for content in contents:
            self._remove(tenant, self._of(tenant, content))

    def kept(self) -> frozenset[str]:
        """Return the ids of the tenants that have contents."""
        return folders_in(self._folder)

    def forget(self, tenant: str) -> None:
        """Delete all contents of a tenant."""
        self._remove(tenant, self._folder / _checked(tenant))
        self._seen.discard(tenant)

    def secret(self, make: Callable[[], str]) -> bytes:
        """Return a secret that stays the same in this folder; `make` returns a new one."""
        path = self._folder / _KEY
        with self._lock:
            if not path.exists():
                self._made(self._folder)
                draft = self._folder / f"{_KEY}{_DRAFT}"
                draft.unlink(missing_ok=True)
                draft.touch(mode=0o600, exist_ok=False)
                draft.write_text(make(), encoding="ascii")
                draft.replace(path)
            return path.read_bytes()

    def _of(self, tenant: str, content: str) -> Path:
        return self._folder / _checked(tenant) / _checked(content)

    def _made(self, folder: Path) -> Path:
        """Make a folder, which only the owner of the process can open; so it is with one that was made before."""
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._folder.chmod(0o700)
        return folder

    def _writing(self, tenant: str, content: str, *, keep: Callable[[Path], None]) -> Writing:
        with self._lock:
            if tenant not in self._seen:
                # What a killed process was writing; one that lives may be writing, too, where there are several.
                for left in (self._folder / tenant).glob(f"*/*{_DRAFT}"):
                    if not self._is_shared or _is_old(left):
                        left.unlink(missing_ok=True)
                self._seen.add(tenant)
            if self._is_shared:  # others may have written
                self._sizes.pop(tenant, None)
                self._uploaded.pop(self._of(tenant, content) / _BLOCKS, None)
            self._drafts += 1
            draft = self._of(tenant, content) / f"{self._mark}{self._drafts}{_DRAFT}"
        return Writing(draft, reserve=partial(self._reserve, tenant), keep=keep)

    def _reserve(self, tenant: str, size: int) -> None:
        with self._lock:
            held = self._sizes.get(tenant)
            if held is None:
                held = _bytes_below(self._folder / tenant)
            if size > 0 and held + size > MOST_OF_TENANT:
                raise TooLarge(f"The files of a tenant have at most {MOST_OF_TENANT // 1024 // 1024} MiB here.")
            self._sizes[tenant] = held + size

    def _keep_block(self, tenant: str, draft: Path, *, target: Path) -> None:
        with self._lock:
            uploaded = self._count(target.parent)
            before = target.stat().st_size if target.exists() else None
            draft.replace(target)
            uploaded.number += before is None
            uploaded.id_length = len(target.name) // 2
            if before and tenant in self._sizes:
                self._sizes[tenant] -= before

    def _keep_whole(self, tenant: str, draft: Path, *, content: str) -> None:
        folder = self._of(tenant, content)
        draft.replace(folder / _WHOLE)
        shutil.rmtree(folder / _BLOCKS, ignore_errors=True)
        with self._lock:
            self._uploaded.pop(folder / _BLOCKS, None)
            # What was replaced and dropped is not known in bytes: they are counted again when the next piece comes.
            self._sizes.pop(tenant, None)

    def _count(self, folder: Path) -> _Uploaded:
        uploaded = self._uploaded.get(folder)
        if uploaded is None:
            names = [path.name for path in folder.iterdir()] if folder.exists() else []
            uploaded = _Uploaded(len(names), len(names[0]) // 2 if names else None)
            while len(self._uploaded) >= _MOST_COUNTED:
                del self._uploaded[next(iter(self._uploaded))]
            self._uploaded[folder] = uploaded
        return uploaded

    def _remove(self, tenant: str, folder: Path) -> None:
        shutil.rmtree(folder, ignore_errors=True)
        with self._lock:
            self._sizes.pop(tenant, None)
            for path in [path for path in self._uploaded if path.is_relative_to(folder)]:
                del self._uploaded[path]


def folders_in(folder: Path) -> frozenset[str]:
    """Return the names of the folders in a folder; none if there is no such folder."""
    return frozenset(path.name for path in folder.iterdir() if path.is_dir()) if folder.is_dir() else frozenset()


def index_of(lengths: Sequence[tuple[bytes, int]]) -> bytes:
    """Return what stands at the end of a content: the ids and lengths of its blocks, and the length of that."""
    index = json.dumps([[name.hex(), length] for name, length in lengths]).encode()
    return index + len(index).to_bytes(_LENGTH, "big")


def _is_old(draft: Path) -> bool:
    """Whether nobody has written to it for long."""
    try:
        return time.time() - draft.stat().st_mtime > _ABANDONED  # noqa: TID251 - files have the system's time
    except FileNotFoundError:
        return False  # it is finished


def _checked(name: str) -> str:
    """Return the name of a folder. Raises NotFound for one that could lead elsewhere."""
    if not _NAME.fullmatch(name):
        raise NotFound("The specified blob does not exist.")
    return name


def _index(path: Path) -> bytes:
    with path.open("rb") as file:
        end = file.seek(0, 2)
        file.seek(end - _LENGTH)
        length = int.from_bytes(file.read(_LENGTH), "big")
        file.seek(end - _LENGTH - length)
        return file.read(length)


def _committed(folder: Path) -> dict[bytes, tuple[int, int]]:
    """Return where in the content its blocks are: start and length, by id."""
    path = folder / _WHOLE
    result: dict[bytes, tuple[int, int]] = {}
    start = 0
    for name, length in json.loads(_index(path)) if path.exists() else ():
        result[bytes.fromhex(name)] = (start, length)
        start += length
    return result


def _source(folder: Path, block: Listed, *, committed: dict[bytes, tuple[int, int]]) -> tuple[Path, int, int]:
    """Return file, start and length of a block. Raises UnknownBlock."""
    path = folder / _BLOCKS / block.name.hex()
    if block.kind != "Committed" and path.exists():
        return path, 0, path.stat().st_size
    if block.kind != "Uncommitted" and block.name in committed:
        return folder / _WHOLE, *committed[block.name]
    raise UnknownBlock("The specified block list is invalid.")


def _pieces(path: Path, *, start: int, length: int) -> Iterator[bytes]:
    with path.open("rb") as file:
        file.seek(start)
        while length > 0 and (piece := file.read(min(PIECE, length))):
            length -= len(piece)
            yield piece


def _bytes_below(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
