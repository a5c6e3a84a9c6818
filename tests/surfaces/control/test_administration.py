"""Every task of an administrator that Graph has no request for: the control surface accepts what is sent for it."""

from __future__ import annotations

from typing import Any

import httpx

from fauxtune.core.administration import emulation, scep, state
from fauxtune.core.administration.requests import AdminRequest
from fauxtune.core.administration.snippets import Addresses
from tests.support.both_databases import ON_BOTH_DATABASES
from tests.support.control import only_connector

pytestmark = ON_BOTH_DATABASES

ADDRESSES = Addresses("https://localhost:8443", "contoso")


async def answer(http: httpx.AsyncClient, request: AdminRequest) -> Any:
    """The answer to a request that must be accepted."""
    result = await http.request(request.method, ADDRESSES.url(request), json=request.body)
    assert result.is_success, (request, result.text)
    return result.json() if result.content else None


async def test_certificates_are_issued_held_and_revoked(http: httpx.AsyncClient) -> None:
    issued = await answer(
        http,
        emulation.issue_certificate(
            "SmimeP256",
            user="alice@contoso.example",
            not_before="2026-01-01T00:00:00Z",
            not_after="2027-01-01T00:00:00Z",
        ),
    )
    by_subject = emulation.issue_certificate("SmimeP256", subject="CN=Somebody", email="somebody@contoso.example")
    assert (await answer(http, by_subject))["pfx"]
    for reason, status in (("certificateHold", "revoked"), ("removeFromCRL", "good"), ("keyCompromise", "revoked")):
        changed = await answer(http, emulation.revoke_certificate(issued["serial"], reason=reason))
        assert changed["status"] == status


async def test_the_clock_is_set_and_put_forward(http: httpx.AsyncClient) -> None:
    frozen = await answer(http, emulation.set_clock("frozen", now="2027-01-01T00:00:00Z"))
    assert (frozen["mode"], frozen["now"][:10]) == ("frozen", "2027-01-01")
    advanced = await answer(http, emulation.advance_clock("P1D", settle=True))
    assert (advanced["now"][:10], advanced["waiting"]) == ("2027-01-02", [])
    assert "settled" not in await answer(http, emulation.advance_clock("P1D"))
    assert (await answer(http, emulation.settle()))["waiting"] == []
    assert (await answer(http, emulation.set_clock("system")))["mode"] == "system"


async def test_whoever_asks_is_told_what_a_user_may_enrol(http: httpx.AsyncClient) -> None:
    facts = {"osVersion": "17.5", "serialNumber": "C39X", "manufacturer": "Ä & B"}
    told = await answer(http, emulation.read_enrollability("alice@contoso.example", facts))
    assert told["userPrincipalName"] == "alice@contoso.example"
    assert all(kind["allowed"] and kind["sentence"] is None for kind in told["kinds"])
    assert "android/work-profile" in [kind["kind"] for kind in told["kinds"]]
    assert told["refused"] == []


async def test_a_tenant_is_brought_into_a_state(http: httpx.AsyncClient) -> None:
    assert (await answer(http, emulation.reach_state("dora is there")))["changed"] is True
    reached = await answer(http, emulation.reach_state("{user} is there", params={"user": "dora"}))
    assert (reached["state"], reached["changed"]) == ("there is a user {user}", False)


async def test_templates_and_authorities_change(http: httpx.AsyncClient) -> None:
    created = await answer(http, emulation.create_template("issuing", name="Short", members={"validity": "P7D"}))
    assert created["validity"] == "P7D"
    changed = await answer(http, emulation.change_template("issuing", name="Short", members={"exportable": False}))
    assert changed["exportable"] is False
    await answer(http, emulation.delete_template("issuing", name="Short"))
    assert (await answer(http, emulation.set_authority("issuing", available=False)))["state"] == "unavailable"
    assert (await answer(http, emulation.set_authority("issuing", available=True)))["state"] == "available"
    assert (await answer(http, emulation.roll_over("issuing")))["role"] == "issuing"


