"""What people get wrong when they stand in for Graph and Intune: a numbered list, and a test for each of its entries.

They come from Microsoft's reference, its SDKs and cmdlets, and published answers of live tenants. Two have number 25.
"""

from __future__ import annotations

import itertools
import re
import sys
from typing import Any

import httpx
import pytest

from fauxtune.core.engine.removal.lookup import table
from fauxtune.core.model.platforms import Variant
from fauxtune.core.model.states import Cause, Source
from fauxtune.core.model.tenants import Edition
from tests.support.certificates import PfxImport
from tests.support.graph import (
    ABSENT,
    DEVICES,
    EVERYBODY,
    IMPORTED,
    PFX,
    PROFILES,
    ROOT,
    SIGNING,
    TENANT,
    Json,
    assign,
    create,
    create_assigned,
    document,
    documents,
    error_code,
    error_message,
    id_of_group,
    id_of_user,
    known_kind,
    waive_trusted_roots,
)
from tests.surfaces.graph.conftest import Enroll

GRAPH = "https://graph.microsoft.com/beta"
ORIGIN = "https://localhost:8443"
ALICE = "alice@contoso.example"
CLIENT = {"client_id": "c0ffee00-0000-4000-8000-00000000a991", "client_secret": "fauxtune-not-a-secret"}
ALL_DEVICES, ALL_USERS = "adadadad-808e-44e2-905a-0b7873a8a531", "acacacac-9df4-4c7d-9d50-4ef0226f57a9"


def aim(word: str, **more: Any) -> Json:
    return {"target": {"@odata.type": f"#microsoft.graph.{word}AssignmentTarget", **more}}


async def a(graph: httpx.AsyncClient, name: str, **body: Any) -> Json:
    return await create(graph, PROFILES, **{"@odata.type": f"#microsoft.graph.{name}", "displayName": name, **body})


def empty(answer: httpx.Response) -> bool:
    return (answer.status_code, answer.content) == (204, b"") and "content-type" not in answer.headers


async def test_trap_01_beta_is_not_served_as_v1(beta: httpx.AsyncClient, v1: httpx.AsyncClient, enroll: Enroll) -> None:
    """The S/MIME kinds, their collections and some properties exist in beta only; v1.0 must not know them."""
    profile = await create_assigned(beta, aim("allDevices"), **SIGNING)
    await enroll("alice")
    assert error_code(await v1.post(PROFILES, json={**SIGNING, "displayName": "P"})) == "BadRequest"
    for path in (PFX, "/deviceManagement/ndesConnectors", "/deviceManagement/assignmentFilters"):
        assert ((await v1.get(path)).status_code, (await beta.get(path)).status_code) == (400, 200), path
    only_beta = {
        f"{PROFILES}/{profile}/assignments": {"intent", "source", "sourceId"},
        PROFILES: {"roleScopeTagIds", "certificationAuthority", "supportsScopeTags"},
        DEVICES: {"ownerType", "deviceType", "roleScopeTagIds"},
    }
    for path, names in only_beta.items():
        old, new = (await documents(v1, path))[0], (await documents(beta, path))[0]
        assert names <= new.keys() - old.keys(), path
    (target,) = [document["target"] for document in await documents(v1, f"{PROFILES}/{profile}/assignments")]
    assert set(target) == {"@odata.type"}
    overview = f"{PROFILES}/{profile}/deviceStatusOverview"
    assert "conflictCount" in (await document(beta, overview)).keys() - (await document(v1, overview)).keys()


async def test_trap_02_navigations_are_kept_and_not_echoed(beta: httpx.AsyncClient, root_file: str) -> None:
    """What a profile refers to is shown at the reference's own address or with $expand, and never on a plain read."""
    root = await a(beta, ROOT.rpartition(".")[2], trustedRootCertificate=root_file)
    bind = {"rootCertificate@odata.bind": f"{GRAPH}/deviceManagement/deviceConfigurations('{root['id']}')"}
    profile = await create(beta, PROFILES, displayName="P", **SIGNING, **bind)
    path = f"{PROFILES}/{profile['id']}"
    for shown in (profile, await document(beta, path), (await documents(beta, PROFILES))[-1]):
        assert not [name for name in shown if name.startswith("rootCertificate")]
    assert (await document(beta, f"{path}/rootCertificate"))["id"] == root["id"]
    assert (await document(beta, f"{path}?$expand=rootCertificate"))["rootCertificate"]["id"] == root["id"]


