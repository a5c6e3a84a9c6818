"""Apps of devices that are managed step by step: what they are told, in which order, and what their answers change."""

from __future__ import annotations

from typing import Any

import pytest

from fauxtune.core.engine.planning.targeting import TargetKind
from fauxtune.core.graph.index import entity
from fauxtune.core.model.actions import StepKind
from fauxtune.core.model.ids import ProfileId
from fauxtune.core.model.items import Problem
from fauxtune.core.odata.documents.validation import defaults
from fauxtune.core.policies.app_states import FAILED_ON_APPLE
from fauxtune.core.policies.apps import APP_RULES, new_app
from fauxtune.operations.checkin.steps import Result, Step, StepResult
from fauxtune.operations.profiles import resources
from fauxtune.operations.profiles.assignments import Assignable, NewAssignment
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.queries import app_states
from tests.support.devices.stepwise import StepwiseDevice, enrol_iphone
from tests.support.tenant import Contoso

NOTES, MAPS = "com.contoso.notes", "com.contoso.maps"


async def store_app(contoso: Contoso, bundle: str, **settings: Any) -> str:
    document = {"displayName": bundle, "bundleId": bundle, "publisher": "Contoso", **settings}

    def create(tx: Transaction) -> str:
        full = {**defaults(entity("iosStoreApp")), **new_app("iosStoreApp", document)}
        row = resources.create(tx, APP_RULES, kind="iosStoreApp", document=full)
        return str(row.id)

    return await contoso.do(create)


async def assign(contoso: Contoso, key: str, intent: str | None, **settings: Any) -> None:
    target = NewAssignment(
        kind=TargetKind.ALL_DEVICES,
        group_id=None,
        document={"@odata.type": "#microsoft.graph.allDevicesAssignmentTarget"},
        more={"intent": intent, "settings": settings or None},
    )

    def act(tx: Transaction) -> None:
        row = resources.get(tx, APP_RULES, key=key)
        to = Assignable(ProfileId(row.id), noun="mobileApp", platforms=None)
        resources.assign(tx, APP_RULES, key=key, to=to, targets=[target] if intent else [])

    await contoso.do(act)


async def states(contoso: Contoso, device: StepwiseDevice) -> dict[str, tuple[str, str, int | None]]:
    rows = await contoso.look(app_states.of_device, device.enrollment_id)
    return {row.identifier: (row.intent, row.state, row.position) for row in rows}


async def test_a_required_app_is_installed_and_listed_once(contoso: Contoso) -> None:
    phone = await enrol_iphone(contoso, "alice")
    await phone.check_in()
    notes, maps = await store_app(contoso, NOTES), await store_app(contoso, MAPS)
    await assign(contoso, notes, "required")
    await assign(contoso, maps, "available")
    assert await phone.check_in() == [f"installApp {NOTES}", "apps?"]
    assert await states(contoso, phone) == {
        NOTES: ("required", "installed", None),
        MAPS: ("available", "notInstalled", None),
    }
    assert await phone.check_in() == []


async def test_an_app_that_is_on_its_way_is_asked_for_once_in_each_conversation(contoso: Contoso) -> None:
    phone = await enrol_iphone(contoso, "alice")
    await phone.check_in()
    await assign(contoso, await store_app(contoso, NOTES), "required")

    def slow(step: Step) -> StepResult | None:
        if step.kind is not StepKind.LIST_APPS:
            return None
        return StepResult(step.id, Result.DONE, data={NOTES: {"waits": "The device says: Installing."}})

    phone.override = slow
    assert await phone.check_in() == [f"installApp {NOTES}", "apps?"]
    assert await states(contoso, phone) == {NOTES: ("required", "pendingInstall", 0)}
    assert await phone.check_in() == ["apps?"]
    phone.override = lambda _step: None
    assert await phone.check_in() == ["apps?"]
    assert await states(contoso, phone) == {NOTES: ("required", "installed", None)}
    assert await phone.check_in() == []


async def test_a_refused_app_is_tried_again_with_the_inventory(contoso: Contoso) -> None:
    phone = await enrol_iphone(contoso, "alice")
    await phone.check_in()
    await assign(contoso, await store_app(contoso, NOTES), "required")

    def refuse(step: Step) -> StepResult | None:
        if step.kind is not StepKind.INSTALL_APP:
            return None
        return StepResult(step.id, Result.REFUSED, problem=Problem(FAILED_ON_APPLE, "no room"))

    phone.override = refuse
    assert await phone.check_in() == [f"installApp {NOTES}"]
    (row,) = await contoso.look(app_states.of_device, phone.enrollment_id)
    assert (row.state, row.error_code, row.reason) == ("failed", FAILED_ON_APPLE, "no room")
    assert await phone.check_in() == []
    phone.override = lambda _step: None
    contoso.clock.forward(days=7)
    assert (await phone.check_in())[:2] == [f"installApp {NOTES}", "apps?"]
    assert (await states(contoso, phone))[NOTES][1] == "installed"


async def test_an_app_that_the_user_removed_is_installed_again_and_one_that_is_confirmed_and_not_listed_failed(
    contoso: Contoso,
) -> None:
    phone = await enrol_iphone(contoso, "alice")
    await phone.check_in()
    await assign(contoso, await store_app(contoso, NOTES), "required")
    await phone.check_in()
    phone.apps.clear()
    contoso.clock.forward(days=7)
    assert f"installApp {NOTES}" in await phone.check_in()
    assert (await states(contoso, phone))[NOTES][1] == "installed"

    await assign(contoso, await store_app(contoso, MAPS), "required")
    phone.override = lambda step: StepResult(step.id, Result.DONE) if step.kind is StepKind.INSTALL_APP else None
    await phone.check_in()
    assert (await states(contoso, phone))[MAPS][1] == "failed"
    assert await phone.check_in() == []


@pytest.mark.both_databases
async def test_the_uninstall_intent_removes_and_the_end_of_an_assignment_does_not(contoso: Contoso) -> None:
    phone = await enrol_iphone(contoso, "alice")
    await phone.check_in()
    notes = await store_app(contoso, NOTES)
    await assign(contoso, notes, "required")
    await phone.check_in()
    await assign(contoso, notes, None)
    assert await phone.check_in() == []
    assert await states(contoso, phone) == {}
    await assign(contoso, notes, "required")
    assert await phone.check_in() == [f"installApp {NOTES}", "apps?"]
    await assign(contoso, notes, "uninstall")
    assert await phone.check_in() == [f"removeApp {NOTES}"]
    assert await states(contoso, phone) == {NOTES: ("uninstall", "notInstalled", None)}
    assert phone.apps == {}


async def test_who_does_not_know_the_question_is_believed(contoso: Contoso) -> None:
    phone = await enrol_iphone(contoso, "alice")
    await phone.check_in()
    await assign(contoso, await store_app(contoso, NOTES), "required")
    phone.override = lambda step: StepResult(step.id, Result.UNSUPPORTED) if step.kind is StepKind.LIST_APPS else None
    assert await phone.check_in() == [f"installApp {NOTES}", "apps?"]
    assert (await states(contoso, phone))[NOTES][1] == "installed"


async def test_an_app_for_newer_systems_is_not_applicable(contoso: Contoso) -> None:
    phone = await enrol_iphone(contoso, "alice", version="16.0")
    await phone.check_in()
    newer = {"minimumSupportedOperatingSystem": {"v17_0": True}}
    await assign(contoso, await store_app(contoso, NOTES, **newer), "required")
    assert await phone.check_in() == []
    (row,) = await contoso.look(app_states.of_device, phone.enrollment_id)
    assert row.state == "notApplicable"
    assert "version 17.0" in str(row.reason)
