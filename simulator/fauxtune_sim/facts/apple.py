"""iPhones, iPads and Macs: products and builds of systems, as far as they are simulated, and the facts in Apple's
Authenticate message and in answers to DeviceInformation.

The versions and builds are those of Apple's security releases; the first of each major version is the one that its
number alone selects. UDID: 40 lower-case hex digits up to the A11 chip, eight and sixteen upper-case ones from the A12
on; a Mac's is its hardware UUID in upper case. Source: Apple device management schema (Authenticate,
DeviceInformation).
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, replace
from random import Random
from typing import Self

from fauxtune_sim.errors import NotFoundHere
from fauxtune_sim.facts.table import (
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

_MOBILE = {
    "15.8.2": "19H384",
    "16.7.8": "20H343",
    "17.5.1": "21F90",
    "17.6.1": "21G93",
    "18.1": "22B83",
    "18.2": "22C152",
    "18.5": "22F76",
    "18.6": "22G86",
    "26.1": "23B85",
}
#: Version -> build.
BUILDS: dict[Platform, dict[str, str]] = {
    Platform.IOS: _MOBILE,
    Platform.IPADOS: _MOBILE,
    Platform.MACOS: {
        "12.7.5": "21H1222",
        "13.6.7": "22G720",
        "14.5": "23F79",
        "14.6.1": "23G93",
        "15.1": "24B83",
        "15.5": "24F74",
        "26.1": "25B78",
    },
}
_SYSTEMS = {Platform.IOS: "iOS", Platform.IPADOS: "iPadOS", Platform.MACOS: "macOS"}
_CODE_LETTERS = "0123456789ACDEFGHJKLMNPQRTUVWXYZ"
_DEFAULT = {Platform.IOS: "17.5.1", Platform.IPADOS: "17.5.1", Platform.MACOS: "14.5"}


@dataclass(frozen=True, slots=True)
class Product:
    """A product. `chip` is the prefix of its UDIDs, "" for the older form; `oldest` and `newest` are its first and last
    major version; `storage` is in gigabytes.
    """

    product_name: str
    marketing_name: str
    model: str
    model_name: str
    storage: tuple[int, ...]
    chip: str = ""
    oldest: int = 0
    newest: int = 99
    has_sim: bool = False
    has_battery: bool = True
    has_ethernet: bool = False
    is_apple_silicon: bool = True


def _iphone(product_name: str, marketing_name: str, model: str, *storage: int, chip: str, oldest: int) -> Product:  # noqa: PLR0917
    return Product(product_name, marketing_name, model, "iPhone", storage, chip=chip, oldest=oldest, has_sim=True)


PRODUCTS: dict[Platform, tuple[Product, ...]] = {
    Platform.IOS: (
        Product("iPhone10,4", "iPhone 8", "MQ6K2", "iPhone", (64, 256), oldest=11, newest=16, has_sim=True),
        _iphone("iPhone12,1", "iPhone 11", "MWLT2", 64, 128, 256, chip="00008030", oldest=13),
        _iphone("iPhone13,2", "iPhone 12", "MGJ53", 64, 128, 256, chip="00008101", oldest=14),
        _iphone("iPhone14,5", "iPhone 13", "MLPG3", 128, 256, 512, chip="00008110", oldest=15),
        _iphone("iPhone14,7", "iPhone 14", "MPUF3", 128, 256, 512, chip="00008110", oldest=16),
        _iphone("iPhone15,2", "iPhone 14 Pro", "MQ0G3", 128, 256, 512, 1024, chip="00008120", oldest=16),
        _iphone("iPhone15,4", "iPhone 15", "MTP03", 128, 256, 512, chip="00008120", oldest=17),
        _iphone("iPhone16,1", "iPhone 15 Pro", "MTUX3", 128, 256, 512, 1024, chip="00008130", oldest=17),
        _iphone("iPhone17,3", "iPhone 16", "MYE73", 128, 256, 512, chip="00008140", oldest=18),
        _iphone("iPhone17,1", "iPhone 16 Pro", "MYNF3", 128, 256, 512, 1024, chip="00008140", oldest=18),
    ),
    Platform.IPADOS: (
        Product("iPad13,18", "iPad (10th generation)", "MPQ03", "iPad", (64, 256), chip="00008101", oldest=16),
        Product("iPad14,3", "iPad Pro 11-inch (4th generation)", "MNXD3", "iPad", (128, 256, 512), chip="00008112"),
        Product("iPad14,1", "iPad mini (6th generation)", "MK7M3", "iPad", (64, 256), chip="00008110", oldest=15),
        Product("iPad7,5", "iPad (6th generation)", "MR7F2", "iPad", (32, 128), newest=17),
    ),
    Platform.MACOS: (
        Product("Mac14,2", "MacBook Air (M2, 2022)", "MLY33", "MacBook Air", (256, 512, 1000), oldest=12),
        Product("Mac15,3", "MacBook Pro (14-inch, M3, Nov 2023)", "MTL73", "MacBook Pro", (512, 1000), oldest=14),
        Product(
            "Mac14,3",
            "Mac mini (M2, 2023)",
            "MMFJ3",
            "Mac mini",
            (256, 512),
            oldest=13,
            has_battery=False,
            has_ethernet=True,
        ),
        Product(
            "MacBookPro16,1",
            "MacBook Pro (16-inch, 2019)",
            "MVVJ2",
            "MacBook Pro",
            (512, 1000),
            oldest=10,
            is_apple_silicon=False,
        ),
    ),
}


def product_of(platform: Platform, product_name: str) -> Product | None:
    """The product of this type ("iPhone15,2"); None for one that is not simulated."""
    return next((product for product in PRODUCTS[platform] if product.product_name == product_name), None)


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
