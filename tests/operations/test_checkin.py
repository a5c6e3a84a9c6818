"""Check-ins: quiet ones plan nothing, two at once issue once, and a crash in the middle heals at the next."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from fauxtune.connector.work import Sealing
from fauxtune.core.engine.planning.reported_items import Inventory
from fauxtune.core.errors import EnrollmentEnded, NotFound, Unauthenticated
from fauxtune.core.model.ids import EnrollmentId, ItemKey
from fauxtune.core.model.states import ItemState, Source
from fauxtune.core.profiles.catalog import kind
from fauxtune.operations.ca import imported_pfx
from fauxtune.operations.checkin.checkin import check_in, finish
from fauxtune.operations.checkin.report import Report
from fauxtune.operations.devices import actions as device_actions
from fauxtune.operations.directory import users_and_groups
from fauxtune.operations.profiles import profiles
from fauxtune.operations.visits.left import Left
from tests.support.devices.android import AndroidInProcess
from tests.support.statements import statements_and_values
from tests.support.tenant import Contoso

pytestmark = pytest.mark.both_databases


async def test_a_device_gets_its_root_then_its_certificate_and_comes_to_rest(contoso: Contoso) -> None:
    await contoso.root_profile()
    profile = await contoso.pkcs_profile()
    phone = await contoso.enroll("alice")
    assert (await phone.settle()).policy_version == phone.applied
    assert await phone.states() == {"root": "installed", "pkcs": "installed"}
    row = await phone.item()
    assert phone.holds == {row.key: row.thumbprint}
    assert [certificate.serial for certificate in await contoso.issued()] == [row.serial]
    assert (await contoso.profile_state(phone, profile)).status == "compliant"
    assert [event.type for event in await contoso.events(device=phone)] == [
        "enrolled",
        "delivered",
        "installed",
        "issued",
        "delivered",
        "installed",
    ]


async def test_every_device_has_its_own_pkcs_certificate_and_all_of_a_users_share_what_was_imported(
    contoso: Contoso,
) -> None:
    await contoso.root_profile()
    await contoso.pkcs_profile()
    await contoso.imported_profile()
    marks = {await contoso.import_pfx("alice") for _ in range(2)}
    first, second, bobs = [await contoso.enroll(name) for name in ("alice", "alice", "bob")]
    for phone in (first, second, bobs):
        await phone.settle()
    assert (await first.item()).thumbprint != (await second.item()).thumbprint
    for phone, expected in ((first, marks), (second, marks), (bobs, set())):
        assert {mark for key, mark in phone.holds.items() if key.startswith("imported/")} == expected


# ------------------------------------------------------------------------------------------------------------- quiet


async def test_a_quiet_check_in_does_not_plan(contoso: Contoso) -> None:
    await contoso.root_profile()
    await contoso.pkcs_profile()
    phone = await contoso.enroll("alice")
    await phone.settle()
    plans = await phone.plans()
    for _ in range(3):
        contoso.clock.forward(hours=8)
        await phone.check_in()
    assert await phone.plans() == plans
    assert (await phone.row()).last_checkin_at == contoso.clock.now()


async def test_one_users_import_makes_only_that_users_devices_plan(contoso: Contoso) -> None:
    await contoso.imported_profile()
    alices = [await contoso.enroll("alice") for _ in range(2)]
    others = [await contoso.enroll(name) for name in ("bob", "carol")]
    for phone in (*alices, *others):
        await phone.settle()
    before = {phone.enrollment_id: await phone.plans() for phone in (*alices, *others)}
    await contoso.import_pfx("alice")
    for phone in (*alices, *others):
        await phone.settle()
    planned = {phone.enrollment_id for phone in (*alices, *others) if await phone.plans() > before[phone.enrollment_id]}
    assert planned == {phone.enrollment_id for phone in alices}
    assert all(len(phone.holds) == 1 for phone in alices)


async def test_changes_elsewhere_leave_a_device_quiet(contoso: Contoso) -> None:
    await contoso.root_profile("SMIME Pilot")
    carols = await contoso.enroll("carol")
    await carols.settle()
    plans = await carols.plans()
    await contoso.pkcs_profile("SMIME Pilot")
    await contoso.do(users_and_groups.update_user, contoso.upn("alice"), changes={"displayName": "Alice B."})
    await contoso.import_pfx("bob")
    await contoso.group("unassigned", await contoso.user_id("carol"))
    await carols.check_in()
    assert await carols.plans() == plans


async def test_a_new_report_makes_a_device_plan(contoso: Contoso) -> None:
    await contoso.root_profile()
    phone = await contoso.enroll("alice")
    await phone.settle()
    plans = await phone.plans()
    phone.roots.clear()
    answer = await phone.check_in()
    assert await phone.plans() == plans + 1
    assert answer.policy_version > phone.applied, "it is given the root again"
    await phone.settle()
    assert await phone.states() == {"root": "installed"}


async def test_a_certificate_that_was_removed_by_hand_is_issued_anew(contoso: Contoso) -> None:
    await contoso.root_profile()
    await contoso.pkcs_profile()
    phone = await contoso.enroll("alice")
    await phone.settle()
    old = await phone.item()
    phone.lose(old.key)
    await phone.settle()
    new = await phone.item()
    assert (new.state, new.serial != old.serial) == (ItemState.INSTALLED, True)
    assert new.serial is not None
    assert old.serial is not None
    assert [await contoso.certificate_status(serial) for serial in (old.serial, new.serial)] == ["good", "good"]


async def test_an_imported_certificate_that_was_removed_by_hand_is_the_same_again(contoso: Contoso) -> None:
    await contoso.imported_profile()
    mark = await contoso.import_pfx("alice")
    phone = await contoso.enroll("alice")
    await phone.settle()
    phone.lose(*phone.holds)
    await phone.settle()
    assert list(phone.holds.values()) == [mark]


async def test_a_certificate_is_renewed_when_its_threshold_is_reached(contoso: Contoso) -> None:
    await contoso.root_profile()
    await contoso.pkcs_profile(renewalThresholdPercentage=20)
    phone = await contoso.enroll("alice")
    await phone.settle()
    old = await phone.item()
    contoso.clock.forward(days=290)
    await phone.settle()
    assert (await phone.item()).serial == old.serial
    contoso.clock.forward(days=5)
    await phone.settle()
    new = await phone.item()
    assert (new.state, new.serial != old.serial) == (ItemState.INSTALLED, True)
    assert len(await contoso.events("renewed")) == 1
    plans = await phone.plans()
    await phone.check_in()
    assert await phone.plans() == plans


async def test_an_edited_profile_leaves_the_certificate_as_it_is(contoso: Contoso) -> None:
    await contoso.root_profile()
    profile = await contoso.pkcs_profile()
    phone = await contoso.enroll("alice")
    await phone.settle()
    serial = (await phone.item()).serial
    known = kind("androidWorkProfilePkcsCertificateProfile")
    assert known is not None
    changes = {"certificateTemplateName": "SmimeBoth"}
    await contoso.do(profiles.update_profile, profile, kind=known, changes=changes)
    await phone.settle()
    assert (await phone.item()).serial == serial
    assert (await contoso.profile_state(phone, profile)).version == 2


async def test_a_report_in_other_words_plans_nothing_and_the_next_one_is_quiet(contoso: Contoso) -> None:
    await contoso.switch(requireTrustedRoot=False)
    await contoso.pkcs_profile()
    phone = await contoso.enroll("alice")
    await phone.settle()
    plans, other = await phone.plans(), replace(phone.report(), digest="other words")
    with statements_and_values(contoso.emulator) as sent:
        await phone.check_in(other)
    assert len(sent) <= 5
    assert await phone.plans() == plans
    with statements_and_values(contoso.emulator) as sent:
        await phone.check_in(other)
    assert len(sent) == 1
    lost = replace(other, digest="lost", read=lambda _version, _rows: Inventory(complete=True))
    await phone.check_in(lost)
    assert await phone.plans() > plans, "it reports that its certificate is gone"


async def _resting(contoso: Contoso) -> AndroidInProcess:
    """A device whose last report has said the same as the one before in other words, so that it is remembered."""
    await contoso.switch(requireTrustedRoot=False)
    await contoso.pkcs_profile()
    phone = await contoso.enroll("alice")
    await phone.settle()
    await phone.check_in(_words(phone, "first"))
    return phone


def _words(phone: AndroidInProcess, digest: str, **facts: object) -> Report:
    """What the device reports, in other words than before, with these facts."""
    return replace(phone.report(), digest=digest, facts=lambda: dict(facts))


async def test_a_device_that_says_the_same_in_ever_other_words_is_answered_by_one_statement(contoso: Contoso) -> None:
    phone = await _resting(contoso)
    plans = await phone.plans()
    for words in ("second", "third", "third", "second"):
        contoso.clock.at += timedelta(hours=1)
        with statements_and_values(contoso.emulator) as sent:
            await phone.check_in(_words(phone, words))
        assert len(sent) == 1
        row = await phone.row()
        assert (row.report_digest, row.last_checkin_at, row.plans) == (words, contoso.clock.at, plans)
        left = contoso.emulator.runner.memory.of(contoso.tenant.id).recall(row.credential_digest)
        assert isinstance(left, Left)
        assert left.row == row, "it is remembered as it is"


async def test_what_is_new_among_other_words_is_taken_in(contoso: Contoso) -> None:
    phone = await _resting(contoso)
    plans = await phone.plans()
    await phone.check_in(_words(phone, "with a battery", batteryLevelPercentage=40.0))
    assert (await phone.row()).facts["batteryLevelPercentage"] == 40.0
    assert await phone.plans() == plans, "no plan depends on it"
    await phone.check_in(_words(phone, "renamed", deviceName="Renamed"))
    assert (await phone.row()).facts["deviceName"] == "Renamed"
    assert await phone.plans() > plans
    await phone.check_in(_words(phone, "again"))
    await phone.check_in(_words(phone, "and again"))
    phone.lose((await phone.item()).key)
    phone.applied = (await phone.row()).policy_version
    await phone.check_in(_words(phone, "lost"))
    assert (await phone.item()).state is ItemState.SENT


async def test_other_words_do_not_hide_what_was_changed_for_a_device(contoso: Contoso) -> None:
    phone = await _resting(contoso)
    plans = await phone.plans()
    await contoso.root_profile()
    await phone.check_in(_words(phone, "second"))
    assert await phone.plans() > plans
    assert (await phone.states())["root"] == "sent"


async def test_other_words_do_not_hide_what_has_become_due(contoso: Contoso) -> None:
    phone = await _resting(contoso)
    (first,) = await contoso.issued()
    contoso.clock.at += timedelta(days=400)
    await phone.check_in(_words(phone, "second"))
    assert [row.serial for row in await contoso.issued()] != [first.serial]


async def test_who_says_the_same_in_other_words_under_another_name_is_refused(contoso: Contoso) -> None:
    phone, other = await _resting(contoso), await contoso.enroll("bob")
    caller = replace(phone.caller, enrollment_id=other.enrollment_id)
    with pytest.raises(Unauthenticated):
        await check_in(contoso.emulator, contoso.tenant, caller=caller, report=_words(phone, "second"))
    assert (await phone.row()).report_digest == "first"


async def test_a_report_that_says_nothing_new_plans_what_has_become_due(contoso: Contoso) -> None:
    await contoso.switch(requireTrustedRoot=False)
    await contoso.pkcs_profile()
    phone = await contoso.enroll("alice")
    await phone.settle()
    (first,) = await contoso.issued()
    contoso.clock.at += timedelta(days=400)
    await phone.check_in(replace(phone.report(), digest="other words"))
    assert [row.serial for row in await contoso.issued()] != [first.serial]


# ---------------------------------------------------------------------------------------------------- at once, crash


async def test_two_check_ins_of_one_device_at_once_issue_once(contoso: Contoso) -> None:
    await contoso.switch(requireTrustedRoot=False)
    await contoso.pkcs_profile()
    phone = await contoso.enroll("alice")
    answers = await asyncio.gather(*(phone.check_in() for _ in range(4)))
    assert len({answer.policy_version for answer in answers}) == 1
    assert len(await contoso.issued()) == 1
    await phone.settle()
    assert await phone.states() == {"pkcs": "installed"}


async def test_what_the_connector_does_at_once_is_planned_and_written_once(contoso: Contoso) -> None:
    await contoso.switch(requireTrustedRoot=False)
    await contoso.pkcs_profile()
    await contoso.imported_profile()
    mark = await contoso.import_pfx("alice")
    await (await contoso.enroll("alice")).settle()
    phone = await contoso.enroll("alice")
    with statements_and_values(contoso.emulator) as sent:
        await phone.check_in()
    assert await phone.states() == {"pkcs": "sent", f"imported/{mark}": "sent"}
    written = [statement.split()[2] for statement, _values in sent if statement.startswith("INSERT INTO")]
    assert sorted(set(written) & {"connector_requests", "ledger", "profile_states", "journal"}) == [
        "connector_requests",
        "journal",
        "ledger",
        "profile_states",
    ]
    assert len(set(written)) == len(written), "each table is written once"
    assert not [statement for statement, _values in sent if statement.startswith("UPDATE connector_requests")]
    await phone.settle()
    assert set((await phone.states()).values()) == {"installed"}


async def test_long_work_of_the_connector_is_done_outside_of_the_transaction(contoso: Contoso) -> None:
    """A file that was never opened may take seconds; and some hundred certificates take as long together."""
    await contoso.imported_profile()
    await contoso.import_pfx("alice")
    phone = await contoso.enroll("alice")
    (task,) = (await phone.begin_only()).tasks
    assert phone.connector.at_once([task]) is None
    answer = phone.connector.fulfil(task)
    assert answer.done.sealed is not None
    assert isinstance(task.work, Sealing)
    verified = replace(task, work=replace(task.work, parts=(replace(task.work.parts[0], already_verified=True),)))
    assert phone.connector.at_once([verified]) is not None
    assert phone.connector.at_once([verified] * 200) is None


async def test_two_halves_of_check_ins_that_cross_issue_once(contoso: Contoso) -> None:
    """As two processes would: both begin before either finishes."""
    await contoso.switch(requireTrustedRoot=False)
    await contoso.pkcs_profile()
    phone = await contoso.enroll("alice")
    begun = [await phone.begin_only() for _ in range(2)]
    for each in begun:
        answers = [phone.connector.fulfil(task) for task in each.tasks]
        await contoso.do(finish, begun=each, answers=answers)
    assert [len(each.tasks) for each in begun] == [1, 1]
    assert len(await contoso.issued()) == 1
    await phone.settle()
    assert await phone.states() == {"pkcs": "installed"}


async def test_the_files_that_were_opened_are_noted_in_one_order(contoso: Contoso) -> None:
    """Two devices of a user who opened the same files would wait for each other's rows on PostgreSQL."""
    await contoso.imported_profile()
    marks = {await contoso.import_pfx("alice") for _ in range(3)}
    phone, emulator = await contoso.enroll("alice"), contoso.emulator
    begun = await phone.begin_only()
    answers = [phone.connector.fulfil(task) for task in begun.tasks]
    answers.sort(key=lambda answer: answer.task.request.item_key, reverse=True)
    with statements_and_values(emulator) as sent:
        await contoso.do(finish, begun=begun, answers=answers)
    changes = [values for statement, values in sent if statement.startswith("UPDATE pfx_certificates")]
    assert [mark for values in changes for mark in values if mark in marks] == sorted(marks)