async def test_a_state_is_kept_compared_restored_reset_and_exported(http: httpx.AsyncClient) -> None:
    created = await answer(http, state.create_snapshot("before the phone"))
    assert (await answer(http, state.list_snapshots()))["value"] == [created]
    await answer(http, emulation.create_template("issuing", name="Short", members={"validity": "P7D"}))
    changes = (await answer(http, state.compare_with_snapshot(created["name"])))["changes"]
    assert changes["templates"] == {"lost": 1, "added": 0, "changed": 0}
    assert (await answer(http, state.restore_snapshot(created["name"])))["changes"] == changes
    await answer(http, state.delete_snapshot(created["name"]))
    assert (await answer(http, state.compare_with_beginning()))["snapshot"] is None
    assert (await answer(http, state.reset_tenant()))["snapshot"] is None
    assert "keys" not in await answer(http, state.export_tenant())
    assert "keys" in await answer(http, state.export_tenant(keys=True))


async def test_partners_are_asked(http: httpx.AsyncClient) -> None:
    application = await answer(http, scep.create_authority_application())
    values = scep.client_values(application, tenant="contoso", origin="https://localhost:8443")
    assert (values["AAD_APP_ID"], values["AAD_APP_KEY"]) == (application["clientId"], application["secret"])
    assert dict(scep.named_for(values, csharp=True)).keys() ^ values.keys() == {
        *("MS_GRAPH_RESOURCE_URL", "MSAL_GRAPH_RESOURCE_URL"),
        *("GRAPH_RESOURCE_URL", "AAD_GRAPH_RESOURCE_URL"),
    }
    assert (await answer(http, scep.ask_for_revocation("0F", issuer="CN=Partner")))["serialNumber"] == "0F"
    assert (await answer(http, scep.open_challenge("x")))["code"] == "ChallengeDecodingError"


async def test_connectors_come_change_and_go(http: httpx.AsyncClient, contoso: httpx.AsyncClient) -> None:
    first = await only_connector(contoso)
    assert (await answer(http, emulation.change_connector(first["id"], state="offline")))["state"] == "offline"
    second = await answer(http, emulation.create_connector("Second", roles=["pkcs"]))
    changed = await answer(http, emulation.change_connector(second["id"], mode="polling", roles=["imported-pfx"]))
    assert (changed["mode"], changed["roles"]) == ("polling", ["imported-pfx"])
    await answer(http, emulation.change_connector(second["id"], state="offline"))
    await answer(http, emulation.delete_connector(second["id"]))


async def test_tenants_tokens_and_settings(http: httpx.AsyncClient) -> None:
    token = await answer(http, emulation.create_enrollment_token("alice@contoso.example", uses=2, seconds=60))
    assert token["token"]
    assert (await answer(http, emulation.create_enrollment_token("alice@contoso.example")))["token"]
    changed = await answer(http, emulation.change_settings("contoso", settings={"requireTrustedRoot": False}))
    assert changed["settings"]["requireTrustedRoot"]["value"] is False
    made = await answer(http, emulation.create_tenant(name="fabrikam", domain="fabrikam.example", seed="none"))
    assert (made["name"], made["domain"]) == ("fabrikam", "fabrikam.example")
    await answer(http, emulation.delete_tenant("fabrikam"))


async def test_faults_come_and_go(http: httpx.AsyncClient) -> None:
    added = await answer(
        http, emulation.add_fault({"status": 429}, match={"path": "/users"}, when={"nth": 2}, name="Once")
    )
    assert (added["name"], added["when"]) == ("Once", {"nth": 2})
    assert (await answer(http, emulation.switch_fault(added["id"], on=False)))["enabled"] is False
    assert await answer(http, emulation.delete_fault(added["id"])) is None
    assert len((await answer(http, emulation.add_fault_set("chaos", seed=3)))["value"]) > 1
    assert await answer(http, emulation.delete_faults()) is None
