"""The question for an Autopilot deployment profile: what is answered, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from fauxtune.core.graph.index import entity
from fauxtune.core.model.tenants import Tenant
from fauxtune.core.odata.documents.validation import defaults
from fauxtune.core.policies.autopilot import DEPLOYMENT_PROFILES
from fauxtune.operations.devices import autopilot, autopilot_profiles
from fauxtune.operations.profiles import resources
from fauxtune.operations.runtime.emulator import Emulator
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.surfaces.devices.windows.enrollment import AUTOPILOT, MANUFACTURER, MODEL, SERIAL
from fauxtune.surfaces.devices.windows.messages import mde2, soap
from tests.support.clock import FixedClock

PATH = "/mdm/contoso/windows/autopilot"
HASH = "T0EzeA=="
KIND = "azureADWindowsAutopilotDeploymentProfile"
EXAMPLE = Path(__file__).parents[3] / "wire/windows/device-token-autopilot.xml"


def _register(tx: Transaction) -> None:
    """Import the hash of the PC 4711."""
    shape = entity("importedWindowsAutopilotDeviceIdentity")
    document = {**defaults(shape), "serialNumber": "4711", "hardwareIdentifier": HASH}
    autopilot.import_all(tx, [document])


def _give_profile(tx: Transaction) -> str:
    """Give the PC, whose import is done, a profile; return the id of its identity."""
    profile = {**defaults(entity(KIND)), "displayName": "Sales"}
    key = resources.create(tx, DEPLOYMENT_PROFILES, kind=KIND, document=profile).id
    autopilot_profiles.settle(tx)
    identity = autopilot_profiles.with_serial(tx, "4711")
    assert identity is not None
    autopilot.give_profile(tx, key, identity_ids=[identity.id])
    return identity.id


async def test_a_registered_pc_is_told_its_profile(
    http: httpx.AsyncClient, emulator: Emulator, tenant: Tenant, clock: FixedClock
) -> None:
    await emulator.runner.run(tenant, _register)
    clock.forward(seconds=30)
    identity = await emulator.runner.run(tenant, _give_profile)
    question = {"serialNumber": "4711", "hardwareHash": HASH}
    early = await http.post(PATH, json=question)
    assert (early.status_code, "its assignment is pending" in early.text) == (404, True)
    clock.forward(seconds=30)
    answer = await http.post(PATH, json=question)
    assert answer.status_code == 200
    told = answer.json()
    assert (told["DeploymentProfileName"], told["ZtdCorrelationId"]) == ("Sales", identity)
    assert (told["CloudAssignedTenantId"], told["CloudAssignedTenantDomain"]) == (tenant.id, tenant.domain)


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        ({"serialNumber": "1", "hardwareHash": HASH}, 404, "import its hardware hash first"),
        ({"serialNumber": "4711", "hardwareHash": "eA=="}, 400, "begins with OA"),
        ({"serialNumber": "4711", "hardwareHash": "%"}, 400, "begins with OA"),
        ({"serialNumber": "", "hardwareHash": HASH}, 400, "serialNumber is wrong"),
        ({"serialNumber": "4711", "hardwareHash": "A" * 20_000}, 400, "hardwareHash is wrong"),
        ({"serialNumber": "a\u0000b", "hardwareHash": HASH}, 400, "serialNumber is wrong"),
        ({"serialNumber": "4711"}, 400, "hardwareHash is wrong"),
        ([], 400, "is wrong"),
    ],
)
async def test_what_is_no_question_is_refused(http: httpx.AsyncClient, body: Any, status: int, words: str) -> None:
    content = json.dumps(body).encode()
    answer = await http.post(PATH, content=content, headers={"content-type": "application/json"})
    assert answer.status_code == status
    assert words in answer.text


async def test_a_tenant_that_does_not_exist_has_no_profile(http: httpx.AsyncClient) -> None:
    body = {"serialNumber": "4711", "hardwareHash": HASH}
    assert (await http.post("/mdm/fabrikam/windows/autopilot", json=body)).status_code == 404


def test_the_example_of_an_enrolment_says_which_registered_device_it_is() -> None:
    message = mde2.token_request(soap.read(EXAMPLE.read_bytes(), soap.REQUEST_TOKEN))
    values = {name: message.item(name) for name in (MANUFACTURER, MODEL, SERIAL, AUTOPILOT)}
    assert values == {
        MANUFACTURER: "LENOVO",
        MODEL: "21HD002BUS",
        SERIAL: "PF4A1B2C",
        AUTOPILOT: "1b6f0c9e-6d0f-4f5e-9b0a-2f6f3d0c7a11",
    }
