"""Graph: userPFXCertificate: what the import cmdlets and the SDKs do with imported certificates."""

from __future__ import annotations

import base64
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from fauxtune.operations.runtime.emulator import Emulator
from tests.support.certificates import PfxImport
from tests.support.clock import FixedClock
from tests.support.graph import ABSENT, PFX, PROFILES, create, error_code, error_message, id_of_user, ids
from tests.support.hostile_der import identifier, tlv
from tests.surfaces.graph.conftest import Enroll

ALICE = "alice@contoso.example"


async def _stored(emulator: Emulator) -> list[tuple[bytes, bytes]]:
    """The secrets as they are kept."""
    query = text("SELECT pfx, encrypted_password FROM pfx_certificates")
    rows = await emulator.runner.read(lambda connection: connection.execute(query).all())
    return [(bytes(row[0]), bytes(row[1])) for row in rows]


async def test_an_import_is_kept_and_its_secrets_are_not_told(
    beta: httpx.AsyncClient, emulator: Emulator, file_of_alice: PfxImport
) -> None:
    answer = await beta.post(PFX, json={"id": "", **file_of_alice.body(ALICE)})
    assert answer.status_code == 201
    key = f"{(await id_of_user(beta, 'alice')).replace('-', '')}-{file_of_alice.thumbprint}"
    record = {
        "id": key,
        "thumbprint": file_of_alice.thumbprint,
        "intendedPurpose": "smimeEncryption",
        "userPrincipalName": ALICE,
        "startDateTime": "2026-01-31T10:00:00Z",
        "expirationDateTime": "2027-01-31T10:00:00Z",
        "providerName": "Microsoft Software Key Storage Provider",
        "keyName": "PFXEncryptionKey",
        "paddingScheme": "oaepSha512",
        "encryptedPfxBlob": "AA==",
        "encryptedPfxPassword": "",
        "createdDateTime": "2026-11-24T10:00:00Z",
        "lastModifiedDateTime": "2026-11-24T10:00:00Z",
    }
    context = "https://localhost:8443/beta/$metadata#deviceManagement/userPfxCertificates"
    assert answer.json() == {"@odata.context": f"{context}/$entity", **record}
    assert answer.headers["location"] == f"https://localhost:8443/beta{PFX}('{key}')"
    assert (await beta.get(PFX)).json() == {"@odata.context": context, "value": [record]}
    assert await _stored(emulator) == [(file_of_alice.file, file_of_alice.encrypted_password)]


async def test_the_cmdlets_way_of_writing_is_taken(beta: httpx.AsyncClient, file_of_alice: PfxImport) -> None:
    body = file_of_alice.body(
        "Alice@CONTOSO.example",
        thumbprint=file_of_alice.thumbprint.upper(),
        intendedPurpose="SmimeSigning",
        paddingScheme="OaepSha512",
        startDateTime="2026-01-31T10:00:00+01:00",
        expirationDateTime="2027-01-31T02:00:00.1234567-08:00",
        createdDateTime="2001-01-01T00:00:00.1234567+01:00",
        **{"@odata.type": "#microsoft.graph.userPFXCertificate"},
    )
    record = await create(beta, PFX, **body)
    expected = {
        "thumbprint": file_of_alice.thumbprint,
        "intendedPurpose": "smimeSigning",
        "paddingScheme": "oaepSha512",
        "startDateTime": "2026-01-31T09:00:00Z",
        "expirationDateTime": "2027-01-31T10:00:00.1234560Z",
        "createdDateTime": "2026-11-24T10:00:00Z",
        "userPrincipalName": "Alice@CONTOSO.example",
    }
    assert {name: record[name] for name in expected} == expected


@pytest.mark.parametrize(
    ("sent", "told"), [("VPN", "vpn"), ("Wifi", "wifi"), ("unassigned", "unassigned"), (2, "smimeSigning")]
)
async def test_a_purpose_is_written_in_any_casing_or_as_its_number(
    beta: httpx.AsyncClient, file_of_alice: PfxImport, sent: object, told: str
) -> None:
    assert (await create(beta, PFX, **file_of_alice.body(ALICE, intendedPurpose=sent)))["intendedPurpose"] == told


async def test_who_has_only_a_public_key_file_names_no_key(beta: httpx.AsyncClient, file_of_alice: PfxImport) -> None:
    body = file_of_alice.body(ALICE, providerName="", keyName="")
    assert (await beta.post(PFX, json=body)).status_code == 201


