"""The removal table against the documents' own tables, typed again here cell by cell; then rules for all cells."""

from __future__ import annotations

from itertools import product
from typing import cast

import pytest

from fauxtune.core.engine.device_actions.support import effective_cause, supports
from fauxtune.core.engine.removal.lookup import AUTHORITIES, Verdict, gap, look_up, sources, table
from fauxtune.core.engine.removal.table import Reissued
from fauxtune.core.model.actions import DeviceAction
from fauxtune.core.model.platforms import FACTS, Variant
from fauxtune.core.model.states import Authority, Cause, Incident, Source
from fauxtune.core.model.tenants import Edition
from fauxtune.core.profiles.catalog import KINDS

OLD, NEW = Edition
BOTH = tuple(Edition)
KINDS_OF_DEVICE = {
    "iOS": (Variant.IOS, Variant.IPADOS),
    "macOS": (Variant.MACOS,),
    "Windows": (Variant.WINDOWS, Variant.WINDOWS_10_MOBILE),
    "Phone": (Variant.WINDOWS_PHONE_81,),
    "Knox": (Variant.ANDROID_KNOX,),
    "legacy": (Variant.ANDROID_DEVICE_ADMIN,),
    "work profile": (Variant.ANDROID_WORK_PROFILE,),
    "owner": (Variant.ANDROID_FULLY_MANAGED, Variant.ANDROID_DEDICATED, Variant.ANDROID_CORPORATE_WORK_PROFILE),
}
EVENTS: dict[str, tuple[Cause | Incident, ...]] = {
    "unenrols": (Cause.UNENROLL,),
    "wipe": (Cause.WIPE,),
    "retire": (Cause.RETIRE, Cause.DELETE),
    "unassigned": (Cause.UNASSIGNED, Cause.PROFILE_DELETED),
    "left group": (Cause.LEFT_GROUP,),
    "edited": (Incident.PROFILE_EDITED,),
    "lost": (Cause.LICENCE_LOST, Cause.USER_DELETED),
    "record deleted": (Cause.CERTIFICATE_DELETED,),
}

#: "Remove SCEP or PKCS certificates in Microsoft Intune", and "Retire or wipe devices" for legacy Android.
#: R removed, V revoked, - stays, . not in the document.
SCEP = """
              iOS   macOS  Windows  Phone  Knox  legacy  owner
unenrols      R+V   R+V    R+V      R+V    R+V   V       R
wipe          R+V   .      R+V      R+V    R+V   .       R
retire        R+V   R+V    R+V      R+V    V     V       R
unassigned    R+V   R+V    R+V      R+V    V     .       R
left_group    R+V   R+V    R+V      R+V    V     .       R
edited        V     V      V        V      V     .       -
lost          -     -      -        -      -     .       -
"""
PKCS = {
    OLD: """
              iOS   macOS  Windows  Knox  legacy
unenrols      R+V   R+V    R+V      R+V   V
wipe          R+V   .      R+V      R+V   .
retire        R+V   R+V    R+V      R+V   V
unassigned    R     R      -        -     -
left_group    R     R      -        -     -
edited        -     -      -        -     -
lost          -     -      -        -     -
""",
    NEW: """
              iOS   macOS  Windows  Knox  legacy
unenrols      R+V   R+V    R+V      R+V   V
wipe          R+V   .      R+V      R+V   .
retire        R+V   R+V    R+V      R+V   V
unassigned    R     -      R        -     -
left_group    R     -      R        -     -
edited        -     -      -        -     -
lost          -     -      -        -     -
""",
}
#: What neither page validates, as it is chosen.
CHOSEN_PKCS = """
              work_profile  owner
unenrols      R+V           R+V
wipe          .             R+V
retire        R+V           R+V
unassigned    R             R
left_group    R             R
edited        -             -
lost          -             -
"""
#: The S/MIME overview, and what is chosen where it is silent: legacy Android is not enabled for removal.
IMPORTED = """
               iOS  macOS  Windows  Phone  Knox  legacy  work_profile  owner
unenrols       R    R      R        R      R     -       R             R
wipe           R    R      R        R      R     R       .             R
retire         R    R      R        R      R     -       R             R
unassigned     R    R      R        R      R     -       R             R
left_group     R    R      R        R      R     -       R             R
edited         -    -      -        -      -     -       -             -
lost           -    -      -        -      -     -       -             -
record_deleted R    R      R        R      R     -       R             R
"""
ROOT = """
              iOS   macOS  Windows  Phone  Knox  legacy  work_profile  owner
unenrols      R     R      R        R      R     -       R             R
wipe          R     R      R        R      R     R       .             R
retire        R     R      R        R      R     -       R             R
unassigned    R     R      R        R      R     -       R             R
edited        -     -      -        -      -     -       -             -
lost          -     -      -        -      -     -       -             -
"""
EMAIL = """
              iOS   Windows  Phone  Knox  work_profile
unenrols      R     R        R      R     R
wipe          R     R        R      R     .
retire        R     R        R      R     R
unassigned    R     R        R      R     R
left_group    R     R        R      R     R
lost          R     R        R      R     R
"""
#: "Common questions about device profiles in Intune": settings stay on Android, and in 2020 on Windows.
SETTING = {
    OLD: """
              iOS   Windows  Knox  work_profile  owner
unenrols      R     R        R     R             R
wipe          R     R        R     .             R
retire        R     R        R     R             R
unassigned    R     -        -     -             -
left_group    R     -        -     -             -
lost          R     -        -     -             -
""",
    NEW: """
              iOS   Windows  Knox  work_profile  owner
unenrols      R     R        R     R             R
wipe          R     R        R     .             R
retire        R     R        R     R             R
unassigned    R     R        -     -             -
left_group    R     R        -     -             -
lost          R     R        -     -             -
""",
}
Case = tuple[Edition, Source, Variant, Cause | Incident, str]


