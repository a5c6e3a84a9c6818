"""What a request would do to the scripts and the apps of devices, before it is sent."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from fauxtune.core.graph.index import entity
from fauxtune.core.odata.documents.validation import defaults
from fauxtune.core.policies.apps import APP_RULES, PUBLISHED, new_app
from fauxtune.core.policies.scripts import BY_FAMILY, rules_of
from fauxtune.operations.insight.whatif import DeviceConsequences
from fauxtune.operations.profiles import resources
from fauxtune.operations.scripts.device_scripts import SCRIPT_HOOKS
from tests.support.devices.stepwise import enrol_by_token, enrol_iphone
from tests.support.predictions import DEVICES, predict, send
from tests.support.tenant import Contoso

SCRIPTS = "/beta/deviceManagement/deviceManagementScripts"
APPS = "/beta/deviceAppManagement/mobileApps"
EVERYBODY = {"target": {"@odata.type": "#microsoft.graph.allLicensedUsersAssignmentTarget"}}
NOBODY: dict[str, Any] = {"deviceManagementScriptAssignments": []}


async def script(contoso: Contoso, name: str) -> str:
    content = base64.b64encode(name.encode()).decode()
    texts = dict.fromkeys(BY_FAMILY["deviceManagementScripts"].contents, content)
    full = {**defaults(entity("deviceManagementScript")), "displayName": name, "fileName": name, **texts}
    rules = rules_of("deviceManagementScripts")
    row = await contoso.do(resources.create, rules, kind="deviceManagementScript", document=full, hooks=SCRIPT_HOOKS)
    return str(row.id)


async def app(contoso: Contoso, kind: str, name: str, **settings: Any) -> str:
    document = {"displayName": name, "publisher": "Contoso", **settings}
    full = {**defaults(entity(kind)), **new_app(kind, document), "publishingState": PUBLISHED}
    row = await contoso.do(resources.create, APP_RULES, kind=kind, document=full)
    return str(row.id)


def intent(word: str) -> dict[str, Any]:
    kind = "#microsoft.graph.mobileAppAssignment"
    return {"mobileAppAssignments": [{"@odata.type": kind, "intent": word, **EVERYBODY}]}


def said(devices: list[DeviceConsequences]) -> list[tuple[str, str]]:
    """What is said of each script and app."""
    return [
        (work_change.name, work_change.what) for device in devices for work_change in (*device.scripts, *device.apps)
    ]


async def test_an_assignment_of_a_script_says_where_it_would_run_and_where_no_more(contoso: Contoso) -> None:
    await enrol_by_token(contoso, "alice")
    await enrol_iphone(contoso, "carol")
    assign = f"{SCRIPTS}/{await script(contoso, 'Drives')}"
    body = {"deviceManagementScriptAssignments": [EVERYBODY]}
    foreseen = await predict(contoso, "POST", f"{assign}/assign", body)
    assert said(foreseen) == [("Drives", "run")]
    assert not contoso.emulator.runner.current(contoso.tenant).has_agents
    await send(contoso, "POST", f"{assign}/assign", body)
    assert said(await predict(contoso, "POST", f"{assign}/assign", body)) == []
    assert said(await predict(contoso, "POST", f"{assign}/assign", NOBODY)) == [("Drives", "stop")]
    changed = {"scriptContent": base64.b64encode(b"another").decode()}
    assert said(await predict(contoso, "PATCH", assign, changed)) == [("Drives", "run")]
    assert said(await predict(contoso, "PATCH", assign, {"description": "other"})) == []
    assert said(await predict(contoso, "DELETE", assign)) == [("Drives", "stop")]


@pytest.mark.both_databases
async def test_an_assignment_of_an_app_says_what_would_become_of_it(contoso: Contoso) -> None:
    await enrol_by_token(contoso, "alice")
    phone = await enrol_iphone(contoso, "carol", version="17.0")
    await phone.check_in()
    notes = f"{APPS}/{await app(contoso, 'iosStoreApp', 'Notes', bundleId='com.contoso.notes')}"
    tool = f"{APPS}/{await app(contoso, 'win32LobApp', 'Tool')}"
    for path, name in ((notes, "Notes"), (tool, "Tool")):
        for word, what in (("required", "install"), ("available", "offer")):
            foreseen = await predict(contoso, "POST", f"{path}/assign", intent(word))
            assert said(foreseen) == [(name, what)]
    await send(contoso, "POST", f"{notes}/assign", intent("required"))
    assert said(await predict(contoso, "POST", f"{notes}/assign", {"mobileAppAssignments": []})) == [("Notes", "keep")]
    for _ in range(3):
        await phone.check_in(limit=4)
    assert said(await predict(contoso, "POST", f"{notes}/assign", {"mobileAppAssignments": []})) == []
    uninstalled = await predict(contoso, "POST", f"{notes}/assign", intent("uninstall"))
    assert said(uninstalled) == [("Notes", "uninstall")]
    newer = {"@odata.type": "#microsoft.graph.iosStoreApp", "minimumSupportedOperatingSystem": {"v17_0": True}}
    assert said(await predict(contoso, "PATCH", notes, newer)) == []
    record = next(device.managed_device_id for device in uninstalled)
    (ended,) = await predict(contoso, "POST", f"{DEVICES}/{record}/wipe")
    assert (ended.ends, ended.apps) == ("wipe", ())
