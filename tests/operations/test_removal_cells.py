"""The removal table comes true: every cell, shown on a device of its kind, at the CA, in the ledger and in the journal.

What no device here can bring about stands in `removal_gaps`, with the reason; there is nothing between the two.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from fauxtune.connector.keypool import KeyRing
from fauxtune.core.engine.removal.gaps import GAPS, gap
from fauxtune.core.engine.removal.lookup import AUTHORITIES, Verdict, table
from fauxtune.core.engine.removal.table import Reissued
from fauxtune.core.model.editions import Edition
from fauxtune.core.model.platforms import Variant
from fauxtune.core.model.states import Authority, Cause, Incident, ItemState, Source
from fauxtune.core.profiles.catalog import APP_CONFIGURATION_KINDS, KINDS
from fauxtune.storage.database import Database
from tests.support.removal_situations import EVENTS, Event, GivenItem, Situation, prepare_situation, prepare_tenant
from tests.support.tenant import Contoso, open_tenant

NEW = Edition.CURRENT
ENDS = (Cause.WIPE, Cause.RETIRE, Cause.UNENROLL, Cause.DELETE)
#: A cell for every authority that makes a difference.
CELLS = [
    (variant, edition, cell)
    for variant in Variant
    for edition in Edition
    for cell in table(variant, edition)
    if cell[2] in AUTHORITIES.get(cell[0], (Authority.MICROSOFT,))
]
SHOWN = {each: gap(each[0], each[1], cell=each[2]) is None for each in CELLS}


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of one item. `device`: it has the same, another, or none; `missed`: it had none in the meantime;
    `ca`: how the certificate stands that it had; `said`: the journal says that it was removed.
    """

    device: str
    missed: bool
    ca: str | None
    ledger: ItemState
    said: bool


def expected(cell: Verdict, *, thing: GivenItem, happening: Event) -> Fate:
    """What the table says, as it looks."""
    source, _authority = thing
    ends = happening in ENDS
    lost = happening in (Incident.DELETED_BY_USER, Incident.WIPE_KEEPING_ENROLLMENT)
    device, ledger = "same", ItemState.INSTALLED
    match cell.reissued:
        case Reissued.NEW:
            device = "another"
        case Reissued.NO if cell.removed:
            device, ledger = "none", ItemState.REMOVED
        case Reissued.NO if ends or isinstance(happening, Cause):
            ledger = ItemState.KEPT
    ca = {Source.PKCS: "revoked" if cell.revoked else "good", Source.IMPORTED: "good"}.get(source)
    return Fate(device, missed=lost, ca=ca, ledger=ledger, said=ledger is ItemState.REMOVED)


async def fate(situation: Situation, thing: GivenItem) -> Fate:
    """What became of it."""
    row, contoso = situation.rows[thing], situation.contoso
    held = situation.device.holds_of(row.key)
    device = "none" if held is None else "same" if held == situation.marks[thing] else "another"
    mark = {Source.PKCS: row.serial, Source.IMPORTED: row.thumbprint}.get(thing[0])
    removed = {event.detail["item"] for event in await contoso.events("removed", device=situation.device)}
    return Fate(
        device,
        missed=held is not None and row.key in situation.device.missed,
        ca=None if mark is None else await contoso.certificate_status(mark),
        ledger=(await situation.ledger())[row.key].state,
        said=row.key in removed,
    )


@dataclass(slots=True)
class Tenants:
    """A tenant for each edition in each kind of database, opened when it is first asked for.

    Each situation has users, groups and profiles of its own in it, so that situations do not meet.
    """

    open: Callable[[Edition, str], Awaitable[Contoso]]
    opened: dict[tuple[Edition, str], Contoso] = field(default_factory=dict)

    async def of(self, edition: Edition, *, database: str = "sqlite") -> Contoso:
        key = (edition, database)
        if key not in self.opened:
            self.opened[key] = await self.open(*key)
        return self.opened[key]


