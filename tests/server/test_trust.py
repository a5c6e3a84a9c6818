"""A server for other machines: its names, its addresses, and what it gives to those who have to trust it."""

from __future__ import annotations

import plistlib
import re
import socket
import ssl
from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes

from fauxtune.core.model.addresses import is_host_name
from fauxtune.server.tls import addresses_of
from tests.support.running_server import Running, serving

NAME = "trainer.fauxtune.test"


@pytest.fixture(scope="module")
def server(commands: Path) -> Iterator[Running]:
    with serving(
        "--ephemeral", "--host", "0.0.0.0", "--name", NAME.upper(), commands=commands, FAUXTUNE_CONTROL_TOKEN="a" * 16
    ) as running:
        yield running


@pytest.fixture(scope="module")
def root(server: Running) -> x509.Certificate:
    return x509.load_pem_x509_certificate(Path(server.endpoints["caFile"]).read_bytes())


def _port(server: Running, kind: str) -> int:
    port = urlsplit(str(server.endpoints[kind])).port
    assert port is not None
    return port


def test_its_certificate_is_for_the_name_and_for_every_address_of_the_machine(server: Running) -> None:
    for name in (NAME, socket.gethostname(), "localhost", *addresses_of("0.0.0.0")):
        context = ssl.create_default_context(cafile=server.endpoints["caFile"])
        with (
            socket.create_connection(("127.0.0.1", _port(server, "https"))) as raw,
            context.wrap_socket(raw, server_hostname=name) as wire,
        ):
            assert wire.getpeercert(), name


def test_its_certificates_name_what_others_can_call(server: Running) -> None:
    authority = httpx.get(f"{server.endpoints['http']}/pki/contoso/issuing/ca.cer").content
    points = x509.load_der_x509_certificate(authority).extensions.get_extension_for_class(x509.CRLDistributionPoints)
    assert f"http://{NAME}:{_port(server, 'http')}/pki/" in str(points.value[0].full_name)


def test_it_announces_the_page_under_the_name(server: Running) -> None:
    assert server.endpoints["trust"] == f"http://{NAME}:{_port(server, 'http')}/trust"
    assert httpx.get(f"{server.endpoints['http']}/").json()["trustPage"] == f"{server.endpoints['http']}/trust"


def test_the_page_needs_no_token_and_says_which_root_and_where(server: Running, root: x509.Certificate) -> None:
    page = httpx.get(f"{server.endpoints['http']}/trust", headers={"host": f"{NAME}:{_port(server, 'http')}"})
    assert page.status_code == 200
    assert root.fingerprint(hashes.SHA256()).hex().upper() in re.sub("<wbr>|:", "", page.text)
    assert f"curl --cacert ca.pem https://{NAME}:{_port(server, 'https')}/readyz" in page.text
    assert f'href="https://{NAME}:{_port(server, "https")}/console"' in page.text
    assert "This page came unencrypted" in page.text
    with server.client() as client:
        assert "If your browser has warned" in client.get("/trust").text


def test_the_page_is_in_the_language_of_the_browser(server: Running) -> None:
    page = httpx.get(f"{server.endpoints['http']}/trust", headers={"accept-language": "it-IT, en;q=0.5"})
    assert '<html lang="it">' in page.text
    assert "Confronta l&#39;impronta" in page.text or "Confronta l'impronta" in page.text
    assert "sudo update-ca-certificates --fresh" in page.text
    assert "Scegli ca.pem e spunta" in page.text


def test_what_a_caller_writes_as_host_is_no_markup(server: Running) -> None:
    page = httpx.get(f"{server.endpoints['http']}/trust", headers={"host": 'a"><script>'})
    assert "<script" not in page.text


def test_the_root_comes_in_three_forms(server: Running, root: x509.Certificate) -> None:
    with server.client() as client:
        assert x509.load_pem_x509_certificate(client.get("/ca.pem").content) == root
        der = client.get("/ca.crt")
        assert (der.headers["content-type"], x509.load_der_x509_certificate(der.content)) == (
            "application/x-x509-ca-cert",
            root,
        )
        profile = client.get("/ca.mobileconfig")
        assert profile.headers["content-type"] == "application/x-apple-aspen-config"
        assert client.get("/ca.mobileconfig").content == profile.content
    document = plistlib.loads(profile.content)
    (payload,) = document["PayloadContent"]
    assert payload["PayloadType"] == "com.apple.security.root"
    assert x509.load_der_x509_certificate(payload["PayloadContent"]) == root
    assert document["PayloadUUID"] != payload["PayloadUUID"]


def test_a_name_without_a_host_for_others_is_named_as_without_effect(commands: Path) -> None:
    with serving("--ephemeral", "--name", "trainer.test", commands=commands) as server:
        assert server.endpoints["trust"] == f"{server.endpoints['http']}/trust"
        _, errors = server.stop()
    assert "--name (FAUXTUNE_NAME) has no effect without a --host for other machines." in errors


def test_addresses_are_those_of_the_interfaces_or_the_host_itself() -> None:
    assert not any(
        ip_address(address).is_loopback or ip_address(address).is_unspecified for address in addresses_of("0.0.0.0")
    )
    assert addresses_of("::") == addresses_of("0.0.0.0")
    assert addresses_of("192.0.2.7") == ["192.0.2.7"]
    assert addresses_of("trainer.test") == ["trainer.test"]


@pytest.mark.parametrize("name", ["trainer", "trainer.local", "10.1.2.3", "a" * 63, "Room-3.example"])
def test_names_of_machines(name: str) -> None:
    assert is_host_name(name)


@pytest.mark.parametrize(
    "name", ["", "a b", "https://trainer", "trainer:8443", "-a", "a-", "a..b", "a.", "a" * 64, "trainer\n", "ä.test"]
)
def test_other_texts_are_no_names_of_machines(name: str) -> None:
    assert not is_host_name(name)
