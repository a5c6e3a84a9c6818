"""IntuneCD from PyPI, unmodified: a tenant is backed up, restored into an empty one, and that one's backup is the same.

It knows one address of Graph and one of the identity platform, those of the real service, and is sent here by its proxy
setting. What is not emulated answers 501, which it notes and passes by.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from fauxtune.core.profiles.catalog import KINDS
from tests.profiles.bodies import sample
from tests.server.running import SECONDS, Running, serving

Json = dict[str, Any]

PROFILES = "deviceManagement/deviceConfigurations"
FILTERS = "deviceManagement/assignmentFilters"
TAGS = "deviceManagement/roleScopeTags"
#: What the tool restores and the emulator has: a folder of the backup each.
FOLDERS = ("Device Configurations", "Filters", "Device Categories", "Scope Tags")


@dataclass(frozen=True, slots=True)
class Office:
    """A tenant as the tool signs in to it."""

    tenant: str
    client_id: str
    secret: str


@pytest.fixture(scope="module")
def server() -> Iterator[Running]:
    """A server that intercepts."""
    with serving("--ephemeral", "--intercept", "--proxy-port", "0") as running:
        yield running


@pytest.fixture(scope="module")
def full(server: Running) -> Office:
    """The tenant that has everything."""
    known = server.endpoints
    office = Office(known["tenantId"], known["clientId"], known["clientSecret"])
    with graph(server, office) as client:
        furnish(client)
    return office


@pytest.fixture
def empty(server: Running) -> Office:
    """A tenant with nothing in it."""
    with server.client() as client:
        answer = client.post("/_fauxtune/v1/tenants", json={"seed": "none", "name": "restored"})
        assert answer.status_code == 201, answer.text
        print(answer.json())
        made = answer.json()
    return Office(made["id"], made["clientId"], made["clientSecret"])


def graph(server: Running, office: Office) -> httpx.Client:
    """Graph's beta with the tenant's application."""
    form = {
        "grant_type": "client_credentials",
        "client_id": office.client_id,
        "client_secret": office.secret,
        "scope": "https://graph.microsoft.com/.default",
    }
    with server.client() as client:
        token = client.post(f"/{office.tenant}/oauth2/v2.0/token", data=form).json()["access_token"]
    return httpx.Client(
        base_url=f"{server.https}/beta",
        verify=server.trusting(),
        headers={"authorization": f"Bearer {token}"},
        timeout=SECONDS,
    )


def made(client: httpx.Client, path: str, **body: Any) -> str:
    """POST, and the id of what came of it."""
    answer = client.post(path, json=body)
    assert answer.status_code in {200, 201}, answer.text
    return str(answer.json()["id"])


def furnish(client: httpx.Client) -> None:
    """A profile of every kind, a second of some, with tags; groups of both sorts, filters, categories, assignments."""
    north, south = (made(client, TAGS, displayName=name, description=f"The {name}") for name in ("North", "South"))
    for name in ("Field", "Floor"):
        made(client, "deviceManagement/deviceCategories", displayName=name, description=None)
    sales = group(client, "Sales phones")
    leavers = group(client, "Leavers")
    dynamic = group(client, "Everybody in Oslo", groupTypes=["DynamicMembership"], rule='(user.city -eq "Oslo")')
    filters = {
        platform: made(
            client, FILTERS, displayName=f"Pixels, {platform}", platform=platform, rule='(device.model -eq "Pixel 9")'
        )
        for platform in ("androidForWork", "iOS", "macOS", "windows10AndLater")
    }
    for number, kind in enumerate(KINDS):
        tags = (["0"], [north], [north, south])[number % 3]
        profile = made(client, PROFILES, **{**sample(kind), "displayName": f"The {kind.name}", "roleScopeTagIds": tags})


def group(client: httpx.Client, name: str, *, rule: str | None = None, **more: Any) -> str:
    """A security group."""
    body = {"displayName": name, "mailEnabled": False, "mailNickname": name.replace(" ", ""), "securityEnabled": True}
    if rule is not None:
        body |= {"membershipRule": rule, "membershipRuleProcessingState": "On"}
    return made(client, "groups", **body, **more)


def test_it(server: Running, full: Office, empty: Office, tmp_path: Path) -> None:
    print(run(server, full, "backup", tmp_path / "a"))
    print(run(server, empty, "update", tmp_path / "a", "--update-assignments", "--create-groups"))
    print(run(server, empty, "backup", tmp_path / "b"))
    assert 0


def run(server: Running, office: Office, what: str, folder: Path, *options: str) -> str:
    """One run of the tool, and what it wrote."""
    folder.mkdir(exist_ok=True)
    known = server.endpoints
    environment = {
        "HTTPS_PROXY": known["proxy"],
        "REQUESTS_CA_BUNDLE": known["caFile"],
        "SSL_CERT_FILE": known["caFile"],
        "TENANT_NAME": office.tenant,
        "CLIENT_ID": office.client_id,
        "CLIENT_SECRET": office.secret,
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
    }
    tool = Path(sys.executable).with_name(f"IntuneCD-start{what}")
    command = [str(tool), "-m", "1", "-p", str(folder), "--max-workers", "1", "-v", *options]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr
