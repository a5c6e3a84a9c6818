"""Which cells of the removal table no simulated device can show, and why. A test shows every other cell.

#: data
"""

from __future__ import annotations

from dataclasses import dataclass

from fauxtune.core.engine.removal.lookup import Cell
from fauxtune.core.model.platforms import FACTS, Variant
from fauxtune.core.model.states import Authority, Cause, Incident, Source
from fauxtune.core.model.tenants import Edition


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
