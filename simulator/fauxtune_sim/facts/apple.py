"""iPhones, iPads and Macs: the facts in Apple's Authenticate message and in answers to DeviceInformation.

UDID: 40 lower-case hex digits up to the A11 chip, eight and sixteen upper-case ones from the A12 on; a Mac's is its
hardware UUID in upper case. Source: Apple device management schema (Authenticate, DeviceInformation).
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, replace
from random import Random
from typing import Self

from fauxtune_sim.errors import NotFoundHere
from fauxtune_sim.facts.apple_products import BUILDS, PRODUCTS, Product, product_of
from fauxtune_sim.facts.values import (
    FactValue,
    Hardware,
    new_imei,
    new_mac,
    new_meid,
    new_serial,
    sim_card,
    storage,
    unknown_version,
)
from fauxtune_sim.platforms import Mode, Platform

_SYSTEMS = {Platform.IOS: "iOS", Platform.IPADOS: "iPadOS", Platform.MACOS: "macOS"}
_CODE_LETTERS = "0123456789ACDEFGHJKLMNPQRTUVWXYZ"
_DEFAULT = {Platform.IOS: "17.5.1", Platform.IPADOS: "17.5.1", Platform.MACOS: "14.5"}


@dataclass(frozen=True, slots=True, kw_only=True)
class AppleHardware(Hardware):
    """An Apple device: `model` is the order number ("MQ0G3"), `product_name` the type ("iPhone15,2")."""

    udid: str
    product_name: str
    model_name: str
    build_version: str
    meid: str

    @classmethod
    def new(
        cls, platform: Platform, os_version: str | None = None, *, mode: Mode | None = None, random: Random
    ) -> Self:
        """Generate a product that can have this version; a major version alone selects the one that is simulated.

        Raises NotFoundHere for a version that is not simulated.
        """
        version, build = _version(platform, os_version or _DEFAULT[platform])
        major = int(version.split(".")[0])
        product = random.choice([one for one in PRODUCTS[platform] if one.oldest <= major <= one.newest])
        return cls(
            manufacturer="Apple",
            model=product.model,
            serial_number=new_serial(10 if product.chip else 12, random),
            imei=new_imei(random) if product.has_sim else "",
            wifi_mac_address=new_mac(random),
            os_version=version,
            udid=_udid(platform, product, random=random),
            product_name=product.product_name,
            model_name=product.model_name,
            build_version=build,
            meid=new_meid(random) if product.has_sim else "",
        )

    def at_version(self, platform: Platform, os_version: str) -> Self:
        """A copy with another system version. Raises NotFoundHere for one that is not simulated or does not fit it."""
        version, build = _version(platform, os_version)
        product = product_of(platform, self.product_name)
        if product is not None and int(version.split(".")[0]) > product.newest:
            fits = [known for known in BUILDS[platform] if int(known.split(".")[0]) <= product.newest]
            raise unknown_version(f"{self.product_name} with {_SYSTEMS[platform]}", os_version, known=fits)
        return replace(self, os_version=version, build_version=build)

    def as_product(self, platform: Platform, marketing_name: str) -> Self:
        """A copy that is another product, by the name under which Apple sells it. Raises NotFoundHere."""
        for product in PRODUCTS[platform]:
            if product.marketing_name == marketing_name:
                names = {"product_name": product.product_name, "model_name": product.model_name}
                return replace(self, model=product.model, **names)
        known = ", ".join(product.marketing_name for product in PRODUCTS[platform])
        raise NotFoundHere(f"no product '{marketing_name}' is simulated: {known} are")

    def marketing_name(self, platform: Platform) -> str:
        """The name under which Apple sells it ("iPhone 14 Pro"), or its type."""
        product = product_of(platform, self.product_name)
        return self.product_name if product is None else product.marketing_name

    def suggested_name(self, random: Random, *, owner: str | None = None) -> str:
        """The owner's name with the model, as Apple's setup assistant names it; else the model with the last digits of
        its serial number.
        """
        if owner is not None:
            return f"{owner}'s {self.model_name}"
        return f"{self.model_name.replace(' ', '-')}-{self.serial_number[-6:]}"

    def first_facts(self, platform: Platform, random: Random) -> dict[str, FactValue]:
        """Generate the facts of a new device that can change: an unsupervised one that is encrypted."""
        product = product_of(platform, self.product_name)
        facts = storage((128,) if product is None else product.storage, random)
        facts |= {"bluetoothMacAddress": _following(self.wifi_mac_address, 1), "isSupervised": False}
        if product is None or product.has_battery:
            facts["batteryLevelPercentage"] = random.randint(20, 100)
        if platform is Platform.MACOS:
            return facts | self._facts_of_mac(product)
        facts |= {
            "isPasscodePresent": True,
            "isPasscodeCompliant": True,
            "jailBroken": "False",
            "easDeviceId": random.randbytes(16).hex().upper(),
            "isActivationLockEnabled": False,
            "activationLockBypassCode": _bypass_code(random),
        }
        if product is not None and product.has_sim:
            facts |= sim_card(random)
            facts |= {"esimIdentifier": f"8904{random.randrange(10**28):028d}", "cellularTechnology": "GSM and CDMA"}
        return facts

    def _facts_of_mac(self, product: Product | None) -> dict[str, FactValue]:
        facts: dict[str, FactValue] = {
            "isEncrypted": True,
            "isFirewallEnabled": True,
            "isSystemIntegrityProtectionEnabled": True,
            "isSecureBootEnabled": True,
            "isUserApprovedEnrollment": True,
            "processorArchitecture": "arM64" if product is None or product.is_apple_silicon else "x64",
        }
        if product is not None and product.has_ethernet:
            facts["ethernetMacAddress"] = _following(self.wifi_mac_address, 2)
        return facts


def _following(mac: str, number: int) -> str:
    return f"{(int(mac, 16) + number) % (1 << 48):012x}".upper()


def _bypass_code(random: Random) -> str:
    """A code past Activation Lock (Apple: "Creating and using bypass codes")."""
    return "-".join("".join(random.choice(_CODE_LETTERS) for _ in range(length)) for length in (5, 5, 4, 4, 4, 4))


def _version(platform: Platform, text: str) -> tuple[str, str]:
    builds = BUILDS[platform]
    for version, build in builds.items():
        if text in {version, version.split(".")[0]}:
            return version, build
    raise unknown_version(_SYSTEMS[platform], text, known=builds)


def _udid(platform: Platform, product: Product, *, random: Random) -> str:
    if platform is Platform.MACOS:
        return str(uuid.UUID(int=random.getrandbits(128), version=4)).upper()
    return f"{product.chip}-{random.randbytes(8).hex().upper()}" if product.chip else random.randbytes(20).hex()
