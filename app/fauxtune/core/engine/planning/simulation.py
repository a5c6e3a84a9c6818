"""What will become of a device once all is done: the plan, carried out in thought until nothing changes any more.

Nothing is decided here: the same `plan` plans, and the same `take_in` believes the device. All goes well: the connector
grants what it is asked for, and the device installs what it is offered and lets go of what is taken back.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from fauxtune.core.engine.planning.ledger import ON_DEVICE
from fauxtune.core.engine.planning.plan import Answer, Ask, Situation, plan
from fauxtune.core.engine.planning.report import Inventory, take_in
from fauxtune.core.engine.removal.causes import cause
from fauxtune.core.engine.removal.decisions import DeviceKind, is_left
from fauxtune.core.model.ids import ItemKey
from fauxtune.core.model.items import LedgerRow
from fauxtune.core.model.states import Cause, Incident, ItemState, Source

#: A root, then a certificate that needs it, then an account that names it: a few rounds are enough for all there is.
_ROUNDS = 16
#: States in which the device has an item: it has not let go of what is only being taken back.
_HELD = (ItemState.INSTALLED, ItemState.KEPT, ItemState.REMOVING)
_TO_COME = "to come/"


@dataclass(frozen=True, slots=True)
class SimulatedPlan:
    """How a device will stand. `missing`: items that it had lost before anything was planned; `revoked` what its plans
    revoke; `causes` why items go.
    """

    rows: Mapping[ItemKey, LedgerRow]
    missing: frozenset[ItemKey] = frozenset()
    revoked: tuple[tuple[LedgerRow, Cause | Incident], ...] = ()
    causes: Mapping[ItemKey, Cause] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Changes:
    """What a device will be given, lose, and be given in place of what it had: rows as they will be, or were."""

    install: tuple[LedgerRow, ...] = ()
    remove: tuple[LedgerRow, ...] = ()
    reissue: tuple[tuple[LedgerRow, LedgerRow], ...] = ()


def simulate(situation: Situation) -> SimulatedPlan:
    """The device when it is at rest again."""
    rows, device = dict(situation.rows), DeviceKind(situation.variant, situation.edition)
    answers = {
        key: answer if answer.answered or answer.problem else _granted(*key)
        for key, answer in situation.answers.items()
    }
    revoked: list[tuple[LedgerRow, Cause | Incident]] = []
    for _ in range(_ROUNDS):
        made = plan(replace(situation, rows=rows, answers=answers))
        revoked += made.revoked
        answers |= {(ask.item.key, ask.fingerprint): _granted_to(ask) for ask in made.asks}
        planned = {**rows, **made.rows}
        after = {**planned, **_taken_in(planned)}
        if after == rows and not made.asks:
            break
        rows = after
    return SimulatedPlan(
        rows=rows,
        missing=frozenset(situation.rows) - _held(situation.rows, device),
        revoked=tuple(revoked),
        causes={key: cause(row, situation.standing) for key, row in rows.items() if key not in situation.items},
    )


def changes(
    now: Mapping[ItemKey, LedgerRow], without: SimulatedPlan, *, after: SimulatedPlan, device: DeviceKind
) -> Changes:
    """What the device will be given or lose that it would not without. What it has not got yet cannot be lost, and
    what it has is not given: whatever else would have become of it.
    """
    held, would_hold, will_hold = (_held(rows, device) for rows in (now, without.rows, after.rows))
    lost = after.missing - without.missing
    both = [(without.rows[key], after.rows[key], key in lost) for key in sorted(held & would_hold & will_hold)]
    return Changes(
        install=tuple(after.rows[key] for key in sorted(will_hold - would_hold - held)),
        remove=tuple(now[key] for key in sorted((held & would_hold) - will_hold)),
        reissue=tuple(
            (old, new) for old, new, gone in both if gone or (is_another(old, new) and not is_left(new, device))
        ),
    )


def is_another(old: LedgerRow, new: LedgerRow) -> bool:
    """Are these other bytes in the same place?"""
    return (old.serial, old.thumbprint, old.fingerprint) != (new.serial, new.thumbprint, new.fingerprint)


def is_to_come(row: LedgerRow) -> bool:
    """Does the certificate not exist yet?"""
    return row.serial is not None and row.serial.startswith(_TO_COME)


def _held(rows: Mapping[ItemKey, LedgerRow], device: DeviceKind) -> frozenset[ItemKey]:
    return frozenset(key for key, row in rows.items() if row.state in _HELD or is_left(row, device))


def _granted_to(ask: Ask) -> Answer:
    return _granted(ask.item.key, ask.fingerprint)


def _granted(key: ItemKey, fingerprint: str) -> Answer:
    """The connector's answer: a new certificate for a PKCS item, of all else that it did as it was asked."""
    if not key.startswith(f"{Source.PKCS}/"):
        return Answer(answered=True)
    name = f"{_TO_COME}{key}/{fingerprint}"
    return Answer(answered=True, serial=name, thumbprint=name)


def _taken_in(rows: Mapping[ItemKey, LedgerRow]) -> Mapping[ItemKey, LedgerRow]:
    """What follows when the device reports that it holds what it is told to hold, and nothing else."""
    return take_in(rows.values(), _applied(rows.values()))


def _applied(rows: Iterable[LedgerRow]) -> Inventory:
    held = [row for row in rows if row.state in ON_DEVICE]
    return Inventory(
        identities={row.key: row.thumbprint or "" for row in held},
        roots=frozenset(row.key.partition("/")[2] for row in held if row.source is Source.ROOT),
        accounts={row.key: row.fingerprint or "" for row in held if row.source is Source.EMAIL},
    )
