"""Android devices: products, and versions with API level, security patch level and build."""

from __future__ import annotations

import random
import re
import secrets
from dataclasses import dataclass, replace
from typing import Self

from fauxtune_sim.hardware.facts import Hardware, new_imei, new_mac, new_meid, new_serial, unknown_version
from fauxtune_sim.platforms import Mode, Platform

_DEFAULT = "14"
#: On later versions Intune's device administrator cannot install a trusted root. Intune: "Trusted root certificate
#: profiles" (2024-09-23).
_DEFAULT_OF = {Mode.DEVICE_ADMIN: "10", Mode.KNOX: "12"}
#: Android version -> API level, security patch level, build.
_VERSIONS = {
    "10": (29, "2022-09-05", "QQ3A.200805.001"),
    "11": (30, "2023-11-05", "RQ3A.211001.001"),
    "12": (31, "2024-02-05", "SQ3A.220705.004"),
    "13": (33, "2024-05-05", "TQ3A.230901.001"),
    "14": (34, "2024-05-05", "UQ1A.240505.004"),
    "15": (35, "2025-09-05", "AP4A.250905.002"),
    "16": (36, "2026-02-05", "BP2A.260205.005"),
}
_MODELS = (
    ("Google", "google", "Pixel 8"),
    ("Google", "google", "Pixel 9 Pro"),
    ("Nokia", "Nokia", "Nokia XR21"),
    ("FAIRPHONE", "Fairphone", "FP5"),
)
_SAMSUNG = ("samsung", "samsung", "SM-S921B")
_EVERYWHERE = (*_MODELS, _SAMSUNG)
#: Knox exists on Samsung devices only, and a device administrator on them has it. AOSP runs on headsets.
_MODELS_OF = {
    Mode.KNOX: (_SAMSUNG,),
    Mode.DEVICE_ADMIN: _MODELS,
    Mode.AOSP: (("RealWear", "RealWear", "T21S"), ("HTC", "htc", "VIVE Focus 3")),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class AndroidHardware(Hardware):
    """The hardware of an Android device."""

    brand: str
    android_id: str
    enrollment_specific_id: str
    meid: str
    api_level: int
    build_number: str
    security_patch_level: str

    @classmethod
    def new(cls, platform: Platform, os_version: str | None = None, *, mode: Mode | None = None) -> Self:
        """Generate a common product that fits the mode. Raises NotFoundHere for a version that is not simulated."""
        version = os_version or (_DEFAULT if mode is None else _DEFAULT_OF.get(mode, _DEFAULT))
        level, patch, build = _facts(version)
        manufacturer, brand, model = random.choice(_makes(mode))  # noqa: S311 - a phone, not a secret
        return cls(
            manufacturer=manufacturer,
            brand=brand,
            model=model,
            serial_number=new_serial(11),
            android_id=secrets.token_hex(8),
            enrollment_specific_id=secrets.token_hex(16),
            imei=new_imei(),
            meid=new_meid(),
            wifi_mac_address=new_mac(),
            os_version=version,
            api_level=level,
            build_number=build,
            security_patch_level=patch,
        )

    def at_version(self, platform: Platform, os_version: str) -> Self:
        """A copy with another version of Android. Raises NotFoundHere for a version that is not simulated."""
        level, patch, build = _facts(os_version)
        return replace(self, os_version=os_version, api_level=level, build_number=build, security_patch_level=patch)

    def suggested_name(self) -> str:
        """The model with the first digits of the Android id."""
        return f"{re.sub(r'[^A-Za-z0-9]+', '-', self.model)}-{self.android_id[:6]}"


def _makes(mode: Mode | None) -> tuple[tuple[str, str, str], ...]:
    return _EVERYWHERE if mode is None else _MODELS_OF.get(mode, _EVERYWHERE)


def _facts(os_version: str) -> tuple[int, str, str]:
    if os_version not in _VERSIONS:
        raise unknown_version("Android", os_version, known=_VERSIONS)
    return _VERSIONS[os_version]