async def test_trap_03_unset_properties_are_there(beta: httpx.AsyncClient) -> None:
    """A type shows all that it declares: null, false or an empty list where nothing was set; but no navigation."""
    profile = await a(beta, "iosEasEmailProfileConfiguration", hostName="m", accountName="a")
    for name in ("description", "requireSmime", "perAppVPNProfileId", "easServices", "encryptionCertificateType"):
        assert profile[name] in (None, False), name
    assert (await create(beta, PROFILES, displayName="P", **SIGNING))["extendedKeyUsages"] == []
    assert not {"assignments", "deviceStatuses", "smimeSigningCertificate"} & profile.keys()


async def test_trap_04_intune_tells_what_a_change_made_and_the_directory_does_not(
    beta: httpx.AsyncClient, enroll: Enroll
) -> None:
    """PATCH: 200 with the entity in Intune, 204 in the directory; DELETE and actions: 204 without body and type."""
    profile, phone = await create(beta, PROFILES, displayName="P", **SIGNING), await enroll("alice")
    changed = await beta.patch(f"{PROFILES}/{profile['id']}", json={"displayName": "Q"})
    assert (changed.status_code, changed.json()["displayName"]) == (200, "Q")
    assert empty(await beta.patch(f"/users/{ALICE}", json={"jobTitle": "x"}))
    assert empty(await beta.patch(f"/groups/{await id_of_group(beta, 'All Staff')}", json={"description": "x"}))
    assert empty(await beta.post(f"{DEVICES}/{phone.managed_device_id}/syncDevice"))
    assert empty(await beta.delete(f"{PROFILES}/{profile['id']}"))


async def test_trap_05_assign_replaces_the_whole_set(beta: httpx.AsyncClient) -> None:
    """Each /assign is the whole new set; 200 with `value`; ids are profile_group, with two ids that stand for all."""
    profile, staff = (
        (await create(beta, PROFILES, displayName="P", **SIGNING))["id"],
        await id_of_group(beta, "All Staff"),
    )
    for targets, suffixes in (
        ([aim("group", groupId=staff)], [staff]),
        ([aim("allDevices"), aim("allLicensedUsers")], [ALL_DEVICES, ALL_USERS]),
        ([], []),
    ):
        answer = await beta.post(f"{PROFILES}/{profile}/assign", json={"assignments": targets})
        assert answer.status_code == 200
        assert [entry["id"] for entry in answer.json()["value"]] == [f"{profile}_{suffix}" for suffix in suffixes]
        assert await documents(beta, f"{PROFILES}/{profile}/assignments") == answer.json()["value"]


async def test_trap_06_excluded_devices_do_not_take_away_what_users_were_given(
    beta: httpx.AsyncClient, enroll: Enroll
) -> None:
    """An exclusion counts against inclusions of its own kind: users against users, devices against devices."""
    phone = await enroll("alice")
    device = (await documents(beta, f"/users/{ALICE}/ownedDevices"))[0]["id"]
    body = {"displayName": "Lost", "mailEnabled": False, "mailNickname": "lost", "securityEnabled": True}
    lost, pilot = (await create(beta, "/groups", **body))["id"], await id_of_group(beta, "SMIME Pilot")
    reference = {"@odata.id": f"{GRAPH}/directoryObjects/{device}"}
    assert (await beta.post(f"/groups/{lost}/members/$ref", json=reference)).status_code == 204
    staff = await id_of_group(beta, "All Staff")
    mixed, same, devices = [
        await create_assigned(beta, *targets, **{"@odata.type": IMPORTED, "intendedPurpose": "smimeEncryption"})
        for targets in (
            (aim("group", groupId=staff), aim("exclusionGroup", groupId=lost)),
            (aim("group", groupId=staff), aim("exclusionGroup", groupId=pilot)),
            (aim("allDevices"), aim("exclusionGroup", groupId=lost)),
        )
    ]
    await phone.settle()
    reached = [len(await documents(beta, f"{PROFILES}/{each}/deviceStatuses")) for each in (mixed, same, devices)]
    assert reached == [1, 0, 0]