@pytest.mark.parametrize(
    "form",
    ["/{key}", "('{key}')", "({key})", "%28%27{key}%27%29", "%28{key}%29", "/{hyphened}", "('{hyphened}')", "/{upper}"],
)
async def test_every_form_of_key_leads_to_the_record(
    beta: httpx.AsyncClient, file_of_alice: PfxImport, form: str
) -> None:
    key = (await create(beta, PFX, **file_of_alice.body(ALICE)))["id"]
    hyphened = f"{await id_of_user(beta, 'alice')}-{file_of_alice.thumbprint}"
    path = PFX + form.format(key=key, hyphened=hyphened, upper=key.upper())
    assert (await beta.get(path)).json()["id"] == key
    changed = await beta.patch(path, json={"intendedPurpose": "Wifi"})
    assert (changed.status_code, changed.json()["intendedPurpose"]) == (200, "wifi")
    gone = await beta.delete(path)
    assert (gone.status_code, gone.content) == (204, b"")
    assert await ids(beta, PFX) == []


async def test_a_users_certificates_are_found_by_name_and_thumbprint(
    beta: httpx.AsyncClient, file_of_alice: PfxImport
) -> None:
    for upn in (ALICE, "bob@contoso.example"):
        await create(beta, PFX, **file_of_alice.body(upn.title()))
    of_alice = f"?$filter=tolower(userPrincipalName)%20eq%20'{ALICE}'"
    for path in (f"{PFX}{of_alice}", f"{PFX}/{of_alice}"):
        assert len((await beta.get(path)).json()["value"]) == 1
    one = f"{of_alice}%20and%20tolower(thumbprint)%20eq%20'{file_of_alice.thumbprint}'"
    (found,) = (await beta.get(f"{PFX}{one}")).json()["value"]
    assert found["userPrincipalName"] == ALICE.title()
    assert (await beta.get(f"{PFX}{one.replace(file_of_alice.thumbprint, '0' * 40)}")).json()["value"] == []
    headers = {"accept": "text/plain;q=0.9"}
    counted = await beta.get(f"{PFX}/$count", headers=headers)
    assert (counted.text, counted.headers["content-type"]) == ("2", "text/plain")


async def test_sending_the_dummies_back_leaves_the_secrets(
    beta: httpx.AsyncClient, emulator: Emulator, file_of_alice: PfxImport, clock: FixedClock
) -> None:
    record = await create(beta, PFX, **file_of_alice.body(ALICE))
    clock.forward(minutes=1)
    got = (await beta.get(f"{PFX}/{record['id']}")).json()
    answer = await beta.patch(f"{PFX}({record['id']})", json={**got, "keyName": "Other"})
    assert answer.status_code == 200
    assert answer.json() == {**got, "keyName": "Other", "lastModifiedDateTime": "2026-11-24T10:01:00Z"}
    assert await _stored(emulator) == [(file_of_alice.file, file_of_alice.encrypted_password)]
    new = {"encryptedPfxPassword": base64.b64encode(b"\x01" * 256).decode()}
    assert (await beta.patch(f"{PFX}/{record['id']}", json=new)).status_code == 200
    assert await _stored(emulator) == [(file_of_alice.file, b"\x01" * 256)]


async def test_the_same_certificate_again_is_a_conflict_that_says_patch(
    beta: httpx.AsyncClient, emulator: Emulator, file_of_alice: PfxImport
) -> None:
    await create(beta, PFX, **file_of_alice.body(ALICE))
    again = file_of_alice.body(ALICE, keyName="Other", encryptedPfxPassword=base64.b64encode(b"\x01" * 256).decode())
    answer = await beta.post(PFX, json=again)
    assert (answer.status_code, error_code(answer)) == (409, "Conflict")
    assert "PATCH" in error_message(answer)
    assert [entry["keyName"] for entry in (await beta.get(PFX)).json()["value"]] == ["PFXEncryptionKey"]
    assert await _stored(emulator) == [(file_of_alice.file, file_of_alice.encrypted_password)]
    await create(beta, PFX, **file_of_alice.body("bob@contoso.example"))