def read(text: str, *, source: Source, editions: tuple[Edition, ...] = BOTH) -> list[Case]:
    """The cells of one typed table, for each variant and cause of its heads."""
    head, *lines = (line.split() for line in text.strip().splitlines())
    return [
        (edition, source, variant, cause, verdict)
        for event, *verdicts in lines
        for column, verdict in zip(head, verdicts, strict=True)
        if verdict != "."
        for variant, cause, edition in product(
            KINDS_OF_DEVICE[column.replace("_", " ")], EVENTS[event.replace("_", " ")], editions
        )
        if cause is not Cause.RETIRE or supports(DeviceAction.RETIRE, variant, edition=edition)
        if cause is not Cause.WIPE or supports(DeviceAction.WIPE, variant, edition=edition)
    ]


TYPED = [
    *read(SCEP, source=Source.SCEP),
    *(case for edition, text in PKCS.items() for case in read(text, source=Source.PKCS, editions=(edition,))),
    *read(CHOSEN_PKCS, source=Source.PKCS),
    *read(IMPORTED, source=Source.IMPORTED),
    *read(ROOT, source=Source.ROOT),
    *read(EMAIL, source=Source.EMAIL),
    *(case for edition, text in SETTING.items() for case in read(text, source=Source.SETTING, editions=(edition,))),
]
ALL = [(variant, edition, *key) for variant in Variant for edition in Edition for key in table(variant, edition)]
ENDS = (Cause.WIPE, Cause.RETIRE, Cause.UNENROLL, Cause.DELETE)
LEAVES = (Cause.UNASSIGNED, Cause.PROFILE_DELETED, Cause.LEFT_GROUP, Cause.USER_CHANGED)


def verdict_of(cell: Verdict) -> str:
    return "+".join(word for word, so in (("R", cell.removed), ("V", cell.revoked)) if so) or "-"


@pytest.mark.parametrize("source", Source)
def test_every_cell_is_as_the_document_has_it(source: Source, subtests: pytest.Subtests) -> None:
    cases = [case for case in TYPED if case[1] is source]
    assert len(cases) > 20
    for edition, _source, variant, cause, verdict in cases:
        with subtests.test(edition=edition.value, variant=variant.value, cause=cause.value):
            assert verdict_of(look_up(variant, edition, source=source, cause=cause)) == verdict


