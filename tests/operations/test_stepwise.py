"""Devices that are managed step by step: the steps that they are sent, and what their results change."""

from __future__ import annotations

import pytest

from fauxtune.core.engine.planning.reported_items import Inventory
from fauxtune.core.errors import EnrollmentEnded
from fauxtune.core.graph.index import entity
from fauxtune.core.model.actions import DeviceAction, StepKind
from fauxtune.core.model.items import REMEDIATION_FAILED, Problem
from fauxtune.core.odata.documents.validation import defaults
from fauxtune.core.policies.compliance import COMPLIANCE_POLICIES
from fauxtune.core.profiles.catalog import kind
from fauxtune.operations.checkin.checkin import take_turn
from fauxtune.operations.checkin.report import Report
from fauxtune.operations.checkin.steps import Result, Step, StepResult
from fauxtune.operations.compliance.occasions import COMPLIANCE_HOOKS
from fauxtune.operations.devices import actions as device_actions
from fauxtune.operations.profiles import assignments, profiles, resources
from fauxtune.storage.queries import devices as device_queries
from tests.support.devices.stepwise import enrol_iphone, step_text
from tests.support.tenant import Contoso

ACCOUNT = {
    "hostName": "mail.example",
    "accountName": "Work",
    "emailAddressSource": "primarySmtpAddress",
    "usernameSource": "userPrincipalName",
    "authenticationMethod": "usernameAndPassword",
}
ASKED = ["identities?", "roots?", "facts?"]


async def trusting(contoso: Contoso) -> str:
    return await contoso.profile(
        "iosTrustedRootCertificate", "All Staff", trustedRootCertificate=await contoso.root_text()
    )


async def signing(contoso: Contoso) -> str:
    return await contoso.profile("iosPkcsCertificateProfile", "All Staff", **contoso.pkcs_document())


async def test_a_new_device_gets_root_then_certificate_and_is_quiet_afterwards(contoso: Contoso) -> None:
    await trusting(contoso)
    await signing(contoso)
    tablet = await enrol_iphone(contoso, "alice")
    check_in = await tablet.check_in()
    assert check_in == ["install root", *ASKED, "install pkcs", "identities?", "roots?"]
    assert await tablet.states() == {"root": "installed", "pkcs": "installed"}
    plans = (await tablet.row()).plans
    assert await tablet.check_in() == []
    assert (await tablet.row()).plans == plans, "a quiet one plans nothing"


async def test_a_device_may_be_told_several_things_at_once(contoso: Contoso) -> None:
    await trusting(contoso)
    await contoso.profile("iosImportedPFXCertificateProfile", "All Staff", intendedPurpose="smimeEncryption")
    for _year in range(3):
        await contoso.import_pfx("alice")
    tablet = await enrol_iphone(contoso, "alice")
    first = await tablet.exchange(begins=True, limit=10)
    assert [step.kind for step in first] == [StepKind.INSTALL] * 4 + [StepKind.QUESTION] * 3
    assert [step.part for step in first[4:]] == ["identities", "roots", "facts"]
    assert await tablet.exchange(*[tablet.answer(step) for step in first], limit=10) == ()
    assert set((await tablet.states()).values()) == {"installed"}


async def test_a_question_that_was_answered_before_the_install_beside_it_is_asked_once_more(contoso: Contoso) -> None:
    await trusting(contoso)
    tablet = await enrol_iphone(contoso, "alice")
    install, *questions = await tablet.exchange(begins=True, limit=10)
    results = [tablet.answer(step) for step in questions]
    again = await tablet.exchange(tablet.answer(install), *results, limit=10)
    assert [step.part for step in again] == ["identities", "roots"]
    assert await tablet.states() == {"root": "sent"}
    assert await tablet.exchange(*[tablet.answer(step) for step in again], limit=10) == ()
    assert await tablet.states() == {"root": "installed"}


async def test_what_is_confirmed_and_never_shown_fails_after_it_was_asked_for_alone(contoso: Contoso) -> None:
    await trusting(contoso)
    tablet = await enrol_iphone(contoso, "alice")
    tablet.override = lambda step: StepResult(step.id, Result.DONE, data={} if step.part else None)
    steps, messages = await tablet.exchange(begins=True, limit=10), 0
    while steps:
        messages += 1
        steps = await tablet.exchange(*[tablet.answer(step) for step in steps], limit=10)
    assert (messages, await tablet.states()) == (2, {"root": "failed"})


