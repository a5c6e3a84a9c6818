"""Every request that an administrator's task stands for: Graph accepts it, and its body has what its kind has."""

from __future__ import annotations

import base64
from collections.abc import Iterator

import httpx
import pytest

from fauxtune.core.administration import devices, directory, profiles
from fauxtune.core.administration.assignments import assign, to_all_devices, to_all_users, unassign
from fauxtune.core.administration.choices import (
    EXTENDED_USAGES,
    KINDS,
    KeyUsage,
    ProfileFamily,
    Purpose,
    family_and_platform,
    platforms_of,
)
from fauxtune.core.administration.profiles import Issuer, MailAccount
from fauxtune.core.administration.requests import AdminRequest, delete_object
from fauxtune.core.errors import Invalid
from fauxtune.core.model.platforms import Variant
from fauxtune.core.model.words.device_words import ProfilePlatform
from tests.support.graph import DEVICES, PROFILES, error_message, id_of_group, ids, known_kind
from tests.surfaces.graph.conftest import Enroll

ISSUER = Issuer("ca.contoso.example", "Contoso Issuing CA")
FAMILIES = {
    ProfileFamily.ROOT: "trusted root",
    ProfileFamily.PKCS: "PKCS",
    ProfileFamily.SCEP: "SCEP",
    ProfileFamily.IMPORTED: "imported PFX",
    ProfileFamily.EMAIL: "e-mail",
}
VARIANTS = {
    ProfilePlatform.ANDROID: Variant.ANDROID_WORK_PROFILE,
    ProfilePlatform.ANDROID_FULLY_MANAGED: Variant.ANDROID_FULLY_MANAGED,
    ProfilePlatform.ANDROID_DEVICE_ADMIN: Variant.ANDROID_KNOX,
    ProfilePlatform.AOSP: Variant.ANDROID_AOSP,
    ProfilePlatform.IOS: Variant.IPADOS,
    ProfilePlatform.MACOS: Variant.MACOS,
    ProfilePlatform.WINDOWS: Variant.WINDOWS,
    ProfilePlatform.WINDOWS_PHONE: Variant.WINDOWS_PHONE_81,
}


def creations(root: bytes) -> Iterator[AdminRequest]:
    """Every kind of every family."""
    yield from profiles.create_root("Root", platforms=platforms_of(ProfileFamily.ROOT), certificate=root)
    yield from profiles.create_pkcs(
        "Signing", platforms=platforms_of(ProfileFamily.PKCS), issuer=ISSUER, template="SmimeSigning"
    )
    yield from profiles.create_scep("SCEP", platforms=platforms_of(ProfileFamily.SCEP), urls=["https://ndes.example/x"])
    for purpose in Purpose:
        yield from profiles.create_imported(
            f"Imported, {purpose}", platforms=platforms_of(ProfileFamily.IMPORTED), purpose=purpose
        )
    account = MailAccount("mail.contoso.example", "Work", signing={}, encryption={})
    yield from profiles.create_email("Mail", platforms=platforms_of(ProfileFamily.EMAIL), account=account)


async def send(beta: httpx.AsyncClient, request: AdminRequest) -> httpx.Response:
    return await beta.request(request.method, request.path, json=request.body)


def test_every_platform_has_the_kind_that_its_devices_take() -> None:
    for family, kinds in KINDS.items():
        for platform, name in kinds.items():
            kind = known_kind(name)
            assert kind.family.name == FAMILIES[family], name
            assert VARIANTS[platform] in kind.variants, name
            assert family_and_platform(f"#microsoft.graph.{name}") == (family, platform)
    assert family_and_platform("iosDerivedCredentialAuthenticationConfiguration") is None


def test_a_platform_without_a_kind_of_the_family_is_refused_with_those_that_have_one() -> None:
    account = MailAccount("mail.contoso.example", "Work", signing={}, encryption={})
    with pytest.raises(Invalid, match=r"macOS has no e-mail profile.*: android, android-device-admin, ios, windows"):
        profiles.create_email("Mail", platforms=[ProfilePlatform.MACOS], account=account)


async def test_graph_accepts_each_of_them_and_keeps_what_was_sent(beta: httpx.AsyncClient, root_file: str) -> None:
    names = set()
    for request in creations(base64.b64decode(root_file)):
        answer = await send(beta, request)
        assert answer.status_code == 201, (request.body, answer.text)
        assert request.body is not None
        document = answer.json()
        assert {name: document[name] for name in request.body} == request.body
        names.add(document["displayName"])
    assert len(names) == len(await ids(beta, PROFILES)), "every profile has a name of its own"


