"""Settings that more than a word can be wrong with: whose word counts about client certificates."""

from __future__ import annotations

from ipaddress import ip_network

import pytest
from pydantic import ValidationError

from fauxtune.settings import Settings
from tests.support.running_server import fauxtune


def test_nobody_is_a_trusted_proxy_unless_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FAUXTUNE_TRUSTED_PROXY", raising=False)
    assert Settings().trusted_proxy == []
    assert Settings().client_certificate_header == "Client-Cert"


@pytest.mark.parametrize(
    ("text", "networks"),
    [
        ("10.0.0.0/8", ["10.0.0.0/8"]),
        ("10.0.0.0/8, fd00::/8,192.0.2.7", ["10.0.0.0/8", "fd00::/8", "192.0.2.7/32"]),
        ("", []),
    ],
)
def test_trusted_proxies_can_stand_in_the_environment(
    monkeypatch: pytest.MonkeyPatch, text: str, networks: list[str]
) -> None:
    monkeypatch.setenv("FAUXTUNE_TRUSTED_PROXY", text)
    assert Settings().trusted_proxy == [ip_network(network) for network in networks]


@pytest.mark.parametrize("text", ["localhost", "10.0.0.1/8", "10.0.0.0/33", "0.0.0.0/0", "::/0"])
def test_a_trusted_proxy_is_a_network_and_not_everybody(text: str) -> None:
    with pytest.raises(ValidationError):
        Settings.model_validate({"trusted_proxy": text})


@pytest.mark.parametrize("name", ["", "Client Cert", "a:b", "ü", "x" * 65])
def test_a_header_has_the_name_of_a_header(name: str) -> None:
    with pytest.raises(ValidationError):
        Settings(client_certificate_header=name)


@pytest.mark.parametrize("value", ["everybody", "0.0.0.0/0"])
def test_the_command_line_refuses_what_is_no_proxy(value: str) -> None:
    done = fauxtune("serve", "--ephemeral", "--trusted-proxy", "10.0.0.0/8", "--trusted-proxy", value)
    assert done.returncode == 2
    assert "FAUXTUNE_TRUSTED_PROXY" in done.stderr


def test_the_environment_counts_where_the_command_line_is_silent() -> None:
    done = fauxtune("serve", "--ephemeral", FAUXTUNE_TRUSTED_PROXY="everybody")
    assert done.returncode == 2
    assert "FAUXTUNE_TRUSTED_PROXY" in done.stderr


@pytest.mark.parametrize("token", ["", " ", "short", "fifteen-letters", "   fifteen-letters  "])
def test_a_control_token_that_is_empty_or_short_is_refused_and_the_refusal_says_how_to_make_one(token: str) -> None:
    with pytest.raises(ValidationError, match=r"secrets\.token_urlsafe"):
        Settings.model_validate({"control_token": token})


def test_a_start_with_an_empty_variable_for_the_control_token_is_refused() -> None:
    done = fauxtune("serve", "--ephemeral", "--host", "0.0.0.0", FAUXTUNE_CONTROL_TOKEN="")
    assert done.returncode == 2
    assert "FAUXTUNE_CONTROL_TOKEN" in done.stderr
    assert "16" in done.stderr
    assert "Traceback" not in done.stderr