async def test_a_crash_between_begin_and_finish_heals_at_the_next_check_in_with_the_same_report(
    contoso: Contoso,
) -> None:
    await contoso.switch(requireTrustedRoot=False)
    await contoso.pkcs_profile()
    await contoso.imported_profile()
    mark = await contoso.import_pfx("alice")
    phone = await contoso.enroll("alice")
    same = phone.report()
    assert len((await phone.begin_only()).tasks) == 2
    assert await phone.states() == {"pkcs": "wanted", f"imported/{mark}": "wanted"}
    answer = await phone.check_in(same)
    assert answer.policy_version > 1
    assert await phone.states() == {"pkcs": "sent", f"imported/{mark}": "sent"}
    await phone.settle()
    assert set((await phone.states()).values()) == {"installed"}
    assert len([row for row in await contoso.issued() if row.enrollment_id == phone.enrollment_id]) == 1


async def test_what_changes_while_the_connector_works_waits_for_the_next_check_in(contoso: Contoso) -> None:
    await contoso.switch(requireTrustedRoot=False)
    await contoso.pkcs_profile()
    await contoso.imported_profile()
    phone = await contoso.enroll("alice")
    begun = await phone.begin_only()
    mark = await contoso.import_pfx("alice")
    answers = [phone.connector.fulfil(task) for task in begun.tasks]
    await contoso.do(finish, begun=begun, answers=answers)
    row = await phone.row()
    assert row.settled_generation < row.generation
    await phone.settle()
    assert mark in phone.holds.values()
    row = await phone.row()
    assert row.settled_generation == row.generation


