"""Copies of the folders of simulated devices, which go along with the snapshots of their tenant.

The copies are beside the folder: `phones.snapshots/NAME` for `phones`. A copy is made under another name and renamed
when it is whole, and a folder is exchanged by renaming, so that neither is ever half there.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fauxtune_cli.options import fail


def copies_of(folders: list[Path], name: str) -> list[tuple[Path, Path]]:
    """Return each folder with the place of its copy in this snapshot. Ends the command if one is no folder."""
    pairs = []
    if folders and (Path(name).name != name or name.startswith(".")):
        fail(
            f"'{name}' cannot be a name: a snapshot's name has letters, digits, spaces, dots, hyphens and underscores."
        )
    for folder in folders:
        path = folder.resolve()
        if not path.is_dir():
            fail(f"{folder} is no folder: --devices takes the folder of a device, or one with several of them in it.")
        pairs.append((path, path.with_name(f"{path.name}.snapshots") / name))
    return pairs


@contextmanager
def copied(pairs: list[tuple[Path, Path]]) -> Iterator[None]:
    """Copy the folders. The copies stay if the block succeeds, and are removed if it fails."""
    for _, copy in pairs:
        if copy.exists():
            fail(f"{copy} is there already: it is the copy of an earlier snapshot of this name. Delete it first.")
    whole = False
    try:
        for folder, copy in pairs:
            copy.parent.mkdir(mode=0o700, exist_ok=True)
            draft = copy.with_name(f".{copy.name}.new")
            shutil.rmtree(draft, ignore_errors=True)
            shutil.copytree(folder, draft, symlinks=True)
            draft.rename(copy)
        yield
        whole = True
    finally:
        if not whole:
            for _, copy in pairs:
                shutil.rmtree(copy, ignore_errors=True)


@contextmanager
def exchanged(pairs: list[tuple[Path, Path]]) -> Iterator[None]:
    """Put the copies in the place of the folders once the block has succeeded. If it fails, the folders stay."""
    drafts = []
    for folder, copy in pairs:
        if not copy.is_dir():
            fail(f"{copy} is not there: the snapshot was created without --devices {folder}.")
        draft, before = (folder.with_name(f".{folder.name}.{word}") for word in ("restored", "before"))
        drafts.append((folder, draft, before))
    try:
        for (_, copy), (_, draft, before) in zip(pairs, drafts, strict=True):
            for leftover in (draft, before):
                shutil.rmtree(leftover, ignore_errors=True)
            shutil.copytree(copy, draft, symlinks=True)
        yield
        for folder, draft, before in drafts:
            folder.rename(before)
            draft.rename(folder)
            shutil.rmtree(before, ignore_errors=True)
    finally:
        for _, draft, _ in drafts:
            shutil.rmtree(draft, ignore_errors=True)


def remove(pairs: list[tuple[Path, Path]]) -> None:
    """Delete the copies."""
    for _, copy in pairs:
        shutil.rmtree(copy, ignore_errors=True)
