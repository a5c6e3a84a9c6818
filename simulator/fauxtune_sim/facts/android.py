"""Android devices: products, and versions with API level, security patch level and build."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from random import Random
from typing import Self

from fauxtune_sim.facts.table import (
    FactValue,
    Hardware,
    memory,
    new_imei,
    new_mac,
    new_meid,
    new_serial,
    sim_card,
    storage,
    unknown_version,
)
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


_WITHOUT_SIM = frozenset({"T21S", "VIVE Focus 3"})


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
    def new(
        cls, platform: Platform, os_version: str | None = None, *, mode: Mode | None = None, random: Random
    ) -> Self:
        """Generate a common product that fits the mode. Raises NotFoundHere for a version that is not simulated."""
        version = os_version or (_DEFAULT if mode is None else _DEFAULT_OF.get(mode, _DEFAULT))
        level, patch, build = _facts(version)
        manufacturer, brand, model = random.choice(_makes(mode))
        return cls(
            manufacturer=manufacturer,
            brand=brand,
            model=model,
            serial_number=new_serial(11, random),
            android_id=random.randbytes(8).hex(),
            enrollment_specific_id=random.randbytes(16).hex(),
            imei=new_imei(random),
            meid=new_meid(random),
            wifi_mac_address=new_mac(random),
            os_version=version,
            api_level=level,
            build_number=build,
            security_patch_level=patch,
        )

    def at_version(self, platform: Platform, os_version: str) -> Self:
        """A copy with another version of Android. Raises NotFoundHere for a version that is not simulated."""
        level, patch, build = _facts(os_version)
        return replace(self, os_version=os_version, api_level=level, build_number=build, security_patch_level=patch)

    def suggested_name(self, random: Random, *, owner: str | None = None) -> str:
        """The model with the first digits of the Android id."""
        return f"{re.sub(r'[^A-Za-z0-9]+', '-', self.model)}-{self.android_id[:6]}"

    def first_facts(self, platform: Platform, random: Random) -> dict[str, FactValue]:
        """Generate the facts of a new device that can change: one that is encrypted and has a screen lock."""
        facts = storage((64, 128, 256), random) | memory((4, 6, 8), random)
        if self.model not in _WITHOUT_SIM:
            facts |= sim_card(random)
        return facts | {
            "isEncrypted": True,
            "isPasscodePresent": True,
            "jailBroken": "False",
            "isVerifyAppsEnabled": True,
            "isUsbDebuggingEnabled": False,
            "isUnknownSourcesEnabled": False,
            "batteryLevelPercentage": random.randint(20, 100),
        }


def _makes(mode: Mode | None) -> tuple[tuple[str, str, str], ...]:
    return _EVERYWHERE if mode is None else _MODELS_OF.get(mode, _EVERYWHERE)


def _facts(os_version: str) -> tuple[int, str, str]:
    if os_version not in _VERSIONS:
        raise unknown_version("Android", os_version, known=_VERSIONS)
    return _VERSIONS[os_version]
