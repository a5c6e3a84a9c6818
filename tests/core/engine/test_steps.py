"""The next steps of a device: their order, their dependencies, and steps that are not sent twice."""

from __future__ import annotations

from dataclasses import replace

from fauxtune.core.engine.planning.steps import (
    PlannedStep,
    SentStep,
    confirmed_items,
    due_steps,
    new_installs,
    planned_steps,
)
from fauxtune.core.engine.removal.decisions import DeviceKind
from fauxtune.core.model.actions import StepKind, StepState
from fauxtune.core.model.ids import ItemKey
from fauxtune.core.model.items import LedgerRow
from fauxtune.core.model.platforms import Variant
from fauxtune.core.model.states import ItemState, Source
from fauxtune.core.model.tenants import Edition

KIND = DeviceKind(Variant.WINDOWS, Edition.CURRENT)
ROOT = LedgerRow(ItemKey("root/r/trusted"), Source.ROOT, ItemState.SENT, fingerprint="r")
OWN = LedgerRow(ItemKey("pkcs/p"), Source.PKCS, ItemState.SENT, fingerprint="1")
OLD = LedgerRow(ItemKey("imported/i"), Source.IMPORTED, ItemState.SENT, fingerprint="2")
ACCOUNT = LedgerRow(ItemKey("email/e"), Source.EMAIL, ItemState.SENT, fingerprint="3")
EVERYTHING = [ACCOUNT, OLD, OWN, ROOT]


def words(found: list[PlannedStep]) -> list[str]:
    return [f"{wish.kind} {wish.subject}" for wish in found]


def of(
    rows: list[LedgerRow],
    *,
    told: tuple[SentStep, ...] = (),
    again: bool = False,
    orders: tuple[str, ...] = (),
    together: bool = False,
) -> list[PlannedStep]:
    return planned_steps(
        rows, device=KIND, orders=orders, questions=("what",), again=again, sent=told, together=together
    )


def test_installs_go_from_the_root_to_the_account_and_removals_the_other_way_before_them() -> None:
    going = [replace(row, state=ItemState.REMOVING, key=ItemKey(f"{row.key}x")) for row in EVERYTHING]
    assert words(of([*EVERYTHING, *going], orders=("lock",))) == [
        "action lock",
        "remove email/ex",
        "remove imported/ix",
        "remove pkcs/px",
        "remove root/r/trustedx",
        "install root/r/trusted",
        "install pkcs/p",
        "install imported/i",
        "install email/e",
    ]


def test_questions_come_when_everything_else_was_done_refused_or_put_off() -> None:
    one, two = (PlannedStep(StepKind.INSTALL, row.key, row.fingerprint or "") for row in (ROOT, OWN))
    rows = [ROOT, OWN]
    assert "question what" not in words(of(rows, told=(SentStep("1", one, StepState.CONFIRMED),)))
    for state in (StepState.REFUSED, StepState.LATER):
        over = (SentStep("1", one, StepState.CONFIRMED), SentStep("2", two, state))
        assert "question what" in words(of(rows, told=over))
    assert words(of([])) == ["question what"]


def test_questions_go_along_with_installs_that_show_at_once_if_the_device_takes_several_steps() -> None:
    assert words(of([ROOT, OWN], together=True)) == ["install root/r/trusted", "install pkcs/p", "question what"]
    requested = LedgerRow(ItemKey("scep/s"), Source.SCEP, ItemState.SENT, fingerprint="4")
    for others in ([requested], [replace(OLD, state=ItemState.REMOVING)]):
        assert "question what" not in words(of([ROOT, *others], together=True))
    assert "question what" not in words(of([ROOT], orders=("wipe",), together=True))


def test_an_install_is_new_until_it_was_sent() -> None:
    sent = [SentStep("1", PlannedStep(StepKind.INSTALL, ROOT.key, "r"), StepState.WAITING)]
    assert new_installs([ROOT, OWN], again=False, sent=sent) == {OWN.key}
    assert new_installs([replace(ROOT, fingerprint="other"), OWN], again=False, sent=sent) == {ROOT.key, OWN.key}


def test_what_the_device_refused_is_tried_again_only_when_its_time_has_come() -> None:
    refused = replace(ROOT, state=ItemState.FAILED)
    never_offered = replace(OWN, state=ItemState.FAILED, fingerprint=None)
    assert words(of([refused, never_offered])) == ["question what"]
    assert words(of([refused, never_offered], again=True)) == ["install root/r/trusted"]


def test_settled_items_need_no_steps() -> None:
    at_rest = (ItemState.INSTALLED, ItemState.KEPT, ItemState.REMOVED, ItemState.WANTED)
    assert words(of([replace(ROOT, state=state) for state in at_rest], again=True)) == ["question what"]


def test_what_cannot_be_given_any_more_goes_as_long_as_the_device_has_it() -> None:
    lost = replace(ACCOUNT, state=ItemState.FAILED, fingerprint=None, installed_fingerprint="3")
    assert words(of([lost])) == ["remove email/e"]
    assert words(of([replace(lost, state=ItemState.WANTED)])) == ["remove email/e"]
    assert words(of([replace(lost, installed_fingerprint=None)])) == ["question what"]


def test_only_steps_that_were_never_sent_or_are_to_be_sent_again_are_due() -> None:
    wish = PlannedStep(StepKind.INSTALL, "pkcs/p", "1")
    assert due_steps([wish], []) == [(wish, None)]
    for state in StepState:
        expected = [(wish, "7")] if state is StepState.WAITING else []
        assert due_steps([wish], [SentStep("7", wish, state)]) == expected


def test_other_bytes_of_the_same_item_are_another_step() -> None:
    before = PlannedStep(StepKind.INSTALL, "pkcs/p", "1")
    after = PlannedStep(StepKind.INSTALL, "pkcs/p", "2")
    assert due_steps([after], [SentStep("7", before, StepState.SENT)]) == [(after, None)]


def test_confirmed_are_installs_alone() -> None:
    results = [
        SentStep("1", PlannedStep(StepKind.INSTALL, "pkcs/p", "1"), StepState.CONFIRMED),
        SentStep("2", PlannedStep(StepKind.INSTALL, "pkcs/q", "1"), StepState.SENT),
        SentStep("3", PlannedStep(StepKind.QUESTION, "what"), StepState.ANSWERED),
    ]
    assert confirmed_items(results) == {"pkcs/p"}
