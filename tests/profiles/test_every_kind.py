"""One suite that every profile kind passes, with the body in `samples/<kind>.json`.

Whoever adds a kind adds a sample; what is wrong with either shows here.
"""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from fauxtune.core.engine.report import Inventory
from fauxtune.core.model.platforms import Platform, Variant
from fauxtune.core.model.tenants import Tenant
from fauxtune.core.odata.entities.index import entity
from fauxtune.core.odata.schema import Owner, Version
from fauxtune.core.profiles.catalog import KINDS, Kind
from fauxtune.operations import enrollment
from fauxtune.operations.checkin import Report, check_in
from fauxtune.operations.emulator import Emulator
from tests.surfaces.graph.words import PROFILES, ids, made, sentence

SAMPLES = Path(__file__).parent / "samples"
EVERYWHERE = {"assignments": [{"target": {"@odata.type": "#microsoft.graph.allDevicesAssignmentTarget"}}]}
every_kind = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)


def sample(kind: Kind) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((SAMPLES / f"{kind.name}.json").read_text(encoding="utf-8"))
    return found


async def _enrolled(emulator: Emulator, tenant: Tenant, *, variant: Variant, csr: str) -> str:
    """A device of this variant that has been here once, and holds nothing; the name in its record."""
    platform, _, mode = variant.value.partition("/")
    request = enrollment.EnrollmentRequest(
        platform=Platform(platform),
        mode=mode or None,
        token=await emulator.runner.run(tenant, enrollment.create_token, "alice@contoso.example"),
        csr=base64.b64decode(csr),
        hardware_key="",
        facts={"deviceName": variant.value},
    )
    device = await emulator.runner.run(tenant, enrollment.enroll, request, keys=emulator.keys)
    nothing = Report(digest="", read=lambda _version, _rows: Inventory())
    await check_in(emulator, tenant, device_id=device.id, credential=device.credential, report=nothing)
    return variant.value


def test_every_kind_has_a_sample_and_every_sample_a_kind() -> None:
    assert {file.stem for file in SAMPLES.iterdir()} == {kind.name for kind in KINDS}


@every_kind
def test_a_sample_says_what_it_is_and_sets_all_that_a_client_can(kind: Kind) -> None:
    body = sample(kind)
    shape = entity(kind.name)
    assert body["@odata.type"] == shape.odata_type
    base = set(entity("deviceConfiguration").properties_in(Version.BETA))
    own = {
        name
        for name, prop in shape.properties_in(Version.BETA).items()
        if prop.owner is Owner.CLIENT and name not in base
    }
    assert own & set(body), "a sample sets properties of its own kind"
    assert set(body) - {"@odata.type"} <= set(shape.properties_in(Version.BETA))


@every_kind
def test_a_kind_applies_somewhere_and_exists_in_beta_only(kind: Kind) -> None:
    assert kind.variants
    assert entity(kind.name).beta_only


@every_kind
async def test_what_was_sent_comes_back_among_all_that_is_declared(beta: httpx.AsyncClient, kind: Kind) -> None:
    body = sample(kind)
    profile = await made(beta, PROFILES, **body)
    got = (await beta.get(f"{PROFILES}/{profile['id']}")).json()
    assert got == profile
    assert {name: got[name] for name in body} == body
    assert set(got) - {"@odata.context", "@odata.type"} == set(entity(kind.name).properties_in(Version.BETA))


@every_kind
async def test_a_profile_is_changed_assigned_and_deleted(beta: httpx.AsyncClient, kind: Kind) -> None:
    body = sample(kind)
    profile = await made(beta, PROFILES, **body)
    path = f"{PROFILES}/{profile['id']}"
    changed = await beta.patch(path, json={"@odata.type": body["@odata.type"], "description": None})
    assert changed.status_code == 200
    assert changed.json() == {**profile, "description": None, "version": 2}
    same = await beta.patch(path, json={**changed.json(), "description": "again"})
    assert (same.status_code, same.json()["version"]) == (200, 3), "what was read can be sent back"
    assigned = await beta.post(f"{path}/assign", json=EVERYWHERE)
    assert [each["sourceId"] for each in assigned.json()["value"]] == [profile["id"]]
    assert (await beta.delete(path)).status_code == 204
    assert await ids(beta, PROFILES) == []


@every_kind
async def test_v1_refuses_it(beta: httpx.AsyncClient, v1: httpx.AsyncClient, kind: Kind) -> None:
    answer = await v1.post(PROFILES, json=sample(kind))
    assert answer.status_code == 400
    assert f"'microsoft.graph.{kind.name}' could not be resolved by the model" in sentence(answer)
    assert await ids(beta, PROFILES) == []


@every_kind
async def test_it_applies_to_its_own_variants_and_to_no_other(
    beta: httpx.AsyncClient, emulator: Emulator, tenant: Tenant, kind: Kind, csr: str
) -> None:
    profile = await made(beta, PROFILES, **sample(kind))
    await beta.post(f"{PROFILES}/{profile['id']}/assign", json=EVERYWHERE)
    for variant in Variant:
        await _enrolled(emulator, tenant, variant=variant, csr=csr)
    listed = (await beta.get(f"{PROFILES}/{profile['id']}/deviceStatuses")).json()["value"]
    assert {each["deviceDisplayName"] for each in listed} == {variant.value for variant in kind.variants}
    overview = (await beta.get(f"{PROFILES}/{profile['id']}/deviceStatusOverview")).json()
    assert overview["notApplicablePlatformCount"] == len(Variant) - len(kind.variants)
