"""Wherever the control surface names a device, the id that Graph knows it by stands beside the enrolment's."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx

from fauxtune.core.model.tenants import Tenant
from fauxtune.operations.devices import actions as device_actions
from fauxtune.operations.runtime.emulator import Emulator
from fauxtune.storage.queries import devices as queries
from tests.support.openapi import documents
from tests.surfaces.control.conftest import Assign, Enroll


def _named(document: Any) -> Iterator[tuple[str, str | None]]:
    """Every device that an answer names: the enrolment's id and the managedDevice's."""
    if isinstance(document, list):
        for each in document:
            yield from _named(each)
    elif isinstance(document, dict):
        if isinstance(document.get("device"), str):
            yield document["device"], document["managedDeviceId"]
        for each in document.values():
            yield from _named(each)


async def _without_root(contoso: httpx.AsyncClient) -> None:
    switched = await contoso.patch(str(contoso.base_url).rstrip("/"), json={"settings": {"requireTrustedRoot": False}})
    assert switched.status_code == 200, switched.text


def test_the_description_says_beside_each_device_what_its_ids_mean() -> None:
    schemas = documents()["control"]["components"]["schemas"]
    naming = {
        name: schema["properties"] for name, schema in schemas.items() if "device" in schema.get("properties", {})
    }
    text = {name: each for name, each in naming.items() if "$ref" not in str(each["device"])}
    assert {"Event", "WaitingDevice", "DeviceConsequences", "Holder", "ConnectorEvent", "Registered"} <= set(text)
    assert {"Finding", "HeldBy", "OwnedCertificate", "Certificate"} <= set(text)
    for name, properties in {**text, "Device": schemas["Device"]["properties"]}.items():
        words = properties["device" if name in text else "id"]["description"]
        assert "the id of the device's enrolment" in words, name
        assert "managedDevice in Graph" in properties["managedDeviceId"]["description"], name
    assert "managedDeviceId" in schemas["DeviceNamed"]["properties"]


async def test_both_ids_stand_in_every_answer_and_stay_when_graphs_record_is_gone(
    contoso: httpx.AsyncClient, enroll: Enroll, assign: Assign, emulator: Emulator, tenant: Tenant
) -> None:
    await _without_root(contoso)
    profile = await assign("pkcs")
    phone = await enroll(contoso)
    waiting = (await contoso.post("/settle", json={"timeout": 0})).json()["waiting"]
    await phone.settle()
    record = await emulator.runner.read(queries.managed_device_of, phone.enrollment_id)
    assert record is not None
    both = (phone.enrollment_id, record.id)
    assert list(_named(waiting)) == [both]
    issued = (await contoso.get("/certificates")).json()["value"]
    mark = next(each["thumbprint"] for each in issued if each["source"] == "pkcs")
    retire = {"method": "POST", "url": f"/deviceManagement/managedDevices/{record.id}/retire"}
    (consequences,) = (await contoso.post("/whatif", json=retire)).json()["devices"]
    assert (*_named(consequences),) == (both,)
    assert consequences["managedDevice"] == record.id

    paths = [
        "/journal",
        "/connectors/-/events",
        "/certificates",
        f"/certificates/{mark}",
        "/users/alice@contoso.example/certificates",
    ]
    for path in paths:
        assert set(_named((await contoso.get(path)).json())) == {both}, path
    (chain,) = (await contoso.get(f"/diagnose?device={phone.enrollment_id}&profile={profile}")).json()["chains"]
    assert (chain["device"]["id"], chain["device"]["managedDeviceId"]) == both

    await emulator.runner.run(tenant, device_actions.delete, record.id)
    await phone.settle()
    assert await emulator.runner.read(queries.managed_device_of, phone.enrollment_id) is None
    for path in paths:
        assert set(_named((await contoso.get(path)).json())) == {both}, path


async def test_where_no_device_is_concerned_both_are_null(contoso: httpx.AsyncClient) -> None:
    await contoso.post("/applications")
    event = (await contoso.get("/journal")).json()["events"][-1]
    assert (event["type"], event["device"], event["managedDeviceId"]) == ("applicationAdded", None, None)