async def test_trap_07_every_answer_has_a_request_id(beta: httpx.AsyncClient) -> None:
    """SDKs send no client-request-id to hosts that they do not know; PowerShell reads `request-id` all the same."""
    for path, headers in (("/users", {}), ("/nothing", {}), ("/users", {"authorization": ""})):
        answer = await beta.get(path, headers=headers)
        assert len(answer.headers["request-id"]) == 36, path
        assert answer.headers["client-request-id"] == answer.headers["request-id"]


async def test_trap_08_the_next_page_is_on_the_callers_host_and_keeps_the_options(beta: httpx.AsyncClient) -> None:
    """SDKs follow nextLink as it stands: another host, port or scheme, or a lost $filter, would lead them astray."""
    options = "?$filter=accountEnabled eq true&$select=id,mail&$top=1"
    for headers, origin in (({}, ORIGIN), ({"host": "faux.example:9443"}, "https://faux.example:9443")):
        link = (await beta.get(f"/users{options}", headers=headers)).json()["@odata.nextLink"]
        assert link.startswith(f"{origin}/beta/users?")
        for kept in ("$filter=accountEnabled%20eq%20true", "$select=id%2Cmail", "$top=1", "$skiptoken="):
            assert kept in link


async def test_trap_09_enums_are_read_in_any_casing_and_written_in_graphs(
    beta: httpx.AsyncClient, enroll: Enroll, file_of_alice: PfxImport
) -> None:
    """Cmdlets write PascalCase, or VPN; Graph writes camelCase, iOS, and spells noncompliant in two ways."""
    for sent, told in (("SmimeEncryption", "smimeEncryption"), ("VPN", "vpn"), ("Wifi", "wifi")):
        body = file_of_alice.body(ALICE, intendedPurpose=sent, paddingScheme="OaepSha512")
        record = await create(beta, PFX, **body)
        assert (record["intendedPurpose"], record["paddingScheme"]) == (told, "oaepSha512")
        await beta.delete(f"{PFX}/{record['id']}")
    rule = {"displayName": "F", "rule": '(device.model -ne "x")'}
    assert (await create(beta, "/deviceManagement/assignmentFilters", platform="IOS", **rule))["platform"] == "iOS"
    profile, phone = await create_assigned(beta, **{"@odata.type": IMPORTED}), await enroll("alice")
    states = f"{DEVICES}/{phone.managed_device_id}/deviceConfigurationStates", f"{PROFILES}/{profile}/deviceStatuses"
    for path, name, word in (
        (DEVICES, "complianceState", "noncompliant"),
        (states[0], "state", "nonCompliant"),
        (states[1], "status", "nonCompliant"),
    ):
        for written in (word, word.lower(), word.title()):
            assert await documents(beta, path, **{"$filter": f"{name} eq '{written}'"}) == []


async def test_trap_10_flags_are_one_text_in_the_order_of_their_bits(beta: httpx.AsyncClient) -> None:
    """Several flags are joined by commas, lowest bit first, however they came; never a list; null when unset."""
    name = "androidWorkProfileScepCertificateProfile"
    needed = {"scepServerUrls": ["https://scep.example"], "keySize": "size2048", "hashAlgorithm": "SHA2"}
    sent = {"keyUsage": "digitalSignature, KeyEncipherment", "subjectAlternativeNameType": "userPrincipalName,none"}
    profile = await a(beta, name, **needed, **sent)
    assert (profile["keyUsage"], profile["hashAlgorithm"]) == ("keyEncipherment,digitalSignature", "sha2")
    assert profile["subjectAlternativeNameType"] == "userPrincipalName"  # "none" is the number 0
    assert (await a(beta, "iosEasEmailProfileConfiguration", hostName="m", accountName="a"))["easServices"] is None
    body = {"@odata.type": f"#microsoft.graph.{name}", "displayName": "P", **needed, "keyUsage": ["digitalSignature"]}
    assert error_code(await beta.post(PROFILES, json=body)) == "BadRequest"


