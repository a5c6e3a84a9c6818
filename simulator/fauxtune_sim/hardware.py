"""What a device is, apart from what it is enrolled in: plausible facts, made once and kept (they survive a wipe)."""

from __future__ import annotations

import random
import secrets
from dataclasses import asdict, dataclass
from typing import Any

from fauxtune_sim.errors import NotFoundHere

#: Android version -> API level and a security patch level of its time.
_ANDROID = {
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
    ("samsung", "samsung", "SM-S921B"),
    ("Nokia", "Nokia", "Nokia XR21"),
    ("FAIRPHONE", "Fairphone", "FP5"),
)
# No I and no O: they are not used in serial numbers, as they look like digits.
_SERIAL_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ0123456789"


@dataclass(frozen=True, slots=True)
class Hardware:
    """The facts of one Android device. Ids are hex or digits as the platform shows them."""

    manufacturer: str
    brand: str
    model: str
    serial_number: str
    android_id: str
    enrollment_specific_id: str
    imei: str
    meid: str
    wifi_mac_address: str
    os_version: str
    api_level: int
    build_number: str
    security_patch_level: str

    def document(self) -> dict[str, Any]:
        """The facts as JSON."""
        return asdict(self)

    @classmethod
    def android(cls, os_version: str = "14") -> Hardware:
        """A new device of a common make; NotFoundHere for an Android version that is not simulated."""
        if os_version not in _ANDROID:
            raise NotFoundHere(f"Android {os_version} is not simulated: {', '.join(_ANDROID)} are")
        level, patch, build = _ANDROID[os_version]
        manufacturer, brand, model = random.choice(_MODELS)  # noqa: S311 - a phone, not a secret
        return cls(
            manufacturer=manufacturer,
            brand=brand,
            model=model,
            serial_number="".join(secrets.choice(_SERIAL_LETTERS) for _ in range(11)),
            android_id=secrets.token_hex(8),
            enrollment_specific_id=secrets.token_hex(16),
            imei=_imei(),
            meid=secrets.token_hex(7).upper(),
            # Locally administered, as phones use towards networks.
            wifi_mac_address=f"02{secrets.token_hex(5)}",
            os_version=os_version,
            api_level=level,
            build_number=build,
            security_patch_level=patch,
        )


def _imei() -> str:
    """Fifteen digits, the last a Luhn check digit (3GPP TS 23.003, annex B)."""
    digits = [3, 5, *(secrets.randbelow(10) for _ in range(12))]
    total = sum(digit if at % 2 == 0 else sum(divmod(digit * 2, 10)) for at, digit in enumerate(digits))
    return "".join(map(str, digits)) + str(-total % 10)
