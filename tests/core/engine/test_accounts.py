"""E-mail accounts in the engine: they wait for the certificates that they name, whichever was there first, and are
given again when one of those changes.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fauxtune.core.engine.planning.desired import desired_items
from fauxtune.core.engine.planning.ledger import in_policy
from fauxtune.core.engine.planning.plan import ConnectorAnswer, Plan, Situation, plan
from fauxtune.core.engine.planning.reported_items import Inventory, apply_inventory, profile_outcome
from fauxtune.core.engine.removal.decisions import Standing
from fauxtune.core.model.ids import ItemKey, ProfileId, UserId
from fauxtune.core.model.items import LedgerRow, Problem, email_key, imported_key, pkcs_key
from fauxtune.core.model.mail_accounts import Account
from fauxtune.core.model.platforms import Variant
from fauxtune.core.model.states import ItemState, ProfileStatus, Source
from fauxtune.core.model.tenants import Edition
from fauxtune.core.profiles.family import AuthorityFacts, ImportedCertificate, Profile, Recipient

NOW = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
ROOT = "ab" * 32
MAIL, SIGNING, ENCRYPTION = ProfileId("mail"), ProfileId("signing"), ProfileId("encryption")
ACCOUNT, OWN = email_key(MAIL), pkcs_key(SIGNING)
PKCS = Profile(
    SIGNING,
    "iosPkcsCertificateProfile",
    version=1,
    document={
        "displayName": "Signing",
        "certificationAuthority": "ca.contoso.example",
        "certificationAuthorityName": "CA",
        "certificateTemplateName": "T",
        "subjectNameFormat": "commonName",
    },
)
IMPORTED = Profile(
    ENCRYPTION,
    "iosImportedPFXCertificateProfile",
    version=1,
    document={"displayName": "Encryption", "intendedPurpose": "smimeEncryption"},
)
EMAIL = Profile(
    MAIL,
    "iosEasEmailProfileConfiguration",
    version=1,
    document={
        "displayName": "Mail",
        "hostName": "mail.contoso.example",
        "smimeSigningEnabled": True,
        "smimeEncryptByDefaultEnabled": True,
    },
    references={"smimeSigningCertificate": SIGNING, "smimeEncryptionCertificate": ENCRYPTION},
)
STANDING = Standing(
    user_id=UserId("alice"),
    user_exists=True,
    user_licensed=True,
    certificates=frozenset({"aa", "bb"}),
    profiles=frozenset({MAIL, SIGNING, ENCRYPTION}),
    assignments=frozenset(),
)


def imported(thumbprint: str, *, days: int, since: int | None = None) -> ImportedCertificate:
    begins = NOW + timedelta(days=days - 365 if since is None else since)
    return ImportedCertificate(thumbprint, "smimeEncryption", f"f-{thumbprint}", begins, NOW + timedelta(days=days))


WORLD = Recipient(
    variables={"userprincipalname": "alice@contoso.example", "emailaddress": "a@contoso.example", "username": "alice"},
    has_user=True,
    imported=(imported("aa", days=300), imported("bb", days=-5)),
    authorities=(AuthorityFacts("ca.contoso.example", "CA", ROOT, ("T",)),),
    require_trusted_root=False,
    names={MAIL: "Mail", SIGNING: "Signing", ENCRYPTION: "Encryption"},
)


@dataclass
class Story:
    """One device: its profiles, its ledger, a connector that answers when told, and what the device holds."""

    profiles: list[Profile]
    recipient: Recipient = WORLD
    rows: dict[ItemKey, LedgerRow] = field(default_factory=dict)
    answers: dict[tuple[ItemKey, str], ConnectorAnswer] = field(default_factory=dict)
    serials: int = 0
    variant: Variant = Variant.ANDROID_WORK_PROFILE

    def plan(self) -> Plan:
        result = plan(
            Situation(
                now=NOW,
                variant=self.variant,
                edition=Edition.CURRENT,
                items=desired_items(self.profiles, self.recipient),
                rows=self.rows,
                answers=self.answers,
                standing=STANDING,
            )
        )
        self.rows = {**self.rows, **result.rows}
        for ask in result.requests:
            self.answers[ask.item.key, ask.fingerprint] = ConnectorAnswer()
        return result

    def answer(self, **changes: Any) -> None:
        """The connector answers all that is open."""
        for key, answer in self.answers.items():
            if not answer.answered and answer.problem is None:
                self.serials += 1
                serial = f"s{self.serials}" if key[0].startswith("pkcs/") else None
                done = ConnectorAnswer(answered=True, serial=serial, thumbprint=serial and f"t-{serial}")
                self.answers[key] = replace(done, **changes)

    def report(self, *, without: frozenset[ItemKey] = frozenset(), refused: ItemKey | None = None) -> None:
        """The device has applied its policy, except for some items."""
        policy = [row for row in self.rows.values() if in_policy(row) and row.key not in without | {refused}]
        inventory = Inventory(
            identities={row.key: row.thumbprint or "" for row in policy if row.source is not Source.EMAIL},
            accounts={row.key: row.fingerprint or "" for row in policy if row.source is Source.EMAIL},
            refused={} if refused is None else {refused: Problem(-1, "no")},
        )
        self.rows |= apply_inventory(self.rows.values(), inventory)

    def settle(self) -> None:
        for _ in range(8):
            before = dict(self.rows), dict(self.answers)
            self.plan()
            self.answer()
            self.report()
            if (self.rows, self.answers) == before:
                return
        raise AssertionError("the device never comes to rest")

    def account(self) -> Account:
        payload = self.rows[ACCOUNT].payload
        assert payload is not None
        return Account.decode(payload)

    def status(self, profile: Profile = EMAIL) -> ProfileStatus:
        return profile_outcome(profile, self.rows.values()).status


def everything() -> Story:
    return Story([EMAIL, PKCS, IMPORTED])


def test_an_account_waits_for_its_certificates_and_says_for_which() -> None:
    story = everything()
    story.plan()
    row = story.rows[ACCOUNT]
    assert (row.state, row.fingerprint) == (ItemState.WANTED, None)
    assert "'Signing' (smimeSigningCertificate)" in str(row.waits_for)
    assert story.status() is ProfileStatus.PENDING
    story.answer()
    result = story.plan()
    assert {ledger.source for ledger in result.offered} == {Source.PKCS, Source.IMPORTED}, "offered is not installed"
    assert story.rows[ACCOUNT].state is ItemState.WANTED


@pytest.mark.parametrize(("edition", "named"), [(Edition.CURRENT, "short"), (Edition.APRIL_2020, "long")])
def test_of_a_history_the_account_names_the_one_that_begins_last_or_in_2020_the_one_that_ends_last(
    edition: Edition, named: str
) -> None:
    history = (imported("long", days=900, since=-200), imported("short", days=60, since=-5))
    story = Story([EMAIL, PKCS, IMPORTED], recipient=replace(WORLD, edition=edition, imported=history))
    story.settle()
    needs = desired_items(story.profiles, story.recipient)[ACCOUNT].needs
    assert [need.key for need in needs if need.navigation == "smimeEncryptionCertificate"] == [imported_key(named)]
    assert {imported_key("long"), imported_key("short")} <= story.rows.keys()


def test_once_they_are_installed_it_names_its_own_certificate_and_the_newest_imported_one() -> None:
    story = everything()
    story.settle()
    assert {row.state for row in story.rows.values()} == {ItemState.INSTALLED}
    named = story.account().certificates
    assert named["smimeSigningCertificate"].item == OWN
    assert named["smimeSigningCertificate"].fingerprint == story.rows[OWN].serial
    assert named["smimeEncryptionCertificate"].item == imported_key("aa"), "the expired one stays for old mail only"
    assert imported_key("bb") in story.rows
    assert story.rows[ACCOUNT].fingerprint == story.account().fingerprint
    assert story.plan().rows == {}, "planning again changes nothing"


def test_a_renewed_certificate_leaves_the_account_until_it_is_installed_then_renews_it() -> None:
    story = everything()
    story.settle()
    first = story.rows[ACCOUNT]
    story.rows[OWN] = replace(story.rows[OWN], renew_at=NOW - timedelta(days=1))
    story.plan()
    story.answer()
    result = story.plan()
    assert [ledger.key for ledger in result.offered] == [OWN]
    assert story.rows[ACCOUNT] == first
    story.report()
    story.settle()
    assert story.account().certificates["smimeSigningCertificate"].fingerprint == "s4"
    assert story.rows[ACCOUNT].fingerprint != first.fingerprint
    assert story.rows[ACCOUNT].state is ItemState.INSTALLED


def test_a_newer_import_takes_the_older_ones_place_and_the_older_one_stays() -> None:
    story = everything()
    story.settle()
    story.recipient = replace(WORLD, imported=(*WORLD.imported, imported("cc", days=600)))
    story.settle()
    assert story.account().certificates["smimeEncryptionCertificate"].item == imported_key("cc")
    assert story.rows[imported_key("aa")].state is ItemState.INSTALLED


@pytest.mark.parametrize("missing", [PKCS, IMPORTED], ids=lambda each: each.id)
def test_a_profile_that_does_not_reach_the_device_is_an_error_that_names_it_and_heals(missing: Profile) -> None:
    story = everything()
    story.settle()
    story.profiles.remove(missing)
    story.settle()
    row = story.rows[ACCOUNT]
    assert (row.state, story.status()) == (ItemState.FAILED, ProfileStatus.ERROR)
    assert row.problem is not None
    assert f"'{missing.document['displayName']}', which does not reach this device" in row.problem.message
    assert not in_policy(row), "the device is to have no account that names what is gone"
    story.profiles.append(missing)
    story.settle()
    assert (story.rows[ACCOUNT].state, story.status()) == (ItemState.INSTALLED, ProfileStatus.COMPLIANT)


def test_a_profile_that_gives_nothing_here_is_an_error_that_says_why() -> None:
    story = everything()
    story.recipient = replace(WORLD, imported=())
    story.settle()
    problem = story.rows[ACCOUNT].problem
    assert problem is not None
    assert (
        "'Encryption', which gives nothing here. No certificate with the purpose 'smimeEncryption'" in problem.message
    )


def test_an_account_waits_for_a_certificate_by_scep_and_fails_with_it() -> None:
    scep = Profile(
        SIGNING, "iosScepCertificateProfile", 1, {"displayName": "S", "scepServerUrls": ["https://ca.example"]}
    )
    story = Story([EMAIL, scep, IMPORTED])
    story.plan()
    assert "'Signing' (smimeSigningCertificate) to be installed first" in str(story.rows[ACCOUNT].waits_for)
    story = Story([EMAIL, replace(scep, document={**scep.document, "subjectNameFormat": "commonNameAsIMEI"}), IMPORTED])
    story.settle()
    problem = story.rows[ACCOUNT].problem
    assert problem is not None
    assert "'Signing', whose certificate is not there: The variable {{IMEI" in problem.message


def test_an_account_that_contains_its_certificates_cannot_have_one_whose_key_the_device_makes() -> None:
    scep = Profile(
        SIGNING, "iosScepCertificateProfile", 1, {"displayName": "S", "scepServerUrls": ["https://ca.example"]}
    )
    story = Story([EMAIL, scep, IMPORTED], variant=Variant.IOS)
    story.plan()
    problem = story.rows[ACCOUNT].problem
    assert problem is not None
    assert problem.message.startswith("smimeSigningCertificate refers to the profile 'Signing', whose certificate the")


def test_what_the_connector_or_the_device_refused_is_an_error_of_the_account_too() -> None:
    story = everything()
    story.plan()
    story.answer(answered=False, serial=None, problem=Problem(-7, "no such key"))
    story.plan()
    problem = story.rows[ACCOUNT].problem
    assert problem is not None
    assert (problem.code, "no such key" in problem.message) == (-7, True)


def test_an_account_that_the_device_refuses_fails_and_stays_offered() -> None:
    story = everything()
    story.plan()
    story.answer()
    story.plan()
    story.report()
    story.plan()
    story.report(refused=ACCOUNT)
    story.plan()
    row = story.rows[ACCOUNT]
    assert (row.state, in_policy(row)) == (ItemState.FAILED, True)
    story.report()
    assert story.rows[ACCOUNT].state is ItemState.INSTALLED


def test_an_account_that_was_taken_off_by_hand_is_given_again() -> None:
    story = everything()
    story.settle()
    story.report(without=frozenset({ACCOUNT}))
    assert story.rows[ACCOUNT].state is ItemState.WANTED
    assert [ledger.key for ledger in story.plan().offered] == [ACCOUNT]


def test_a_certificate_that_was_taken_off_by_hand_does_not_take_the_account_with_it() -> None:
    story = everything()
    story.settle()
    story.report(without=frozenset({OWN}))
    story.plan()
    assert story.rows[OWN].state is ItemState.WANTED
    assert in_policy(story.rows[ACCOUNT])
    story.settle()
    assert story.rows[ACCOUNT].state is ItemState.INSTALLED


def test_an_unassigned_account_goes_and_its_certificates_stay() -> None:
    story = everything()
    story.settle()
    story.profiles.remove(EMAIL)
    result = story.plan()
    assert (story.rows[ACCOUNT].state, result.revoked, result.policy_changed) == (ItemState.REMOVING, [], True)
    story.report()
    assert story.rows[ACCOUNT].state is ItemState.REMOVED
    assert story.rows[OWN].state is ItemState.INSTALLED


def test_without_certificates_an_account_is_offered_at_once() -> None:
    plain = replace(EMAIL, document={**EMAIL.document, "smimeSigningEnabled": False, "smimeEncryptByDefaultEnabled": 0})
    story = Story([plain])
    assert [ledger.key for ledger in story.plan().offered] == [ACCOUNT]


def test_a_second_account_of_the_same_host_and_address_is_an_error_and_the_older_profile_has_it() -> None:
    second = replace(EMAIL, id=ProfileId("second"))
    story = Story([EMAIL, second, PKCS, IMPORTED])
    story.settle()
    problem = story.rows[email_key(second.id)].problem
    assert problem is not None
    assert "the profile 'Mail' gives it already" in problem.message
    assert (story.status(), story.status(second)) == (ProfileStatus.COMPLIANT, ProfileStatus.ERROR)


@settings(max_examples=60, deadline=None)
@given(st.permutations([EMAIL, PKCS, IMPORTED]), st.data())
def test_in_whatever_order_profiles_come_and_go_the_end_is_the_same(order: list[Profile], data: st.DataObject) -> None:
    story = Story([])
    for profile in order:
        story.profiles.insert(data.draw(st.integers(0, len(story.profiles))), profile)
        for step in data.draw(st.lists(st.sampled_from(["plan", "answer", "report"]), max_size=4)):
            getattr(story, step)()
        if data.draw(st.booleans()):
            story.profiles.remove(profile)
            story.settle()
            story.profiles.append(profile)
    story.settle()
    assert {row.state for row in story.rows.values()} == {ItemState.INSTALLED}
    named = story.account().certificates
    assert [certificate.item for _name, certificate in sorted(named.items())] == [imported_key("aa"), OWN]
    assert named["smimeSigningCertificate"].fingerprint == story.rows[OWN].fingerprint
