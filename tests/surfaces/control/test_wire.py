"""The window on the wire: what clients and devices sent, what they were answered, and why."""

from __future__ import annotations

import httpx

from tests.support.control import Json
from tests.surfaces.control.conftest import Enroll


async def _read(tenant: httpx.AsyncClient, **params: object) -> list[Json]:
    answer = await tenant.get("/wire", params={name: str(value) for name, value in params.items()})
    assert answer.status_code == 200, answer.text
    exchanges: list[Json] = answer.json()["exchanges"]
    return exchanges


async def _whole(tenant: httpx.AsyncClient, number: int) -> Json:
    answer = await tenant.get(f"/wire/{number}")
    assert answer.status_code == 200, answer.text
    document: Json = answer.json()
    return document


async def test_a_request_of_graph_names_its_application_and_the_permission_that_let_it_in(
    http: httpx.AsyncClient, contoso: httpx.AsyncClient, app_token: str
) -> None:
    await http.get("/beta/users?$top=1", headers={"authorization": f"Bearer {app_token}"})
    (exchange,) = await _read(contoso, surface="graph")
    assert (exchange["method"], exchange["url"], exchange["status"]) == ("GET", "/beta/users?$top=1", 200)
    assert exchange["caller"]["applicationName"]
    (permission,) = exchange["permissions"]
    assert permission["operation"] == "GET /users"
    assert (permission["missing"], bool(permission["grantedBy"])) == (False, True)


async def test_a_check_in_names_its_device(contoso: httpx.AsyncClient, enroll: Enroll) -> None:
    phone = await enroll(contoso)
    await phone.settle()
    for exchange in await _read(contoso, surface="devices"):
        assert exchange["caller"]["device"] == phone.enrollment_id
        assert exchange["caller"]["userPrincipalName"] == "alice@contoso.example"
