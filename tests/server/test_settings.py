"""Settings: what is read from options and variables, and what is refused."""

from __future__ import annotations

import os
import re
from ipaddress import ip_network
from pathlib import Path

import pytest

from fauxtune.core.errors import Invalid
from fauxtune.core.model.permissions import Permissions
from fauxtune.core.model.tenants import Edition
from fauxtune.settings import Settings
from tests.support.running_server import fauxtune


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("host", "0.0.0.0", "0.0.0.0"),
        ("name", "Trainer.Local", "trainer.local"),
        ("port", " 8443 ", 8443),
        ("workers", "64", 64),
        ("key_pool_threads", "3", 3),
        ("ephemeral", "TRUE", True),
        ("intercept", "on", True),
        ("client_certificates", "0", False),
        ("data_dir", "there", Path("there")),
        ("edition", "2020-04", Edition.APRIL_2020),
        ("permissions", "warn", Permissions.WARN),
        ("notification_hosts", "Hook.example, two.example,", ("hook.example", "two.example")),
        ("log_level", "INFO", "info"),
    ],
)
def test_a_setting_is_an_option_or_a_variable(
    monkeypatch: pytest.MonkeyPatch, name: str, text: str, value: object
) -> None:
    assert getattr(Settings(**{name: text}), name) == value
    monkeypatch.setenv(f"FAUXTUNE_{name.upper()}", text)
    assert getattr(Settings(), name) == value
    assert getattr(Settings(**{name: None}), name) == value, "an option of None is not given"
    assert name in Settings().given


def test_an_option_counts_more_than_its_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAUXTUNE_PORT", "1")
    assert Settings(port=0).port == 0


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("port", "https", "'https' is not a whole number"),
        ("port", "65536", "65536 is not from 0 to 65535"),
        ("proxy_port", "-1", "-1 is not from 0 to 65535"),
        ("workers", "0", "0 is not from 1 to 64"),
        ("key_pool_size", "-1", "-1 is not 0 or more"),
        ("mail", "maybe", "'maybe' is neither true nor false"),
        ("edition", "2019", "'2019' is not one of 2020-04, current"),
        ("log_level", "loud", "'loud' is not one of debug, info"),
        ("name", "https://here", "no scheme, no port"),
        ("labs", "/nowhere/at/all", "there is no folder"),
    ],
)
def test_a_value_that_a_setting_cannot_have_is_refused_with_the_reason(
    monkeypatch: pytest.MonkeyPatch, name: str, text: str, words: str
) -> None:
    with pytest.raises(Invalid, match=re.escape(words)) as refused:
        Settings(**{name: text})
    assert refused.value.target == name
    monkeypatch.setenv(f"FAUXTUNE_{name.upper()}", text)
    with pytest.raises(Invalid, match=re.escape(words)):
        Settings()


def test_a_misspelt_setting_is_a_mistake_of_ours() -> None:
    with pytest.raises(TypeError, match="prot"):
        Settings(prot=1)


def test_settings_cannot_be_changed_and_do_not_show_their_secret() -> None:
    settings = Settings(control_token="never-to-be-printed")
    assert "never-to-be-printed" not in repr(settings)
    with pytest.raises(AttributeError):
        settings.port = 1  # type: ignore[misc]


def test_the_cores_are_for_all_processes_of_a_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: 9)
    assert Settings().key_threads == 8
    assert Settings(workers=4).key_threads == 2
    assert Settings(workers=64).key_threads == 1
    assert Settings(workers=4, key_pool_threads=5).key_threads == 5


def test_nobody_is_a_trusted_proxy_unless_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FAUXTUNE_TRUSTED_PROXY", raising=False)
    assert Settings().trusted_proxy == ()
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
    assert Settings().trusted_proxy == tuple(map(ip_network, networks))


@pytest.mark.parametrize("text", ["localhost", "10.0.0.1/8", "10.0.0.0/33", "0.0.0.0/0", "::/0"])
def test_a_trusted_proxy_is_a_network_and_not_everybody(text: str) -> None:
    with pytest.raises(Invalid):
        Settings(trusted_proxy=text)


@pytest.mark.parametrize("name", ["", "Client Cert", "a:b", "ü", "x" * 65])
def test_a_header_has_the_name_of_a_header(name: str) -> None:
    with pytest.raises(Invalid):
        Settings(client_certificate_header=name)


@pytest.mark.parametrize("value", ["everybody", "0.0.0.0/0"])
def test_the_command_line_refuses_what_is_no_proxy(value: str, commands: Path) -> None:
    done = fauxtune(
        "serve", "--ephemeral", "--trusted-proxy", "10.0.0.0/8", "--trusted-proxy", value, commands=commands
    )
    assert done.returncode == 2
    assert "FAUXTUNE_TRUSTED_PROXY" in done.stderr


def test_the_environment_counts_where_the_command_line_is_silent(commands: Path) -> None:
    done = fauxtune("serve", "--ephemeral", FAUXTUNE_TRUSTED_PROXY="everybody", commands=commands)
    assert done.returncode == 2
    assert "FAUXTUNE_TRUSTED_PROXY" in done.stderr


@pytest.mark.parametrize("token", ["", " ", "short", "fifteen-letters", "   fifteen-letters  "])
def test_a_control_token_that_is_empty_or_short_is_refused_and_the_refusal_says_how_to_make_one(token: str) -> None:
    with pytest.raises(Invalid, match=r"secrets\.token_urlsafe"):
        Settings(control_token=token)


def test_a_start_with_an_empty_variable_for_the_control_token_is_refused(commands: Path) -> None:
    done = fauxtune("serve", "--ephemeral", "--host", "0.0.0.0", FAUXTUNE_CONTROL_TOKEN="", commands=commands)
    assert done.returncode == 2
    assert "FAUXTUNE_CONTROL_TOKEN" in done.stderr
    assert "16" in done.stderr
    assert "Traceback" not in done.stderr