def test_the_typed_tables_are_not_read_as_nothing() -> None:
    assert len(TYPED) > 950
    assert {source for _edition, source, _variant, _cause, _verdict in TYPED} == set(Source)


@pytest.mark.parametrize("variant", list(Variant))
@pytest.mark.parametrize("edition", Edition)
def test_whatever_can_occur_has_a_cell_with_its_source_and_date(variant: Variant, edition: Edition) -> None:
    cannot = {
        Cause.WIPE: not supports(DeviceAction.WIPE, variant, edition=edition),
        Cause.RETIRE: not supports(DeviceAction.RETIRE, variant, edition=edition),
        Incident.WIPE_KEEPING_ENROLLMENT: not FACTS[variant].can_keep_enrollment,
    }
    for kind in (each for each in KINDS if variant in each.variants and each.family.source is not None):
        source = kind.family.source
        assert source is not None
        for cause in (*Cause, *Incident):
            if cannot.get(cause) or (cause is Cause.CERTIFICATE_DELETED and source is not Source.IMPORTED):
                continue
            if cause is Incident.RENEWED and source not in (Source.PKCS, Source.SCEP):
                continue
            for authority in AUTHORITIES.get(source, tuple(Authority)):
                cell = look_up(variant, edition, source=source, cause=cause, authority=authority)
                assert any(year in cell.source for year in ("2019-", "2020-", "2024-", "2026-")), (kind.name, cause)


def test_every_document_but_reports_from_the_field_is_dated() -> None:
    for variant, edition, source, cause, authority in ALL:
        cell = look_up(variant, edition, source=source, cause=cause, authority=authority)
        if cell.disagreement and not cell.disagreement.startswith("Reports from the field"):
            assert any(year in cell.disagreement for year in ("2019-", "2020-", "2024-", "2026-"))
            assert cell.disagreement != cell.source


def test_what_cannot_occur_has_no_cell() -> None:
    for variant, source, cause, authority in (
        (Variant.IOS, Source.ROOT, Cause.CERTIFICATE_DELETED, Authority.MICROSOFT),
        (Variant.ANDROID_WORK_PROFILE, Source.PKCS, Cause.WIPE, Authority.MICROSOFT),
        (Variant.ANDROID_DEDICATED, Source.PKCS, Cause.RETIRE, Authority.MICROSOFT),
        (Variant.IOS, Source.PKCS, Incident.WIPE_KEEPING_ENROLLMENT, Authority.MICROSOFT),
        (Variant.WINDOWS_PHONE_81, Source.PKCS, Cause.RETIRE, Authority.MICROSOFT),
        (Variant.MACOS, Source.EMAIL, Cause.RETIRE, Authority.MICROSOFT),
        (Variant.IOS, Source.PKCS, Cause.RETIRE, Authority.PARTNER),
        (Variant.IOS, Source.SCEP, Cause.RETIRE, Authority.DIGICERT),
    ):
        with pytest.raises(KeyError):
            look_up(variant, NEW, source=source, cause=cause, authority=authority)
    unknown = cast("Edition", "2019-01")
    with pytest.raises(KeyError):
        look_up(Variant.IOS, unknown, source=Source.PKCS, cause=Cause.WIPE)


