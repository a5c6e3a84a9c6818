"""The removal table: no hole in it, a source in every cell, and nothing imported is ever revoked."""

from __future__ import annotations

import pytest

from fauxtune.core.engine.removal import EDITIONS, TABLE, VARIANTS, Outcome, outcome
from fauxtune.core.model.platforms import Variant
from fauxtune.core.model.states import Cause, Source

CERTIFICATES = (Source.ROOT, Source.PKCS, Source.IMPORTED)
SOURCES = (*CERTIFICATES, Source.EMAIL)
#: Only an imported certificate is a record that can be deleted from the service.
COULD_OCCUR = [
    (source, cause)
    for source in SOURCES
    for cause in Cause
    if cause is not Cause.CERTIFICATE_DELETED or source is Source.IMPORTED
]
ENDS = (Cause.WIPE, Cause.RETIRE, Cause.UNENROLL, Cause.DELETE)
LEAVES = (Cause.USER_CHANGED, Cause.PROFILE_DELETED, Cause.UNASSIGNED, Cause.LEFT_GROUP)
LOSES = (Cause.USER_DELETED, Cause.LICENCE_LOST)


def cells() -> list[tuple[Variant, str, Source, Cause]]:
    return [(variant, edition, *cell) for variant in VARIANTS for edition in EDITIONS for cell in COULD_OCCUR]


@pytest.mark.parametrize(("variant", "edition", "source", "cause"), cells())
def test_whatever_can_occur_has_a_cell_with_its_source(
    variant: Variant, edition: str, source: Source, cause: Cause
) -> None:
    cell = outcome(variant, edition, source=source, cause=cause)
    assert isinstance(cell, Outcome)
    assert len(cell.source) > 20


def test_every_variant_has_every_edition() -> None:
    assert set(TABLE) == {(variant, edition) for variant in VARIANTS for edition in EDITIONS}


def test_nothing_imported_and_no_root_is_ever_revoked() -> None:
    for (variant, edition), found in TABLE.items():
        for (source, cause), cell in found.items():
            if source in (Source.IMPORTED, Source.ROOT, Source.EMAIL):
                assert not cell.revoked, (variant, edition, source, cause)


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("cause", ENDS)
def test_the_end_of_an_enrolment_takes_everything_and_revokes_pkcs(variant: Variant, cause: Cause) -> None:
    for source in SOURCES:
        assert outcome(variant, "2024-04", source=source, cause=cause).removed
    assert outcome(variant, "2024-04", source=Source.PKCS, cause=cause).revoked


@pytest.mark.parametrize("cause", LEAVES)
def test_a_profile_that_no_longer_applies_takes_its_items_and_revokes_none(cause: Cause) -> None:
    for source in SOURCES:
        cell = outcome(Variant.ANDROID_WORK_PROFILE, "2024-04", source=source, cause=cause)
        assert (cell.removed, cell.revoked) == (True, False)


@pytest.mark.parametrize("cause", LOSES)
def test_the_loss_of_user_or_licence_leaves_certificates_and_takes_the_account(cause: Cause) -> None:
    for source in SOURCES:
        cell = outcome(Variant.ANDROID_WORK_PROFILE, "2024-04", source=source, cause=cause)
        assert (cell.removed, cell.revoked) == (source is Source.EMAIL, False)


def test_what_cannot_occur_has_no_cell() -> None:
    with pytest.raises(KeyError):
        outcome(Variant.ANDROID_WORK_PROFILE, "2024-04", source=Source.ROOT, cause=Cause.CERTIFICATE_DELETED)
