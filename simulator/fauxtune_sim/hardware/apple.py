"""iPhones, iPads and Macs: the facts in Apple's Authenticate message and in answers to DeviceInformation.

UDID: 40 lower-case hex digits up to the A11 chip, eight and sixteen upper-case ones from the A12 on; a Mac's is its
hardware UUID in upper case. Source: Apple device management schema (Authenticate, DeviceInformation).
"""

from __future__ import annotations

import random
import secrets
import uuid
from dataclasses import dataclass, replace
from typing import Self

from fauxtune_sim.hardware.facts import Hardware, new_imei, new_mac, new_meid, new_serial, unknown_version
from fauxtune_sim.platforms import Platform

_SYSTEMS = {Platform.IOS: "iOS", Platform.IPADOS: "iPadOS", Platform.MACOS: "macOS"}
_DEFAULT = {Platform.IOS: "17.5.1", Platform.IPADOS: "17.5.1", Platform.MACOS: "14.5"}
_MOBILE = {
    "15.8.2": "19H384",
    "16.7.8": "20H343",
    "17.5.1": "21F90",
    "18.1": "22B83",
}
#: Version -> build.
_BUILDS = {
    Platform.IOS: _MOBILE,
    Platform.IPADOS: _MOBILE,
    Platform.MACOS: {
        "12.7.5": "21H1222",
        "13.6.7": "22G720",
        "14.5": "23F79",
        "15.1": "24B83",
    },
}


@dataclass(frozen=True, slots=True)
class _Make:
    """A product. `chip` is the prefix of its UDIDs, "" for the older form; `newest` is its last major version."""

    product_name: str
    model: str
    model_name: str
    chip: str = ""
    newest: int = 99
    is_phone: bool = False


_MAKES = {
    Platform.IOS: (
        _Make("iPhone15,2", "MQ0G3", "iPhone", chip="00008120", is_phone=True),
        _Make("iPhone14,5", "MLPG3", "iPhone", chip="00008110", is_phone=True),
        _Make("iPhone10,4", "MQ6K2", "iPhone", newest=16, is_phone=True),
    ),
    Platform.IPADOS: (
        _Make("iPad13,18", "MPQ03", "iPad", chip="00008101"),
        _Make("iPad14,3", "MNXD3", "iPad", chip="00008112"),
        _Make("iPad7,5", "MR7F2", "iPad", newest=17),
    ),
    Platform.MACOS: (
        _Make("Mac14,2", "MLY33", "MacBook Air"),
        _Make("Mac15,3", "MTL73", "MacBook Pro"),
        _Make("Mac14,3", "MMFJ3", "Mac mini"),
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class AppleHardware(Hardware):
    """An Apple device: `model` is the order number ("MQ0G3"), `product_name` the type ("iPhone15,2")."""

    udid: str
    product_name: str
    model_name: str
    build_version: str
    meid: str

    @classmethod
    def new(cls, platform: Platform, os_version: str | None = None) -> Self:
        """Generate a product that can have this version; a major version alone selects the one that is simulated.

        Raises NotFoundHere for a version that is not simulated.
        """
        version, build = _version(platform, os_version or _DEFAULT[platform])
        makes = [make for make in _MAKES[platform] if int(version.split(".")[0]) <= make.newest]
        make = random.choice(makes)  # noqa: S311 - a device, not a secret
        return cls(
            manufacturer="Apple",
            model=make.model,
            serial_number=new_serial(10 if make.chip else 12),
            imei=new_imei() if make.is_phone else "",
            wifi_mac_address=new_mac(),
            os_version=version,
            udid=_udid(platform, make),
            product_name=make.product_name,
            model_name=make.model_name,
            build_version=build,
            meid=new_meid() if make.is_phone else "",
        )

    def at_version(self, platform: Platform, os_version: str) -> Self:
        """A copy with another system version. Raises NotFoundHere for one that is not simulated or does not fit it."""
        version, build = _version(platform, os_version)
        for make in _MAKES[platform]:
            if make.product_name == self.product_name and int(version.split(".")[0]) > make.newest:
                fits = [known for known in _BUILDS[platform] if int(known.split(".")[0]) <= make.newest]
                raise unknown_version(f"{self.product_name} with {_SYSTEMS[platform]}", os_version, known=fits)
        return replace(self, os_version=version, build_version=build)

    def suggested_name(self) -> str:
        """The model with the last digits of its serial number."""
        return f"{self.model_name.replace(' ', '-')}-{self.serial_number[-6:]}"


def _version(platform: Platform, text: str) -> tuple[str, str]:
    builds = _BUILDS[platform]
    for version, build in builds.items():
        if text in {version, version.split(".")[0]}:
            return version, build
    raise unknown_version(_SYSTEMS[platform], text, known=builds)


def _udid(platform: Platform, make: _Make) -> str:
    if platform is Platform.MACOS:
        return str(uuid.uuid4()).upper()
    return f"{make.chip}-{secrets.token_hex(8).upper()}" if make.chip else secrets.token_hex(20)