def test_the_editions_differ_in_pkcs_and_settings_that_no_longer_apply_and_in_a_partners_revocation_alone() -> None:
    differing = {
        (variant, *key)
        for variant in Variant
        for key, cell in table(variant, OLD).items()
        if key in table(variant, NEW)
        if (verdict_of(cell), cell.reissued)
        != (verdict_of(table(variant, NEW)[key]), table(variant, NEW)[key].reissued)
    }
    variants = (Variant.WINDOWS, Variant.WINDOWS_10_MOBILE)
    of_pkcs = product((*variants, Variant.MACOS), (Source.PKCS,), LEAVES, (Authority.MICROSOFT, Authority.DIGICERT))
    kept = (*LEAVES, Cause.USER_DELETED, Cause.LICENCE_LOST)
    settings = product(variants, (Source.SETTING,), kept, Authority)
    queued = {each for each in differing if each[3] is Authority.PARTNER and each[1] is Source.SCEP}
    assert differing == {*of_pkcs, *settings, *queued}
    assert {cause for _, _, cause, _ in queued} == {*ENDS, Incident.WIPE_KEEPING_ENROLLMENT}


def test_a_deleted_record_is_a_wipe_for_the_companys_own_android_devices_of_today_and_a_retirement_for_all_others() -> (
    None
):
    for variant, edition in product(Variant, Edition):
        wiped = edition is NEW and variant in (*KINDS_OF_DEVICE["owner"], Variant.ANDROID_AOSP)
        felt = effective_cause(Cause.DELETE, variant, edition=edition)
        assert felt is (Cause.WIPE if wiped else Cause.RETIRE)
        for (source, cause, authority), cell in table(variant, edition).items():
            if cause is felt:
                assert cell == table(variant, edition)[source, Cause.DELETE, authority]


def test_what_a_kind_cannot_be_asked_for_in_an_edition_has_no_cell_there() -> None:
    cells = {edition: {(v, key[1]) for v in Variant for key in table(v, edition)} for edition in Edition}
    administrators = (Variant.ANDROID_DEVICE_ADMIN, Variant.ANDROID_KNOX)
    others = (Variant.ANDROID_FULLY_MANAGED, Variant.ANDROID_CORPORATE_WORK_PROFILE, Variant.ANDROID_AOSP)
    assert cells[OLD] - cells[NEW] == {
        *((variant, Cause.WIPE) for variant in administrators),
        *((variant, Cause.RETIRE) for variant in others),
    }
    assert cells[NEW] <= cells[OLD]


def test_only_what_the_authority_issued_for_this_device_is_ever_revoked() -> None:
    for variant, edition, source, cause, authority in ALL:
        cell = look_up(variant, edition, source=source, cause=cause, authority=authority)
        assert not cell.revoked or source in (Source.PKCS, Source.SCEP)


@pytest.mark.parametrize("edition", Edition)
@pytest.mark.parametrize("variant", list(Variant))
def test_a_partners_certificates_are_queued_for_revocation_where_a_device_leaves(
    variant: Variant, edition: Edition
) -> None:
    for cause in (*Cause, *Incident):
        if (Source.SCEP, cause, Authority.MICROSOFT) not in table(variant, edition):
            continue
        ours = look_up(variant, edition, source=Source.SCEP, cause=cause)
        theirs = look_up(variant, edition, source=Source.SCEP, cause=cause, authority=Authority.PARTNER)
        leaves = cause in (*ENDS, Incident.WIPE_KEEPING_ENROLLMENT)
        queued = ours.revoked and leaves and edition is NEW
        assert (theirs.removed, theirs.revoked, theirs.reissued) == (ours.removed, queued, ours.reissued)
        assert ("partner" in theirs.source) is ours.revoked


@pytest.mark.parametrize(("variant", "edition"), [(v, e) for v in Variant for e in Edition])
def test_what_a_user_deletes_comes_back_and_its_own_certificates_are_issued_again(
    variant: Variant, edition: Edition
) -> None:
    for source in sources(variant):
        cell = look_up(variant, edition, source=source, cause=Incident.DELETED_BY_USER)
        own = source in (Source.PKCS, Source.SCEP)
        assert (verdict_of(cell), cell.reissued) == ("-", Reissued.NEW if own else Reissued.SAME)
        if source is Source.PKCS:
            assert "the same certificate" in cell.disagreement
            hand = look_up(
                variant, edition, source=source, cause=Incident.DELETED_BY_USER, authority=Authority.DIGICERT
            )
            assert (hand.reissued, hand.disagreement) == (Reissued.SAME, "")
            assert "without a request to the connector" in hand.source


