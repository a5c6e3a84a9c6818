"""An administrator who makes apps, uploads their contents, assigns them, and looks at their states."""

from __future__ import annotations

import os
from typing import Any

from tests.support.administrator import ALICE, Administrator
from tests.support.app_packages import package

APPS = "/beta/deviceAppManagement/mobileApps"
EVERY_DEVICE = {"@odata.type": "#microsoft.graph.allDevicesAssignmentTarget"}


async def app(administrator: Administrator, kind: str, name: str, **settings: Any) -> str:
    """Create an app; its id."""
    body = {"@odata.type": f"#microsoft.graph.{kind}", "displayName": name, "publisher": "Contoso", **settings}
    answer = await administrator.graph.post(APPS, json=body)
    assert answer.is_success, answer.text
    return str(answer.json()["id"])


async def upload(administrator: Administrator, key: str, kind: str, *, content: bytes = b"") -> None:
    """Upload a content for an app, commit it, and publish it."""
    of, graph = package(content or os.urandom(5_000)), administrator.graph
    versions = f"{APPS}/{key}/microsoft.graph.{kind}/contentVersions"
    version = (await graph.post(versions, json={})).raise_for_status().json()["id"]
    files = f"{versions}/{version}/files"
    file = (await graph.post(files, json=of.announced())).raise_for_status().json()["id"]
    address = (await graph.get(f"{files}/{file}")).raise_for_status().json()["azureStorageUri"]
    put = await graph.put(address, content=of.encrypted, headers={"x-ms-blob-type": "BlockBlob"})
    assert put.is_success, put.text
    (await graph.post(f"{files}/{file}/commit", json={"fileEncryptionInfo": of.encryption})).raise_for_status()
    body = {"@odata.type": f"#microsoft.graph.{kind}", "committedContentVersion": version}
    (await graph.patch(f"{APPS}/{key}", json=body)).raise_for_status()
    (await graph.post("/_fauxtune/v1/tenants/contoso/clock/advance", json={"by": "PT5S"})).raise_for_status()
    state = (await graph.get(f"{APPS}/{key}")).raise_for_status().json()["publishingState"]
    assert state == "published"


async def assign(administrator: Administrator, key: str, intent: str | None, **settings: Any) -> None:
    """Assign an app to every device with an intent; None: to nobody."""
    one: dict[str, Any] = {"intent": intent, "target": EVERY_DEVICE}
    if settings:
        one["settings"] = {"@odata.type": f"#microsoft.graph.{settings.pop('kind')}", **settings}
    body = {"mobileAppAssignments": [one] if intent else []}
    answer = await administrator.graph.post(f"{APPS}/{key}/assign", json=body)
    assert answer.is_success, answer.text


async def states(administrator: Administrator, user: str = ALICE) -> dict[str, tuple[str, str]]:
    """Intent and state of each app on the devices of a user, by the app's name."""
    path = f"/beta/users/{user}/mobileAppIntentAndStates"
    listed: list[dict[str, Any]] = (await administrator.graph.get(path)).raise_for_status().json()["value"]
    return {
        each["displayName"]: (each["mobileAppIntent"], each["installState"])
        for device in listed
        for each in device["mobileAppList"]
    }
