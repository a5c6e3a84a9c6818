"""What every profile kind does over the wire and on devices, with the body in `samples/<kind>.json`.

One emulator serves all the kinds of a test: an assertion names the kind that it failed for.
"""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from fauxtune.core.engine.planning.reported_items import Inventory
from fauxtune.core.errors import Invalid
from fauxtune.core.graph.index import entity
from fauxtune.core.model.platforms import ENROLLABLE, Platform, Variant
from fauxtune.core.model.tenants import Tenant
from fauxtune.core.odata.schema.types import Version
from fauxtune.core.profiles.catalog import KINDS, Kind
from fauxtune.operations.checkin.checkin import check_in
from fauxtune.operations.checkin.report import Report
from fauxtune.operations.devices import caller, enrollment
from fauxtune.operations.devices.caller import DeviceCaller
from fauxtune.operations.runtime.emulator import Emulator
from tests.support.graph import PROFILES, create, error_message, ids
from tests.support.profile_samples import BASE, sample

Json = dict[str, Any]
EVERYWHERE = {"assignments": [{"target": {"@odata.type": "#microsoft.graph.allDevicesAssignmentTarget"}}]}
NOWHERE: Json = {"assignments": []}


async def one_of_each(beta: httpx.AsyncClient) -> AsyncIterator[tuple[Kind, Json]]:
    """A profile of every kind, as it was answered when it was made."""
    for kind in KINDS:
        yield kind, await create(beta, PROFILES, **sample(kind))


async def enrolled(emulator: Emulator, tenant: Tenant, *, variant: Variant, csr: str) -> enrollment.Enrolled:
    """A device of this variant, whose record has the variant's name."""
    platform, _, mode = variant.value.partition("/")
    request = enrollment.EnrollmentRequest(
        platform=Platform(platform),
        mode=mode or None,
        hardware_key="",
        facts={"deviceName": variant.value},
    )
    token = await emulator.runner.run(tenant, enrollment.create_token, "alice@contoso.example")
    return await emulator.runner.run(
        tenant, enrollment.enroll, request, token=token, csr=base64.b64decode(csr), keys=emulator.keys
    )


async def checked_in(emulator: Emulator, tenant: Tenant, *, device: enrollment.Enrolled) -> None:
    """The device comes by, and says that it holds nothing."""
    nothing = Report(digest="", read=lambda _version, _rows: Inventory())
    await check_in(emulator, tenant, caller=DeviceCaller(device.id, caller.digest(device.credential)), report=nothing)


async def test_what_was_sent_comes_back_among_all_that_is_declared(beta: httpx.AsyncClient) -> None:
    async for kind, profile in one_of_each(beta):
        body, declared = sample(kind), set(entity(kind.name).properties_in(Version.BETA))
        got = (await beta.get(f"{PROFILES}/{profile['id']}")).json()
        assert got == profile, kind.name
        assert {name: got[name] for name in body} == body, kind.name
        extra = set(body) if entity(kind.name).open else set()
        assert set(got) - {"@odata.context", "@odata.type"} == (declared | extra) - {"@odata.type"}, kind.name


async def test_v1_shows_the_whole_of_its_own_kinds_and_the_base_of_all_others(
    beta: httpx.AsyncClient, v1: httpx.AsyncClient
) -> None:
    base = set(BASE.properties_in(Version.V1))
    listed = {}
    async for kind, profile in one_of_each(beta):
        document = (await v1.get(f"{PROFILES}/{profile['id']}")).json()
        assert document.pop("@odata.type") == f"#microsoft.graph.{kind.name}"
        settings = set(sample(kind)) - set(BASE.properties_in(Version.BETA)) - {"@odata.type"}
        own = settings if entity(kind.name).open else set()
        assert set(document) - {"@odata.context"} == base | own, kind.name
        listed[profile["id"]] = kind.name
    page: Json = {"@odata.nextLink": PROFILES}
    results: dict[str, str] = {}
    while link := page.get("@odata.nextLink"):
        page = (await v1.get(link)).json()
        results |= {entry["id"]: entry["@odata.type"].removeprefix("#microsoft.graph.") for entry in page["value"]}
    assert results == listed


async def test_isof_finds_each_and_what_derives_from_it(beta: httpx.AsyncClient) -> None:
    by_name = {kind.name: profile["id"] async for kind, profile in one_of_each(beta)}
    for name, profile_id in by_name.items():
        answer = await beta.get(PROFILES, params={"$filter": f"isof('microsoft.graph.{name}')"})
        results = {by_name[other] for other in by_name if entity(other).is_a(entity(name))}
        assert {entry["id"] for entry in answer.json()["value"]} == results, name
        assert profile_id in results
    apple = await beta.get(PROFILES, params={"$filter": "isof('microsoft.graph.appleDeviceFeaturesConfigurationBase')"})
    assert {entry["@odata.type"].rpartition(".")[2] for entry in apple.json()["value"]} == {
        "iosDeviceFeaturesConfiguration",
        "macOSDeviceFeaturesConfiguration",
    }


