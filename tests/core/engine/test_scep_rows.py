"""Certificates by SCEP in the plan: offered without a connector, requested by the device, renewed and tried again.

Also the address of a tenant's own SCEP server, in the spellings in which profiles name it.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fauxtune.core.engine.diagnosis.chain import LINKS, LinkStatus, Subject, chain
from fauxtune.core.engine.diagnosis.facts import Facts
from fauxtune.core.engine.planning.plan import MOST_ATTEMPTS, NEVER, RETRY_AFTER, Situation, plan
from fauxtune.core.engine.planning.reported_items import Inventory, IssuedByScep, apply_inventory, profile_outcome
from fauxtune.core.model.connectors import SCEP_ROLE
from fauxtune.core.model.ids import ItemKey, ProfileId, UserId
from fauxtune.core.model.items import REMEDIATION_FAILED, Item, LedgerRow, Need, Problem, scep_key
from fauxtune.core.model.platforms import Variant
from fauxtune.core.model.scep import ScepAttempt, ScepOrder, ScepRequest, server_address
from fauxtune.core.model.states import Authority, Cause, Incident, ItemState, ProfileStatus, Source
from fauxtune.core.model.tenants import Edition
from fauxtune.core.profiles.family import Profile
from tests.core.engine.situations import LATER, NOW, PROBLEM, STANDING, after, claim, held, only, root_item, situation

REQUEST = ScepRequest(
    urls=("https://ca.example/scep",),
    subject="CN=alice",
    names=(),
    key_usages=("digitalSignature",),
    key_size=2048,
    hash_algorithm="sha2",
    extended_key_usages=(),
    days=365,
    renew_percent=20,
)
KEY = scep_key(ProfileId("p"))
ROOT = root_item()


def scep_item(request: ScepRequest = REQUEST, *, root: bool = False, personal: bool = True) -> Item:
    needs = (Need("rootCertificate", ProfileId("root"), "Root", key=ROOT.key),) if root else ()
    return Item(KEY, Source.SCEP, (claim(),), request.fingerprint, request=request, needs=needs, personal=personal)


def issued(mark: str, *, authority: Authority = Authority.MICROSOFT, differs: str = "") -> Inventory:
    known = IssuedByScep(mark, serial=f"s{mark}", authority=authority, renew_at=LATER, not_after=LATER, differs=differs)
    return Inventory(identities={KEY: mark}, issued={KEY: known})


def reported(before: Situation, inventory: Inventory) -> Situation:
    return replace(before, rows={**before.rows, **apply_inventory(before.rows.values(), inventory)})


def planned(before: Situation) -> Situation:
    return after(before, plan(before))


def with_certificate(mark: str = "a", *, item: Item | None = None) -> Situation:
    """The situation of a device that has got its certificate."""
    return planned(reported(planned(situation(item or scep_item())), issued(mark)))


def again(before: Situation, *items: Item, **changes: object) -> Situation:
    return replace(before, items={item.key: item for item in items}, **changes)  # type: ignore[arg-type]


def row_of(one: Situation) -> LedgerRow:
    return one.rows[KEY]


def attempt(one: Situation, *, count: int = 1, answered: bool = False) -> Situation:
    """The situation with a challenge that the device was given now."""
    known = ScepAttempt(count, one.now, one.now + timedelta(hours=1), is_answered=answered)
    return replace(one, attempts={(KEY, str(row_of(one).fingerprint)): known})


OWN_SERVER = server_address("http://ndes.contoso.example", tenant="contoso & co")
FACTS = Facts(now=datetime(2026, 11, 27, tzinfo=UTC), edition=Edition.CURRENT, scep_server=OWN_SERVER)


def naming(*urls: str) -> Profile:
    return Profile(ProfileId("p"), "iosScepCertificateProfile", 1, {"scepServerUrls": [*urls]})


# -------- the offer


def test_it_is_offered_at_once_and_no_connector_is_asked() -> None:
    result = plan(situation(scep_item()))
    row = only(result)
    assert (row.state, row.fingerprint, result.requests, result.offered) == (
        ItemState.SENT,
        REQUEST.fingerprint,
        [],
        [row],
    )
    assert row.payload is not None
    assert ScepOrder.decode(row.payload) == ScepOrder(REQUEST)
    assert plan(after(situation(scep_item()), result)).rows == {}


def test_it_waits_for_the_root_that_its_profile_refers_to_and_names_it() -> None:
    first = planned(situation(scep_item(root=True), ROOT))
    assert (row_of(first).state, row_of(first).waits_for) == (
        ItemState.WANTED,
        "the certificate of the profile 'Root' (rootCertificate) to be installed first",
    )
    there = planned(reported(first, Inventory(roots=frozenset({ROOT.key.split("/")[1]}))))
    payload = row_of(there).payload
    assert payload is not None
    assert ScepOrder.decode(payload) == ScepOrder(REQUEST, root=ROOT.key)


def test_it_fails_with_the_root() -> None:
    row = row_of(planned(situation(scep_item(root=True), replace(ROOT, fingerprint=None, problem=PROBLEM))))
    assert row.state is ItemState.FAILED
    assert row.problem is not None
    assert row.problem.message.startswith("rootCertificate refers to the profile 'Root'")


# -------- the report


def test_what_the_device_reports_is_in_the_ledger() -> None:
    row = row_of(with_certificate())
    assert (row.state, row.thumbprint, row.serial, row.authority) == (
        ItemState.INSTALLED,
        "a",
        "sa",
        Authority.MICROSOFT,
    )
    assert row.installed_fingerprint == row.fingerprint == REQUEST.fingerprint
    assert (row.renew_at, row.not_after, row.waits_for) == (LATER, LATER, None)


def test_a_certificate_that_is_not_what_was_asked_for_is_installed_with_a_problem() -> None:
    now = reported(planned(situation(scep_item())), issued("a", differs="The key has 1024 bits."))
    row = row_of(now)
    assert (row.state, row.problem) == (ItemState.INSTALLED, Problem(REMEDIATION_FAILED, "The key has 1024 bits."))
    assert row_of(planned(now)) == row, "the device is not made to request it again"
    profile = Profile(ProfileId("p"), "iosScepCertificateProfile", 1, {})
    outcome = profile_outcome(profile, [replace(row, claims=(profile.claim,))])
    assert (outcome.status, outcome.problem) == (ProfileStatus.ERROR, row.problem)


def test_a_device_that_only_says_that_it_is_there_has_it() -> None:
    inventory = Inventory(identities={KEY: ""}, issued={KEY: IssuedByScep(None)})
    row = row_of(planned(reported(planned(situation(scep_item())), inventory)))
    assert (row.state, row.thumbprint) == (ItemState.INSTALLED, None)


def test_another_certificate_than_the_one_that_was_reported_takes_its_place() -> None:
    row = row_of(reported(with_certificate("a"), issued("b", authority=Authority.PARTNER)))
    assert (row.state, row.thumbprint, row.serial, row.authority) == (
        ItemState.INSTALLED,
        "b",
        "sb",
        Authority.PARTNER,
    )


# -------- the renewal


def test_at_its_time_it_is_offered_again_and_the_old_one_stays_until_the_new_one_is_there() -> None:
    due = planned(replace(with_certificate(), now=LATER))
    row = row_of(due)
    assert (row.state, row.thumbprint, row.serial) == (ItemState.SENT, "a", "sa")
    assert row.installed_fingerprint == REQUEST.fingerprint
    assert row.fingerprint == f"{REQUEST.fingerprint}/after/a"
    assert row.payload is not None
    assert ScepOrder.decode(row.payload) == ScepOrder(REQUEST, renews=True)
    assert plan(due).rows == {}
    still = reported(due, issued("a"))
    assert row_of(still) == row, "the predecessor is not what was asked for"
    assert plan(still).rows == {}
    renewed = planned(replace(reported(still, issued("b")), now=NOW))
    assert (row_of(renewed).state, row_of(renewed).thumbprint) == (ItemState.INSTALLED, "b")
    assert plan(renewed).rows == {}


@pytest.mark.parametrize(
    ("variant", "edition", "renews"),
    [
        (Variant.IOS, Edition.CURRENT, False),
        (Variant.MACOS, Edition.CURRENT, False),
        (Variant.IOS, Edition.APRIL_2020, True),
        (Variant.WINDOWS, Edition.CURRENT, True),
    ],
)
def test_an_expired_certificate_stays_on_a_device_of_apple_and_is_renewed_on_others(
    variant: Variant, edition: Edition, renews: bool
) -> None:
    device = replace(with_certificate(), variant=variant, edition=edition, now=LATER)
    assert (plan(device).rows != {}) is renews, "its end, and the moment of its renewal, are LATER"
    due = {KEY: replace(row_of(device), not_after=LATER + timedelta(days=1))}
    assert plan(replace(device, rows={**device.rows, **due})).rows != {}, "in its last days it is renewed on all"


def test_a_renewal_that_fails_leaves_the_old_one_on_the_device() -> None:
    due = planned(replace(with_certificate(), now=LATER))
    row = row_of(reported(due, Inventory(refused={KEY: PROBLEM}, complete=False)))
    assert (row.state, row.problem, row.thumbprint) == (ItemState.FAILED, PROBLEM, "a")
    assert row.installed_fingerprint == REQUEST.fingerprint


def test_a_changed_profile_revokes_the_old_one_and_brings_a_new_one() -> None:
    other = replace(REQUEST, subject="CN=bob")
    before = again(with_certificate(), scep_item(other))
    result = plan(before)
    assert [(row.thumbprint, why) for row, why in result.revoked] == [("a", Incident.PROFILE_EDITED)]
    row = only(result)
    assert row.fingerprint == f"{other.fingerprint}/after/a"
    assert row.payload is not None
    assert ScepOrder.decode(row.payload) == ScepOrder(other), "not signed by the one that is revoked"
    assert plan(after(before, result)).revoked == []


def test_what_the_user_deleted_is_issued_again() -> None:
    lost = reported(with_certificate(), Inventory())
    assert row_of(lost).state is ItemState.WANTED
    result = plan(lost)
    assert (only(result).state, result.revoked) == (ItemState.SENT, [])
    assert only(result).fingerprint == f"{REQUEST.fingerprint}/after/a"


def test_another_user_gets_another_one_and_a_certificate_of_the_device_stays() -> None:
    standing = replace(STANDING, user_id=UserId("bob"))
    other = replace(REQUEST, subject="CN=bob")
    result = plan(again(with_certificate(), scep_item(other), standing=standing))
    assert [why for _row, why in result.revoked] == [Cause.USER_CHANGED]
    assert only(result).fingerprint == f"{other.fingerprint}/after/a"
    of_device = scep_item(personal=False)
    result = plan(again(with_certificate(item=of_device), of_device, standing=standing))
    assert (result.revoked, only(result).state) == ([], ItemState.INSTALLED)


@pytest.mark.parametrize("revoked", [False, True])
def test_what_was_kept_and_is_wanted_again_counts_as_it_is_unless_it_is_revoked(revoked: bool) -> None:
    kept = replace(row_of(with_certificate()), state=ItemState.KEPT, revoked=revoked)
    row = only(plan(situation(scep_item(), rows=[kept])))
    assert row.state is (ItemState.SENT if revoked else ItemState.INSTALLED)


# -------- and once more


def test_a_challenge_that_nobody_used_in_its_hour_is_delivered_anew() -> None:
    waiting = attempt(planned(situation(scep_item())))
    result = plan(waiting)
    assert (result.rows, result.policy_changed, result.due_at) == ({}, False, NOW + timedelta(hours=1))
    result = plan(replace(waiting, now=NOW + timedelta(hours=1)))
    assert (result.rows, result.policy_changed) == ({}, True)
    result = plan(attempt(planned(situation(scep_item())), count=MOST_ATTEMPTS + 100))
    assert result.due_at == NOW + RETRY_AFTER * 2 ** (MOST_ATTEMPTS - 1), "a silent device is not given one each hour"
    granted = attempt(planned(situation(scep_item())), answered=True)
    result = plan(replace(granted, now=NOW + timedelta(days=1)))
    assert (result.policy_changed, result.due_at) == (False, NEVER), "the authority may still be at it"


def test_a_device_tries_again_later_each_time_and_not_for_ever() -> None:
    failed = reported(planned(situation(scep_item())), Inventory(refused={KEY: PROBLEM}, complete=False))
    for count in range(1, MOST_ATTEMPTS):
        tried = attempt(failed, count=count)
        wait = RETRY_AFTER * 2 ** (count - 1)
        assert (plan(tried).rows, plan(tried).due_at) == ({}, NOW + wait)
        result = plan(replace(tried, now=NOW + wait))
        assert (only(result).state, only(result).fingerprint, only(result).problem) == (
            ItemState.SENT,
            REQUEST.fingerprint,
            None,
        )
        assert result.policy_changed
    result = plan(replace(attempt(failed, count=MOST_ATTEMPTS), now=NOW + timedelta(days=300)))
    assert (result.rows, result.due_at) == ({}, NEVER)


STEPS = st.sampled_from(
    ["report a", "report b", "refuse", "lose", "renew", "edit", "change user", "withdraw", "nothing"]
)


@settings(deadline=None)
@given(st.lists(STEPS, max_size=12))
def test_planning_again_never_changes_anything_more(steps: list[str]) -> None:
    """Whatever happens, one plan is enough: the next one finds nothing to do, and revokes nothing a second time."""
    now = planned(situation(scep_item()))
    for number, step in enumerate(steps):
        match step:
            case "report a" | "report b":
                now = reported(now, issued(step[-1]))
            case "refuse":
                now = reported(now, Inventory(refused={KEY: Problem(number, "no")}, complete=False))
            case "lose":
                now = reported(now, Inventory())
            case "renew":
                rows = {key: replace(row, renew_at=NOW) for key, row in now.rows.items()}
                now = replace(now, rows=rows)
            case "edit":
                now = again(now, scep_item(replace(REQUEST, subject=f"CN=n{number}")))
            case "change user":
                now = replace(now, standing=replace(STANDING, user_id=UserId(f"u{number}")))
            case "withdraw":
                now = again(now)
        result = plan(now)
        now = after(now, result)
        second = plan(now)
        assert (second.rows, second.offered, second.revoked) == ({}, [], []), step


def test_what_is_held_by_key_only_is_never_mixed_up_with_another_source() -> None:
    rows = [held(ROOT)]
    result = apply_inventory(rows, Inventory(identities={ItemKey("scep/x"): "a"}, roots=frozenset({"ab" * 32})))
    assert result == {}


@pytest.mark.parametrize(
    ("url", "is_own"),
    [
        (OWN_SERVER, True),
        ("http://ndes.contoso.example/pki/contoso%20%26%20co/certsrv/mscep", True),
        ("http://NDES.contoso.example:80/pki/Contoso%20%26%20Co/certsrv/MSCEP/mscep.DLL/pkiclient.exe", True),
        ("http://ndes.contoso.example/pki/contoso%20%26%20co/certsrv/mscep/scep/", True),
        ("https://ndes.contoso.example/pki/contoso%20%26%20co/certsrv/mscep/mscep.dll", False),
        ("http://ndes.contoso.example:8080/pki/contoso%20%26%20co/certsrv/mscep/mscep.dll", False),
        ("http://ndes.contoso.example/pki/fabrikam/certsrv/mscep/mscep.dll", False),
        ("http://ndes.contoso.example/PKI/contoso%20%26%20co/certsrv/mscep/mscep.dll", False),
        ("http://ndes.contoso.example/pki/contoso%20%26%20co/certsrv/mscep/mscep.dllx", False),
        ("http://ndes.fabrikam.example/pki/contoso%20%26%20co/certsrv/mscep/mscep.dll", False),
        ("http://ndes.contoso.example/certsrv/mscep/mscep.dll", False),
        ("http://[ndes", False),
        ("http://ndes.contoso.example:x/certsrv/mscep", False),
        ("", False),
    ],
)
def test_the_spellings_of_the_tenants_own_server_need_its_connector(url: str, *, is_own: bool) -> None:
    assert FACTS.is_own_server(url) is is_own
    assert FACTS.role_of(naming(url)) == (SCEP_ROLE if is_own else None)


def test_without_a_server_no_address_is_the_tenants_own() -> None:
    assert not Facts(now=FACTS.now, edition=Edition.CURRENT).is_own_server("")


def test_the_own_server_among_several_addresses_is_recognised_wherever_it_stands() -> None:
    other = "https://ca.fabrikam.example/scep"
    for urls in ((OWN_SERVER, other), (other, OWN_SERVER)):
        links = chain(Subject(FACTS, naming(*urls), None), [], links=LINKS).links
        (link,) = [each for each in links if each.name == "scepServer"]
        assert link.status is LinkStatus.OK
        assert link.message == f"The device requests it at the tenant's own SCEP server, {', '.join(urls)}."