async def test_trap_11_some_kinds_are_not_called_as_one_would_think(beta: httpx.AsyncClient, root_file: str) -> None:
    """Roots and SCEP profiles of Windows 10 are called windows81, imports of work profiles androidForWork."""
    for name in ("windows81TrustedRootCertificate", "windows81SCEPCertificateProfile"):
        assert Variant.WINDOWS in known_kind(name).variants
    assert Variant("android/work-profile") in known_kind("androidForWorkImportedPFXCertificateProfile").variants
    for name in ("windows81TrustedRootCertificate", "macOSTrustedRootCertificate"):
        exact = await a(beta, name.lower(), trustedRootCertificate=root_file)
        assert exact["@odata.type"] == f"#microsoft.graph.{name}"
    mail = await a(beta, "windowsPhoneEASEmailProfileConfiguration", hostName="m", accountName="a")
    assert mail["@odata.type"] == "#microsoft.graph.windowsPhoneEASEmailProfileConfiguration"
    for name in ("windows10TrustedRootCertificate", "androidWorkProfileImportedPFXCertificateProfile"):
        body = {"@odata.type": f"#microsoft.graph.{name}", "displayName": "P"}
        assert "could not be resolved" in error_message(await beta.post(PROFILES, json=body))
    described = (await beta.get("/$metadata")).text
    assert ('Name="userPFXCertificate"' in described, 'Name="userPfxCertificates"' in described) == (True, True)


async def test_trap_12_apples_certificate_profiles_have_fewer_words(beta: httpx.AsyncClient) -> None:
    """iOS and macOS have subject formats of their own; their PKCS kinds have neither key usages nor a root."""
    authority = {name: value for name, value in SIGNING.items() if name.startswith("certificat")}
    for name in ("iosPkcsCertificateProfile", "macOSPkcsCertificateProfile"):
        profile = await a(beta, name, **authority, subjectNameFormat="commonNameAsIMEI")
        assert "extendedKeyUsages" not in profile
        assert (await beta.get(f"{PROFILES}/{profile['id']}/rootCertificate")).status_code in (400, 404)
        bind = f"{GRAPH}/deviceManagement/deviceConfigurations('{ABSENT}')"
        refused: list[Json] = [{"extendedKeyUsages": []}, {"rootCertificate@odata.bind": bind}]
        for wrong in (*refused, {"subjectNameFormat": "commonNameAsAadDeviceId"}):
            answer = await beta.patch(f"{PROFILES}/{profile['id']}", json=wrong)
            assert answer.status_code == 400, wrong
    windows = await a(beta, "windows10PkcsCertificateProfile", **authority, subjectNameFormat="commonNameAsAadDeviceId")
    assert windows["extendedKeyUsages"] == []


async def test_trap_13_an_imports_key_has_no_hyphens_and_four_forms(
    beta: httpx.AsyncClient, file_of_alice: PfxImport
) -> None:
    """The user's id loses its hyphens; clients write /key, ('key') and (key), and a slash before the question mark."""
    record = await create(beta, PFX, **file_of_alice.body(ALICE))
    user = await id_of_user(beta, "alice")
    assert record["id"] == f"{user.replace('-', '')}-{file_of_alice.thumbprint}"
    for form in (f"/{record['id']}", f"('{record['id']}')", f"({record['id']})", f"/{user}-{file_of_alice.thumbprint}"):
        assert (await document(beta, f"{PFX}{form}"))["id"] == record["id"], form
    result = await documents(beta, f"{PFX}/?$filter=tolower(userPrincipalName) eq '{ALICE}'")
    assert [each["id"] for each in result] == [record["id"]]


