"""The document that clients of the device doors are written from: every call says all that it can answer, and how the
caller proves itself. (That real answers are as described is checked in every test of the surfaces: see `described`.)
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import APIRouter

from fauxtune.core.formats.xml import parse
from fauxtune.surfaces.devices.android import errors as android_errors
from fauxtune.surfaces.devices.android import messages
from fauxtune.surfaces.devices.android import routes as commands
from fauxtune.surfaces.devices.apple import description as apple
from fauxtune.surfaces.devices.apple import errors as apple_errors
from fauxtune.surfaces.devices.apple import messages as apple_messages
from fauxtune.surfaces.devices.windows import description as windows
from fauxtune.surfaces.devices.windows import routes as windows_routes
from fauxtune.surfaces.devices.windows.messages import mde2, soap, syncml
from fauxtune.surfaces.pki import errors as pki_errors
from fauxtune.surfaces.push import errors as push_errors
from tests.support import device_openapi

DOCUMENT = device_openapi.document()
CALLS = [(path, method, call) for path, methods in DOCUMENT["paths"].items() for method, call in methods.items()]
WIRE = Path(__file__).parents[2] / "wire" / "android"
#: Every call can be answered so: what is broken, too large, or must wait.
ALWAYS = {"413", "500", "503", "default"}


def _where(call: tuple[str, str, Any]) -> str:
    return f"{call[1]} {call[0]}"


@pytest.mark.parametrize("call", CALLS, ids=_where)
def test_every_answer_of_every_call_has_a_schema(call: tuple[str, str, Any]) -> None:
    _, _, operation = call
    answers = operation["responses"]
    assert set(answers) >= ALWAYS
    assert "422" not in answers
    empty = {status for status, answer in answers.items() if "content" not in answer}
    assert empty <= {"204", "304", "410"} or operation["operationId"] == "windowsProbe"
    for status in set(answers) - empty:
        assert answers[status]["description"]
        for content in answers[status]["content"].values():
            assert content["schema"].get("$ref") or content["schema"].get("type"), status
            name = content["schema"].get("$ref", "").rpartition("/")[2]
            assert not name or DOCUMENT["components"]["schemas"][name]


@pytest.mark.parametrize("call", CALLS, ids=_where)
def test_every_call_says_how_the_caller_proves_itself_or_that_nothing_is_asked(call: tuple[str, str, Any]) -> None:
    named = {name for each in call[2]["security"] for name in each}
    assert named <= set(DOCUMENT["components"]["securitySchemes"])


def test_every_scheme_is_asked_somewhere_and_says_what_it_is() -> None:
    result = {name for _, _, call in CALLS for each in call["security"] for name in each}
    schemes = DOCUMENT["components"]["securitySchemes"]
    assert result == set(schemes)
    assert all(scheme["description"] for scheme in schemes.values())


def test_every_call_is_named_once_and_has_words() -> None:
    names = [call["operationId"] for _, _, call in CALLS]
    assert len(set(names)) == len(names)
    assert all(call["summary"] and call["description"] and call["tags"] for _, _, call in CALLS)


def test_the_calls_that_are_described_are_those_that_are_served() -> None:
    from fauxtune_docs.writing import DEVICES, SURFACES  # here: it imports every surface

    routers: tuple[APIRouter, ...] = (*SURFACES["devices"][1], windows_routes.router)
    served = {
        (route.path.replace(":path}", "}"), method.lower())  # type: ignore[attr-defined]
        for router in routers
        for route in router.routes
        for method in route.methods - {"HEAD"}  # type: ignore[attr-defined]
    }
    aliases = {each for each in served if "/api/mdm/" in each[0] or each[0].startswith(("/Enrollment", "/Management"))}
    known = {(path, method) for device in DEVICES for path, methods in device.OPERATIONS.items() for method in methods}
    assert known == served - aliases


def test_every_parameter_of_a_path_is_described() -> None:
    for path, _, call in CALLS:
        named = {parameter["name"] for parameter in call["parameters"] if parameter["in"] == "path"}
        assert named == {
            part
            for part in (
                "tenant_key",
                "enterprise",
                "device",
                "operation",
                "authority",
                "encoded",
                "token",
                "address",
                "app_id",
                "file_id",
            )
            if f"{{{part}}}" in path
        }
        assert all(parameter["description"] for parameter in call["parameters"])


@pytest.mark.parametrize(
    ("tag", "table"),
    [
        ("android", android_errors.TABLE),
        ("apple", apple_errors.TABLE),
        ("pki", pki_errors.TABLE),
        ("push", push_errors.TABLE),
    ],
)
def test_every_status_that_a_surface_gives_to_an_error_is_described(tag: str, table: tuple[Any, ...]) -> None:
    """By itself, or as one of the refusals that no call of this surface has words of its own for."""
    mine = [call for _, _, call in CALLS if call["tags"] == [tag]]
    statuses = {str(row[1]) for row in table}
    for call in mine:
        assert {"400", "404", "503"} <= statuses & set(call["responses"]), call["operationId"]


def test_the_words_of_a_refusal_are_those_of_the_table() -> None:
    words = DOCUMENT["components"]["schemas"]["Problem"]["properties"]["status"]["enum"]
    assert set(words) == {status for *_, status in android_errors.TABLE} | {"INTERNAL", "NOT_FOUND"}


def test_the_commands_are_those_that_devices_are_sent() -> None:
    metadata = DOCUMENT["components"]["schemas"]["Command"]["properties"]["type"]["enum"]
    details = {"passcode": "1", "deviceName": "x"}
    assert set(metadata) == {told(details)["type"] for told in commands.COMMANDS.values()} | {"WIPE"}


@pytest.mark.parametrize(
    ("schema", "example"),
    [
        ("Enrolled", "enroll-answer"),
        ("CheckedIn", "report-status-answer"),
        ("Policy", "policy"),
        ("Operations", "operations-commands"),
        ("Refusal", "device-not-found"),
        ("Enroll", "enroll-request"),
        ("ReportStatus", "report-status-request"),
        ("Complete", "complete-request-location"),
        ("Unenroll", "unenroll-request"),
        ("PushNews", "push-answer"),
        ("PushNews", "push-answer-quiet"),
    ],
)
def test_the_example_messages_are_as_described(schema: str, example: str) -> None:
    device_openapi.validator(schema).validate(json.loads((WIRE / f"{example}.json").read_text()))


def test_examples_in_the_document_are_as_described() -> None:
    for _, _, call in CALLS:
        for answer in call["responses"].values():
            content = answer.get("content", {}).get("application/json", {})
            if "example" in content:
                device_openapi.validator(content["schema"]["$ref"].rpartition("/")[2]).validate(content["example"])


@pytest.mark.parametrize("name", sorted(apple.MESSAGES))
def test_apples_example_messages_are_read_here(name: str) -> None:
    read = apple_messages.read(apple.MESSAGES[name].encode())
    value = read.status.value if isinstance(read, apple_messages.CommandResults) else type(read).__name__
    assert value == name


@pytest.mark.parametrize("step", windows.MESSAGES, ids=lambda step: step.request.rpartition("/")[2])
def test_windows_example_messages_are_read_here(step: soap.Step) -> None:
    request = soap.of_step(parse(windows.MESSAGES[step].encode()), step)
    if step is soap.DISCOVER:
        assert mde2.discover(request).email == "alice@contoso.example"
        return
    assert soap.proof(request.security).token == "an enrolment token"
    if step is soap.REQUEST_TOKEN:
        assert mde2.token_request(request).items["deviceid"]


def test_the_example_of_a_session_is_read_here() -> None:
    assert syncml.read(windows.SESSION.encode()).source == "7F3A2E44-0C9F-4C5B-9E0D-2B1C8B6A1F10"


async def test_what_is_not_as_described_is_noticed() -> None:
    """The check of all other tests can fail."""
    request = httpx.Request("POST", "https://x/mdm/contoso/android/v1/enterprises/e/devices/d:reportStatus")
    good = httpx.Response(200, json={"policyVersion": "1", "pendingOperations": 0}, request=request)
    await device_openapi.check(good)
    for bad in (
        httpx.Response(200, json={"policyVersion": 1, "pendingOperations": 0}, request=request),
        httpx.Response(200, json={"policyVersion": "1", "pendingOperations": 0, "more": 1}, request=request),
        httpx.Response(400, json={"detail": []}, request=request),
        httpx.Response(200, text="ok", request=request),
    ):
        with pytest.raises(AssertionError):
            await device_openapi.check(bad)


def test_a_report_may_leave_out_what_the_schema_does_not_ask_for() -> None:
    device_openapi.validator("ReportStatus").validate({})
    assert messages.ReportStatus.model_validate({}).applied_policy_version == ""


def test_a_server_starts_without_the_descriptions() -> None:
    """They are hundreds of lines that only the document needs."""
    script = (
        "import sys, fauxtune.server.serve, fauxtune.server.factory as factory\n"
        "for each in factory.SURFACES: each.load()\n"
        "print(*sys.modules, sep='\\n')"
    )
    loaded = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.split()
    from fauxtune_docs.writing import DEVICES  # here: it imports every surface

    assert "fauxtune.surfaces.devices.android.messages" in loaded
    assert not [name for name in loaded if name in {module.__name__ for module in DEVICES}]