async def test_a_profile_is_changed_assigned_and_deleted_and_never_becomes_another(beta: httpx.AsyncClient) -> None:
    async for kind, profile in one_of_each(beta):
        path, odata_type = f"{PROFILES}/{profile['id']}", profile["@odata.type"]
        changed = await beta.patch(path, json={"@odata.type": odata_type, "description": None})
        assert changed.status_code == 200, kind.name
        assert changed.json() == {**profile, "description": None, "version": 2}
        same = await beta.patch(path, json={**changed.json(), "description": "again"})
        assert (same.status_code, same.json()["version"]) == (200, 3), "what was read can be sent back"
        other = next(each for each in KINDS if each is not kind)
        refused = await beta.patch(path, json={"@odata.type": f"#microsoft.graph.{other.name}", "description": "no"})
        assert (refused.status_code, kind.name in error_message(refused)) == (400, True)
        assert (await beta.get(path)).json() == same.json()
        assigned = await beta.post(f"{path}/assign", json=EVERYWHERE)
        assert [entry["sourceId"] for entry in assigned.json()["value"]] == [profile["id"]]
        assert (await beta.delete(path)).status_code == 204
    assert await ids(beta, PROFILES) == []


async def test_v1_makes_and_changes_its_own_kinds_and_no_others(beta: httpx.AsyncClient, v1: httpx.AsyncClient) -> None:
    for kind in KINDS:
        shape, body = entity(kind.name), sample(kind)
        if shape.beta_only:
            answer = await v1.post(PROFILES, json=body)
            assert answer.status_code == 400, kind.name
            assert f"'microsoft.graph.{kind.name}' could not be resolved by the model" in error_message(answer)
            assert await ids(beta, PROFILES) == []
            profile = await create(beta, PROFILES, **body)
            answer = await v1.patch(f"{PROFILES}/{profile['id']}", json={"description": "no"})
            assert (answer.status_code, "could not be resolved" in error_message(answer)) == (400, True), kind.name
        else:
            body.pop("roleScopeTagIds", None)
            profile = await create(v1, PROFILES, **body)
            answer = await v1.patch(f"{PROFILES}/{profile['id']}", json={"description": "yes"})
            assert (answer.status_code, answer.json()["description"]) == (200, "yes"), kind.name
        await beta.delete(f"{PROFILES}/{profile['id']}")


async def test_it_applies_to_its_own_variants_and_to_no_other(
    beta: httpx.AsyncClient, emulator: Emulator, tenant: Tenant, csr: str
) -> None:
    profiles = [(kind, profile["id"]) async for kind, profile in one_of_each(beta)]
    for _kind, profile_id in profiles:
        await beta.post(f"{PROFILES}/{profile_id}/assign", json=EVERYWHERE)
    devices = [await enrolled(emulator, tenant, variant=variant, csr=csr) for variant in ENROLLABLE]
    for device in devices:
        await checked_in(emulator, tenant, device=device)
    for kind, profile_id in profiles:
        reached = {variant.value for variant in kind.reached if variant in ENROLLABLE}
        elsewhere = {variant.value for variant in kind.reached - kind.variants}
        listed = (await beta.get(f"{PROFILES}/{profile_id}/deviceStatuses")).json()["value"]
        assert {each["deviceDisplayName"] for each in listed} == reached, kind.name
        statuses = {each["deviceDisplayName"]: each["status"] for each in listed}
        assert {statuses[name] for name in reached - elsewhere} <= _expected(kind), kind.name
        assert {statuses[name] for name in elsewhere} <= {"notApplicable"}, kind.name
        overview = (await beta.get(f"{PROFILES}/{profile_id}/deviceStatusOverview")).json()
        assert overview["notApplicablePlatformCount"] == len(ENROLLABLE) - len(reached), kind.name
        spared = reached if kind.family.source is None else elsewhere
        assert overview["notApplicableCount"] == len(spared), kind.name
    for _kind, profile_id in profiles:
        await beta.post(f"{PROFILES}/{profile_id}/assign", json=NOWHERE)
    for device in devices:
        await checked_in(emulator, tenant, device=device)
    for kind, profile_id in profiles:
        assert (await beta.get(f"{PROFILES}/{profile_id}/deviceStatuses")).json()["value"] == [], kind.name


async def test_a_device_of_a_variant_that_is_not_emulated_cannot_enrol(
    beta: httpx.AsyncClient, emulator: Emulator, tenant: Tenant, csr: str
) -> None:
    for variant in set(Variant) - set(ENROLLABLE):
        with pytest.raises(Invalid, match=f"Devices of the kind {variant.value} are not emulated"):
            await enrolled(emulator, tenant, variant=variant, csr=csr)
    assert await ids(beta, "/deviceManagement/managedDevices") == []


def _expected(kind: Kind) -> set[str]:
    """What a device that has just come by says of a profile: SCEP is not delivered, settings are only kept."""
    if kind.family.source is None:
        return {"notApplicable"}
    return {"error"} if kind.family.name == "SCEP" else {"unknown", "error", "compliant"}
