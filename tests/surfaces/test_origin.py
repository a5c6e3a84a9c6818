"""The origin in links: what the caller used, and what a proxy says of it only if the proxy is trusted."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from ipaddress import ip_network

import httpx
import pytest

from fauxtune.operations.runtime.emulator import Emulator, TrustedProxies
from fauxtune.server.factory import Application
from fauxtune.surfaces.devices.windows.description import MESSAGES
from fauxtune.surfaces.devices.windows.messages import soap

ORIGIN = "https://localhost:8443"
FORWARDED = {"x-forwarded-host": "proxy.example", "x-forwarded-proto": "http"}
TENANT = "/_fauxtune/v1/tenants/contoso"
PROXY, STRANGER = "10.0.0.1", "127.0.0.1"

Link = Callable[[httpx.AsyncClient, dict[str, str]], Awaitable[str]]


async def graph(http: httpx.AsyncClient, headers: dict[str, str]) -> str:
    return str((await http.get("/beta/", headers=headers)).json()["@odata.context"])


async def graph_refusal(http: httpx.AsyncClient, headers: dict[str, str]) -> str:
    answer = await http.get("/beta/users", headers=headers)
    return answer.headers["www-authenticate"].partition('authorization_uri="')[2]


async def identity(http: httpx.AsyncClient, headers: dict[str, str]) -> str:
    return str((await http.get("/contoso/v2.0/.well-known/openid-configuration", headers=headers)).json()["issuer"])


async def identity_refusal(http: httpx.AsyncClient, headers: dict[str, str]) -> str:
    return str((await http.post("/contoso/oauth2/v2.0/token", headers=headers)).json()["error_uri"])


async def control(http: httpx.AsyncClient, headers: dict[str, str]) -> str:
    return str(
        (await http.get(TENANT, headers=headers | {"authorization": "Bearer of-the-control"})).json()["authority"]
    )


async def apple(http: httpx.AsyncClient, headers: dict[str, str]) -> str:
    steering = headers | {"authorization": "Bearer of-the-control"}
    user = {"userPrincipalName": "alice@contoso.example"}
    token = (await http.post(f"{TENANT}/enrollmentTokens", json=user, headers=steering)).json()["token"]
    profile = (await http.get(f"/mdm/contoso/apple/enroll?token={token}", headers=headers)).text
    return profile.partition("<key>ServerURL</key>")[2].partition("<string>")[2]


async def windows(http: httpx.AsyncClient, headers: dict[str, str]) -> str:
    headers = headers | {"content-type": soap.MEDIA_TYPE}
    content = MESSAGES[soap.DISCOVER]
    answer = await http.post("/mdm/contoso/windows/EnrollmentServer/Discovery.svc", content=content, headers=headers)
    return answer.text.partition("<EnrollmentPolicyServiceUrl>")[2]


LINKS: list[Link] = [graph, graph_refusal, identity, identity_refusal, control, apple, windows]


async def link_of(emulator: Emulator, link: Link, headers: dict[str, str], *, peer: str = STRANGER) -> str:
    """What stands in the answer of one surface to a request from `peer`, where 10.0.0.0/8 holds trusted proxies."""
    proxies = TrustedProxies((ip_network("10.0.0.0/8"),))
    emulator = replace(emulator, trusted_proxies=proxies, control_token="of-the-control")
    transport = httpx.ASGITransport(Application(emulator), client=(peer, 4711))
    async with httpx.AsyncClient(transport=transport, base_url=ORIGIN) as http:
        return await link(http, headers)


@pytest.mark.parametrize("link", LINKS)
async def test_links_are_on_the_host_that_the_caller_named(emulator: Emulator, link: Link) -> None:
    assert (await link_of(emulator, link, {})).startswith(ORIGIN)
    assert (await link_of(emulator, link, {"host": "emulator.test:9443"})).startswith("https://emulator.test:9443")


@pytest.mark.parametrize("link", LINKS)
async def test_forwarded_headers_count_from_trusted_proxies_alone(emulator: Emulator, link: Link) -> None:
    assert (await link_of(emulator, link, FORWARDED)).startswith(ORIGIN)
    assert (await link_of(emulator, link, FORWARDED, peer=PROXY)).startswith("http://proxy.example")


@pytest.mark.parametrize("link", LINKS)
async def test_a_public_url_counts_before_all_else(emulator: Emulator, link: Link) -> None:
    emulator.addresses = replace(emulator.addresses, public_url="https://public.example")
    url = await link_of(emulator, link, FORWARDED | {"host": "emulator.test"}, peer=PROXY)
    assert url.startswith("https://public.example")


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"x-forwarded-host": "proxy.example"}, "https://proxy.example/"),
        (
            {"x-forwarded-host": "proxy.example:81, inner", "x-forwarded-proto": "HTTP, https"},
            "http://proxy.example:81/",
        ),
        ({"x-forwarded-host": "[::1]:9", "x-forwarded-proto": "gopher"}, "https://[::1]:9/"),
        ({"x-forwarded-host": "bad host/<x>"}, f"{ORIGIN}/"),
        ({"x-forwarded-host": ""}, f"{ORIGIN}/"),
        ({"x-forwarded-proto": "http"}, "http://localhost:8443/"),
    ],
)
async def test_what_a_trusted_proxy_forwards_must_be_a_host_and_a_scheme(
    emulator: Emulator, headers: dict[str, str], expected: str
) -> None:
    assert (await link_of(emulator, identity, headers, peer=PROXY)).startswith(expected)


async def test_over_plain_http_nobody_is_a_trusted_proxy(emulator: Emulator) -> None:
    emulator.trusted_proxies = TrustedProxies((ip_network("10.0.0.0/8"),))
    transport = httpx.ASGITransport(Application(emulator), client=(PROXY, 4711))
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost:8080") as http:
        assert (await identity(http, FORWARDED)).startswith("http://localhost:8080/")


async def test_the_host_that_a_proxy_forwards_does_not_make_a_name_answer(emulator: Emulator) -> None:
    """A page whose name points here (DNS rebinding) can send no Host of its own, but might come through a proxy."""
    emulator.addresses = replace(emulator.addresses, names=frozenset({"localhost"}))
    proxies = TrustedProxies((ip_network("10.0.0.0/8"),))
    transport = httpx.ASGITransport(Application(replace(emulator, trusted_proxies=proxies)), client=(PROXY, 4711))
    async with httpx.AsyncClient(transport=transport, base_url="https://evil.example") as http:
        answer = await http.get(
            "/contoso/v2.0/.well-known/openid-configuration", headers={"x-forwarded-host": "localhost"}
        )
    assert answer.status_code == 421
