"""What statuses mean for a step, and the errors that Graph shows."""

from __future__ import annotations

import pytest

from fauxtune.core.model.actions import StepKind
from fauxtune.core.model.items import REMEDIATION_FAILED
from fauxtune.operations.checkin.steps import Result
from fauxtune.surfaces.devices.windows import status_mapping
from fauxtune.surfaces.devices.windows.status_mapping import CommandResponse, step_result

INSTALL, REMOVE, ACTION, QUESTION = StepKind.INSTALL, StepKind.REMOVE, StepKind.ACTION, StepKind.QUESTION


def said(role: str, status: int | None, data: str | None = None, *, uri: str = "./x") -> CommandResponse:
    return CommandResponse(role, uri, status, data)


@pytest.mark.parametrize(("status", "code"), [(404, -2016345708), (500, -2016345612), (418, -2016345694)])
def test_graphs_numbers_are_made_of_the_syncml_status(status: int, code: int) -> None:
    assert status_mapping.error_code(status) == code


@pytest.mark.parametrize(
    ("role", "status", "result"),
    [
        ("must", 200, Result.DONE),
        ("must", 202, Result.DONE),
        ("must", 216, Result.REFUSED),
        ("must", 418, Result.REFUSED),
        ("must", 500, Result.REFUSED),
        ("there", 418, Result.DONE),
        ("there", 404, Result.REFUSED),
        ("gone", 404, Result.DONE),
        ("gone", 425, Result.REFUSED),
        ("any", 500, Result.DONE),
    ],
)
def test_the_role_of_a_command_says_what_its_status_means(role: str, status: int, result: Result) -> None:
    answered = step_result("s", [said(role, status)], kind=INSTALL)
    assert (answered.step, answered.result) == ("s", result)
    assert (answered.problem is None) == (result is Result.DONE)


@pytest.mark.parametrize("status", [404, 406, 501])
def test_an_action_that_the_device_does_not_know_is_unsupported(status: int) -> None:
    assert step_result("s", [said("must", status)], kind=ACTION).result is Result.UNSUPPORTED
    assert step_result("s", [said("must", status)], kind=REMOVE).result is Result.REFUSED
    assert step_result("s", [said("must", 405)], kind=ACTION).result is Result.REFUSED


@pytest.mark.parametrize(
    ("hresult", "words"), [("-2147024810", "0x80070056"), ("0x80090029", "0x80090029"), ("2147942486", "0x80070056")]
)
def test_a_failed_atomic_says_which_part_and_why(hresult: str, words: str) -> None:
    answered = step_result(
        "s",
        [
            said("any", 404),
            said("atomic", 507, uri=""),
            said("part", 216, uri="./x/KeyLocation"),
            said("part", 500, uri="./x/PFXCertBlob"),
            said("part", 215, uri="./x/PFXKeyExportable"),
            said("detail", 200, hresult),
        ],
        kind=INSTALL,
    )
    assert answered.result is Result.REFUSED
    assert answered.problem is not None
    assert answered.problem.code == status_mapping.error_code(500)
    assert answered.problem.message == f"The device refused it (SyncML status 500 at ./x/PFXCertBlob): {words}."


@pytest.mark.parametrize("data", [None, "", "0", "many"])
def test_an_atomic_whose_parts_say_nothing_has_its_own_number(data: str | None) -> None:
    results = [said("atomic", 507, uri=""), said("part", None), said("part", 216), said("detail", 404, data)]
    answered = step_result("s", results, kind=INSTALL)
    assert answered.problem is not None
    assert (answered.problem.code, answered.problem.message) == (
        status_mapping.error_code(507),
        "The device refused it (SyncML status 507).",
    )


def test_an_atomic_that_went_well_needs_no_statuses_of_its_parts() -> None:
    results = [said("any", 200), said("atomic", 200), said("part", None), said("detail", None)]
    assert step_result("s", results, kind=INSTALL).result is Result.DONE


def test_no_answer_at_all_is_a_failure_without_a_number_of_syncml() -> None:
    answered = step_result("s", [said("must", None)], kind=INSTALL)
    assert answered.problem is not None
    assert answered.problem.code == REMEDIATION_FAILED


def test_what_gets_find_is_the_answer_a_node_that_is_not_there_has_no_children_and_a_status_alone_says_nothing() -> (
    None
):
    result = step_result("s", [said("ask", 200, "A/B", uri="./a"), said("ask", 404, uri="./b")], kind=QUESTION)
    assert (result.result, result.data) == (Result.DONE, {"values": {"./a": "A/B"}, "children": "A/B"})
    assert step_result("s", [said("ask", 404)], kind=QUESTION).data == {"values": {}, "children": ""}
    for status in (200, 405, 500, None):
        assert step_result("s", [said("ask", status)], kind=QUESTION).result is Result.UNSUPPORTED
