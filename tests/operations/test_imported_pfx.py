"""Importing certificates: what is refused at once, what a change may change, and what is stored."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from fauxtune.core.errors import Conflict, Invalid, NotFound
from fauxtune.operations.ca import imported_pfx
from fauxtune.storage.queries import imported_pfx as pfx_queries
from tests.operations.office import Office


def text(data: bytes) -> str:
    return base64.b64encode(data).decode()


async def count(office: Office, name: str = "alice") -> int:
    user_id = await office.user_id(name)
    return len(await office.look(pfx_queries.imported_of_user, office.tenant.id, user_id=user_id))


@pytest.mark.parametrize(
    ("changes", "target", "words"),
    [
        ({"encryptedPfxBlob": "*** not base64 ***"}, "encryptedPfxBlob", "base64"),
        ({"encryptedPfxBlob": ""}, "encryptedPfxBlob", "required"),
        ({"encryptedPfxBlob": text(b"no PKCS#12 at all")}, None, ""),
        ({"encryptedPfxBlob": text(b"\x30\x03\x02\x01\x03")}, None, ""),
        ({"thumbprint": "abc"}, "thumbprint", "40 hexadecimal digits"),
        ({"thumbprint": "xy" * 20}, "thumbprint", "40 hexadecimal digits"),
        ({"thumbprint": "ab:" * 20}, "thumbprint", "without separators"),
        ({"encryptedPfxPassword": "*** not base64 ***"}, "encryptedPfxPassword", "base64"),
        ({"encryptedPfxPassword": text(b"in clear")}, "encryptedPfxPassword", "8 bytes"),
        ({"encryptedPfxPassword": text(bytes(255))}, "encryptedPfxPassword", "255 bytes"),
        ({"userPrincipalName": "nobody@contoso.example"}, "userPrincipalName", "nobody@contoso.example"),
    ],
)
async def test_what_cannot_be_imported_is_refused_and_nothing_is_stored(
    office: Office, changes: dict[str, Any], target: str | None, words: str
) -> None:
    before = len(await office.events())
    with pytest.raises(Invalid) as caught:
        await office.import_pfx("alice", **changes)
    if target is not None:
        assert caught.value.target == target
    assert words in caught.value.message
    assert await count(office) == 0
    issued_meanwhile = len(await office.events("issued"))
    assert len(await office.events()) == before + issued_meanwhile


async def test_the_same_certificate_twice_is_a_conflict_that_says_patch(office: Office) -> None:
    mark = await office.import_pfx("alice")
    where = {"user_id": await office.user_id("alice"), "thumbprint": mark}
    before = await office.look(pfx_queries.pfx, office.tenant.id, **where)
    with pytest.raises(Conflict, match="PATCH"):
        await office.import_pfx("alice", thumbprint=mark.upper())
    assert await office.look(pfx_queries.pfx, office.tenant.id, **where) == before
    await office.import_pfx("bob", thumbprint=mark)
    assert (await count(office), await count(office, "bob")) == (1, 1)


async def test_a_record_is_found_under_each_spelling_of_its_key(office: Office) -> None:
    mark = await office.import_pfx("alice")
    user_id = await office.user_id("alice")
    for key in (f"{user_id}-{mark}", f"{user_id.replace('-', '')}-{mark}", f"{user_id}-{mark}".upper()):
        await office.do(imported_pfx.update_pfx, key, changes={"intendedPurpose": "smimeSigning"})
    for key in ("", mark, f"{user_id}-{'ab' * 20}", f"nobody-{mark}"):
        with pytest.raises(NotFound):
            await office.do(imported_pfx.update_pfx, key, changes={})
        with pytest.raises(NotFound):
            await office.do(imported_pfx.delete_pfx, key)


async def test_the_dummies_that_reads_show_leave_the_secrets_as_they_are(office: Office) -> None:
    mark = await office.import_pfx("alice")
    where = {"user_id": await office.user_id("alice"), "thumbprint": mark}
    before = await office.look(pfx_queries.pfx, office.tenant.id, **where)
    changes = {"encryptedPfxBlob": "AA==", "encryptedPfxPassword": "", "keyName": "Other", "thumbprint": mark.upper()}
    record = await office.record_id("alice", mark)
    shown = await office.do(imported_pfx.update_pfx, record, changes=changes)
    after = await office.look(pfx_queries.pfx, office.tenant.id, **where)
    assert (after["pfx"], after["encrypted_password"]) == (before["pfx"], before["encrypted_password"])
    assert (after["key_name"], after["thumbprint"]) == ("Other", mark)
    assert not {"encryptedPfxBlob", "encryptedPfxPassword"} & set(shown)
    assert (shown["thumbprint"], shown["userPrincipalName"]) == (mark, office.upn("alice"))


@pytest.mark.parametrize("changes", [{"thumbprint": "ab" * 20}, {"userPrincipalName": "bob@contoso.example"}])
async def test_what_is_part_of_the_key_cannot_be_changed(office: Office, changes: dict[str, str]) -> None:
    mark = await office.import_pfx("alice")
    with pytest.raises(Invalid, match="import it anew"):
        await office.do(imported_pfx.update_pfx, await office.record_id("alice", mark), changes=changes)


async def test_a_refused_change_changes_nothing(office: Office) -> None:
    mark = await office.import_pfx("alice")
    where = {"user_id": await office.user_id("alice"), "thumbprint": mark}
    before = await office.look(pfx_queries.pfx, office.tenant.id, **where)
    for changes in ({"encryptedPfxBlob": text(b"junk")}, {"encryptedPfxPassword": text(b"junk")}):
        with pytest.raises(Invalid):
            await office.do(imported_pfx.update_pfx, await office.record_id("alice", mark), changes=changes)
    assert await office.look(pfx_queries.pfx, office.tenant.id, **where) == before