async def test_trap_14_an_imported_file_and_its_password_are_never_told(
    beta: httpx.AsyncClient, file_of_alice: PfxImport
) -> None:
    """Every read, and the answer to the import itself, has one zero byte and an empty text in their place."""
    record = await create(beta, PFX, **file_of_alice.body(ALICE))
    path = f"{PFX}/{record['id']}"
    selected = f"{path}?$select=encryptedPfxBlob,encryptedPfxPassword"
    results = [record, await document(beta, path), await document(beta, selected), *await documents(beta, PFX)]
    assert {(result["encryptedPfxBlob"], result["encryptedPfxPassword"]) for result in results} == {("AA==", "")}


async def test_trap_15_an_imported_file_is_plain_and_only_its_password_is_encrypted(
    beta: httpx.AsyncClient, enroll: Enroll, file_of_alice: PfxImport
) -> None:
    """`encryptedPfxBlob` is an ordinary PKCS#12; the password is RSA-OAEP with SHA-512, a byte for each character."""
    nonsense = file_of_alice.body(ALICE, encryptedPfxBlob="bm90IFBLQ1MjMTI=")
    assert error_code(await beta.post(PFX, json=nonsense)) == "BadRequest"
    await create(beta, PFX, **file_of_alice.body(ALICE))
    profile = await create_assigned(beta, **{"@odata.type": IMPORTED, "intendedPurpose": "smimeEncryption"})
    await (await enroll("alice")).settle()
    # The connector could open it.
    assert [row["status"] for row in await documents(beta, f"{PROFILES}/{profile}/deviceStatuses")] == ["compliant"]


async def test_trap_16_the_python_sdks_batches_are_understood(beta: httpx.AsyncClient) -> None:
    """It writes absolute addresses, and `depends_on` where the documents say dependsOn."""
    requests = [
        {"id": "b", "method": "GET", "url": f"{ORIGIN}/beta/users/nobody", "headers": {}, "depends_on": []},
        {"id": "a", "method": "GET", "url": "https://graph.microsoft.com/beta/users", "depends_on": ["b"]},
    ]
    answer = await beta.post("/$batch", json={"requests": requests})
    assert {response["id"]: response["status"] for response in answer.json()["responses"]} == {"b": 404, "a": 424}


@pytest.mark.parametrize(
    "path", ["//users('{id}')", "/users//{id}", "/users%28%27{id}%27%29", "/Users/{id}?%24select=id", "/users({id})/"]
)
async def test_trap_17_a_path_may_be_written_in_many_ways(beta: httpx.AsyncClient, path: str) -> None:
    """Doubled slashes, keys in parentheses, encoded or not, %24 for the dollar of an option: all are the same."""
    alice = await id_of_user(beta, "alice")
    assert (await document(beta, f"{ORIGIN}/beta{path.format(id=alice)}"))["id"] == alice


async def test_trap_18_references_name_microsofts_host_whoever_is_called(
    beta: httpx.AsyncClient, root_file: str
) -> None:
    """Only the end of an @odata.id or @odata.bind counts: clients paste graph.microsoft.com into all of them."""
    pilot, carol = await id_of_group(beta, "SMIME Pilot"), await id_of_user(beta, "carol")
    body = {"@odata.id": f"https://graph.microsoft.com/v1.0/directoryObjects/{carol}"}
    assert empty(await beta.post(f"/groups/{pilot}/members/$ref", json=body))
    assert carol in [document["id"] for document in await documents(beta, f"/groups/{pilot}/members")]
    root = await a(beta, ROOT.rpartition(".")[2], trustedRootCertificate=root_file)
    bind = {"rootCertificate@odata.bind": f"https://other.example/x/deviceManagement/deviceConfigurations/{root['id']}"}
    profile = await create(beta, PROFILES, displayName="P", **SIGNING, **bind)
    assert (await document(beta, f"{PROFILES}/{profile['id']}/rootCertificate"))["id"] == root["id"]


