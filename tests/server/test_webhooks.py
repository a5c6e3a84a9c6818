"""Which receivers a server calls, to which address, and by which TLS."""

from __future__ import annotations

import asyncio
import socket
import ssl
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from fauxtune.core.errors import Invalid
from fauxtune.server import lifespan
from fauxtune.server.webhooks import Receivers
from fauxtune.settings import Settings
from tests.support.certificates import self_signed
from tests.support.receivers import obliging, receiving


def receivers(*hosts: str) -> Receivers:
    return Receivers(frozenset({"localhost", *hosts}), own_ports=lambda: frozenset({8443}), ca_file="")


@pytest.mark.parametrize(
    "url",
    [
        "https://localhost/x",
        "http://localhost:7071/api/hook?code=1",
        "http://127.0.0.1:5000",
        "http://127.9.9.9/",
        "http://[::1]:5000/",
        "https://hook.localhost/",
        "https://hooks.example.org/a",
        "https://HOOKS.example.org:444/a",
    ],
)
def test_this_machine_and_named_hosts_are_called(url: str) -> None:
    receivers("hooks.example.org").check(url, name="notificationUrl")


@pytest.mark.parametrize(
    "url",
    [
        "https://example.org/",
        "https://sub.hooks.example.org/",
        "http://hooks.example.org/",
        "http://10.0.0.1/",
        "http://0.0.0.0/",
        "http://2130706433/",
        "http://[::ffff:10.0.0.1]/",
        "http://localhost.example.org/",
        "http://user@localhost/",
        "http://localhost@example.org/",
        "http://localhost/#part",
        "http://localhost:0/",
        "http://localhost:port/",
        "https://localhost:8443/v1.0/users",
        "gopher://localhost/",
        "//localhost/",
        "localhost",
        "http://lo calhost/",
        "http://",
        "",
    ],
)
def test_nobody_else_is_called(url: str) -> None:
    with pytest.raises(Invalid) as refused:
        receivers("hooks.example.org").check(url, name="notificationUrl")
    assert refused.value.target == "notificationUrl"


@pytest.mark.parametrize(
    "url", ["http://localhost:7071/", "http://127.0.0.1:7071/", "https://[::1]/", "https://a.localhost/"]
)
def test_a_server_that_other_machines_reach_calls_this_one_only_if_it_is_told_to(url: str) -> None:
    for hosts, refusal in (((), "no host, as other machines reach it"), (("hooks.example.org",), "hooks.example.org")):
        away = Receivers(
            lifespan.receivers(Settings(host="0.0.0.0", notification_hosts=hosts)),
            own_ports=frozenset,
            ca_file="",
        )
        with pytest.raises(Invalid, match=f"it calls {refusal}. FAUXTUNE_NOTIFICATION_HOSTS"):
            away.check(url, name="notificationUrl")
    told = lifespan.receivers(Settings(host="0.0.0.0", notification_hosts=("localhost",)))
    Receivers(told, own_ports=frozenset, ca_file="").check(url, name="notificationUrl")
    assert "localhost" in lifespan.receivers(Settings())


async def test_what_receivers_are_sent_carries_a_mark() -> None:
    async with receiving(obliging) as receiver:
        await receivers().validate(receiver.url, token="t")
        assert await receivers().send(receiver.url, b'{"value": []}') is None
    assert ["Fauxtune-Notification: 1\r\n" in head for head in receiver.heads] == [True, True]


async def test_a_name_is_resolved_once_and_the_connection_goes_to_what_was_judged(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    names: list[str] = []

    async def resolve(host: str, port: int, **_: Any) -> list[tuple[Any, ...]]:
        names.append(host)
        address = "127.0.0.1" if len(names) == 1 else "10.0.0.1"
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    async with receiving() as receiver:
        url = receiver.url.replace("127.0.0.1", "hook.localhost")
        monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", resolve)
        # asyncio itself asks for the numeric address that it is given.
        await receivers().validate(url, token="t")
        assert names == ["hook.localhost"]
        assert "Host: hook.localhost:" in receiver.heads[0]


async def test_a_local_name_that_leads_elsewhere_is_not_called(monkeypatch: pytest.MonkeyPatch) -> None:
    async def resolve(_host: str, port: int, **_: Any) -> list[tuple[Any, ...]]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("10.0.0.1", port))]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", resolve)
    with pytest.raises(Invalid, match="has no address that may be called"):
        await receivers().validate("http://hook.localhost/", token="t")
    reason = await receivers().send("http://hook.localhost/", b"{}")
    assert reason == "hook.localhost has no address that may be called"


async def test_what_may_not_be_called_any_more_gets_nothing() -> None:
    async with receiving() as receiver:
        reason = await receivers().send(receiver.url.replace("127.0.0.1", "hooks.example.org"), b"{}")
        assert reason is not None
        assert "does not call" in reason
        assert receiver.heads == []


async def test_a_receiver_on_this_machine_may_sign_its_own_certificate(
    tmp_path: Path, raw_rsa_keys: list[rsa.RSAPrivateKey]
) -> None:
    key = raw_rsa_keys[0]
    (tmp_path / "key.pem").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    (tmp_path / "cert.pem").write_bytes(self_signed(key, "receiver").public_bytes(Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "cert.pem", tmp_path / "key.pem")
    async with receiving(obliging, tls=context) as receiver:
        assert receiver.url.startswith("https://")
        await receivers().validate(receiver.url, token="a b&c")
        assert receiver.tokens == ["a b&c"]
        assert await receivers().send(receiver.url, b'{"value": []}') is None
