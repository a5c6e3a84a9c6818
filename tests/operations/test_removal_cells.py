"""The removal table comes true: every cell, shown on a device of its kind, at the CA, in the ledger and in the journal.

What no device here can bring about stands in `removal_gaps`, with the reason; there is nothing between the two.
"""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from fauxtune.connector.keypool import KeyRing
from fauxtune.core.engine.removal.lookup import AUTHORITIES, GAPS, Cell, Verdict, gap, table
from fauxtune.core.engine.removal.table import Reissued
from fauxtune.core.model.ids import ItemKey
from fauxtune.core.model.items import LedgerRow
from fauxtune.core.model.platforms import Variant
from fauxtune.core.model.states import Authority, Cause, Incident, ItemState, Source
from fauxtune.core.model.tenants import Edition
from fauxtune.core.profiles.catalog import APP_CONFIGURATION_KINDS, KINDS
from fauxtune.storage.database import Database, sqlite_url
from fauxtune.storage.queries import scep as scep_queries
from fauxtune.storage.tables import metadata
from tests.support.databases import OpenDatabases
from tests.support.removal_situations import (
    EVENTS,
    Event,
    GivenItem,
    Situation,
    prepare_situation,
    prepare_tenant,
    reopened,
)
from tests.support.soak import SOAK, some
from tests.support.tenant import Contoso, open_tenant, reopen_tenant

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
    source, _ = thing
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
    own = "revoked" if cell.revoked else "good"
    ca = {Source.PKCS: own, Source.SCEP: own, Source.IMPORTED: "good"}.get(source)
    return Fate(device, missed=lost, ca=ca, ledger=ledger, said=ledger is ItemState.REMOVED)


async def fates(situation: Situation, things: Iterable[GivenItem]) -> dict[GivenItem, Fate]:
    """What became of each of these items."""
    removed = {event.detail["item"] for event in await situation.contoso.events("removed", device=situation.device)}
    ledger = await situation.ledger()
    return {thing: await _fate(situation, thing, removed=removed, ledger=ledger) for thing in things}


async def _fate(situation: Situation, thing: GivenItem, *, removed: set[str], ledger: dict[ItemKey, LedgerRow]) -> Fate:
    row, contoso = situation.rows[thing], situation.contoso
    held = situation.device.holds_of(row.key)
    device = "none" if held is None else "same" if held == situation.marks[thing] else "another"
    mark = {Source.PKCS: row.serial, Source.SCEP: row.serial, Source.IMPORTED: row.thumbprint}.get(thing[0])
    return Fate(
        device,
        missed=held is not None and row.key in situation.device.missed,
        ca=None if mark is None else await _status(contoso, mark, authority=thing[1]),
        ledger=ledger[row.key].state,
        said=row.key in removed,
    )


async def _status(contoso: Contoso, mark: str, *, authority: Authority) -> str:
    """How a certificate stands at its CA; a partner's is revoked if it is asked to."""
    if authority is not Authority.PARTNER:
        return await contoso.certificate_status(mark)
    asked = await contoso.look(scep_queries.revocations, contoso.tenant.id, limit=100)
    return "revoked" if mark in {row.serial for row in asked} else "good"


@dataclass(frozen=True, slots=True)
class Workshop:
    """Opens the tenant in databases of the tests, the SQLite file always under one name so that it can stay open."""

    folder: Path
    databases: OpenDatabases
    keys: KeyRing
    raw_keys: list[RSAPrivateKey]

    @contextmanager
    def lent(self, before: Path | None = None) -> Iterator[Database]:
        """Lend a SQLite database: a copy of what is in the folder `before`, or one without tenants."""
        shutil.rmtree(self.folder)
        if before is None:
            self.folder.mkdir()
        else:
            shutil.copytree(before, self.folder)
        with self.databases.lend(sqlite_url(self.folder / "removal.sqlite")) as database:
            if before is None:
                metadata.create_all(database.engine)
            yield database

    async def opened(self, database: Database, folder: Path, *, edition: Edition) -> Contoso:
        """Create a tenant for situations."""
        contoso = await open_tenant(database, folder, keys=self.keys, raw_keys=self.raw_keys)
        await prepare_tenant(contoso, edition)
        return contoso


@pytest.fixture
def workshop(
    folder: Path, databases: OpenDatabases, *, rsa_keys: KeyRing, raw_rsa_keys: list[RSAPrivateKey]
) -> Workshop:
    return Workshop(folder, databases, rsa_keys, raw_rsa_keys)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("removal")


