"""Items, ledger rows and situations of one device, from which its plan is made."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from fauxtune.core.engine.planning.plan import ConnectorAnswer, Plan, Situation
from fauxtune.core.engine.removal.decisions import Standing
from fauxtune.core.model.ids import ItemKey, ProfileId, UserId
from fauxtune.core.model.items import Claim, Item, LedgerRow, Order, Problem, imported_key, pkcs_key, root_key
from fauxtune.core.model.platforms import Variant
from fauxtune.core.model.states import ItemState, Source
from fauxtune.core.model.tenants import Edition

NOW = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
SOON, LATER = NOW + timedelta(hours=1), NOW + timedelta(days=300)
ROOT = "ab" * 32
PROBLEM = Problem(-1, "The connector has no such key.")

ORDER = Order(
    authority_host="ca.contoso.example",
    authority_name="Contoso Issuing CA",
    template="SmimeSigning",
    subject="CN=alice@contoso.example",
    names=(),
    extended_key_usages=(),
    days=365,
    renew_percent=20,
)


def claim(profile: str = "p") -> Claim:
    return Claim(ProfileId(profile), f"{profile}_group")


def root_item(sha256: str = ROOT) -> Item:
    return Item(root_key(sha256), Source.ROOT, (claim("root"),), fingerprint=sha256, thumbprint="cc", payload=b"der")


def imported_item(thumbprint: str = "aa", *, fingerprint: str = "f1") -> Item:
    key = imported_key(thumbprint)
    return Item(
        key,
        Source.IMPORTED,
        (claim("imported"),),
        fingerprint=fingerprint,
        purpose="smimeEncryption",
        thumbprint=thumbprint,
    )


def pkcs_item(profile: str = "p", *, needs_root: str | None = None, problem: Problem | None = None) -> Item:
    order = None if problem is not None else ORDER
    key = pkcs_key(ProfileId(profile))
    return Item(key, Source.PKCS, (claim(profile),), order=order, needs_root=needs_root, problem=problem)


def held(item: Item, state: ItemState = ItemState.INSTALLED, *, serial: str = "01") -> LedgerRow:
    """The ledger row of an item that the device was given."""
    row = LedgerRow(
        item.key,
        item.source,
        state,
        fingerprint=item.fingerprint,
        user_id=UserId("alice"),
        purpose=item.purpose,
        thumbprint=item.thumbprint,
        claims=item.claims,
        payload=item.payload,
    )
    if item.source is Source.PKCS:
        row = replace(row, fingerprint=serial, serial=serial, thumbprint=f"t{serial}", renew_at=LATER)
    installed = row.fingerprint if state is ItemState.INSTALLED else None
    return replace(row, installed_fingerprint=installed)


def issued(serial: str, *, renew_at: datetime = LATER) -> ConnectorAnswer:
    return ConnectorAnswer(
        answered=True, serial=serial, thumbprint=f"t{serial}", renew_at=renew_at, not_after=LATER + timedelta(days=60)
    )


STANDING = Standing(
    user_id=UserId("alice"),
    user_exists=True,
    user_licensed=True,
    certificates=frozenset({"aa", "bb"}),
    profiles=frozenset({"p", "q", "root", "imported"}),
    assignments=frozenset({"p_group", "q_group", "root_group", "imported_group"}),
)


def situation(
    *items: Item,
    rows: Iterable[LedgerRow] = (),
    answers: Mapping[tuple[ItemKey, str], ConnectorAnswer] | None = None,
    standing: Standing = STANDING,
    now: datetime = NOW,
    waiting_for: Mapping[Source, str] | None = None,
) -> Situation:
    return Situation(
        now=now,
        variant=Variant.ANDROID_WORK_PROFILE,
        edition=Edition.CURRENT,
        items={item.key: item for item in items},
        rows={row.key: row for row in rows},
        answers=answers or {},
        standing=standing,
        waiting_for=waiting_for or {},
    )


def after(before: Situation, made: Plan, **changes: object) -> Situation:
    """The situation once the plan is written: rows changed, requests made."""
    by_key = {(ask.item.key, ask.fingerprint): ConnectorAnswer() for ask in made.requests}
    written = replace(before, rows={**before.rows, **made.rows}, answers={**before.answers, **by_key})
    return replace(written, **changes)  # type: ignore[arg-type]


def only(made: Plan) -> LedgerRow:
    (row,) = made.rows.values()
    return row
