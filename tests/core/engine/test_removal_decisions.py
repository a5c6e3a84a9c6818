"""The decisions that follow from the removal table: each caller of the table gets its answer from them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fauxtune.core.engine.removal import decisions
from fauxtune.core.engine.removal.decisions import DeviceKind
from fauxtune.core.model.items import LedgerRow
from fauxtune.core.model.platforms import Variant
from fauxtune.core.model.states import Authority, Cause, Incident, ItemState, Source
from fauxtune.core.model.tenants import Edition
from tests.core.engine.situations import held, imported_item, pkcs_item, root_item

LEGACY = DeviceKind(Variant.ANDROID_DEVICE_ADMIN, Edition.CURRENT)
WINDOWS = DeviceKind(Variant.WINDOWS, Edition.CURRENT)
OWN, IMPORTED, ROOT = held(pkcs_item()), held(imported_item()), held(root_item())


def states(rows: list[LedgerRow]) -> list[ItemState]:
    return [row.state for row in rows]


def test_a_wipe_revokes_the_devices_own_certificates_and_no_imported_ones() -> None:
    removed = replace(held(pkcs_item("q"), ItemState.REMOVED), serial="02")
    assert decisions.rows_to_revoke([OWN, IMPORTED, ROOT, removed], WINDOWS, cause=Cause.WIPE) == [OWN]
    assert decisions.rows_to_revoke([OWN], WINDOWS, cause=Incident.WIPE_KEEPING_ENROLLMENT) == [OWN]


def test_the_end_of_an_enrolment_leaves_what_the_table_leaves_and_the_device_has() -> None:
    sent = replace(ROOT, state=ItemState.SENT)
    over = [decisions.row_after_end(row, LEGACY, cause=Cause.RETIRE) for row in (ROOT, IMPORTED, sent)]
    assert states(over) == [ItemState.KEPT, ItemState.KEPT, ItemState.REMOVED]
    assert [decisions.was_removed(row, after) for row, after in zip((ROOT, IMPORTED, sent), over, strict=True)] == [
        False,
        False,
        True,
    ]
    wiped = decisions.row_after_end(ROOT, WINDOWS, cause=Cause.WIPE)
    assert (wiped.state, wiped.installed_fingerprint) == (ItemState.REMOVED, None)


def test_a_certificate_that_another_one_was_to_replace_by_scep_stays_at_the_end_like_any_other() -> None:
    requesting = replace(OWN, source=Source.SCEP, state=ItemState.SENT, installed_fingerprint="old")
    rows = [requesting, replace(requesting, state=ItemState.FAILED), replace(requesting, installed_fingerprint=None)]
    over = [decisions.row_after_end(row, LEGACY, cause=Cause.RETIRE) for row in rows]
    assert states(over) == [ItemState.KEPT, ItemState.KEPT, ItemState.REMOVED]


@pytest.mark.parametrize(("cause", "erased"), [(Cause.WIPE, True), (Cause.RETIRE, False), (Cause.UNENROLL, False)])
def test_only_a_wipe_erases_the_device(cause: Cause, *, erased: bool) -> None:
    assert decisions.erases_device(WINDOWS, cause=cause) is erased


def test_a_deleted_record_erases_the_companys_own_android_devices() -> None:
    assert decisions.erases_device(DeviceKind(Variant.ANDROID_FULLY_MANAGED, Edition.CURRENT), cause=Cause.DELETE)
    assert not decisions.erases_device(WINDOWS, cause=Cause.DELETE)


def test_a_certificate_that_was_issued_late_is_revoked_like_those_on_the_device() -> None:
    for cause in (Cause.WIPE, Cause.RETIRE, Cause.UNENROLL, Cause.DELETE):
        late = decisions.is_revoked_when_issued_late(WINDOWS, cause=cause, authority=Authority.MICROSOFT)
        assert late is bool(decisions.rows_to_revoke([OWN], WINDOWS, cause=cause))


def test_what_the_device_keeps_of_a_former_user_is_not_removed() -> None:
    waiting = replace(OWN, state=ItemState.WANTED, fingerprint=None)
    old = replace(WINDOWS, edition=Edition.APRIL_2020)
    assert (decisions.is_to_go(waiting, WINDOWS), decisions.is_left(waiting, WINDOWS)) == (True, False)
    assert (decisions.is_to_go(waiting, old), decisions.is_left(waiting, old)) == (False, True)
    never_there = replace(waiting, installed_fingerprint=None)
    for device in (WINDOWS, old):
        assert not decisions.is_to_go(never_there, device)
        assert not decisions.is_left(never_there, device)
