"""The content of an app is uploaded as packaging tools do it, and only a right one is published.

Scripts that install a Win32 app are kept with a version of its content.
"""

from __future__ import annotations

import base64
from datetime import timedelta
from typing import Any

import httpx
import pytest

from fauxtune.core.clock import from_iso
from fauxtune.core.model.tenants import Tenant
from fauxtune.operations.checkin import due
from fauxtune.operations.runtime.emulator import Emulator
from tests.support.app_packages import Package, package
from tests.support.both_databases import ON_BOTH_DATABASES
from tests.support.clock import FixedClock
from tests.support.graph import TENANT, create, error_message

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


async def created(graph: httpx.AsyncClient, path: str, body: dict[str, Any]) -> dict[str, Any]:
    answer = await graph.post(path, json=body)
    assert answer.status_code == 201, answer.text
    document: dict[str, Any] = answer.json()
    return document


class Upload:
    """An app with a content version, as a packaging tool makes it."""

    def __init__(self, graph: httpx.AsyncClient, app: str, *, files: str) -> None:
        self.graph, self.app, self.files = graph, app, files

    @classmethod
    async def begun(cls, graph: httpx.AsyncClient, **changes: Any) -> Upload:
        app = await created(graph, APPS, WIN32 | changes)
        versions = f"{APPS}/{app['id']}/{app['@odata.type'][1:]}/contentVersions"
        version = await created(graph, versions, {})
        return cls(graph, app["id"], files=f"{versions}/{version['id']}/files")

    async def announced(self, of: Package, **changes: Any) -> str:
        file = await created(self.graph, self.files, of.announced(**changes))
        assert (file["uploadState"], file["azureStorageUri"]) == ("azureStorageUriRequestPending", None)
        return str(file["id"])

    async def file(self, key: str) -> dict[str, Any]:
        answer = await self.graph.get(f"{self.files}/{key}")
        assert answer.status_code == 200, answer.text
        document: dict[str, Any] = answer.json()
        return document

    async def put(self, key: str, content: bytes, *, block: int = 6_000) -> None:
        address = (await self.file(key))["azureStorageUri"]
        ids: list[str] = []
        async with httpx.AsyncClient(transport=self.graph._transport) as anybody:
            for start in range(0, len(content), block):
                ids.append(base64.b64encode(f"{len(ids):04}".encode()).decode())
                query = f"&comp=block&blockid={ids[-1].replace('=', '%3D')}"
                answer = await anybody.put(address + query, content=content[start : start + block])
                assert answer.status_code == 201, answer.text
            listed = "".join(f"<Latest>{each}</Latest>" for each in ids)
            answer = await anybody.put(f"{address}&comp=blocklist", content=f"<BlockList>{listed}</BlockList>")
            assert answer.status_code == 201, answer.text

    async def commit(self, key: str, encryption: dict[str, Any]) -> str:
        body = {"fileEncryptionInfo": encryption}
        answer = await self.graph.post(f"{self.files}/{key}/commit", json=body)
        assert answer.status_code == 204, answer.text
        return str((await self.file(key))["uploadState"])


INSTALL = "#microsoft.graph.win32LobAppInstallPowerShellScript"
TEXT = base64.b64encode(b"Start-Process sevenzip.exe /S").decode()


async def scripts(beta: httpx.AsyncClient) -> str:
    """The path of the scripts of a new app."""
    app = await create(beta, APPS, **WIN32)
    versions = f"{APPS}/{app['id']}/microsoft.graph.win32LobApp/contentVersions"
    return f"{versions}/{(await create(beta, versions))['id']}/scripts"


