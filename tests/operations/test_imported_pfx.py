"""Importing certificates: what is refused at once, what a change may change, and what is stored."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from fauxtune.core.errors import Conflict, Invalid, NotFound
from fauxtune.operations.ca import imported_pfx
from fauxtune.storage.queries import imported_pfx as pfx_queries
from tests.support.tenant import Contoso


def text(data: bytes) -> str:
    return base64.b64encode(data).decode()


async def count(contoso: Contoso, name: str = "alice") -> int:
    user_id = await contoso.user_id(name)
    return len((await contoso.look(pfx_queries.imported_of_users, contoso.tenant.id, user_ids=[user_id]))[user_id])


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
    contoso: Contoso, changes: dict[str, Any], target: str | None, words: str
) -> None:
    before = len(await contoso.events())
    with pytest.raises(Invalid) as caught:
        await contoso.import_pfx("alice", **changes)
    if target is not None:
        assert caught.value.target == target
    assert words in caught.value.message
    assert await count(contoso) == 0
    issued_meanwhile = len(await contoso.events("issued"))
    assert len(await contoso.events()) == before + issued_meanwhile


async def test_the_same_certificate_twice_is_a_conflict_that_says_patch(contoso: Contoso) -> None:
    mark = await contoso.import_pfx("alice")
    where: dict[str, Any] = {"user_id": await contoso.user_id("alice"), "thumbprint": mark}
    before = await contoso.look(pfx_queries.pfx, contoso.tenant.id, **where)
    with pytest.raises(Conflict, match="PATCH"):
        await contoso.import_pfx("alice", thumbprint=mark.upper())
    assert await contoso.look(pfx_queries.pfx, contoso.tenant.id, **where) == before
    await contoso.import_pfx("bob", thumbprint=mark)
    assert (await count(contoso), await count(contoso, "bob")) == (1, 1)


async def test_a_record_is_found_under_each_spelling_of_its_key(contoso: Contoso) -> None:
    mark = await contoso.import_pfx("alice")
    user_id = await contoso.user_id("alice")
    for key in (f"{user_id}-{mark}", f"{user_id.replace('-', '')}-{mark}", f"{user_id}-{mark}".upper()):
        await contoso.do(imported_pfx.update_pfx, key, changes={"intendedPurpose": "smimeSigning"})
    for key in ("", mark, f"{user_id}-{'ab' * 20}", f"nobody-{mark}"):
        with pytest.raises(NotFound):
            await contoso.do(imported_pfx.update_pfx, key, changes={})
        with pytest.raises(NotFound):
            await contoso.do(imported_pfx.delete_pfx, key)


async def test_the_dummies_that_reads_show_leave_the_secrets_as_they_are(contoso: Contoso) -> None:
    mark = await contoso.import_pfx("alice")
    where: dict[str, Any] = {"user_id": await contoso.user_id("alice"), "thumbprint": mark}
    before = await contoso.get(pfx_queries.pfx, contoso.tenant.id, **where)
    changes = {"encryptedPfxBlob": "AA==", "encryptedPfxPassword": "", "keyName": "Other", "thumbprint": mark.upper()}
    record = await contoso.record_id("alice", mark)
    update_pfx = await contoso.do(imported_pfx.update_pfx, record, changes=changes)
    after = await contoso.get(pfx_queries.pfx, contoso.tenant.id, **where)
    assert (after.pfx, after.encrypted_password) == (before.pfx, before.encrypted_password)
    assert (after.key_name, after.thumbprint) == ("Other", mark)
    assert not {"encryptedPfxBlob", "encryptedPfxPassword"} & set(update_pfx)
    assert (update_pfx["thumbprint"], update_pfx["userPrincipalName"]) == (mark, contoso.upn("alice"))


@pytest.mark.parametrize("changes", [{"thumbprint": "ab" * 20}, {"userPrincipalName": "bob@contoso.example"}])
async def test_what_is_part_of_the_key_cannot_be_changed(contoso: Contoso, changes: dict[str, str]) -> None:
    mark = await contoso.import_pfx("alice")
    with pytest.raises(Invalid, match="import it again"):
        await contoso.do(imported_pfx.update_pfx, await contoso.record_id("alice", mark), changes=changes)


async def test_a_refused_change_changes_nothing(contoso: Contoso) -> None:
    mark = await contoso.import_pfx("alice")
    where: dict[str, Any] = {"user_id": await contoso.user_id("alice"), "thumbprint": mark}
    before = await contoso.look(pfx_queries.pfx, contoso.tenant.id, **where)
    for changes in ({"encryptedPfxBlob": text(b"junk")}, {"encryptedPfxPassword": text(b"junk")}):
        with pytest.raises(Invalid):
            await contoso.do(imported_pfx.update_pfx, await contoso.record_id("alice", mark), changes=changes)
    assert await contoso.look(pfx_queries.pfx, contoso.tenant.id, **where) == before