async def test_a_wipe_that_is_accepted_while_the_connector_works_revokes_what_comes(contoso: Contoso) -> None:
    await contoso.switch(requireTrustedRoot=False)
    await contoso.pkcs_profile(owned=True)
    phone = await contoso.enroll("alice", mode="fully-managed")
    begun = await phone.begin_only()
    await contoso.action(phone, device_actions.wipe)
    answers = [phone.connector.fulfil(task) for task in begun.tasks]
    answer = await contoso.do(finish, begun=begun, answers=answers)
    assert answer.operations == 1, "the device is told what waits for it"
    (issued,) = await contoso.issued()
    assert issued.revoked_at is not None
    assert await phone.states() == {"pkcs": "wanted"}


# --------------------------------------------------------------------------------------------------- who is calling


async def test_a_wrong_credential_another_device_and_another_tenant_are_refused(
    contoso: Contoso,
) -> None:
    phone, other = await contoso.enroll("alice"), await contoso.enroll("bob")
    pretending = (
        (replace(phone.caller, credential="wrong"), Unauthenticated, "credential"),
        (replace(phone.caller, credential=other.caller.credential), Unauthenticated, "credential"),
        (replace(phone.caller, enrollment_id=EnrollmentId("unknown")), NotFound, "There is no device"),
    )
    for caller, error, words in pretending:
        with pytest.raises(error, match=words):
            await check_in(contoso.emulator, contoso.tenant, caller=caller, report=phone.report())
    assert await phone.plans() == 0


