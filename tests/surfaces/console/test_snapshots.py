"""The page of snapshots: a state is kept, compared, restored and deleted; the tenant is reset and exported."""

from __future__ import annotations

import httpx

from tests.support.console import done, show, submit
from tests.support.tenant import Contoso


async def test_a_state_is_kept_compared_restored_and_deleted(console: httpx.AsyncClient, contoso: Contoso) -> None:
    assert "No snapshot yet." in await show(console, "/snapshots")
    await submit(console, "/snapshots", name="before the wipe")
    page = await show(console, "/snapshots")
    assert "can be restored" in page
    assert "3 users, 0 devices" in page
    await contoso.user("dora")
    await contoso.enroll("alice")
    page = await show(console, "/snapshots/before the wipe/restore")
    assert "Lost: 1 user, 1 device" in page
    assert "/snapshots/before%20the%20wipe/restore" in page
    restored = await submit(console, "/snapshots/before the wipe/restore")
    assert done(restored).endswith("/console/contoso/snapshots")
    assert "Lost:" not in await show(console, "/snapshots/before the wipe/restore")
    await submit(console, "/snapshots/before the wipe/delete")
    assert "No snapshot yet." in await show(console, "/snapshots")
    assert (await console.get("/snapshots/before the wipe/restore")).status_code == 404


async def test_a_name_that_cannot_be_one_is_refused_beside_the_form(console: httpx.AsyncClient) -> None:
    await submit(console, "/snapshots", name="one")
    for name, words in (("<b>", "cannot be a name"), ("one", "already"), ("", "cannot be a name")):
        answer = await submit(console, "/snapshots", name=name)
        assert answer.status_code == 400
        assert words in answer.text
        assert "<b>" not in answer.text


async def test_a_tenant_is_reset_and_exported(console: httpx.AsyncClient, contoso: Contoso) -> None:
    exported = await console.get("/snapshots/export.json")
    assert exported.headers["content-disposition"] == 'attachment; filename="contoso.json"'
    assert "keys" not in exported.json()
    await contoso.user("dora")
    assert "Lost: 1 user." in await show(console, "/snapshots/reset")
    assert done(await submit(console, "/snapshots/reset")).endswith("/console/contoso/snapshots")
    assert (await console.get("/snapshots/export.json")).json()["tables"]["users"] == exported.json()["tables"]["users"]