BAD: list[tuple[dict[str, Any], str]] = [
    ({"encryptedPfxBlob": "no base64!"}, "encryptedPfxBlob"),
    ({"encryptedPfxBlob": ""}, "encryptedPfxBlob"),
    ({"encryptedPfxBlob": "AA=="}, "encryptedPfxBlob"),
    ({"encryptedPfxBlob": base64.b64encode(b"not PKCS#12, but base64").decode()}, "encryptedPfxBlob"),
    ({"encryptedPfxBlob": 7}, "encryptedPfxBlob"),
    ({"encryptedPfxBlob": base64.b64encode(tlv(0x30, bytes(256 * 1024))).decode()}, "encryptedPfxBlob"),
    ({"encryptedPfxBlob": base64.b64encode(tlv(0x30, identifier(120_000))).decode()}, "encryptedPfxBlob"),
    ({"encryptedPfxBlob": base64.b64encode(tlv(0x24, tlv(0x04) * 100_000)).decode()}, "encryptedPfxBlob"),
    ({"thumbprint": "ab12"}, "40 hexadecimal digits"),
    ({"thumbprint": "z" * 40}, "40 hexadecimal digits"),
    ({"thumbprint": "6d2a1cc8-a3f6-4b14-9b4e-0000deadbeef"}, "40 hexadecimal digits"),
    ({"thumbprint": None}, "thumbprint"),
    ({"encryptedPfxPassword": ""}, "encryptedPfxPassword"),
    ({"encryptedPfxPassword": "no base64!"}, "encryptedPfxPassword"),
    ({"encryptedPfxPassword": base64.b64encode(b"x" * 255).decode()}, "255 bytes"),
    ({"userPrincipalName": "nobody@contoso.example"}, "nobody@contoso.example"),
    ({"userPrincipalName": None}, "userPrincipalName"),
    ({"intendedPurpose": "reading"}, "intendedPurpose"),
    ({"intendedPurpose": None}, "intendedPurpose"),
    ({"paddingScheme": "oaep"}, "paddingScheme"),
    ({"startDateTime": "2026-01-31T10:00:00-07:0"}, "startDateTime"),
    ({"expirationDateTime": None}, "expirationDateTime"),
    ({"colour": "red"}, "colour"),
    ({"@odata.type": "#microsoft.graph.user"}, "user"),
]


@pytest.mark.parametrize(("change", "why"), BAD)
async def test_a_bad_import_is_refused_and_nothing_is_stored(
    beta: httpx.AsyncClient, emulator: Emulator, file_of_alice: PfxImport, change: dict[str, Any], why: str
) -> None:
    answer = await beta.post(PFX, json=file_of_alice.body(ALICE, **change))
    assert (answer.status_code, error_code(answer)) == (400, "BadRequest")
    assert why in error_message(answer)
    assert await _stored(emulator) == []


@pytest.mark.parametrize(
    "change",
    [
        {"encryptedPfxBlob": "AAAA"},
        {"encryptedPfxPassword": "AAAA"},
        {"thumbprint": "0" * 40},
        {"userPrincipalName": "bob@contoso.example"},
        {"intendedPurpose": "reading"},
        {"colour": "red"},
    ],
)
async def test_a_refused_change_leaves_the_record_as_it_was(
    beta: httpx.AsyncClient, emulator: Emulator, file_of_alice: PfxImport, change: dict[str, Any]
) -> None:
    record = await create(beta, PFX, **file_of_alice.body(ALICE))
    answer = await beta.patch(f"{PFX}/{record['id']}", json={"keyName": "Other", **change})
    assert (answer.status_code, error_code(answer)) == (400, "BadRequest")
    (kept,) = (await beta.get(PFX)).json()["value"]
    assert kept["keyName"] == "PFXEncryptionKey"
    assert await _stored(emulator) == [(file_of_alice.file, file_of_alice.encrypted_password)]


@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
@pytest.mark.parametrize("key", [f"{ABSENT.replace('-', '')}-{'0' * 40}", f"{ABSENT}-{'0' * 40}", "x", "x-y", "-"])
async def test_what_was_not_imported_is_not_found(beta: httpx.AsyncClient, method: str, key: str) -> None:
    answer = await beta.request(method, f"{PFX}('{key}')", json={"keyName": "x"} if method == "PATCH" else None)
    assert (answer.status_code, error_code(answer)) == (404, "ResourceNotFound")
    assert f"'{key}'" in error_message(answer)


async def test_v1_does_not_know_them(v1: httpx.AsyncClient, file_of_alice: PfxImport) -> None:
    for answer in (await v1.get(PFX), await v1.post(PFX, json=file_of_alice.body(ALICE))):
        assert (answer.status_code, error_code(answer)) == (400, "BadRequest")
        assert error_message(answer) == "Resource not found for the segment 'userPfxCertificates'."


async def test_what_is_imported_comes_to_the_users_devices_and_goes_when_it_is_deleted(
    beta: httpx.AsyncClient, file_of_alice: PfxImport, enroll: Enroll
) -> None:
    kind = "#microsoft.graph.androidForWorkImportedPFXCertificateProfile"
    profile = await create(
        beta, PROFILES, **{"@odata.type": kind, "displayName": "Mail", "intendedPurpose": "smimeEncryption"}
    )
    everybody = {"target": {"@odata.type": "#microsoft.graph.allLicensedUsersAssignmentTarget"}}
    await beta.post(f"{PROFILES}/{profile['id']}/assign", json={"assignments": [everybody]})
    phones = [await enroll("alice"), await enroll("alice"), await enroll("bob")]
    record = await create(beta, PFX, **file_of_alice.body(ALICE))
    for phone in phones:
        await phone.settle()
    held = [list(phone.holds.values()) for phone in phones]
    assert held == [[file_of_alice.thumbprint], [file_of_alice.thumbprint], []]
    await beta.delete(f"{PFX}/{record['id']}")
    await phones[0].settle()
    assert phones[0].holds == {}
