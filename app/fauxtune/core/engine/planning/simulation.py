"""The state in which a device will settle: its plan is carried out on copies until nothing changes any more.

Nothing is decided here: `plan` plans as for a real device, and `apply_inventory` reads the simulated reports. All goes
well by assumption: the connector grants every request, and the device carries out every step.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from fauxtune.core.engine.planning.ledger import ON_DEVICE
from fauxtune.core.engine.planning.plan import ConnectorAnswer, ConnectorRequest, Situation, plan
from fauxtune.core.engine.planning.reported_items import Inventory, IssuedByScep, apply_inventory
from fauxtune.core.engine.removal.decisions import DeviceKind, cause, is_left
from fauxtune.core.model.ids import ItemKey
from fauxtune.core.model.items import LedgerRow
from fauxtune.core.model.states import Cause, Incident, ItemState, Source

#: A root, then a certificate that needs it, then an account that names it: a few rounds are enough for everything.
_ROUNDS = 16
#: States in which the device has an item. One that is being removed is still there.
_HELD = (ItemState.INSTALLED, ItemState.KEPT, ItemState.REMOVING)
_TO_COME = "to come/"


@dataclass(frozen=True, slots=True)
class SimulatedPlan:
    """The ledger of a device after it has settled. `missing`: items that it had lost before anything was planned;
    `revoked`: what its plans revoke; `causes`: why items are removed.
    """

    rows: Mapping[ItemKey, LedgerRow]
    missing: frozenset[ItemKey] = frozenset()
    revoked: tuple[tuple[LedgerRow, Cause | Incident], ...] = ()
    causes: Mapping[ItemKey, Cause] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Changes:
    """The items that a device will be given (as they will be), lose (as they are), and get in exchange (both)."""

    install: tuple[LedgerRow, ...] = ()
    remove: tuple[LedgerRow, ...] = ()
    reissue: tuple[tuple[LedgerRow, LedgerRow], ...] = ()


def simulate(situation: Situation) -> SimulatedPlan:
    """Simulate check-ins until the device has settled."""
    rows, device = dict(situation.rows), DeviceKind(situation.variant, situation.edition)
    answers = {
        key: answer if answer.answered or answer.problem else _granted(*key)
        for key, answer in situation.answers.items()
    }
    revoked: list[tuple[LedgerRow, Cause | Incident]] = []
    for _ in range(_ROUNDS):
        step = plan(replace(situation, rows=rows, answers=answers))
        revoked += step.revoked
        answers |= {(request.item.key, request.fingerprint): _granted_to(request) for request in step.requests}
        planned = {**rows, **step.rows}
        after = {**planned, **_checked_in(planned)}
        if after == rows and not step.requests:
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
    """The changes on the device by a request: `without` it, and `after` it, from what it has `now`. It cannot
    lose what it does not have yet, nor get what it has already, whatever happens to that without the request.
    """
    held, would_hold, will_hold = (_held(rows, device) for rows in (now, without.rows, after.rows))
    lost = after.missing - without.missing
    both = [(without.rows[key], after.rows[key], key in lost) for key in sorted(held & would_hold & will_hold)]
    return Changes(
        install=tuple(after.rows[key] for key in sorted(will_hold - would_hold - held)),
        remove=tuple(now[key] for key in sorted((held & would_hold) - will_hold)),
        reissue=tuple(
            (old, new) for old, new, gone in both if gone or (is_replaced(old, new) and not is_left(new, device))
        ),
    )


def is_replaced(old: LedgerRow, new: LedgerRow) -> bool:
    """Whether the new row has other bytes under the same key."""
    return (old.serial, old.thumbprint, old.fingerprint) != (new.serial, new.thumbprint, new.fingerprint)


def is_not_yet_issued(row: LedgerRow) -> bool:
    """Whether the certificate exists only in the simulation."""
    return row.serial is not None and row.serial.startswith(_TO_COME)


def _held(rows: Mapping[ItemKey, LedgerRow], device: DeviceKind) -> frozenset[ItemKey]:
    return frozenset(key for key, row in rows.items() if row.state in _HELD or is_left(row, device))


def _granted_to(request: ConnectorRequest) -> ConnectorAnswer:
    return _granted(request.item.key, request.fingerprint)


def _granted(key: ItemKey, fingerprint: str) -> ConnectorAnswer:
    """The connector's answer: a new certificate for a PKCS item, and for any other the bare confirmation."""
    if not key.startswith(f"{Source.PKCS}/"):
        return ConnectorAnswer(answered=True)
    name = f"{_TO_COME}{key}/{fingerprint}"
    return ConnectorAnswer(answered=True, serial=name, thumbprint=name)


def _checked_in(rows: Mapping[ItemKey, LedgerRow]) -> Mapping[ItemKey, LedgerRow]:
    """The rows that change when the device reports that it holds its whole policy, and nothing else."""
    return apply_inventory(rows.values(), _inventory(rows.values()))


def _inventory(rows: Iterable[LedgerRow]) -> Inventory:
    held = [row for row in rows if row.state in ON_DEVICE]
    requested = [row for row in held if row.source is Source.SCEP and row.state is ItemState.SENT]
    names = {row.key: f"{_TO_COME}{row.key}/{row.fingerprint}" for row in requested}
    return Inventory(
        identities={row.key: row.thumbprint or "" for row in held} | names,
        issued={
            row.key: IssuedByScep(names[row.key], serial=names[row.key], authority=row.authority) for row in requested
        },
        roots=frozenset(row.key.partition("/")[2] for row in held if row.source is Source.ROOT),
        accounts={row.key: row.fingerprint or "" for row in held if row.source in (Source.EMAIL, Source.SETTING)},
    )
