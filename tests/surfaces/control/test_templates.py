"""Certificate templates at the control surface: read, made, edited, broken, deleted."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.support.control import Json, create, error_code, members
from tests.surfaces.control.conftest import Assign, Enroll

PATH = "/authorities/issuing/templates"
SETTINGS = {
    "name": "Mine",
    "displayName": "My own",
    "keyType": "EC",
    "minimumKeySize": 384,
    "keyUsage": ["digitalSignature"],
    "extendedKeyUsages": ["1.3.6.1.5.5.7.3.4", "1.3.6.1.5.5.7.3.2"],
    "exportable": False,
    "subjectInRequest": False,
    "connectorMayEnroll": False,
    "connectorMayRevoke": False,
    "validity": "P10D",
}


async def test_the_seeded_templates_are_listed_by_name(contoso: httpx.AsyncClient) -> None:
    result = await members(contoso, PATH)
    names = [each["name"] for each in result]
    assert names == sorted(names)
    assert {"SmimeSigning", "SmimeP256", "User"} <= set(names)
    (one,) = [each for each in result if each["name"] == "SmimeEncryption"]
    assert one == {
        "name": "SmimeEncryption",
        "displayName": "S/MIME encryption",
        "keyType": "RSA",
        "minimumKeySize": 2048,
        "keyUsage": ["keyEncipherment"],
        "extendedKeyUsages": ["1.3.6.1.5.5.7.3.4"],
        "exportable": True,
        "subjectInRequest": True,
        "connectorMayEnroll": True,
        "connectorMayRevoke": True,
        "validity": "P365D",
    }


async def test_a_template_is_made_read_edited_and_deleted(contoso: httpx.AsyncClient) -> None:
    assert await create(contoso, PATH, **SETTINGS) == SETTINGS
    assert (await contoso.get(f"{PATH}/mine")).json() == SETTINGS
    changed = await contoso.patch(f"{PATH}/MINE", json={"exportable": True, "validity": "P1Y", "name": "Mine"})
    assert changed.status_code == 200
    assert changed.json() == {**SETTINGS, "exportable": True, "validity": "P365D"}
    assert (await contoso.patch(f"{PATH}/Mine", json={})).json() == changed.json()
    deleted = await contoso.delete(f"{PATH}/Mine")
    assert (deleted.status_code, deleted.content) == (204, b"")
    for method in ("GET", "PATCH", "DELETE"):
        answer = await contoso.request(method, f"{PATH}/Mine", json={} if method == "PATCH" else None)
        assert (answer.status_code, error_code(answer)) == (404, "NotFound")


async def test_what_is_left_out_is_as_in_a_usual_template(contoso: httpx.AsyncClient) -> None:
    answer = await create(contoso, PATH, name="Plain template 2.0")
    assert answer["displayName"] == answer["name"] == "Plain template 2.0"
    assert (await contoso.get(f"{PATH}/Plain template 2.0")).json() == answer
    issued = await create(contoso, "/certificates", template="plain template 2.0", email="a@b.example")
    assert (await contoso.get(f"/certificates/{issued['serial']}")).json()["template"] == "Plain template 2.0"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "a/b"}, "name"),
        ({"name": 5}, "name"),
        ({"name": None}, "name"),
        ({"name": "x" * 65}, "name"),
        ({"displayName": ""}, "displayName"),
        ({"displayName": None}, "displayName"),
        ({"displayName": "a\u0000b"}, "displayName"),
        ({"keyType": "DSA"}, "keyType"),
        ({"minimumKeySize": "2048"}, "minimumKeySize"),
        ({"minimumKeySize": True}, "minimumKeySize"),
        ({"minimumKeySize": 10**30}, "minimumKeySize"),
        ({"minimumKeySize": None}, "minimumKeySize"),
        ({"keyUsage": "digitalSignature"}, "keyUsage"),
        ({"keyUsage": ["cRLSign"]}, "keyUsage"),
        ({"keyUsage": [None]}, "keyUsage"),
        ({"extendedKeyUsages": ["anything"]}, "extendedKeyUsages"),
        ({"exportable": "yes"}, "exportable"),
        ({"exportable": 1}, "exportable"),
        ({"connectorMayEnroll": None}, "connectorMayEnroll"),
        ({"validity": "one year"}, "validity"),
        ({"validity": "P0D"}, "validity"),
        ({"validity": "P99999999D"}, "validity"),
        ({"validity": 365}, "validity"),
        ({"issuanceRequirements": {}}, "issuanceRequirements"),
    ],
)
async def test_an_impossible_template_is_refused_with_the_field_named(
    contoso: httpx.AsyncClient, changes: Json, field: str
) -> None:
    before = await members(contoso, PATH)
    tries: list[Any] = [await contoso.post(PATH, json={"name": "Mine", **changes})]
    tries.append(await contoso.patch(f"{PATH}/SmimeBoth", json=changes))
    for answer in tries:
        assert (answer.status_code, error_code(answer)) == (400, "Invalid"), answer.text
        assert field in answer.json()["error"]["message"]
    assert await members(contoso, PATH) == before


async def test_what_is_no_object_is_refused(contoso: httpx.AsyncClient) -> None:
    for body in (b"[]", b"null", b'"x"', b"{", b"{}"):
        answer = await contoso.post(PATH, content=body, headers={"content-type": "application/json"})
        assert (answer.status_code, error_code(answer)) == (400, "Invalid")


async def test_a_taken_name_is_a_conflict(contoso: httpx.AsyncClient) -> None:
    answer = await contoso.post(PATH, json={"name": "SMIMEBOTH"})
    assert (answer.status_code, error_code(answer)) == (409, "Conflict")


async def test_only_the_authority_that_issues_has_templates(contoso: httpx.AsyncClient) -> None:
    for authority in ("root", "devices", "nothing"):
        answer = await contoso.get(f"/authorities/{authority}/templates")
        assert (answer.status_code, error_code(answer)) == (404, "NotFound")
        answer = await contoso.post(f"/authorities/{authority}/templates", json={"name": "Mine"})
        assert (answer.status_code, error_code(answer)) == (404, "NotFound")


async def test_after_a_rollover_the_templates_are_the_same(contoso: httpx.AsyncClient) -> None:
    await create(contoso, "/authorities/issuing/rollover")
    await create(contoso, "/authorities/issuing-2/templates", name="Mine")
    assert await members(contoso, PATH) == await members(contoso, "/authorities/issuing-2/templates")


async def test_a_key_that_may_not_be_exported_is_not_handed_over_at_the_counter(
    contoso: httpx.AsyncClient, csr: bytes
) -> None:
    await contoso.patch(f"{PATH}/SmimeBoth", json={"exportable": False})
    body = {"template": "SmimeBoth", "subject": "CN=Dora"}
    answer = await contoso.post("/certificates", json=body)
    assert (answer.status_code, error_code(answer)) == (400, "Invalid")
    assert "CSR" in answer.json()["error"]["message"]
    await create(contoso, "/certificates", **body, csr=csr.decode())


async def test_a_broken_template_shows_at_the_device_and_heals(
    contoso: httpx.AsyncClient, enroll: Enroll, assign: Assign
) -> None:
    await contoso.patch(f"{PATH}/SmimeEncryption", json={"subjectInRequest": False})
    phone = await enroll(contoso)
    await assign("root")
    await assign("pkcs")
    await phone.settle()
    (item,) = [
        item for item in (await contoso.get(f"/devices/{phone.enrollment_id}/ledger")).json()["items"] if item["error"]
    ]
    assert (item["state"], item["errorCode"]) == ("failed", 0x87D11011 - (1 << 32))
    await contoso.patch(f"{PATH}/SmimeEncryption", json={"subjectInRequest": True})
    await phone.settle()
    items = (await contoso.get(f"/devices/{phone.enrollment_id}/ledger")).json()["items"]
    assert {item["state"] for item in items} == {"installed"}
