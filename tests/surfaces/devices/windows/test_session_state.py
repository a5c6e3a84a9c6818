"""Which answer belongs to which step: by message and number, across messages, and across a restart.

What statuses mean for a step, and the errors that Graph shows.
"""

from __future__ import annotations

import json

import pytest

from fauxtune.core.model.actions import StepKind
from fauxtune.core.model.items import REMEDIATION_FAILED
from fauxtune.operations.checkin.steps import Result
from fauxtune.surfaces.devices.windows import status_mapping
from fauxtune.surfaces.devices.windows.messages import syncml
from fauxtune.surfaces.devices.windows.messages.syncml import Command, Reply
from fauxtune.surfaces.devices.windows.session_state import Pending, State
from fauxtune.surfaces.devices.windows.status_mapping import CommandResponse, step_result
from tests.support.devices import windows_messages


def message(body: str = "", *, number: int = 1, session: str = "1F", largest: int | None = None) -> syncml.Message:
    return syncml.read(windows_messages.sync(session, number, body, source="D", largest=largest))


def restarted(state: State) -> State:
    """As it is after it was kept."""
    return State.of(json.loads(json.dumps(state.document())))


def told(state: State, *commands: Command, step: str = "s", kind: StepKind = StepKind.INSTALL, mark: str = "") -> None:
    state.await_step(step, Pending(kind, [], item="pkcs/p" if mark else "", name=mark), commands=commands)


def put(state: State, on: syncml.Message) -> list[int]:
    """Send what there is room for; the numbers."""
    state.message = on.number
    reply, numbers = Reply(on, header_status=200), []
    while state.unsent:
        step, place, command = state.unsent[0]
        placed = reply.add(command)
        if placed is None:
            break
        state.unsent.pop(0)
        state.note_sent(step, placed, place=place)
        numbers.append(placed.id)
    return numbers


def answer(number: int, code: int, *, to: int = 1) -> str:
    return windows_messages.status(1, message=to, command=str(number), name="Add", code=code)


INSTALL, REMOVE, ACTION, QUESTION = StepKind.INSTALL, StepKind.REMOVE, StepKind.ACTION, StepKind.QUESTION


def said(role: str, status: int | None, data: str | None = None, *, uri: str = "./x") -> CommandResponse:
    return CommandResponse(role, uri, status, data)


def test_a_step_is_over_when_all_of_its_commands_are_answered_whenever_that_is() -> None:
    state = State()
    state.begin(message())
    told(state, Command("Add", "./a", role="must"), Command("Add", "./b", role="must"))
    first, second = put(state, message())
    state = restarted(state)
    assert state.apply(message(answer(first, 200), number=2)) == []
    state = restarted(state)
    (over,) = state.apply(message(answer(second, 500), number=3))
    assert (over.step, over.result) == ("s", Result.REFUSED)
    assert (state.steps, state.sent) == ({}, {})


def test_a_step_whose_commands_are_not_all_sent_is_not_over() -> None:
    state = State()
    small = message(largest=700)
    state.begin(small)
    told(state, Command("Add", "./a", "x" * 100, role="must"), Command("Add", "./b", "x" * 300, role="any"))
    (first,) = put(state, small)
    assert len(restarted(state).unsent) == 1
    assert state.apply(message(answer(first, 200), number=2)) == []
    (second,) = put(state, message(number=2))
    assert [step_result.result for step_result in state.apply(message(answer(second, 500, to=2), number=3))] == [
        Result.DONE
    ]


def test_a_status_for_what_was_never_sent_is_ignored() -> None:
    state = State()
    state.begin(message())
    told(state, Command("Add", "./a", role="must"))
    (number,) = put(state, message())
    for body in (answer(number + 1, 200), answer(number, 200, to=2), answer(0, 200), answer(number, 200, to=99)):
        assert state.apply(message(body, number=2)) == []
    assert (
        state.apply(message(windows_messages.results(1, message=7, command="7", uri="./a", data="x"), number=2)) == []
    )
    assert len(state.apply(message(answer(number, 200), number=2))) == 1
    assert state.apply(message(answer(number, 200), number=2)) == []


def test_results_may_come_before_their_status_or_in_another_message() -> None:
    for together in (True, False):
        state = State()
        state.begin(message())
        told(state, Command("Get", "./a", role="ask"), kind=StepKind.QUESTION)
        (number,) = put(state, message())
        results = windows_messages.results(1, message=1, command=str(number), uri="./a", data="A/B")
        if not together:
            assert state.apply(message(results, number=2)) == []
            state = restarted(state)
        (over,) = state.apply(message((results if together else "") + answer(number, 200), number=2))
        assert over.data is not None
        assert over.data["children"] == "A/B"


def test_a_session_begins_with_another_name_or_a_number_that_was_there() -> None:
    state = State()
    assert state.begins(message())
    state.begin(message())
    state.message = 2
    assert state.begins(message(number=2))
    assert state.begins(message(number=1))
    assert state.begins(message(number=3, session="2F"))
    assert not state.begins(message(number=3))


def test_a_new_session_awaits_nothing_of_the_one_before_but_knows_what_was_given() -> None:
    state = State(user_is_here=True)
    state.begin(message())
    told(state, Command("Add", "./a", role="must"), Command("Add", "./b", role="must"), mark="AA")
    put(state, message())
    state.begin(message(session="2F"))
    assert (state.sent, state.steps, state.unsent, state.user_is_here) == ({}, {}, [], False)
    assert state.given == {"pkcs/p": ["AA"]}


def test_what_a_renewed_certificate_was_is_outdated_once_the_new_one_is_there() -> None:
    state = State(given={"pkcs/p": ["AA"]})
    state.begin(message())
    told(state, Command("Add", "./a", role="must"), mark="BB")
    assert state.given == {"pkcs/p": ["AA", "BB"]}
    (number,) = put(state, message())
    state.apply(message(answer(number, 500), number=2))
    assert state.outdated == []
    told(state, Command("Add", "./a", role="must"), mark="BB")
    (number,) = put(state, message(number=2))
    state.apply(message(answer(number, 200, to=2), number=3))
    assert (state.outdated, state.given) == (["AA"], {"pkcs/p": ["BB"]})
    assert restarted(state).outdated == ["AA"]


def test_what_was_removed_was_never_given() -> None:
    state = State(given={"pkcs/p": ["AA"]})
    state.begin(message())
    state.await_step(
        "s", Pending(StepKind.REMOVE, [], item="pkcs/p"), commands=(Command("Delete", "./a", role="gone"),)
    )
    (number,) = put(state, message())
    state.apply(message(answer(number, 404), number=2))
    assert state.given == {}


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