async def test_trap_19_actions_come_without_bodies_and_refusals_in_graphs_envelope(
    beta: httpx.AsyncClient, enroll: Enroll
) -> None:
    """A wipe without body, with {} and with nothing but false is the same; nothing is ever a framework's 422."""
    flags = dict.fromkeys(("keepEnrollmentData", "keepUserData", "persistEsimDataPlan", "useProtectedWipe"), False)
    bodies: list[Json] = [{}, {"json": {}}, {"json": flags}, {"content": b"null", "headers": {"content-length": "4"}}]
    for body in bodies:
        phone = await enroll("alice", mode="fully-managed")
        assert empty(await beta.post(f"{DEVICES}/{phone.managed_device_id}/wipe", **body)), body
        assert (await document(beta, f"{DEVICES}/{phone.managed_device_id}"))["managementState"] == "wipePending"
    for action in ("syncDevice", "retire"):
        phone = await enroll("bob")
        assert empty(await beta.post(f"{DEVICES}/{phone.managed_device_id}/{action}", headers={"content-length": "0"}))
    for method, path, content in (("GET", "/x/y", b""), ("PUT", "/users", b""), ("POST", "/users", b"[]")):
        answer = await beta.request(method, path, content=content, headers={"content-type": "application/json"})
        assert (answer.status_code, set(answer.json())) == (400, {"error"})


async def test_trap_20_a_status_does_not_say_of_which_device_but_in_its_id(
    beta: httpx.AsyncClient, enroll: Enroll, root_file: str
) -> None:
    """deviceStatuses have no device's id: tools take the id apart, user_profile_device."""
    profile = await create_assigned(beta, **{"@odata.type": ROOT, "trustedRootCertificate": root_file})
    phone = await enroll("alice")
    await phone.settle()
    (status,) = await documents(beta, f"{PROFILES}/{profile}/deviceStatuses")
    assert status["id"].split("_")[-2:] == [profile, phone.managed_device_id]
    assert not [name for name in status if name != "id" and status[name] == phone.managed_device_id]


async def test_trap_21_a_retired_device_stays_until_it_comes_by_and_a_deleted_one_goes_at_once(
    beta: httpx.AsyncClient, enroll: Enroll
) -> None:
    """Retire is an order that waits for the device; delete takes the record away now, and the data later."""
    retired, deleted = await enroll("alice"), await enroll("bob")
    await beta.post(f"{DEVICES}/{retired.managed_device_id}/retire")
    await beta.delete(f"{DEVICES}/{deleted.managed_device_id}")
    assert [document["id"] for document in await documents(beta, DEVICES)] == [retired.managed_device_id]
    assert (await document(beta, f"{DEVICES}/{retired.managed_device_id}"))["managementState"] == "retirePending"
    for phone in (retired, deleted):
        assert [each["metadata"]["type"] for each in await phone.obey()] == ["WIPE"]
    assert await documents(beta, DEVICES) == []


async def test_trap_22_issued_certificates_are_each_devices_own_and_imported_ones_their_users(
    beta: httpx.AsyncClient, http: httpx.AsyncClient, enroll: Enroll, file_of_alice: PfxImport
) -> None:
    """PKCS: one certificate for each device, revoked with it. Imported: the same on all, and never revoked."""
    await waive_trusted_roots(http)
    await create_assigned(beta, **SIGNING)
    await create_assigned(beta, **{"@odata.type": IMPORTED, "intendedPurpose": "smimeEncryption"})
    await create(beta, PFX, **file_of_alice.body(ALICE))
    for phone in [await enroll("alice") for _ in range(2)]:
        await phone.settle()
        held = list(phone.holds.values())
        assert (len(held), file_of_alice.thumbprint in held) == (2, True)
        await beta.post(f"{DEVICES}/{phone.managed_device_id}/retire")
        await phone.obey()
    issued = (await http.get(f"{TENANT}/certificates")).json()["value"]
    assert len({each["thumbprint"] for each in issued} - {file_of_alice.thumbprint}) == 2
    cells = [item for kind_of in itertools.product(Variant, Edition) for item in table(*kind_of).items()]
    for (source, cause, _authority), cell in cells:
        assert source is not Source.IMPORTED or not cell.revoked
        assert source is not Source.PKCS or cause not in (Cause.RETIRE, Cause.WIPE) or cell.revoked
        assert source is not Source.PKCS or cause is not Cause.LICENCE_LOST or not cell.removed
    assert [len(await documents(beta, path)) for path in (DEVICES, PFX)] == [0, 1]