async def test_an_answer_from_before_an_install_does_not_tell_about_it(contoso: Contoso) -> None:
    await trusting(contoso)
    tablet = await enrol_iphone(contoso, "alice")
    install, identities, roots, facts = await tablet.exchange(begins=True, limit=10)
    assert await tablet.exchange(tablet.answer(roots), limit=10) == ()
    (again,) = await tablet.exchange(tablet.answer(install), tablet.answer(identities), limit=10)
    assert again.part == "roots"
    assert await tablet.exchange(tablet.answer(again), tablet.answer(facts), limit=10) == ()
    assert await tablet.states() == {"root": "installed"}


async def test_an_install_without_an_answer_does_not_keep_the_questions_coming(contoso: Contoso) -> None:
    await trusting(contoso)
    tablet = await enrol_iphone(contoso, "alice")
    install, *questions = await tablet.exchange(begins=True, limit=10)
    assert await tablet.exchange(*[tablet.answer(step) for step in questions], limit=10) == ()
    (again,) = await tablet.exchange(begins=True, limit=10)
    assert again.id == install.id
    await tablet.check_in(limit=10)
    assert await tablet.states() == {"root": "installed"}


@pytest.mark.parametrize(("version", "is_old"), [("15.7.9", True), ("16.0", False), ("", True)])
async def test_a_file_that_the_connector_makes_suits_the_version_of_the_system(
    contoso: Contoso, version: str, is_old: bool
) -> None:
    await contoso.switch(requireTrustedRoot=False)
    await signing(contoso)
    tablet = await enrol_iphone(contoso, "alice", version=version)
    (step,) = await tablet.exchange(begins=True)
    assert step.item is not None
    assert step.item.pfx is not None
    three_key_triple_des = bytes.fromhex("060a2a864886f70d010c0103")  # pbeWithSHAAnd3-KeyTripleDES-CBC
    assert (three_key_triple_des in step.item.pfx) is is_old
    assert tablet.mark(step) == step.item.row.thumbprint, "the seal opens it"


async def test_a_step_without_an_answer_is_told_again_under_the_same_id_when_the_device_comes_next(
    contoso: Contoso,
) -> None:
    await trusting(contoso)
    tablet = await enrol_iphone(contoso, "alice")
    (first,) = await tablet.exchange(begins=True)
    (again,) = await tablet.exchange(begins=True)
    assert again.id == first.id
    assert await tablet.exchange(StepResult("nobody asked", Result.DONE)) == (), "it was told once in this conversation"


async def test_what_the_device_puts_off_waits_for_its_next_visit_and_other_things_go_on(contoso: Contoso) -> None:
    await trusting(contoso)
    await contoso.profile("iosImportedPFXCertificateProfile", "All Staff", intendedPurpose="smimeEncryption")
    await contoso.import_pfx("alice")
    tablet = await enrol_iphone(contoso, "alice")
    (root,) = await tablet.exchange(begins=True)
    (other,) = await tablet.exchange(StepResult(root.id, Result.LATER))
    assert other.item is not None
    assert other.item.row.key.startswith("imported/")
    steps = await tablet.exchange(tablet.answer(other))
    results = []
    while steps:
        results += [step_text(step) for step in steps]
        steps = await tablet.exchange(*[tablet.answer(step) for step in steps])
    assert results == ASKED, "what was done is looked at; what was put off is not told twice in one conversation"
    assert await tablet.states() == {"root": "sent", "imported": "installed"}
    check_in = await tablet.check_in()
    assert check_in == ["install root", "identities?", "roots?"]
    assert set((await tablet.states()).values()) == {"installed"}


async def test_what_a_question_tells_of_that_was_put_off_waits_for_it_and_the_rest_is_concluded(
    contoso: Contoso,
) -> None:
    await trusting(contoso)
    await contoso.profile("iosImportedPFXCertificateProfile", "All Staff", intendedPurpose="smimeEncryption")
    await contoso.import_pfx("alice")
    tablet = await enrol_iphone(contoso, "alice")
    tablet.facts = {"model": "Tablet 3"}
    tablet.override = lambda step: StepResult(step.id, Result.LATER) if step.part == "identities" else None
    check_in = await tablet.check_in()
    assert sorted(check_in) == sorted(["install root", "install imported", *ASKED])
    assert await tablet.states() == {"root": "installed", "imported": "sent"}
    assert (await tablet.record()).document["model"] == "Tablet 3"
    assert "identities?" in await tablet.check_in(), "it is asked again at each visit"
    assert await tablet.states() == {"root": "installed", "imported": "sent"}
    tablet.override = lambda _step: None
    await tablet.check_in()
    assert set((await tablet.states()).values()) == {"installed"}
    assert await tablet.check_in() == []