@pytest.fixture(scope="module")
def tenants_by_edition(
    urls: dict[str, str],
    tmp_path_factory: pytest.TempPathFactory,
    *,
    rsa_keys: KeyRing,
    raw_rsa_keys: list[RSAPrivateKey],
) -> Iterator[Tenants]:
    databases: list[Database] = []

    async def open_one(edition: Edition, database: str) -> Contoso:
        databases.append(Database(urls[database]))
        folder = tmp_path_factory.mktemp("removal")
        contoso = await open_tenant(databases[-1], folder, keys=rsa_keys, raw_keys=raw_rsa_keys)
        await prepare_tenant(contoso, edition)
        return contoso

    yield Tenants(open_one)
    for each in databases:
        each.close()


#: Whatever befalls any kind of device, of which at least one cell is shown.
BEFALLS = {
    (variant, edition): list(
        dict.fromkeys(cell[1] for (v, e, cell), so in SHOWN.items() if so and (v, e) == (variant, edition))
    )
    for variant in Variant
    for edition in Edition
}
#: A few of each kind, on the other database.
SAMPLE = [
    (Variant.ANDROID_DEVICE_ADMIN, Cause.RETIRE),
    (Variant.ANDROID_KNOX, Cause.UNASSIGNED),
    (Variant.ANDROID_WORK_PROFILE, Incident.DELETED_BY_USER),
    (Variant.ANDROID_DEDICATED, Cause.WIPE),
    (Variant.ANDROID_AOSP, Incident.RENEWED),
    (Variant.IOS, Cause.UNENROLL),
    (Variant.MACOS, Cause.USER_DELETED),
    (Variant.WINDOWS, Incident.WIPE_KEEPING_ENROLLMENT),
    (Variant.WINDOWS, Cause.USER_CHANGED),
    (Variant.WINDOWS_PHONE_81, Cause.CERTIFICATE_DELETED),
]


async def comes_true(contoso: Contoso, variant: Variant, *, edition: Edition, happening: Event) -> None:
    situation = await prepare_situation(contoso, variant, edition=edition)
    await EVENTS[happening](situation)
    await situation.device.settle_completely()
    by_key = {
        (source, authority): expected(outcome, thing=(source, authority), happening=happening)
        for (source, cause, authority), outcome in table(variant, edition).items()
        if cause is happening and SHOWN.get((variant, edition, (source, cause, authority)))
    }
    assert by_key
    assert {thing: await fate(situation, thing) for thing in by_key} == by_key


@pytest.mark.parametrize(("variant", "edition"), BEFALLS)
async def test_the_cells_come_true(
    tenants_by_edition: Tenants, variant: Variant, edition: Edition, subtests: pytest.Subtests
) -> None:
    assert BEFALLS[variant, edition]
    for happening in BEFALLS[variant, edition]:
        with subtests.test(variant=variant.value, edition=edition.value, happening=happening.value):
            await comes_true(await tenants_by_edition.of(edition), variant, edition=edition, happening=happening)


@pytest.mark.parametrize(("variant", "happening"), SAMPLE)
async def test_they_come_true_on_postgresql_too(
    tenants_by_edition: Tenants, variant: Variant, happening: Event
) -> None:
    await comes_true(await tenants_by_edition.of(NEW, database="postgresql"), variant, edition=NEW, happening=happening)


def test_every_reason_not_to_show_a_cell_is_needed_and_the_catalog_says_so_too() -> None:
    used = Counter(gap(variant, edition, cell=cell) for variant, edition, cell in CELLS)
    assert [each.why for each in GAPS if not used[each.why]] == []
    assert used[None] == sum(SHOWN.values()) > len(CELLS) / 2
    for variant, edition, (source, _cause, authority) in CELLS:
        result = any(
            kind.family.source is source and kind.applies(variant, edition=edition)
            for kind in (*KINDS, *APP_CONFIGURATION_KINDS)
        )
        if not result:
            reasons = {gap(variant, edition, cell=(source, each, authority)) for each in EVENTS}
            assert reasons == {
                "profiles of the kind are not applicable in that edition, so that no device has what they give"
            }


def test_whatever_can_befall_a_device_is_played() -> None:
    assert EVENTS.keys() == {*Cause, *Incident}