@ON_BOTH_DATABASES
async def test_an_app_is_published_by_its_content(
    beta: httpx.AsyncClient, v1: httpx.AsyncClient, emulator: Emulator, tenant: Tenant, clock: FixedClock
) -> None:
    upload, of = await Upload.begun(beta), package()
    app = (await beta.get(f"{APPS}/{upload.app}")).json()
    assert (app["publishingState"], app["uploadState"], app["committedContentVersion"]) == ("notPublished", 0, None)
    assert [code["returnCode"] for code in app["returnCodes"]] == [0, 1707, 3010, 1641, 1618]
    key = await upload.announced(of)
    assert (await upload.file(key))["uploadState"] == "azureStorageUriRequestSuccess"
    address = (await upload.file(key))["azureStorageUri"]
    await upload.put(key, of.encrypted)
    assert await upload.commit(key, of.encryption) == "commitFileSuccess"
    async with httpx.AsyncClient(transport=beta._transport) as anybody:
        refusal = await anybody.put(address, content=b"late", headers={"x-ms-blob-type": "BlockBlob"})
    assert refusal.status_code == 404
    file = await upload.file(key)
    assert (file["isCommitted"], file["azureStorageUri"]) == (True, None)
    change = {"@odata.type": WIN32["@odata.type"], "committedContentVersion": "1"}
    answer = await v1.patch(f"{APPS}/{upload.app}", json=change)
    assert (answer.status_code, answer.json()["publishingState"]) == (200, "processing")
    assert (await beta.get(f"{APPS}/{upload.app}")).json()["publishingState"] == "processing"
    clock.forward(seconds=5)
    await due.catch_up(emulator, tenant)
    app = (await beta.get(f"{APPS}/{upload.app}")).json()
    assert (app["publishingState"], app["uploadState"], app["size"]) == ("published", 1, len(of.plain))
    assert (app["committedContentVersion"], app["isAssigned"]) == ("1", False)


@pytest.mark.parametrize("member", ["encryptionKey", "macKey", "mac", "initializationVector", "fileDigest"])
async def test_a_wrong_key_or_digest_fails_the_commit_and_the_right_ones_then_succeed(
    beta: httpx.AsyncClient, member: str
) -> None:
    upload, of, other = await Upload.begun(beta), package(), package()
    key = await upload.announced(of)
    await upload.put(key, of.encrypted)
    wrong = {**of.encryption, member: other.encryption[member]}
    if member == "fileDigest":
        wrong[member] = package(b"another file").encryption[member]
    assert await upload.commit(key, wrong) == "commitFileFailed"
    assert (await upload.file(key))["isCommitted"] is False
    events = (await beta.get(f"https://localhost:8443{TENANT}/journal", params={"type": "appContentRefused"})).json()
    assert events["events"][0]["detail"]["reason"]
    assert await upload.commit(key, of.encryption) == "commitFileSuccess"


async def test_a_commit_before_the_upload_fails(beta: httpx.AsyncClient) -> None:
    upload, of = await Upload.begun(beta), package()
    key = await upload.announced(of)
    assert await upload.commit(key, of.encryption) == "commitFileFailed"
    change = {"committedContentVersion": "1"}
    refusal = await beta.patch(f"{APPS}/{upload.app}", json=change)
    assert (refusal.status_code, "not committed" in error_message(refusal)) == (400, True)
    assert (await beta.get(f"{APPS}/{upload.app}")).json()["publishingState"] == "notPublished"


async def test_wrong_sizes_fail_the_commit(beta: httpx.AsyncClient) -> None:
    upload, of = await Upload.begun(beta), package()
    for changes in ({"size": len(of.plain) - 1}, {"sizeEncrypted": len(of.encrypted) + 16}):
        key = await upload.announced(of, **changes)
        await upload.put(key, of.encrypted)
        assert await upload.commit(key, of.encryption) == "commitFileFailed"


