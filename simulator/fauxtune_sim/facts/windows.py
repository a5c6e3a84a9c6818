"""Windows computers and phones: the facts in enrolment ([MS-MDE2] 3.6.1, AdditionalContext) and in the CSPs."""

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
    new_serial,
    sim_card,
    storage,
    unknown_version,
)
from fauxtune_sim.platforms import Mode, Platform

#: OSEdition by GetProductInfo: Professional, Mobile. Unverified: what Windows Phone 8.1 sends, if anything.
_PROFESSIONAL, _MOBILE = 48, 104
_SYSTEMS = {
    Platform.WINDOWS: "Windows",
    Platform.WINDOWS_10_MOBILE: "Windows 10 Mobile",
    Platform.WINDOWS_PHONE_81: "Windows Phone 8.1",
}
#: The simulated versions by their usual names; the first is the default.
_VERSIONS = {
    Platform.WINDOWS: {
        "10": "10.0.19045.4291",
        "11": "10.0.22631.3447",
        "1909": "10.0.18363.1556",
        "24H2": "10.0.26100.1742",
        "25H2": "10.0.26200.6899",
    },
    Platform.WINDOWS_10_MOBILE: {"1709": "10.0.15254.603", "1607": "10.0.14393.2395"},
    Platform.WINDOWS_PHONE_81: {"8.1": "8.10.14219.0"},
}
_DESKTOP = "OptiPlex 7010"
_MAKES = {
    Platform.WINDOWS: (
        ("Dell Inc.", "Latitude 7440"),
        ("Dell Inc.", _DESKTOP),
        ("LENOVO", "ThinkPad T14 Gen 4"),
        ("HP", "HP EliteBook 840 G10"),
        ("Microsoft Corporation", "Surface Laptop 5"),
    ),
    Platform.WINDOWS_10_MOBILE: (("MicrosoftMDG", "RM-1104"), ("MicrosoftMDG", "RM-1085"), ("MicrosoftMDG", "RM-1152")),
    Platform.WINDOWS_PHONE_81: (("NOKIA", "RM-892"), ("NOKIA", "RM-914"), ("NOKIA", "RM-974")),
}
#: The firmware's version by manufacturer, as SMBIOS shows it.
_FIRMWARE = {
    "Dell Inc.": "1.21.0",
    "LENOVO": "N3QET46W (1.46 )",
    "HP": "V70 Ver. 01.04.02",
    "Microsoft Corporation": "18.103.143",
}
_TPM_MAKERS = ("INTC", "IFX", "NTC", "STM")
_NAME_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowsHardware(Hardware):
    """The hardware of a Windows device: `serial_number` is from SMBIOS, `hardware_id` is HWDevID, 64 hex digits."""

    hardware_id: str
    os_edition: int
    has_tpm: bool

    @classmethod
    def new(
        cls, platform: Platform, os_version: str | None = None, *, mode: Mode | None = None, random: Random
    ) -> Self:
        """Generate a common product; a version is a name ("11") or a number, of any revision.

        Raises NotFoundHere for a version that is not simulated.
        """
        is_phone = platform is not Platform.WINDOWS
        manufacturer, model = random.choice(_MAKES[platform])
        return cls(
            manufacturer=manufacturer,
            model=model,
            serial_number=new_serial(7, random),
            imei=new_imei(random) if is_phone else "",
            wifi_mac_address=new_mac(random),
            os_version=_version(platform, os_version or next(iter(_VERSIONS[platform]))),
            hardware_id=random.randbytes(32).hex().upper(),
            os_edition=_MOBILE if is_phone else _PROFESSIONAL,
            has_tpm=True,
        )

    def at_version(self, platform: Platform, os_version: str) -> Self:
        """A copy with another version of Windows. Raises NotFoundHere for a version that is not simulated."""
        return replace(self, os_version=_version(platform, os_version))

    def suggested_name(self, random: Random, *, owner: str | None = None) -> str:
        """A computer's name is in the form of Windows Setup; a phone's is its type with the first digits of its id."""
        if not self.imei:
            return "DESKTOP-" + "".join(random.choice(_NAME_LETTERS) for _ in range(7))
        return f"{self.model}-{self.hardware_id[:6]}"

    def first_facts(self, platform: Platform, random: Random) -> dict[str, FactValue]:
        """Generate the facts of a new device that can change: one that is encrypted and protected."""
        if platform is not Platform.WINDOWS:
            # Only the disks of phones with Windows 10 Mobile can be seen to be encrypted.
            encryption: dict[str, FactValue] = {"isEncrypted": True} if platform is Platform.WINDOWS_10_MOBILE else {}
            parts = storage((16, 32), random) | memory((1, 2), random) | {"processorArchitecture": "arm"}
            return parts | sim_card(random) | encryption
        facts = storage((256, 512, 1000), random) | memory((8, 16, 32), random)
        has_battery = self.model != _DESKTOP
        return facts | {
            "isEncrypted": True,
            "isSecureBootEnabled": True,
            "isFirewallEnabled": True,
            "isAntivirusEnabled": True,
            "isAntivirusSignatureCurrent": True,
            "isAntispywareEnabled": True,
            "isUserAccountControlEnabled": True,
            "processorArchitecture": "x64",
            "operatingSystemLanguage": "en-US",
            "ethernetMacAddress": f"{(int(self.wifi_mac_address, 16) + 1) % (1 << 48):012X}",
            "ipAddressV4": f"192.0.2.{random.randint(10, 250)}",
            "systemManagementBIOSVersion": _FIRMWARE.get(self.manufacturer, "1.0"),
            **_trusted_platform_module(random),
            **_defender(random),
            **({"batteryLevelPercentage": random.randint(20, 100)} if has_battery else {}),
            "deviceGuardVirtualizationBasedSecurityState": "running",
            "deviceGuardVirtualizationBasedSecurityHardwareRequirementState": "meetHardwareRequirements",
            "deviceGuardLocalSystemAuthorityCredentialGuardState": "notConfigured",
        }


