"""Scripts that install a Win32 app are kept with a version of its content."""

from __future__ import annotations

import base64
from typing import Any

import httpx
import pytest

from tests.support.both_databases import ON_BOTH_DATABASES
from tests.support.graph import create, error_message

APPS = "/deviceAppManagement/mobileApps"
WIN32: dict[str, Any] = {
    "@odata.type": "#microsoft.graph.win32LobApp",
    "displayName": "Seven Zip",
    "publisher": "Contoso",
    "fileName": "sevenzip.intunewin",
    "setupFilePath": "sevenzip.exe",
    "installCommandLine": "sevenzip.exe /S",
    "uninstallCommandLine": "sevenzip.exe /U",
}
INSTALL = "#microsoft.graph.win32LobAppInstallPowerShellScript"
TEXT = base64.b64encode(b"Start-Process sevenzip.exe /S").decode()


async def scripts(beta: httpx.AsyncClient) -> str:
    """The path of the scripts of a new app."""
    app = await create(beta, APPS, **WIN32)
    versions = f"{APPS}/{app['id']}/microsoft.graph.win32LobApp/contentVersions"
    return f"{versions}/{(await create(beta, versions))['id']}/scripts"


@ON_BOTH_DATABASES
async def test_a_script_comes_back_until_it_or_its_app_is_deleted(beta: httpx.AsyncClient) -> None:
    path = await scripts(beta)
    made = await create(beta, path, **{"@odata.type": INSTALL}, displayName="Install", content=TEXT)
    assert (made["@odata.type"], made["displayName"], made["state"]) == (INSTALL, "Install", "commitSuccess")
    (listed,) = (await beta.get(path)).json()["value"]
    one = f"{path}/{made['id']}"
    assert listed["content"] == (await beta.get(one)).json()["content"] == TEXT
    assert (await beta.get(f"{path}/$count")).text == "1"
    assert (await beta.get(path)).headers["x-fauxtune-fidelity"] == "stored"
    assert (await beta.delete(one)).status_code == 204
    for gone in (beta.get(one), beta.delete(one)):
        assert (await gone).status_code == 404
    await create(beta, path, **{"@odata.type": INSTALL}, content=TEXT)
    assert (await beta.delete("/".join(path.split("/")[:4]))).status_code == 204
    assert (await beta.get(path)).status_code == 404


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"content": TEXT}, "@odata.type must be"),
        ({"@odata.type": "#microsoft.graph.win32LobApp", "content": TEXT}, "@odata.type must be"),
        ({"@odata.type": "#microsoft.graph.win32LobAppScript", "content": TEXT}, "@odata.type must be"),
        ({"@odata.type": INSTALL}, "content"),
        ({"@odata.type": INSTALL, "content": "%"}, "base64"),
        ({"@odata.type": INSTALL, "content": ""}, "required"),
        ({"@odata.type": INSTALL, "content": base64.b64encode(b"x" * 51_201).decode()}, "50 KiB"),
    ],
)
async def test_what_is_no_script_is_refused(beta: httpx.AsyncClient, body: dict[str, Any], words: str) -> None:
    path = await scripts(beta)
    refused = await beta.post(path, json=body)
    assert (refused.status_code, words in error_message(refused)) == (400, True), refused.text
    assert (await beta.get(f"{path}/$count")).text == "0"


async def test_a_version_has_a_bounded_number_of_scripts(beta: httpx.AsyncClient) -> None:
    path = await scripts(beta)
    for _ in range(10):
        await create(beta, path, **{"@odata.type": INSTALL}, content=TEXT)
    refused = await beta.post(path, json={"@odata.type": INSTALL, "content": TEXT})
    assert (refused.status_code, "at most 10 scripts" in error_message(refused)) == (400, True)
