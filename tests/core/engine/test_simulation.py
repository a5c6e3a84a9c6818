"""The state in which a device will settle, simulated with the real plan and the real reading of inventories."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from fauxtune.core.engine.planning.plan import ConnectorAnswer, Situation
from fauxtune.core.engine.planning.simulation import SimulatedPlan, changes, is_not_yet_issued, simulate
from fauxtune.core.engine.removal.decisions import DeviceKind, Standing
from fauxtune.core.model.ids import ItemKey, ProfileId, UserId
from fauxtune.core.model.items import Claim, Item, LedgerRow, Order, Problem, imported_key, pkcs_key, root_key
from fauxtune.core.model.platforms import Variant
from fauxtune.core.model.states import Cause, ItemState, Source
from fauxtune.core.model.tenants import Edition

KIND = DeviceKind(Variant.IOS, Edition.CURRENT)
NOW = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
ROOT = "ab" * 32
ORDER = Order("ca.example", "CA", "T", subject="CN=a", names=(), extended_key_usages=(), days=365, renew_percent=20)
CLAIM = Claim(ProfileId("p"), "p_group")
TRUSTED = Item(root_key(ROOT), Source.ROOT, (CLAIM,), fingerprint=ROOT, payload=b"der")
OWN = Item(pkcs_key(ProfileId("p")), Source.PKCS, (CLAIM,), order=ORDER, needs_root=ROOT)
IMPORTED = Item(imported_key("aa"), Source.IMPORTED, (CLAIM,), fingerprint="f1", thumbprint="aa")
STANDING = Standing(
    user_id=UserId("alice"),
    user_exists=True,
    user_licensed=True,
    certificates=frozenset({"aa"}),
    profiles=frozenset({"p"}),
    assignments=frozenset(),
)


def situation(*items: Item, rows: tuple[LedgerRow, ...] = (), **changed: object) -> Situation:
    result = Situation(
        now=NOW,
        variant=Variant.IOS,
        edition=Edition.CURRENT,
        items={item.key: item for item in items},
        rows={row.key: row for row in rows},
        answers={},
        standing=STANDING,
    )
    return replace(result, **changed)  # type: ignore[arg-type]


def states(found: SimulatedPlan) -> dict[ItemKey, str]:
    return {key: row.state.value for key, row in found.rows.items()}


def at_rest(*items: Item) -> SimulatedPlan:
    return simulate(situation(*items))


def test_everything_that_is_wanted_arrives_in_its_order() -> None:
    assert set(states(at_rest(OWN, TRUSTED, IMPORTED)).values()) == {"installed"}


def test_a_certificate_that_is_asked_for_does_not_exist_yet() -> None:
    result = at_rest(OWN, TRUSTED)
    assert is_not_yet_issued(result.rows[OWN.key])
    assert not is_not_yet_issued(result.rows[TRUSTED.key])


def test_a_request_that_is_open_already_is_granted() -> None:
    result = simulate(situation(OWN, TRUSTED, answers={(OWN.key, "first"): ConnectorAnswer()}))
    assert states(result)[OWN.key] == "installed"


def test_a_refused_request_stays_refused_until_its_time() -> None:
    refused = ConnectorAnswer(problem=Problem(-1, "no"), retry_at=NOW + timedelta(hours=1))
    result = simulate(situation(IMPORTED, answers={(IMPORTED.key, "f1"): refused}))
    assert states(result)[IMPORTED.key] == "failed"


def test_what_the_device_refused_stays_refused() -> None:
    row = LedgerRow(IMPORTED.key, Source.IMPORTED, ItemState.FAILED, fingerprint="f1", problem=Problem(-1, "no"))
    assert states(simulate(situation(IMPORTED, rows=(replace(row, claims=(CLAIM,), user_id=UserId("alice")),)))) == {
        IMPORTED.key: "failed"
    }


def test_a_settled_device_stays_as_it_is() -> None:
    rows = tuple(at_rest(OWN, TRUSTED, IMPORTED).rows.values())
    result = simulate(situation(OWN, TRUSTED, IMPORTED, rows=rows))
    assert tuple(result.rows.values()) == rows
    assert changes(result.rows, SimulatedPlan({row.key: row for row in rows}), after=result, device=KIND).install == ()


def test_what_is_no_longer_wanted_goes_with_its_cause() -> None:
    before = at_rest(OWN, TRUSTED, IMPORTED)
    after = simulate(situation(TRUSTED, rows=tuple(before.rows.values())))
    result = changes(before.rows, before, after=after, device=KIND)
    assert {row.key for row in result.remove} == {OWN.key, IMPORTED.key}
    assert {after.causes[row.key] for row in result.remove} == {Cause.UNASSIGNED}
    assert (result.install, result.reissue, after.revoked) == ((), (), ())


def test_other_bytes_under_the_same_key_are_a_reissue() -> None:
    before = at_rest(IMPORTED)
    after = simulate(situation(replace(IMPORTED, fingerprint="f2"), rows=tuple(before.rows.values())))
    ((old, new),) = changes(before.rows, before, after=after, device=KIND).reissue
    assert (old.fingerprint, new.fingerprint) == ("f1", "f2")


def test_what_the_device_had_lost_and_is_given_again_is_a_reissue_of_the_same() -> None:
    before = at_rest(TRUSTED)
    gone = tuple(replace(row, state=ItemState.REMOVED) for row in before.rows.values())
    ((old, new),) = changes(before.rows, before, after=simulate(situation(TRUSTED, rows=gone)), device=KIND).reissue
    assert old.fingerprint == new.fingerprint


def test_what_would_have_come_and_does_not_is_no_loss() -> None:
    coming, never = at_rest(TRUSTED), at_rest()
    assert changes({}, coming, after=never, device=KIND).remove == ()
    assert [row.key for row in changes({}, never, after=coming, device=KIND).install] == [TRUSTED.key]


def test_what_would_have_gone_and_stays_is_not_given() -> None:
    now = at_rest(TRUSTED).rows
    assert (
        changes(now, simulate(situation(rows=tuple(now.values()))), after=at_rest(TRUSTED), device=KIND).install == ()
    )
