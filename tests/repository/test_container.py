"""The Containerfile and compose.yaml, read: what they set exists, what they open is closed to other machines.

The steps themselves are carried out by `.ci/container`.
"""

from __future__ import annotations

import json
import re
import socket
from pathlib import Path
from typing import Any

import pytest
import yaml

from fauxtune.server.names import certified_names
from fauxtune.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
CONTAINERFILE = (ROOT / "Containerfile").read_text(encoding="utf-8")


@pytest.fixture
def services() -> dict[str, Any]:
    services: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))["services"]
    return services


def settings_in(names: list[str]) -> set[str]:
    return {name.removeprefix("FAUXTUNE_").lower() for name in names if name.startswith("FAUXTUNE_")}


def test_what_the_image_sets_are_settings_of_the_server() -> None:
    names = re.findall(r"\b(FAUXTUNE_\w+)=", CONTAINERFILE)
    assert {"data_dir", "host"} <= settings_in(names) <= set(Settings.known())


def test_the_image_names_the_ports_and_the_user_that_the_server_has() -> None:
    assert re.findall(r"^EXPOSE (.*)$", CONTAINERFILE, re.M) == [
        f"{Settings.port.default} {Settings.http_port.default}"
    ]
    (user,) = re.findall(r"^USER (\d+):\d+$", CONTAINERFILE, re.M)
    assert int(user) >= 1000
    assert f"-o {user}" in CONTAINERFILE, "the owner of /data"


def test_only_what_the_image_copies_is_sent_to_its_build() -> None:
    copied = {
        source for line in re.findall(r"^COPY (?!--from)(.*)$", CONTAINERFILE, re.M) for source in line.split()[:-1]
    }
    lines = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert {line.removeprefix("!") for line in lines if line.startswith("!")} == copied
    assert lines.index("*") < lines.index("!LICENSE")


def test_the_image_is_built_from_what_is_pinned() -> None:
    assert "--require-hashes -r requirements.lock" in CONTAINERFILE
    (uninstalled,) = re.findall(r"uninstall --yes (.*) \\", CONTAINERFILE)
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    assert all(re.search(rf"^{name}==", lock, re.M) for name in uninstalled.split())


def test_compose_sets_settings_and_opens_nothing_to_other_machines(services: dict[str, Any]) -> None:
    emulator = services["fauxtune"]
    assert settings_in(list(emulator["environment"])) <= set(Settings.known())
    assert emulator["ports"] == ["127.0.0.1:8443:8443", "127.0.0.1:8080:8080"]
    assert "ports" not in services["database"]
    assert emulator["read_only"] is True
    assert emulator["build"] == services["devices"]["build"] == {"context": ".", "dockerfile": "Containerfile"}
    assert (ROOT / emulator["build"]["dockerfile"]).is_file()


def test_compose_waits_for_the_database_that_the_server_is_given(services: dict[str, Any]) -> None:
    emulator, database = services["fauxtune"], services["database"]
    assert emulator["depends_on"] == {"database": {"condition": "service_healthy"}}
    given = database["environment"]
    assert emulator["environment"]["FAUXTUNE_DATABASE_URL"] == (
        f"postgresql+psycopg://{given['POSTGRES_USER']}:{given['POSTGRES_PASSWORD']}@database/{given['POSTGRES_DB']}"
    )
    assert database["healthcheck"]["test"][1] == "pg_isready"


def test_compose_publishes_no_token_and_answers_under_its_own_names_alone(services: dict[str, Any]) -> None:
    emulator = services["fauxtune"]
    assert emulator["environment"]["FAUXTUNE_CONTROL_TOKEN"].startswith("${FAUXTUNE_CONTROL_TOKEN:?set it to ")
    assert emulator["environment"]["FAUXTUNE_NAME"] == emulator["hostname"]
    # The name is not known to the machine around it, which checks revocation all the same.
    assert emulator["environment"]["FAUXTUNE_PUBLIC_HTTP_URL"].endswith(":-http://localhost:8080}")


def test_a_server_for_other_machines_has_its_own_name_in_its_certificate(services: dict[str, Any]) -> None:
    assert socket.gethostname() in certified_names(Settings(host="0.0.0.0"))
    assert certified_names(Settings(host="localhost")) == ["localhost"]
    assert services["fauxtune"]["hostname"] == "fauxtune"


def test_the_health_check_of_the_image_is_our_own_command() -> None:
    (command,) = re.findall(r"^HEALTHCHECK .* CMD (.*)$", CONTAINERFILE, re.M)
    assert json.loads(command) == ["fauxtune", "healthcheck"]