async def test_trap_23_a_subject_that_cannot_be_filled_in_fails_on_that_device(
    beta: httpx.AsyncClient, http: httpx.AsyncClient, enroll: Enroll
) -> None:
    """A device without an IMEI gets no certificate whose subject needs one, rather than one with a hole in it."""
    await waive_trusted_roots(http)
    subject = {"subjectNameFormat": "custom", "subjectNameFormatString": "CN={{UserName}},OU={{IMEINumber}}"}
    profile = await create_assigned(beta, **{**SIGNING, **subject})
    await (await enroll("alice")).settle()
    assert [row["status"] for row in await documents(beta, f"{PROFILES}/{profile}/deviceStatuses")] == ["error"]
    assert (await http.get(f"{TENANT}/certificates")).json()["value"] == []


async def test_trap_24_a_managed_device_has_properties_that_only_come_when_selected(
    beta: httpx.AsyncClient, http: httpx.AsyncClient, enroll: Enroll
) -> None:
    """Some properties are blank unless one device is read with $select; real lists ignore most filters in silence."""
    phones = [await enroll("alice", serial="S1"), await enroll("bob", serial="S2")]
    path = f"{DEVICES}/{phones[0].managed_device_id}"
    assert (await beta.patch(path, json={"notes": "scratched"})).status_code == 200
    assert [(await document(beta, f"{path}{tail}"))["notes"] for tail in ("", "?$select=notes")] == [None, "scratched"]
    ignored = {"$filter": "deviceEnrollmentType eq 'deviceEnrollmentManager'", "$orderby": "serialNumber desc"}
    assert await documents(beta, DEVICES, **ignored) == []
    await http.patch(TENANT, json={"settings": {"graph.faithfulQuery": True}})
    everything = await documents(beta, DEVICES, **ignored)
    assert {each["id"] for each in everything} == {phone.managed_device_id for phone in phones}


async def test_trap_25a_intunecds_way_of_asking_is_understood(beta: httpx.AsyncClient) -> None:
    """IntuneCD numbers its batches, reads `headers` of each answer, and writes a slash after deviceConfigurations."""
    made_so = await beta.post(f"{PROFILES}/", json={**SIGNING, "displayName": "P"})
    assert made_so.status_code == 201
    urls = ["/deviceManagement/roleScopeTags/0/assignments", f"{PROFILES}/{made_so.json()['id']}/assignments"]
    requests = [{"id": number, "method": "GET", "url": url} for number, url in enumerate(urls, 1)]
    responses = (await beta.post("/$batch", json={"requests": requests})).json()["responses"]
    results = [(response["id"], response["status"], type(response["headers"])) for response in responses]
    assert results == [(1, 200, dict), (2, 200, dict)]
    assert (await beta.patch(f"{PROFILES}/{made_so.json()['id']}", json={"description": "x"})).status_code == 200


@pytest.mark.parametrize(
    ("sent", "told"),
    [
        ("2026-01-31T10:00:00", "2026-01-31T10:00:00Z"),
        ("2026-01-31T10:00:00.1234567+01:00", "2026-01-31T09:00:00.1234560Z"),
        ("2026-01-31T10:00:00-08:00", "2026-01-31T18:00:00Z"),
        ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z"),
    ],
)
async def test_trap_25b_times_come_without_offset_with_seven_digits_and_at_both_ends_of_time(
    beta: httpx.AsyncClient, file_of_alice: PfxImport, sent: str, told: str
) -> None:
    """Python clients leave the offset out, .NET ones write seven digits; years 1 and 9999 are ordinary values."""
    body = file_of_alice.body(ALICE, startDateTime=sent, expirationDateTime="9999-12-31T23:59:59Z")
    record = await create(beta, PFX, **body)
    assert (record["startDateTime"], record["expirationDateTime"]) == (told, "9999-12-31T23:59:59Z")
    ever = "startDateTime ge 0001-01-01T00:00:00Z and expirationDateTime le 9999-12-31T23:59:59Z"
    assert len(await documents(beta, PFX, **{"$filter": ever})) == 1