def _trusted_platform_module(random: Random) -> dict[str, FactValue]:
    return {
        "tpmManufacturer": random.choice(_TPM_MAKERS),
        "tpmVersion": f"{random.randint(5, 7)}.{random.randint(0, 99)}.{random.randint(0, 9)}.0",
        "tpmSpecificationVersion": "2.0, 0, 1.38",
    }


def _defender(random: Random) -> dict[str, FactValue]:
    """Windows Defender with nothing to complain of."""
    month = random.randint(24010, 24110)
    return {
        "malwareProtectionEnabled": True,
        "realTimeProtectionEnabled": True,
        "networkInspectionSystemEnabled": True,
        "quickScanOverdue": False,
        "fullScanOverdue": False,
        "signatureUpdateOverdue": False,
        "rebootRequired": False,
        "fullScanRequired": False,
        "isVirtualMachine": False,
        "tamperProtectionEnabled": True,
        "engineVersion": f"1.1.{month}.{random.randint(1, 12)}",
        "signatureVersion": f"1.{random.randint(400, 450)}.{random.randint(1, 999)}.0",
        "antiMalwareVersion": f"4.18.{month}.{random.randint(1, 12)}",
        "deviceState": "clean",
        "productStatus": "noStatusFlagsSet",
    }


def _version(platform: Platform, text: str) -> str:
    versions = _VERSIONS[platform]
    if text in versions:
        return versions[text]
    for version in versions.values():
        build, _, _revision = version.rpartition(".")
        if text == build:
            return version
        if re.fullmatch(rf"{re.escape(build)}\.[0-9]{{1,5}}", text):
            return text
    known = [f"{name} ({version})" for name, version in versions.items()]
    raise unknown_version(_SYSTEMS[platform], text, known=known)