async def test_a_refusal_is_graphs_error_is_not_told_twice_in_one_conversation_and_is_tried_with_the_next_inventory(
    contoso: Contoso,
) -> None:
    profile = await trusting(contoso)
    tablet = await enrol_iphone(contoso, "alice")
    problem = Problem(-2016330182, "It cannot be stored.")
    tablet.override = lambda step: (
        StepResult(step.id, Result.REFUSED, problem) if step.kind is StepKind.INSTALL else None
    )
    assert await tablet.check_in() == ["install root", *ASKED]
    assert await tablet.states() == {"root": "failed"}
    state = await contoso.status(tablet, profile)
    assert state is not None
    assert (state.status, state.error_code, state.message) == ("error", problem.code, problem.message)
    assert await tablet.check_in() == []
    tablet.override = lambda _step: None
    contoso.clock.forward(days=7, seconds=1)
    assert await tablet.check_in() == ["install root", *ASKED]
    assert await tablet.states() == {"root": "installed"}


async def test_a_word_without_the_thing_is_not_believed(contoso: Contoso) -> None:
    """Some clients confirm every profile and keep nothing."""
    profile = await trusting(contoso)
    tablet = await enrol_iphone(contoso, "alice")
    tablet.override = lambda step: StepResult(step.id, Result.DONE) if step.kind is StepKind.INSTALL else None
    await tablet.check_in()
    assert await tablet.states() == {"root": "failed"}
    state = await contoso.status(tablet, profile)
    assert state is not None
    assert (state.status, state.error_code) == ("error", REMEDIATION_FAILED)
    assert "inventory" in str(state.message)


async def test_the_word_counts_where_the_device_cannot_say_what_it_holds(contoso: Contoso) -> None:
    await trusting(contoso)
    tablet = await enrol_iphone(contoso, "alice")

    def knows_no_questions(step: Step) -> StepResult | None:
        if step.kind is StepKind.QUESTION:
            return StepResult(step.id, Result.UNSUPPORTED, Problem(-2016339587, "unknown command"))
        return None

    tablet.override = knows_no_questions
    assert await tablet.check_in() == ["install root", *ASKED]
    assert await tablet.states() == {"root": "installed"}
    assert await tablet.check_in() == []


async def test_what_is_unassigned_is_removed_and_what_cannot_be_removed_is_asked_again_next_time(
    contoso: Contoso,
) -> None:
    profile = await trusting(contoso)
    tablet = await enrol_iphone(contoso, "alice")
    await tablet.check_in()
    await contoso.do(assignments.assign, profile, targets=[])
    tablet.override = lambda step: StepResult(step.id, Result.REFUSED) if step.kind is StepKind.REMOVE else None
    assert await tablet.check_in() == ["remove root"]
    assert await tablet.states() == {"root": "removing"}
    tablet.override = lambda _step: None
    await contoso.do(device_actions.sync, (await tablet.record()).id)
    assert await tablet.check_in() == ["remove root", *ASKED]
    assert await tablet.states() == {"root": "removed"}
    assert tablet.holds == {}


async def test_inventory_is_asked_every_seven_days_and_when_an_administrator_asks(contoso: Contoso) -> None:
    tablet = await enrol_iphone(contoso, "alice")
    tablet.facts = {"osVersion": "17.6", "deviceName": "Alice's iPad", "imei": ""}
    assert await tablet.check_in() == ASKED
    record = (await tablet.record()).document
    assert (record["osVersion"], record["deviceName"]) == ("17.6", "Alice's iPad")
    assert await tablet.check_in() == []
    contoso.clock.forward(days=7, seconds=1)
    assert await tablet.check_in() == ASKED
    await contoso.do(device_actions.sync, (await tablet.record()).id)
    assert await tablet.check_in() == ASKED
    (result,) = (await tablet.record()).document["deviceActionResults"]
    assert (result["actionName"], result["actionState"]) == ("syncDevice", "done")