async def test_an_enrolment_that_has_ended_is_told_so(contoso: Contoso) -> None:
    phone = await contoso.enroll("alice")
    await phone.unenroll()
    with pytest.raises(EnrollmentEnded):
        await phone.check_in()
    with pytest.raises(EnrollmentEnded):
        await phone.policy()


async def test_a_sync_that_an_administrator_asks_for_is_done_by_the_next_check_in(contoso: Contoso) -> None:
    phone = await contoso.enroll("alice")
    await phone.settle()
    await contoso.action(phone, device_actions.sync)
    results = (await phone.record()).document["deviceActionResults"]
    assert [(result["actionName"], result["actionState"]) for result in results] == [("syncDevice", "pending")]
    plans = await phone.plans()
    await phone.check_in()
    results = (await phone.record()).document["deviceActionResults"]
    assert [(result["actionName"], result["actionState"]) for result in results] == [("syncDevice", "done")]
    assert await phone.plans() == plans + 1


async def test_what_a_device_refuses_is_an_error_with_its_reason_and_not_asked_for_again(contoso: Contoso) -> None:
    await contoso.imported_profile()
    profile = await contoso.imported_profile(purpose="smimeSigning")
    mark = await contoso.import_pfx("alice", intendedPurpose="smimeSigning")
    phone = await contoso.enroll("alice")
    phone.refuses.add(ItemKey(f"imported/{mark}"))
    await phone.settle()
    assert (await phone.states())[f"imported/{mark}"] == "failed"
    assert "The device refused it." in str((await contoso.profile_state(phone, profile)).message)
    plans = await phone.plans()
    await phone.check_in()
    assert await phone.plans() == plans
    phone.refuses.clear()
    phone.apply(await phone.fetch_policy(phone.applied))
    await phone.settle()
    assert (await phone.states())[f"imported/{mark}"] == "installed"


async def test_another_purpose_of_a_record_reaches_the_device(contoso: Contoso) -> None:
    await contoso.imported_profile(purpose="smimeEncryption")
    await contoso.imported_profile(purpose="smimeSigning")
    mark = await contoso.import_pfx("alice")
    phone = await contoso.enroll("alice")
    await phone.settle()
    record = await contoso.record_id("alice", mark)
    await contoso.do(imported_pfx.update_pfx, record, changes={"intendedPurpose": "smimeSigning"})
    applied = phone.applied
    await phone.settle()
    assert phone.applied > applied
    assert [deliverable.row.purpose for deliverable in await phone.policy()] == ["smimeSigning"]
    assert (await phone.item(Source.IMPORTED)).state is ItemState.INSTALLED
