"""Apple's products and the builds of its systems, as far as they are simulated.

The versions and builds are those of Apple's security releases; the first of each major version is the one that its
number alone selects.

#: data
"""

from __future__ import annotations

from dataclasses import dataclass

from fauxtune_sim.platforms import Platform


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


def product_of(platform: Platform, product_name: str) -> Product | None:
    """The product of this type ("iPhone15,2"); None for one that is not simulated."""
    return next((product for product in PRODUCTS[platform] if product.product_name == product_name), None)
