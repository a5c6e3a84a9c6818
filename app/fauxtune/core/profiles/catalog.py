"""THE list of profile kinds: a kind names its family and the variants it applies to, and nothing more.

What properties a kind has stands in `core.odata.entities`. Graph: deviceConfiguration subtypes, beta.
"""

from __future__ import annotations

from dataclasses import dataclass

from fauxtune.core.model.platforms import Variant
from fauxtune.core.profiles import imported_pfx, pkcs, trusted_root
from fauxtune.core.profiles.world import Family


@dataclass(frozen=True, slots=True)
class Kind:
    """One `@odata.type` (without `#microsoft.graph.`)."""

    name: str
    family: Family
    variants: frozenset[Variant]


_WORK_PROFILE = frozenset({Variant.ANDROID_WORK_PROFILE})
_DEVICE_OWNER = frozenset({Variant.ANDROID_FULLY_MANAGED})

KINDS: tuple[Kind, ...] = (
    Kind("androidWorkProfileTrustedRootCertificate", trusted_root.FAMILY, _WORK_PROFILE),
    Kind("androidDeviceOwnerTrustedRootCertificate", trusted_root.FAMILY, _DEVICE_OWNER),
    Kind("androidWorkProfilePkcsCertificateProfile", pkcs.FAMILY, _WORK_PROFILE),
    Kind("androidDeviceOwnerPkcsCertificateProfile", pkcs.FAMILY, _DEVICE_OWNER),
    # There is no androidWorkProfileImportedPFX...: this is the work profile's kind.
    Kind("androidForWorkImportedPFXCertificateProfile", imported_pfx.FAMILY, _WORK_PROFILE),
    Kind("androidDeviceOwnerImportedPFXCertificateProfile", imported_pfx.FAMILY, _DEVICE_OWNER),
)

_BY_NAME = {kind.name.lower(): kind for kind in KINDS}


def kind(name: str) -> Kind | None:
    """The kind of this name, in any case, with or without `#microsoft.graph.`; None when it is not ours."""
    return _BY_NAME.get(name.lower().removeprefix("#").removeprefix("microsoft.graph."))
