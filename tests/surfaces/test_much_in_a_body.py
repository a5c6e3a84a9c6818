"""Bodies with very many members: every surface that takes JSON refuses them unparsed, from strangers too."""

from __future__ import annotations

import httpx
import pytest

from fauxtune.server.factory import Application

MANY = ("{" + ",".join(f'"k{number}":1' for number in range(10_001)) + "}").encode()
ANDROID = "/mdm/contoso/android/v1/enterprises/contoso/devices"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/beta/groups"),
        ("POST", "/_fauxtune/v1/tenants/contoso/applications"),
        ("POST", f"{ANDROID}:enroll"),
        ("POST", f"{ANDROID}/x:reportStatus"),
        ("POST", f"{ANDROID}/x:unenroll"),
        ("POST", f"{ANDROID}/x/operations/y:complete"),
        ("POST", "/connector/contoso/v1/sessions"),
        ("PUT", "/connector/contoso/v1/sessions/x/requests/y/result"),
    ],
)
async def test_a_body_with_very_many_members_is_refused_by_the_surface_it_came_to(
    app: Application, app_token: str, method: str, path: str
) -> None:
    ours = path.startswith(("/beta", "/_fauxtune"))
    headers = {"content-type": "application/json", **({"authorization": f"Bearer {app_token}"} if ours else {})}
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="https://localhost:8443") as http:
        answer = await http.request(method, path, content=MANY, headers=headers)
    assert answer.status_code == 400
    assert "too many elements" in answer.json()["error"]["message"]