async def test_an_address_that_has_expired_is_renewed(beta: httpx.AsyncClient, clock: FixedClock) -> None:
    upload, of = await Upload.begun(beta), package()
    key = await upload.announced(of)
    first = await upload.file(key)
    clock.forward(minutes=20)
    async with httpx.AsyncClient(transport=beta._transport) as anybody:
        answer = await anybody.put(first["azureStorageUri"] + "&comp=block&blockid=QUJD", content=b"x")
    assert (answer.status_code, answer.headers["x-ms-error-code"]) == (403, "AuthenticationFailed")
    assert (await beta.post(f"{upload.files}/{key}/renewUpload", json={})).status_code == 204
    second = await upload.file(key)
    assert second["uploadState"] == "azureStorageUriRenewalSuccess"
    ends = [from_iso(each["azureStorageUriExpirationDateTime"]) for each in (first, second)]
    assert ends[1] - ends[0] >= timedelta(minutes=20)
    await upload.put(key, of.encrypted)
    assert await upload.commit(key, of.encryption) == "commitFileSuccess"


async def test_a_new_version_of_the_content_takes_the_place_of_the_old_one(beta: httpx.AsyncClient) -> None:
    upload, of = await Upload.begun(beta), package()
    versions = upload.files.rpartition("/1/")[0]
    second = Upload(beta, upload.app, files=f"{versions}/{(await created(beta, versions, {}))['id']}/files")
    assert second.files.endswith("/2/files")
    key = await second.announced(of)
    await second.put(key, of.encrypted)
    await second.commit(key, of.encryption)
    assert (await beta.patch(f"{APPS}/{upload.app}", json={"committedContentVersion": "2"})).status_code == 200
    assert [item["id"] for item in (await beta.get(versions)).json()["value"]] == ["1", "2"]
    assert (await beta.get(f"{versions}/$count")).text == "2"
    assert [item["isCommitted"] for item in (await beta.get(second.files)).json()["value"]] == [True]


@pytest.mark.parametrize(
    ("place", "status"),
    [
        ("contentVersions", 400),
        ("microsoft.graph.mobileLobApp/contentVersions", 400),
        ("microsoft.graph.iosLobApp/contentVersions", 404),
        ("microsoft.graph.win32LobApp/contentVersions/7", 404),
        ("microsoft.graph.win32LobApp/contentVersions/1/files/7", 404),
    ],
)
async def test_a_path_must_name_the_type_of_the_app(beta: httpx.AsyncClient, place: str, status: int) -> None:
    upload = await Upload.begun(beta)
    assert (await beta.get(f"{APPS}/{upload.app}/{place}")).status_code == status


@pytest.mark.parametrize(
    "changes",
    [{"size": 0}, {"size": -1}, {"sizeEncrypted": 1}, {"sizeEncrypted": 1 << 40}, {"name": None}, {"other": 1}],
    ids=str,
)
async def test_a_file_that_cannot_be_is_refused(beta: httpx.AsyncClient, changes: dict[str, Any]) -> None:
    upload, of = await Upload.begun(beta), package()
    refusal = await beta.post(upload.files, json=of.announced(**changes))
    assert refusal.status_code == 400
    assert (await beta.get(upload.files)).json()["value"] == []


async def test_a_deleted_app_takes_its_contents_along(beta: httpx.AsyncClient) -> None:
    upload, of = await Upload.begun(beta), package()
    key = await upload.announced(of)
    await upload.put(key, of.encrypted)
    address = (await upload.file(key))["azureStorageUri"]
    assert (await beta.delete(f"{APPS}/{upload.app}")).status_code == 204
    async with httpx.AsyncClient(transport=beta._transport) as anybody:
        assert (await anybody.get(address)).status_code == 404
        refusal = await anybody.put(address, content=b"x", headers={"x-ms-blob-type": "BlockBlob"})
    assert refusal.status_code == 404


async def test_an_app_without_content_has_no_versions(beta: httpx.AsyncClient) -> None:
    app = await created(
        beta, APPS, {"@odata.type": "#microsoft.graph.webApp", "displayName": "Wiki", "appUrl": "https://wiki.example"}
    )
    assert app["publishingState"] == "published"
    refusal = await beta.post(f"{APPS}/{app['id']}/microsoft.graph.webApp/contentVersions", json={})
    assert refusal.status_code == 400


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