@pytest.fixture(scope="module")
def opened() -> dict[Edition, tuple[Path, Contoso]]:
    """The tenant of each edition at rest, once there is one: its folder with the database, and who it was."""
    return {}


def _is_played(variant: Variant, edition: Edition, *, cell: Cell) -> bool:
    """Whether each run plays this cell: that of the older edition only where it differs; `make soak` plays all."""
    if not SHOWN[variant, edition, cell]:
        return False
    newer = table(variant, NEW).get(cell) if SHOWN.get((variant, NEW, cell)) else None
    return SOAK or edition is NEW or newer is None or _outcome(newer) != _outcome(table(variant, edition)[cell])


def _outcome(verdict: Verdict) -> tuple[bool, bool, Reissued]:
    return verdict.removed, verdict.revoked, verdict.reissued


#: Whatever befalls any kind of device, of which at least one cell is played.
BEFALLS = {
    (variant, edition): list(
        dict.fromkeys(
            cell[1] for v, e, cell in CELLS if (v, e) == (variant, edition) and _is_played(variant, edition, cell=cell)
        )
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


async def comes_true(situation: Situation, *, edition: Edition, happening: Event) -> None:
    await EVENTS[happening](situation)
    await situation.device.settle_completely()
    by_key = {
        (source, authority): expected(outcome, thing=(source, authority), happening=happening)
        for (source, cause, authority), outcome in table(situation.variant, edition).items()
        if cause is happening and SHOWN.get((situation.variant, edition, (source, cause, authority)))
    }
    assert by_key
    assert await fates(situation, by_key) == by_key


@pytest.mark.parametrize(
    ("variant", "edition"), [each for each, happenings in BEFALLS.items() if happenings or each[1] is NEW]
)
async def test_the_cells_come_true(
    workshop: Workshop,
    opened: dict[Edition, tuple[Path, Contoso]],
    tmp_path: Path,
    *,
    variant: Variant,
    edition: Edition,
    subtests: pytest.Subtests,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    assert BEFALLS[variant, edition]
    if edition not in opened:
        with workshop.lent() as database:
            contoso = await workshop.opened(database, workshop.folder, edition=edition)
        opened[edition] = (tmp_path_factory.mktemp("tenant") / "rest", contoso)
        shutil.copytree(workshop.folder, opened[edition][0])
    # The device is enrolled and settles once; each happening then befalls a copy of it.
    at_rest, contoso = opened[edition]
    with workshop.lent(at_rest) as database:
        contoso = await reopen_tenant(contoso, database, workshop.folder)
        situation = await prepare_situation(contoso, variant, edition=edition)
    shutil.copytree(workshop.folder, tmp_path / "settled")
    for happening in BEFALLS[variant, edition]:
        with (
            subtests.test(variant=variant.value, edition=edition.value, happening=happening.value),
            workshop.lent(tmp_path / "settled") as database,
        ):
            again = reopened(situation, await reopen_tenant(contoso, database, workshop.folder))
            await comes_true(again, edition=edition, happening=happening)


@pytest.mark.parametrize(("variant", "happening"), some(SAMPLE, one_of=3))
async def test_they_come_true_on_postgresql_too(
    urls: dict[str, str], workshop: Workshop, tmp_path: Path, *, variant: Variant, happening: Event
) -> None:
    with workshop.databases.lend(urls["postgresql"]) as database:
        contoso = await workshop.opened(database, tmp_path, edition=NEW)
        situation = await prepare_situation(contoso, variant, edition=NEW)
        await comes_true(situation, edition=NEW, happening=happening)


def test_every_reason_not_to_show_a_cell_is_needed_and_the_catalog_says_so_too() -> None:
    used = Counter(gap(variant, edition, cell=cell) for variant, edition, cell in CELLS)
    assert [each.why for each in GAPS if not used[each.why]] == []
    assert (len(CELLS), used[None]) == (2354, 2023)
    of_scep = Counter(SHOWN[each] for each in CELLS if each[2][0] is Source.SCEP)
    assert of_scep == {True: 606, False: 56}
    for variant, edition, (source, _cause, authority) in CELLS:
        result = any(
            kind.family.source is source and kind.applies(variant, edition=edition)
            for kind in (*KINDS, *APP_CONFIGURATION_KINDS)
        )
        if not result:
            reasons = {gap(variant, edition, cell=(source, event, authority)) for event in EVENTS}
            assert reasons == {
                "profiles of the kind are not applicable in that edition, so that no device has what they give"
            }


def test_whatever_can_befall_a_device_is_played() -> None:
    assert EVENTS.keys() == {*Cause, *Incident}