async def test_what_is_gone_by_hand_is_given_again(contoso: Contoso) -> None:
    await contoso.switch(requireTrustedRoot=False)
    await signing(contoso)
    tablet = await enrol_iphone(contoso, "alice")
    await tablet.check_in()
    first = dict(tablet.holds)
    tablet.holds.clear()
    await contoso.do(device_actions.sync, (await tablet.record()).id)
    assert await tablet.check_in() == [*ASKED, "install pkcs", "identities?", "roots?"]
    assert tablet.holds.keys() == first.keys()
    assert tablet.holds != first, "a PKCS certificate is issued anew"


async def test_an_order_goes_first_and_its_answer_is_the_actions_result(contoso: Contoso) -> None:
    await trusting(contoso)
    tablet = await enrol_iphone(contoso, "alice")
    await contoso.do(device_actions.perform, (await tablet.record()).id, action=DeviceAction.LOCK)
    tablet.override = lambda step: (
        StepResult(step.id, Result.UNSUPPORTED, Problem(-1, "what?")) if step.order is not None else None
    )
    assert (await tablet.check_in())[0] == "remoteLock"
    (result,) = (await tablet.record()).document["deviceActionResults"]
    assert (result["actionName"], result["actionState"]) == ("remoteLock", "notSupported")


async def test_a_device_whose_end_was_ordered_is_told_nothing_else_and_is_unknown_afterwards(contoso: Contoso) -> None:
    await contoso.switch(requireTrustedRoot=False)
    await signing(contoso)
    tablet = await enrol_iphone(contoso, "alice")
    await tablet.check_in()
    await trusting(contoso)
    await contoso.do(device_actions.retire, (await tablet.record()).id)
    (issued,) = await contoso.issued()
    assert issued.revoked_at is not None
    tablet.override = lambda step: StepResult(step.id, Result.LATER)
    assert await tablet.check_in() == ["retire"], "it is busy"
    tablet.override = lambda _step: None
    assert await tablet.check_in() == ["retire"]
    assert (await tablet.row()).state == "ended"
    with pytest.raises(EnrollmentEnded):
        await tablet.check_in()


async def test_an_install_that_is_called_off_before_its_answer_changes_nothing(contoso: Contoso) -> None:
    profile = await trusting(contoso)
    tablet = await enrol_iphone(contoso, "alice")
    (step,) = await tablet.exchange(begins=True)
    await contoso.do(assignments.assign, profile, targets=[])
    results: list[Step] = []
    steps = await tablet.exchange(tablet.answer(step))
    while steps:
        results += steps
        steps = await tablet.exchange(*[tablet.answer(step) for step in steps])
    await tablet.check_in()
    assert not tablet.holds
    assert set((await tablet.states()).values()) == {"removed"}


async def test_an_account_waits_for_its_certificates_and_carries_them_sealed(contoso: Contoso) -> None:
    await contoso.switch(requireTrustedRoot=False)
    own = await signing(contoso)
    imported = await contoso.profile("iosImportedPFXCertificateProfile", "All Staff", intendedPurpose="smimeEncryption")
    await contoso.import_pfx("alice", password="für-alle")
    account = await contoso.profile(
        "iosEasEmailProfileConfiguration",
        "All Staff",
        references={"smimeSigningCertificate": own, "smimeEncryptionCertificate": imported},
        smimeSigningEnabled=True,
        smimeEncryptByDefaultEnabled=True,
        **ACCOUNT,
    )
    tablet = await enrol_iphone(contoso, "alice")
    check_in = await tablet.check_in()
    assert check_in == [
        "install pkcs",
        "install imported",
        *ASKED,
        "install email",
        "identities?",
        "roots?",
    ]
    (key,) = [key for key in tablet.holds if key.startswith("email/")]
    # Bare packaging: the password of the first of the certificates that it names, by the navigations' names in order.
    assert tablet.unseal(tablet.sealed[key]).decode() == "für-alle"
    state = await contoso.status(tablet, account)
    assert state is not None
    assert state.status == "compliant"


async def test_an_account_whose_certificate_is_not_to_be_had_any_more_goes_from_the_device(contoso: Contoso) -> None:
    await contoso.switch(requireTrustedRoot=False)
    own = await signing(contoso)
    account = await contoso.profile(
        "iosEasEmailProfileConfiguration",
        "All Staff",
        references={"smimeSigningCertificate": own},
        smimeSigningEnabled=True,
        **ACCOUNT,
    )
    tablet = await enrol_iphone(contoso, "alice")
    await tablet.check_in()
    await contoso.do(assignments.assign, own, targets=[])
    check_in = await tablet.check_in()
    assert check_in == ["remove email", "remove pkcs"]
    assert tablet.holds == {}
    state = await contoso.status(tablet, account)
    assert state is not None
    assert (state.status, "does not reach this device" in str(state.message)) == ("error", True)
    assert await tablet.check_in() == [], "it is told once"
    await contoso.assign(own, "All Staff")
    assert await tablet.check_in() == [
        "install pkcs",
        "identities?",
        "roots?",
        "install email",
        "identities?",
        "roots?",
    ]


