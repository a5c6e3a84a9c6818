"""Short ways to say to Graph what many tests say."""

from __future__ import annotations

import json
from typing import Any

import httpx

from fauxtune.core.profiles.catalog import Kind, kind

Json = dict[str, Any]
PROFILES = "/deviceManagement/deviceConfigurations"
DEVICES = "/deviceManagement/managedDevices"
PFX = "/deviceManagement/userPfxCertificates"
ABSENT = "00000000-0000-4000-8000-000000000000"


def sentence(answer: httpx.Response) -> str:
    """What an error says, in either dialect: Intune's message is itself a text of JSON."""
    message: str = answer.json()["error"]["message"]
    if not message.startswith("{"):
        return message
    inner: str = json.loads(message)["Message"]
    return inner.partition(" - Operation ID")[0]


def code(answer: httpx.Response) -> str:
    """The error's code."""
    found: str = answer.json()["error"]["code"]
    return found


async def ids(graph: httpx.AsyncClient, path: str) -> list[str]:
    """The ids of a collection."""
    answer = await graph.get(path)
    assert answer.status_code == 200, answer.text
    return [each["id"] for each in answer.json()["value"]]


async def group_named(graph: httpx.AsyncClient, name: str) -> str:
    """The id of a group."""
    (found,) = (await graph.get("/groups", params={"$filter": f"displayName eq '{name}'"})).json()["value"]
    return str(found["id"])


async def user_named(graph: httpx.AsyncClient, name: str) -> str:
    """The id of a user of the seed."""
    return str((await graph.get(f"/users/{name}@contoso.example")).json()["id"])


async def made(graph: httpx.AsyncClient, path: str, **body: Any) -> Json:
    """POST, which must answer 201; the new entity."""
    answer = await graph.post(path, json=body)
    assert answer.status_code == 201, answer.text
    document: Json = answer.json()
    return document


def known_kind(name: str) -> Kind:
    """Return the kind of profile of this name, which must be known."""
    found = kind(name)
    assert found is not None
    return found
