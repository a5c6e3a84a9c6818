"""Signing in on a device: the codes, the page, the click, and what the device hears meanwhile (RFC 8628)."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from fauxtune.core.model.tenants import Tenant
from fauxtune.operations.directory.users_and_groups import delete_user, update_user
from fauxtune.operations.runtime.emulator import Emulator
from tests.support.both_databases import ON_BOTH_DATABASES
from tests.support.clock import FixedClock
from tests.support.sign_in import CLIENT, hidden_fields, listed_users, read_error, verified_claims

ALICE = "alice@contoso.example"
PAGE = "/contoso/oauth2/deviceauth"
GRANT = "urn:ietf:params:oauth:grant-type:device_code"
SCOPE = "openid offline_access https://graph.microsoft.com/.default"


async def begin(http: httpx.AsyncClient, *, key: str = "contoso", **changes: str) -> dict[str, Any]:
    form = {"client_id": CLIENT, "scope": SCOPE, **changes}
    answer = await http.post(f"/{key}/oauth2/v2.0/devicecode", data=form)
    assert answer.status_code == 200, answer.text
    document: dict[str, Any] = answer.json()
    return document


async def poll(
    http: httpx.AsyncClient, flow: dict[str, Any], *, key: str = "contoso", **changes: str
) -> httpx.Response:
    form = {"grant_type": GRANT, "client_id": CLIENT, "device_code": flow["device_code"], **changes}
    return await http.post(f"/{key}/oauth2/v2.0/token", data=form)


async def click(http: httpx.AsyncClient, flow: dict[str, Any], *, user: str = ALICE) -> httpx.Response:
    page = await http.get(flow["verification_uri"], params={"user_code": flow["user_code"]})
    assert page.status_code == 200, page.text
    return await http.post(flow["verification_uri"], data={**hidden_fields(page), "user": user})


async def test_a_device_gets_tokens_when_its_user_has_clicked(
    http: httpx.AsyncClient, tenant: Tenant, clock: FixedClock
) -> None:
    flow = await begin(http)
    assert (flow["expires_in"], flow["interval"]) == (900, 5)
    assert flow["verification_uri"] == f"https://localhost:8443/{tenant.id}/oauth2/deviceauth"
    assert flow["verification_uri"] in flow["message"]
    assert read_error(await poll(http, flow)) == (400, "authorization_pending", 70016)
    clock.forward(seconds=5)
    assert read_error(await poll(http, flow)) == (400, "authorization_pending", 70016)

    done = await click(http, flow)
    assert "signed in" in done.text
    body = (await poll(http, flow, client_info="1")).json()
    assert (await verified_claims(http, body["access_token"]))["upn"] == ALICE
    assert {"id_token", "refresh_token", "client_info"} <= body.keys()
    assert read_error(await poll(http, flow)) == (400, "invalid_grant", 54005)


async def test_who_asks_too_often_is_slowed_down(http: httpx.AsyncClient, clock: FixedClock) -> None:
    flow = await begin(http)
    assert read_error(await poll(http, flow))[1] == "authorization_pending"
    assert read_error(await poll(http, flow))[1] == "slow_down"
    clock.forward(seconds=2)
    assert read_error(await poll(http, flow))[1] == "slow_down"
    clock.forward(seconds=5)
    assert read_error(await poll(http, flow))[1] == "authorization_pending"


async def test_a_device_code_ends_after_a_quarter_of_an_hour(http: httpx.AsyncClient, clock: FixedClock) -> None:
    flow, approved = await begin(http), await begin(http)
    await click(http, approved)
    clock.forward(minutes=15)
    for each in (flow, approved):
        assert read_error(await poll(http, each)) == (400, "expired_token", 70020)
        page = await http.get(PAGE, params={"user_code": each["user_code"]})
        assert (page.status_code, listed_users(page)) == (400, [])
        assert "expired" in page.text


async def test_a_user_may_decline(http: httpx.AsyncClient) -> None:
    flow = await begin(http)
    page = await http.get(PAGE, params={"user_code": flow["user_code"]})
    ticket = hidden_fields(page)
    assert "declined" in (await http.post(PAGE, data={**ticket, "decline": "1"})).text
    assert read_error(await poll(http, flow)) == (400, "authorization_declined", 65004)
    # The same ticket changes nothing any more.
    late = await http.post(PAGE, data={**ticket, "user": ALICE})
    assert (late.status_code, "used already" in late.text) == (400, True)
    assert read_error(await poll(http, flow)) == (400, "authorization_declined", 65004)


async def test_the_page_asks_for_the_code_and_reads_it_as_people_type_it(http: httpx.AsyncClient) -> None:
    flow = await begin(http)
    code = flow["user_code"]
    answer = await http.get(PAGE)
    assert (answer.status_code, 'name="user_code"' in answer.text) == (200, True)
    for typed in (code, code.lower(), f" {code[:4]}-{code[4:]} "):
        assert len(listed_users(await http.get(PAGE, params={"otc": typed}))) == 3
    for wrong in ("BBBBBBBBB", "<script>", "x" * 5000, "%"):
        page = await http.get(PAGE, params={"user_code": wrong})
        assert (page.status_code, "<script>" in page.text) == (400, False)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"client_id": ""}, (400, "invalid_request", 900144)),
        ({"client_id": "00000000-0000-4000-8000-000000000000"}, (400, "unauthorized_client", 700016)),
        ({"scope": ""}, (400, "invalid_request", 900144)),
        ({"scope": "https://a/.default https://b/.default"}, (400, "invalid_request", 28000)),
    ],
)
async def test_a_device_begins_with_what_a_sign_in_needs(
    http: httpx.AsyncClient, change: dict[str, str], *, expected: tuple[int, str, int]
) -> None:
    for key in ("contoso", "common"):
        form = {"client_id": CLIENT, "scope": SCOPE, **change}
        assert read_error(await http.post(f"/{key}/oauth2/v2.0/devicecode", data=form)) == expected


async def test_a_device_code_is_good_for_its_application_at_its_place(http: httpx.AsyncClient) -> None:
    flow = await begin(http)
    await click(http, flow)
    other = (await http.post("/_fauxtune/v1/tenants/contoso/applications", json={})).json()["clientId"]
    assert read_error(await poll(http, flow, client_id=other)) == (400, "invalid_grant", 9002313)
    assert read_error(await poll(http, flow, client_secret="wrong")) == (401, "invalid_client", 7000215)
    assert read_error(await poll(http, flow, key="common")) == (400, "invalid_grant", 9002313)
    assert read_error(await poll(http, flow, device_code="rubbish")) == (400, "bad_verification_code", 70018)
    assert read_error(await poll(http, flow, device_code="")) == (400, "invalid_request", 900144)
    swapped = {"grant_type": "authorization_code", "client_id": CLIENT, "code": flow["device_code"]}
    answer = await http.post("/contoso/oauth2/v2.0/token", data=swapped)
    assert read_error(answer) == (400, "invalid_grant", 9002313)
    assert (await poll(http, flow)).status_code == 200


async def test_a_user_who_goes_meanwhile_signs_in_nowhere(
    http: httpx.AsyncClient, emulator: Emulator, tenant: Tenant
) -> None:
    first, second = await begin(http), await begin(http)
    await click(http, first)
    await click(http, second, user="bob@contoso.example")
    await emulator.runner.run(tenant, delete_user, ALICE)
    await emulator.runner.run(tenant, update_user, "bob@contoso.example", changes={"accountEnabled": False})
    assert read_error(await poll(http, first)) == (400, "invalid_grant", 50173)
    assert read_error(await poll(http, second)) == (400, "invalid_grant", 50057)


async def test_another_tenants_users_are_not_shown_and_cannot_be_picked(http: httpx.AsyncClient) -> None:
    await http.post("/_fauxtune/v1/tenants", json={"name": "fabrikam"})
    flow = await begin(http)
    page = await http.get("/fabrikam/oauth2/deviceauth", params={"user_code": flow["user_code"]})
    assert {listed_user.rpartition("@")[2] for listed_user in listed_users(page)} == {"contoso.example"}
    answer = await http.post(
        "/fabrikam/oauth2/deviceauth", data={**hidden_fields(page), "user": "alice@fabrikam.example"}
    )
    assert read_error(answer) == (400, "invalid_grant", 50034)
    assert read_error(await http.get("/nowhere/oauth2/deviceauth")) == (400, "invalid_request", 90002)


async def test_a_ticket_of_the_other_page_is_refused(http: httpx.AsyncClient) -> None:
    flow = await begin(http)
    ticket = hidden_fields(await http.get(PAGE, params={"user_code": flow["user_code"]}))
    answer = await http.post("/contoso/oauth2/v2.0/authorize", data={**ticket, "user": ALICE})
    assert read_error(answer) == (400, "invalid_request", 9002313)
    assert read_error(await poll(http, flow))[1] == "authorization_pending"


@ON_BOTH_DATABASES
async def test_organizations_lets_any_tenants_user_sign_in(http: httpx.AsyncClient, tenant: Tenant) -> None:
    flow = await begin(http, key="organizations")
    assert flow["verification_uri"] == "https://localhost:8443/organizations/oauth2/deviceauth"
    await click(http, flow)
    body = (await poll(http, flow, key="organizations")).json()
    assert (await verified_claims(http, body["access_token"]))["tid"] == tenant.id