def test_an_edited_scep_profile_brings_a_new_certificate_and_a_pkcs_profile_none() -> None:
    for variant, edition in product(Variant, Edition):
        for source, wanted in ((Source.SCEP, Reissued.NEW), (Source.PKCS, Reissued.NO), (Source.IMPORTED, Reissued.NO)):
            if source in sources(variant):
                cell = look_up(variant, edition, source=source, cause=Incident.PROFILE_EDITED)
                assert cell.reissued is wanted


def test_windows_gets_everything_back_after_a_wipe_that_keeps_the_enrolment() -> None:
    for source in Source:
        cell = look_up(Variant.WINDOWS, NEW, source=source, cause=Incident.WIPE_KEEPING_ENROLLMENT)
        assert cell.removed
        assert cell.reissued is (Reissued.NEW if cell.revoked else Reissued.SAME)
        assert "Unverified" in cell.source


@pytest.mark.parametrize(
    ("variant", "edition", "source", "cause", "says"),
    [
        (Variant.ANDROID_KNOX, NEW, Source.PKCS, Cause.UNASSIGNED, "no longer targets"),
        (Variant.MACOS, NEW, Source.PKCS, Cause.UNASSIGNED, "no longer targets"),
        (Variant.ANDROID_KNOX, NEW, Source.SCEP, Cause.USER_DELETED, "revoked when the user is removed"),
        (Variant.ANDROID_KNOX, OLD, Source.SCEP, Cause.USER_DELETED, "revoked when the user is removed"),
        (Variant.ANDROID_KNOX, OLD, Source.SCEP, Cause.RETIRE, "removed and revoked"),
        (Variant.ANDROID_KNOX, OLD, Source.PKCS, Cause.UNASSIGNED, "all supported devices"),
        (Variant.WINDOWS, OLD, Source.PKCS, Cause.UNASSIGNED, "all supported devices"),
        (Variant.MACOS, OLD, Source.PKCS, Cause.WIPE, "not supported on macOS"),
        (Variant.MACOS, OLD, Source.PKCS, Cause.UNASSIGNED, "not supported on macOS"),
        (Variant.ANDROID_DEVICE_ADMIN, NEW, Source.IMPORTED, Cause.RETIRE, "removed with company data"),
        (Variant.WINDOWS_PHONE_81, OLD, Source.SCEP, Cause.RETIRE, "not supported"),
    ],
)
def test_documents_that_disagree_are_both_cited(
    variant: Variant, edition: Edition, source: Source, cause: Cause, says: str
) -> None:
    cell = look_up(variant, edition, source=source, cause=cause)
    assert says in cell.disagreement
    assert cell.source


@pytest.mark.parametrize(
    "variant",
    [Variant.ANDROID_WORK_PROFILE, *KINDS_OF_DEVICE["owner"], Variant.ANDROID_AOSP],
)
def test_what_no_page_validates_says_so(variant: Variant) -> None:
    for (source, cause, authority), cell in table(variant, NEW).items():
        by_hand = cause is Incident.DELETED_BY_USER
        if source is Source.PKCS and authority is Authority.MICROSOFT and not by_hand:
            assert "Unverified" in cell.source, cause


@pytest.mark.parametrize(
    ("variant", "edition", "cause", "why"),
    [
        (Variant.ANDROID_FULLY_MANAGED, OLD, Cause.UNASSIGNED, "not applicable in that edition"),
        (Variant.ANDROID_FULLY_MANAGED, NEW, Cause.UNASSIGNED, None),
        (Variant.ANDROID_DEDICATED, NEW, Cause.USER_DELETED, "the device has no user"),
    ],
)
def test_a_gap_of_one_edition_is_none_of_the_other(
    variant: Variant, edition: Edition, cause: Cause, why: str | None
) -> None:
    reason = gap(variant, edition, cell=(Source.PKCS, cause, Authority.MICROSOFT))
    assert reason is None if why is None else why in (reason or "")