async def test_trap_26_authorities_are_https_and_know_themselves(http: httpx.AsyncClient) -> None:
    """azure-identity takes no http authority, and asks whether an authority is one before it sends a secret."""
    there = (await http.get("/contoso/v2.0/.well-known/openid-configuration")).json()
    for name in ("issuer", "authorization_endpoint", "token_endpoint", "jwks_uri"):
        assert there[name].startswith("https://"), name
    params = {"api-version": "1.1", "authorization_endpoint": f"{ORIGIN}/contoso/oauth2/v2.0/authorize"}
    known = (await http.get("/common/discovery/instance", params=params)).json()
    assert "localhost:8443" in {alias for each in known["metadata"] for alias in each["aliases"]}


@pytest.mark.parametrize("scope", ["https://localhost/.default", "https://graph.microsoft.com/.default", ".default"])
async def test_trap_27_a_token_may_be_for_whatever_host_graph_has_here(http: httpx.AsyncClient, scope: str) -> None:
    """SDKs derive the scope from the address they call: https://localhost/.default is as good as Microsoft's."""
    form = {**CLIENT, "grant_type": "client_credentials", "scope": scope}
    token = (await http.post("/contoso/oauth2/v2.0/token", data=form)).json()["access_token"]
    assert (await http.get("/v1.0/users", headers={"authorization": f"Bearer {token}"})).status_code == 200


async def test_trap_28_what_the_server_owns_is_ignored_and_not_refused(beta: httpx.AsyncClient) -> None:
    """Samples send id, version, createdDateTime and supportsScopeTags along with a new profile."""
    owned = {"id": "", "version": 7, "createdDateTime": "2001-01-01T00:00:00Z", "supportsScopeTags": False}
    profile = await create(beta, PROFILES, displayName="P", **SIGNING, **owned)
    assert (profile["version"], profile["supportsScopeTags"]) == (1, True)
    assert owned["createdDateTime"] != profile["createdDateTime"]


async def test_trap_29_one_thing_is_not_wrapped_in_value(beta: httpx.AsyncClient, enroll: Enroll) -> None:
    """Examples in the reference wrap single entities in `value`; the service does not."""
    profile, phone = await create(beta, PROFILES, displayName="P", **SIGNING), await enroll("alice")
    for path in (f"/users/{ALICE}", f"{DEVICES}/{phone.managed_device_id}", f"{PROFILES}/{profile['id']}"):
        result = await document(beta, path)
        assert ("value" in result, "id" in result) == (False, True), path


async def test_trap_30_a_profile_does_not_say_that_it_is_assigned(beta: httpx.AsyncClient, enroll: Enroll) -> None:
    """There is no isAssigned: one expands the assignments, or looks at the counts of the overview."""
    profile, _ = (await create(beta, PROFILES, displayName="P", **SIGNING))["id"], await enroll("alice")
    path = f"{PROFILES}/{profile}"
    assert "isAssigned" not in await document(beta, path)
    for targets, pending in (((), 0), ((EVERYBODY,), 1)):
        await assign(beta, profile, *targets)
        assert len((await document(beta, f"{path}?$expand=assignments"))["assignments"]) == len(targets)
        assert (await document(beta, f"{path}/deviceStatusOverview"))["pendingCount"] == pending


def test_every_trap_has_a_test_that_says_what_it_is(seeded: object) -> None:
    by_key = {
        match[1]: test.__doc__
        for name, test in vars(sys.modules[__name__]).items()
        if (match := re.match(r"test_trap_(\d\d[ab]?)_", name))
    }
    numbers = [f"{number:02}" for number in range(1, 31) if number != 25]
    assert sorted(by_key) == sorted([*numbers, "25a", "25b"])
    assert all(by_key.values())
