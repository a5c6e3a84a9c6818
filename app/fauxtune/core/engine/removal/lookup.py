"""What goes from a device, what is revoked at the CA, and what the device is given instead: looked up, not reasoned.

The rows, each with the document that it comes from, stand in `removal_table`. A device whose record is deleted is
treated like one that is wiped or retired, as `applicability` says of its kind.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from itertools import product

from fauxtune.core.engine.device_actions.support import fate, supports
from fauxtune.core.engine.removal.table import PARTNERS, ROWS, Reissued, Row
from fauxtune.core.model.actions import DeviceAction
from fauxtune.core.model.editions import Edition
from fauxtune.core.model.platforms import FACTS, Variant
from fauxtune.core.model.states import Authority, Cause, Incident, Source
from fauxtune.core.profiles.catalog import KINDS

Cell = tuple[Source, Cause | Incident, Authority]

#: Who can have issued what. Of the others it makes no difference.
AUTHORITIES: dict[Source, tuple[Authority, ...]] = {
    Source.PKCS: (Authority.MICROSOFT, Authority.DIGICERT),
    Source.SCEP: (Authority.MICROSOFT, Authority.PARTNER),
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What becomes of an item. `source` is the document; `disagreement` another one that says otherwise, if any."""

    removed: bool
    revoked: bool
    source: str
    reissued: Reissued = Reissued.NO
    disagreement: str = ""


def outcome(
    variant: Variant,
    edition: Edition,
    *,
    source: Source,
    cause: Cause | Incident,
    authority: Authority = Authority.MICROSOFT,
) -> Outcome:
    """The cell. KeyError for a combination that cannot occur (a root is never "deleted from the service")."""
    return table(variant, edition)[source, cause, authority]


@cache
def table(variant: Variant, edition: Edition) -> dict[Cell, Outcome]:
    """Every cell that can occur on devices of this kind."""
    return {
        (source, cause, authority): _outcome(variant, edition, source=source, cause=cause, authority=authority)
        for source, cause in product(sources(variant), (*Cause, *Incident))
        if _can_befall(variant, source, edition=edition, cause=cause)
        for authority in AUTHORITIES.get(source, tuple(Authority))
    }


def sources(variant: Variant) -> tuple[Source, ...]:
    """What devices of this kind can be given: what there are kinds of profiles for."""
    given = {kind.family.source for kind in KINDS if variant in kind.variants}
    return tuple(source for source in Source if source in given)


def _can_befall(variant: Variant, source: Source, *, edition: Edition, cause: Cause | Incident) -> bool:
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


def _outcome(
    variant: Variant, edition: Edition, *, source: Source, cause: Cause | Incident, authority: Authority
) -> Outcome:
    felt = fate(cause, variant, edition=edition)
    row = next(row for row in ROWS[source] if _fits(row, variant, edition=edition, cause=felt, authority=authority))
    document, says = row.against or (None, "")
    found = Outcome(
        removed="R" in row.verdict,
        revoked="V" in row.verdict,
        source=row.document.cited(edition, row.says),
        reissued=row.reissued,
        disagreement="" if document is None else document.cited(edition, says),
    )
    return _of_partner(found, edition) if authority is Authority.PARTNER and found.revoked else found


def _fits(row: Row, variant: Variant, *, edition: Edition, cause: Cause | Incident, authority: Authority) -> bool:
    return (
        variant in row.variants
        and cause in row.causes
        and row.edition in (None, edition)
        and row.authority in (None, authority)
    )


def _of_partner(found: Outcome, edition: Edition) -> Outcome:
    """The same, but that Intune never asks a partner's CA to revoke."""
    says = f"the certificates are not revoked. Of those of a Microsoft authority: {found.source}"
    return Outcome(
        removed=found.removed,
        revoked=False,
        source=PARTNERS.cited(edition, says),
        reissued=found.reissued,
        disagreement=found.disagreement,
    )
