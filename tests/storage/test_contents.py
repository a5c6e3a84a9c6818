"""Contents are files: whole or not there, counted, and gone with their tenant."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from fauxtune.core.errors import NotFound
from fauxtune.storage import contents
from fauxtune.storage.contents import ContentStore, Listed, index_of


def put_block(store: ContentStore, name: bytes, content: bytes, *, tenant: str = "one") -> None:
    writing = store.write_block(tenant, "file", name=name)
    writing.add(content)
    writing.finish()


def test_what_a_killed_process_was_writing_is_not_there_afterwards(tmp_path: Path) -> None:
    store = ContentStore(tmp_path)
    put_block(store, b"a", b"whole")
    torn = store.write_block("one", "file", name=b"b")
    torn.add(b"x" * 100_000)
    torn._file.close()  # the process ends here
    again = ContentStore(tmp_path)
    put_block(again, b"c", b" and more")
    assert again.put_list("one", "file", blocks=[Listed(b"a"), Listed(b"c")]) == len(b"whole and more")
    with pytest.raises(contents.UnknownBlock):
        again.put_list("one", "file", blocks=[Listed(b"b")])
    assert b"".join(again.read("one", "file")) == b"whole and more"
    assert not list(tmp_path.rglob("*.new"))


def test_a_list_that_fails_leaves_the_content_as_it_was(tmp_path: Path) -> None:
    store = ContentStore(tmp_path)
    put_block(store, b"a", b"old")
    store.put_list("one", "file", blocks=[Listed(b"a")])
    with pytest.raises(contents.UnknownBlock):
        store.put_list("one", "file", blocks=[Listed(b"a"), Listed(b"z")])
    assert b"".join(store.read("one", "file")) == b"old"


def test_contents_are_gone_with_their_tenant(tmp_path: Path) -> None:
    store = ContentStore(tmp_path)
    for tenant in ("one", "two"):
        writing = store.write_whole(tenant, "file")
        writing.add(tenant.encode())
        writing.finish(index_of([]))
    store.forget("one")
    with pytest.raises(NotFound):
        store.size("one", "file")
    assert b"".join(store.read("two", "file")) == b"two"


def test_the_secret_of_a_folder_stays_the_same_and_is_its_owners(tmp_path: Path) -> None:
    secret = ContentStore(tmp_path).secret(lambda: "first")
    assert ContentStore(tmp_path).secret(lambda: "second") == secret == b"first"
    assert (tmp_path / ".key").stat().st_mode & 0o077 == 0


def test_only_the_owner_can_open_contents_also_in_a_folder_that_was_open_before(tmp_path: Path) -> None:
    folder = tmp_path / "contents"
    folder.mkdir(mode=0o755)
    store = ContentStore(folder)
    writing = store.write_whole("tenant", "content")
    writing.add(b"x")
    writing.finish(index_of([]))
    modes = {stat.S_IMODE(path.stat().st_mode) for path in folder.rglob("*") if path.is_file()}
    assert (stat.S_IMODE(folder.stat().st_mode), modes) == (0o700, {0o600})
