"""The cells of the removal table: what is removed from a device, revoked at the CA, and issued again; and which of them
no simulated device can show, and why. A test shows every other cell.

The rows, each with the document that it rests on, are in `table`. A device whose record is deleted is treated like one
that is wiped or retired, by its kind (`device_actions.support`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from itertools import product

from fauxtune.core.engine.device_actions.support import effective_cause, supports
from fauxtune.core.engine.removal.table import PARTNERS, ROWS, Reissued, Row
from fauxtune.core.model.actions import DeviceAction
from fauxtune.core.model.platforms import FACTS, Variant
from fauxtune.core.model.states import Authority, Cause, Incident, Source
from fauxtune.core.model.tenants import Edition
from fauxtune.core.profiles.catalog import APP_CONFIGURATION_KINDS, KINDS

Cell = tuple[Source, Cause | Incident, Authority]

#: The authorities that can have issued items of a source. For sources that are not here, it makes no difference.
AUTHORITIES: dict[Source, tuple[Authority, ...]] = {
    Source.PKCS: (Authority.MICROSOFT, Authority.DIGICERT),
    Source.SCEP: (Authority.MICROSOFT, Authority.PARTNER),
}
#: The happenings after which Intune has a partner's certificates revoked: a wipe, a retirement, or the user's leave.
_ENDS = (Cause.WIPE, Cause.RETIRE, Cause.UNENROLL, Incident.WIPE_KEEPING_ENROLLMENT)


@dataclass(frozen=True, slots=True)
class Verdict:
    """The verdict on an item. `source` is the document; `disagreement` another one that contradicts it, or empty."""

    removed: bool
    revoked: bool
    source: str
    reissued: Reissued = Reissued.NO
    disagreement: str = ""


def look_up(
    variant: Variant,
    edition: Edition,
    *,
    source: Source,
    cause: Cause | Incident,
    authority: Authority = Authority.MICROSOFT,
) -> Verdict:
    """The cell. Raises KeyError for a combination that cannot occur (a root is never "deleted from the service")."""
    return table(variant, edition)[source, cause, authority]


@cache
def table(variant: Variant, edition: Edition) -> dict[Cell, Verdict]:
    """Every cell that can occur on devices of this kind."""
    return {
        (source, cause, authority): _verdict(variant, edition, source=source, cause=cause, authority=authority)
        for source, cause in product(sources(variant), (*Cause, *Incident))
        if _can_occur(variant, source, edition=edition, cause=cause)
        for authority in AUTHORITIES.get(source, tuple(Authority))
    }


def sources(variant: Variant) -> tuple[Source, ...]:
    """The sources of items that devices of this kind can be given: those for which there are profiles."""
    offered = {kind.family.source for kind in (*KINDS, *APP_CONFIGURATION_KINDS) if variant in kind.variants}
    return tuple(source for source in Source if source in offered)


def _can_occur(variant: Variant, source: Source, *, edition: Edition, cause: Cause | Incident) -> bool:
    match cause:
        case Cause.WIPE:
            return supports(DeviceAction.WIPE, variant, edition=edition)
        case Cause.RETIRE:
            return supports(DeviceAction.RETIRE, variant, edition=edition)
        case Incident.WIPE_KEEPING_ENROLLMENT:
            return FACTS[variant].can_keep_enrollment
        case Cause.CERTIFICATE_DELETED:
            return source is Source.IMPORTED
        case Incident.RENEWED:
            return source in (Source.PKCS, Source.SCEP)
        case _:
            return True


def _verdict(
    variant: Variant, edition: Edition, *, source: Source, cause: Cause | Incident, authority: Authority
) -> Verdict:
    effective = effective_cause(cause, variant, edition=edition)
    row = next(
        row for row in ROWS[source] if _fits(row, variant, edition=edition, cause=effective, authority=authority)
    )
    document, says = row.against or (None, "")
    verdict = Verdict(
        removed="R" in row.verdict,
        revoked="V" in row.verdict,
        source=row.document.cited(edition, row.says),
        reissued=row.reissued,
        disagreement="" if document is None else document.cited(edition, says),
    )
    if authority is not Authority.PARTNER or not verdict.revoked:
        return verdict
    return _of_partner(verdict, edition, ends=effective in _ENDS)


def _fits(row: Row, variant: Variant, *, edition: Edition, cause: Cause | Incident, authority: Authority) -> bool:
    return (
        variant in row.variants
        and cause in row.causes
        and row.edition in (None, edition)
        and row.authority in (None, authority)
    )


def _of_partner(verdict: Verdict, edition: Edition, *, ends: bool) -> Verdict:
    """The verdict on a partner's certificate that Microsoft's authority would revoke: since 2024-10-15 the partner's is
    asked to, where the device leaves (`ends`).
    """
    queued = ends and edition is not Edition.APRIL_2020
    if queued:
        says = "removed and queued for revocation; whether the authority fetches the queue is its own affair"
    elif edition is Edition.APRIL_2020:
        says = "the certificates are not revoked"
    else:
        says = "Unverified: only unenrolment and wipe are named, so nothing is queued for revocation"
    return replace(
        verdict,
        revoked=queued,
        source=PARTNERS.cited(edition, f"{says}. Of those of a Microsoft authority: {verdict.source}"),
    )


@dataclass(frozen=True, slots=True)
class Gap:
    """Cells that no test shows. A field that is left out covers every value."""

    why: str
    sources: tuple[Source, ...] = tuple(Source)
    variants: tuple[Variant, ...] = tuple(Variant)
    happenings: tuple[Cause | Incident, ...] = (*Cause, *Incident)
    authorities: tuple[Authority, ...] = tuple(Authority)
    editions: tuple[Edition, ...] = ()

    def covers(self, variant: Variant, edition: Edition, *, cell: Cell) -> bool:
        """Whether the cell is one of these."""
        source, happening, authority = cell
        return (
            source in self.sources
            and variant in self.variants
            and happening in self.happenings
            and authority in self.authorities
            and (not self.editions or edition in self.editions)
        )


_V = Variant
_WITHOUT_USER = tuple(variant for variant in Variant if not FACTS[variant].has_user)
_OWNER = (_V.ANDROID_FULLY_MANAGED, _V.ANDROID_DEDICATED, _V.ANDROID_CORPORATE_WORK_PROFILE)

#: The first that covers a cell counts.
GAPS: tuple[Gap, ...] = (
    Gap(
        "profiles of the kind are not applicable in that edition, so that no device has what they give",
        sources=(Source.PKCS,),
        variants=(*_OWNER, _V.ANDROID_AOSP),
        editions=(Edition.APRIL_2020,),
    ),
    Gap(
        "profiles of the kind are not applicable in that edition, so that no device has what they give",
        sources=(Source.IMPORTED,),
        variants=(_V.ANDROID_DEDICATED, _V.ANDROID_CORPORATE_WORK_PROFILE),
        editions=(Edition.APRIL_2020,),
    ),
    Gap(
        "the device has no user, and these certificates are a user's",
        sources=(Source.IMPORTED,),
        variants=_WITHOUT_USER,
    ),
    Gap(
        "the device has no user, and DigiCert's CA takes only the names of a user",
        sources=(Source.PKCS,),
        variants=_WITHOUT_USER,
        authorities=(Authority.DIGICERT,),
    ),
    Gap(
        "the device has no user",
        variants=_WITHOUT_USER,
        happenings=(Cause.USER_DELETED, Cause.LICENCE_LOST, Cause.USER_CHANGED),
    ),
    Gap(
        "the primary user of such a device cannot be changed: it has to be enrolled again by another user",
        variants=tuple(variant for variant in Variant if variant is not _V.WINDOWS),
        happenings=(Cause.USER_CHANGED,),
    ),
)


def gap(variant: Variant, edition: Edition, *, cell: Cell) -> str | None:
    """The reason why no test shows a cell; None for one that is shown."""
    return next((one.why for one in GAPS if one.covers(variant, edition, cell=cell)), None)