async def test_an_account_follows_the_certificate_that_is_renewed(contoso: Contoso) -> None:
    await contoso.switch(requireTrustedRoot=False)
    own = await signing(contoso)
    await contoso.profile(
        "iosEasEmailProfileConfiguration",
        "All Staff",
        references={"smimeSigningCertificate": own},
        smimeSigningEnabled=True,
        **ACCOUNT,
    )
    tablet = await enrol_iphone(contoso, "alice")
    await tablet.check_in()
    before = dict(tablet.sealed)
    contoso.clock.forward(days=340)
    await tablet.check_in()
    after = tablet.sealed
    assert {key.partition("/")[0] for key in before} == {"pkcs", "email"}
    assert all(tablet.unseal(after[key]) != tablet.unseal(before[key]) for key in before)
    assert len(await contoso.issued()) == 2


@pytest.mark.both_databases
async def test_settled_devices_are_pushed_nowhere_and_a_lost_answer_keeps_a_device_due(contoso: Contoso) -> None:
    await trusting(contoso)
    tablet = await enrol_iphone(contoso, "alice")
    await tablet.exchange(begins=True)
    waiting = await contoso.look(device_queries.unsettled, contoso.tenant.id, now=contoso.clock.now())
    assert [row.id for row in waiting] == [tablet.enrollment_id]
    await tablet.check_in()
    assert await contoso.look(device_queries.unsettled, contoso.tenant.id, now=contoso.clock.now()) == []


async def test_a_profile_edited_while_its_install_is_under_way_is_given_as_it_is_then(contoso: Contoso) -> None:
    profile = await trusting(contoso)
    tablet = await enrol_iphone(contoso, "alice")
    (step,) = await tablet.exchange(begins=True)
    other = {"trustedRootCertificate": await contoso.root_text("devices")}
    known = kind("iosTrustedRootCertificate")
    assert known is not None
    await contoso.do(profiles.update_profile, profile, kind=known, changes=other)
    answer = tablet.answer(step)
    steps = await tablet.exchange(answer)
    while steps:
        steps = await tablet.exchange(*[tablet.answer(step) for step in steps])
    await tablet.check_in()
    assert len(tablet.holds) == 1


async def test_a_refusal_of_an_item_as_it_was_is_no_refusal_of_it_as_it_is(contoso: Contoso) -> None:
    profile = await contoso.profile("iosEasEmailProfileConfiguration", "All Staff", references={}, **ACCOUNT)
    tablet = await enrol_iphone(contoso, "alice")
    (step,) = await tablet.exchange(begins=True)
    known = kind("iosEasEmailProfileConfiguration")
    assert known is not None
    await contoso.do(profiles.update_profile, profile, kind=known, changes={"requireSsl": False})
    # The server stops after it has planned, before it sends the account as it is now.
    report = Report(digest="", read=lambda _version, _rows: Inventory(complete=False))
    await take_turn(contoso.emulator, contoso.tenant, caller=tablet.caller, report=report)
    (again,) = await tablet.exchange(StepResult(step.id, Result.REFUSED))
    assert again.id != step.id
    assert await tablet.states() == {"email": "sent"}


async def test_facts_are_asked_each_day_from_the_first_compliance_policy_on(contoso: Contoso) -> None:
    tablet = await enrol_iphone(contoso, "alice")
    assert await tablet.check_in() == ASKED
    document = {**defaults(entity("iosCompliancePolicy")), "displayName": "P", "passcodeRequired": True}
    rule = {"ruleName": None, "scheduledActionConfigurations": [{"actionType": "block", "gracePeriodHours": 0}]}
    document["scheduledActionsForRule"] = [rule]
    await contoso.do(
        resources.create, COMPLIANCE_POLICIES, kind="iosCompliancePolicy", document=document, hooks=COMPLIANCE_HOOKS
    )
    for _ in range(2):
        contoso.clock.forward(hours=23)
        assert await tablet.check_in() == []
        contoso.clock.forward(hours=1, seconds=1)
        assert await tablet.check_in() == ASKED, "not a week later"
