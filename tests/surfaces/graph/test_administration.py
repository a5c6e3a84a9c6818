"""Every profile that an administrator's task creates: Graph accepts it, and its body has what its kind has."""

from __future__ import annotations

import base64
from collections.abc import Iterator

import httpx
import pytest

from fauxtune.core.administration import profiles
from fauxtune.core.administration.assignments import assign, to_all_devices, to_all_users, unassign
from fauxtune.core.administration.choices import (
    KINDS,
    ProfileFamily,
    ProfilePlatform,
    Purpose,
    family_and_platform,
    platforms_of,
)
from fauxtune.core.administration.profiles import Issuer, MailAccount
from fauxtune.core.administration.requests import AdminRequest
from fauxtune.core.errors import Invalid
from fauxtune.core.model.platforms import Variant
from tests.support.graph import PROFILES, ids, known_kind

ISSUER = Issuer("ca.contoso.example", "Contoso Issuing CA")
FAMILIES = {
    ProfileFamily.ROOT: "trusted root",
    ProfileFamily.PKCS: "PKCS",
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
    assert family_and_platform("iosScepCertificateProfile") is None


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
    assert (await send(beta, profiles.delete_profile(profile))).status_code == 204