async def test_assignments_are_added_and_taken_away_one_by_one(beta: httpx.AsyncClient, root_file: str) -> None:
    (request,) = profiles.create_root("Root", platforms=[ProfilePlatform.IOS], certificate=base64.b64decode(root_file))
    assert request.body is not None
    assert request.body["displayName"] == "Root", "one platform needs no addition to the name"
    profile = (await send(beta, request)).json()["id"]

    async def present() -> list[dict[str, object]]:
        assignments: list[dict[str, object]] = (await beta.get(f"{PROFILES}/{profile}/assignments")).json()["value"]
        return assignments

    for target in (to_all_users(), to_all_devices(), to_all_users()):
        answer = await send(beta, assign(profile, present=await present(), targets=[target]))
        assert answer.status_code == 200, answer.text
    assert len(await present()) == 2
    await send(beta, unassign(profile, present=await present(), targets=[to_all_devices()]))
    (left,) = await present()
    assert left["target"]["@odata.type"].endswith("allLicensedUsersAssignmentTarget")  # type: ignore[index]
    await send(beta, unassign(profile, present=await present()))
    assert await present() == []
    assert (await send(beta, delete_object(profiles.PROFILES, profile))).status_code == 204


async def test_people_and_groups_come_and_go(beta: httpx.AsyncClient) -> None:
    created = await send(beta, directory.create_user("o'neil+x@contoso.example", given_name="Ona", surname="O'Neil"))
    assert created.status_code == 201, created.text
    user = created.json()
    assert (user["displayName"], user["mail"]) == ("Ona O'Neil", "o'neil+x@contoso.example")
    for task in (directory.license_user, directory.unlicense_user, directory.license_user):
        assert (await send(beta, task("o'neil+x@contoso.example"))).status_code == 200
    made = await send(beta, directory.create_group("المبيعات", description="Sales", members=[user["id"]]))
    assert made.status_code == 201, made.text
    group = made.json()["id"]
    outer = (await send(beta, directory.create_group("Outer"))).json()["id"]
    assert (await send(beta, directory.add_member(outer, member=group))).status_code == 204
    assert await ids(beta, f"/groups/{outer}/members") == [group]
    for request in (
        directory.remove_member(outer, member=group),
        delete_object(directory.GROUPS, outer),
        delete_object(directory.USERS, "o'neil+x@contoso.example"),
    ):
        assert (await send(beta, request)).status_code == 204
    with pytest.raises(Invalid, match="write name@domain"):
        directory.create_user("dora")
    with pytest.raises(Invalid, match="needs a name"):
        directory.create_group(" ")


async def test_devices_are_asked_by_the_names_of_their_actions(beta: httpx.AsyncClient, enroll: Enroll) -> None:
    for task, state, mode in (
        (devices.sync_device, "syncDevice", "work-profile"),
        (devices.lock_device, "remoteLock", "fully-managed"),
        (devices.retire_device, "retire", "work-profile"),
    ):
        await enroll("alice", mode=mode)
        (device, *_) = await ids(beta, DEVICES)
        assert (await send(beta, task(device))).status_code == 204
        results = (await beta.get(f"{DEVICES}/{device}")).json()["deviceActionResults"]
        assert [result["actionName"] for result in results] == [state]
        assert (await send(beta, devices.delete_device(device))).status_code == 204
    await enroll("bob", mode="fully-managed")
    (device,) = await ids(beta, DEVICES)
    assert (await send(beta, devices.wipe_device(device))).status_code == 204
    refused = await send(beta, devices.wipe_device(device, keep_enrollment=True))
    assert (refused.status_code, "keepEnrollmentData" in error_message(refused)) == (400, True)


async def test_a_subject_and_names_of_ones_own_go_where_the_kind_has_them(beta: httpx.AsyncClient) -> None:
    requests = profiles.create_pkcs(
        "Own",
        platforms=platforms_of(ProfileFamily.PKCS),
        issuer=ISSUER,
        template="User",
        subject="CN={{UserName}},OU=Sales",
        alternative_names=[profiles.UPN_NAME, profiles.AlternativeName("domainNameService", "{{DeviceName}}.example")],
        validity=(90, profiles.Scale.DAYS),
    )
    for request in requests:
        document = (await send(beta, request)).json()
        is_oldest = document["@odata.type"] == "#microsoft.graph.androidPkcsCertificateProfile"
        assert bool(request.notes) == is_oldest
        if is_oldest:
            assert "cannot have the subject 'CN={{UserName}},OU=Sales'" in request.notes[0]
            assert "cannot have the alternative name '{{DeviceName}}.example'" in request.notes[1]
            assert document["subjectAlternativeNameType"] == "userPrincipalName"
        else:
            assert document["subjectNameFormatString"] == "CN={{UserName}},OU=Sales"
            assert [name["sanType"] for name in document["customSubjectAlternativeNames"]] == [
                "userPrincipalName",
                "domainNameService",
            ]
    (named,) = profiles.create_pkcs(
        "Named", platforms=[ProfilePlatform.WINDOWS], issuer=ISSUER, template="User", subject="cn={{username}}"
    )
    assert named.body is not None
    assert named.body["subjectNameFormat"] == "commonName", "a format that has a name goes by its name"


async def test_references_are_bound_on_the_platforms_that_have_them(beta: httpx.AsyncClient, root_file: str) -> None:
    roots = {}
    for request in profiles.create_root(
        "Root", platforms=[ProfilePlatform.ANDROID, ProfilePlatform.IOS], certificate=base64.b64decode(root_file)
    ):
        document = (await send(beta, request)).json()
        known = family_and_platform(document["@odata.type"])
        assert known is not None
        roots[known[1]] = document["id"]
    words = {}
    platforms = [ProfilePlatform.ANDROID, ProfilePlatform.ANDROID_FULLY_MANAGED, ProfilePlatform.IOS]
    for request in profiles.create_pkcs("S", platforms=platforms, issuer=ISSUER, template="User", roots=roots):
        assert (await send(beta, request)).status_code == 201
        assert request.body is not None
        words[request.body["displayName"]] = " ".join(request.notes)
    assert words["S (Android work profile)"] == ""
    assert "none of that name is for its platform" in words["S (Android fully managed)"]
    assert "Graph has no rootCertificate" in words["S (iOS)"]


async def test_a_scep_profile_says_what_the_device_makes_and_refers_to_the_root(
    beta: httpx.AsyncClient, root_file: str
) -> None:
    roots = {}
    for request in profiles.create_root(
        "Root", platforms=platforms_of(ProfileFamily.ROOT), certificate=base64.b64decode(root_file)
    ):
        document = (await send(beta, request)).json()
        known = family_and_platform(document["@odata.type"])
        assert known is not None
        roots[known[1]] = document["id"]
    key = profiles.ScepKey(
        4096, (KeyUsage.SIGNING,), dict([EXTENDED_USAGES["client"], EXTENDED_USAGES["mail"]]), of_device=True
    )
    for request in profiles.create_scep(
        "Machine",
        platforms=platforms_of(ProfileFamily.SCEP),
        urls=["https://a.example/scep", "https://b.example/scep"],
        key=key,
        subject="CN={{AAD_Device_ID}}",
        alternative_names=[],
        validity=(90, profiles.Scale.DAYS),
        roots=roots,
    ):
        document = (await send(beta, request)).json()
        assert request.notes == ()
        assert document["scepServerUrls"] == ["https://a.example/scep", "https://b.example/scep"]
        assert (document["keySize"], document["keyUsage"]) == ("size4096", "digitalSignature")
        assert [usage["objectIdentifier"] for usage in document["extendedKeyUsages"]] == [*key.purposes]
        known = family_and_platform(document["@odata.type"])
        assert known is not None
        # These two kinds have no store.
        without = (ProfilePlatform.ANDROID_DEVICE_ADMIN, ProfilePlatform.WINDOWS_PHONE)
        assert document.get("certificateStore") == (None if known[1] in without else "machine")
        root = (await beta.get(f"{PROFILES}/{document['id']}/{document['@odata.type'][1:]}/rootCertificate")).json()
        assert root["id"] == roots[known[1]]
    (alone,) = profiles.create_scep("Alone", platforms=[ProfilePlatform.IOS], urls=["https://a.example/scep"])
    assert "refers to no trusted root profile" in alone.notes[0]
    with pytest.raises(Invalid, match="address of a SCEP server"):
        profiles.create_scep("None", platforms=[ProfilePlatform.IOS], urls=[])
    for key, reason in (
        (profiles.ScepKey(size=3000), "cannot have 3000 bits: choose one of 1024, 2048, 4096"),
        (profiles.ScepKey(usages=()), "Say what the key is for: signing, encryption or both"),
    ):
        with pytest.raises(Invalid, match=reason):
            profiles.create_scep("None", platforms=[ProfilePlatform.IOS], urls=["https://a.example/scep"], key=key)


async def test_a_platform_is_blocked_for_a_group(beta: httpx.AsyncClient) -> None:
    made = (await send(beta, devices.block_platform("No iPhones", platform_type="ios"))).raise_for_status().json()
    assert made["platformRestriction"]["platformBlocked"] is True
    group = await id_of_group(beta, "All Staff")
    (await send(beta, devices.assign_restriction(made["id"], group=group))).raise_for_status()
    (assignment,) = (await beta.get(f"{devices.CONFIGURATIONS}/{made['id']}/assignments")).json()["value"]
    assert assignment["target"]["groupId"] == group
