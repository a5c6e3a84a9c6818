"""Whether assignment filters match a device, from the filters' documents and Graph's record of the device: the
properties that rules name on each platform, and their values.

Rules: Intune, "Use filters when assigning your apps, policies, and profiles": filters are evaluated when the device
checks in; "App and device properties, operators, and rule editing when creating filters".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from fauxtune.core.engine.assignment_filters.language import Known, Operator, Vocabulary, meets, parse_rule
from fauxtune.core.errors import Invalid
from fauxtune.core.model.ids import FilterId
from fauxtune.core.model.platforms import Variant
from fauxtune.core.model.text import JsonObject

_TEXT = frozenset(
    {
        Operator.EQ,
        Operator.NE,
        Operator.IN,
        Operator.NOT_IN,
        Operator.STARTS_WITH,
        Operator.CONTAINS,
        Operator.NOT_CONTAINS,
    }
)
_CHOICE = frozenset({Operator.EQ, Operator.NE, Operator.IN, Operator.NOT_IN})
_YES_OR_NO = frozenset({Operator.EQ, Operator.NE})
_ORDERED = frozenset({Operator.EQ, Operator.NE, Operator.GT, Operator.GE, Operator.LT, Operator.LE})

_VERSION = Known("operatingSystemVersion", _ORDERED, version=True)
_EVERYWHERE = (
    Known("manufacturer", _TEXT),
    Known("model", _TEXT),
    Known("deviceName", _TEXT),
    Known("deviceCategory", _TEXT),
    Known("deviceOwnership", _YES_OR_NO),
    _VERSION,
    Known("osVersion", _TEXT),
)
_PROFILE, _ROOTED = Known("enrollmentProfileName", _TEXT), Known("isRooted", _YES_OR_NO)
_ARCHITECTURE = Known("cpuArchitecture", _CHOICE)
#: "Filter properties", 2026-02-24: of Android Enterprise and AOSP.
_MANAGEMENT = Known("deviceManagementType", _YES_OR_NO)
_WINDOWS = (
    _PROFILE,
    _ARCHITECTURE,
    Known("deviceTrustType", _CHOICE),
    Known("operatingSystemSKU", _TEXT),
    # Not on the page, but accepted by the real service, as public tests of it show.
    Known("isTpmAttested", _YES_OR_NO),
)
_APP = (
    Known("appVersion", _TEXT),
    Known("deviceManufacturer", _TEXT),
    Known("deviceModel", _TEXT),
    _VERSION,
    Known("osVersion", _TEXT),
)
_APP_AND_MANAGEMENT = (*_APP, _MANAGEMENT)


def _vocabulary(entity: str, platform: str, *properties: Known) -> Vocabulary:
    return Vocabulary(entity, platform, MappingProxyType({each.name.lower(): each for each in properties}))


#: By devicePlatformType. `androidForWork` is Android Enterprise in the portal.
DEVICES: Mapping[str, Vocabulary] = MappingProxyType(
    {
        each.platform: each
        for each in (
            _vocabulary("device", "android", *_EVERYWHERE, _ROOTED),
            _vocabulary("device", "androidForWork", *_EVERYWHERE, _PROFILE, _ROOTED, _MANAGEMENT),
            _vocabulary("device", "androidAOSP", *_EVERYWHERE, _PROFILE, _ROOTED, _MANAGEMENT),
            _vocabulary("device", "iOS", *_EVERYWHERE, _PROFILE, _ROOTED),
            _vocabulary("device", "macOS", *_EVERYWHERE, _ARCHITECTURE),
            _vocabulary("device", "windows10AndLater", *_EVERYWHERE, *_WINDOWS),
        )
    }
)
APPS: Mapping[str, Vocabulary] = MappingProxyType(
    {
        each.platform: each
        for each in (
            _vocabulary("app", "androidMobileApplicationManagement", *_APP_AND_MANAGEMENT),
            _vocabulary("app", "iOSMobileApplicationManagement", *_APP_AND_MANAGEMENT),
            _vocabulary("app", "windowsMobileApplicationManagement", *_APP),
        )
    }
)
#: The platform whose filters apply to devices of a variant. Windows Phone 8.1 has no filters.
PLATFORMS: Mapping[Variant, str] = MappingProxyType(
    {
        Variant.ANDROID_WORK_PROFILE: "androidForWork",
        Variant.ANDROID_FULLY_MANAGED: "androidForWork",
        Variant.ANDROID_DEDICATED: "androidForWork",
        Variant.ANDROID_CORPORATE_WORK_PROFILE: "androidForWork",
        Variant.ANDROID_DEVICE_ADMIN: "android",
        Variant.ANDROID_KNOX: "android",
        Variant.ANDROID_AOSP: "androidAOSP",
        Variant.IOS: "iOS",
        Variant.IPADOS: "iOS",
        Variant.MACOS: "macOS",
        Variant.WINDOWS: "windows10AndLater",
        Variant.WINDOWS_10_MOBILE: "windows10AndLater",
    }
)
#: managedDevice's deviceEnrollmentType of an Android device -> the page's words; personal work profiles are the rest.
#: No device here is in the shared mode of Entra ID, which a dedicated one can have.
_MANAGED = {
    "androidEnterpriseDedicatedDevice": "Corporate-owned dedicated devices without Entra ID Shared mode",
    "androidEnterpriseCorporateWorkProfile": "Corporate-owned with work profile",
    "androidEnterpriseFullyManaged": "Corporate-owned fully managed",
    "androidAOSPUserOwnedDeviceEnrollment": "AOSP user-associated devices",
    "androidAOSPUserlessDeviceEnrollment": "AOSP userless devices",
}
_OWNERS = {"company": "Corporate", "personal": "Personal"}
_ARCHITECTURES = {"x86": "x86", "x64": "amd64", "arm": "arm", "arM64": "arm64"}
_JOINED = {
    "azureADJoined": "Azure AD joined",
    "azureADRegistered": "Azure AD registered",
    "hybridAzureADJoined": "Hybrid Azure AD joined",
}
#: managedDevice's skuNumber -> the page's name for it.
_EDITIONS = {
    4: "Enterprise",
    10: "Core",
    27: "EnterpriseN",
    48: "Professional",
    49: "BusinessN",
    72: "EnterpriseEval",
    84: "EnterpriseNEval",
    98: "CoreN",
    99: "CoreCountrySpecific",
    100: "CoreSingleLanguage",
    111: "Core",
    119: "PPIPro",
    121: "Education",
    122: "EducationN",
    123: "IoTUAP",
    125: "EnterpriseS",
    126: "EnterpriseSN",
    129: "EnterpriseSEval",
    131: "IoTUAPCommercial",
    136: "Holographic",
    138: "ProfessionalSingleLanguage",
    161: "ProfessionalWorkstation",
    162: "ProfessionalN",
    164: "ProfessionalEducation",
    165: "ProfessionalEducationN",
    171: "EnterpriseG",
    172: "EnterpriseGN",
    175: "ServerRdsh",
    188: "IoTEnterprise",
    202: "CloudEditionN",
    203: "CloudEdition",
}


def vocabulary_of(platform: str, *, apps: bool = False) -> Vocabulary:
    """The properties for rules of this devicePlatformType. Raises Invalid for a platform without filters."""
    vocabulary = (APPS if apps else DEVICES).get(platform)
    if vocabulary is None:
        known = ", ".join(APPS if apps else DEVICES)
        what = "managed apps" if apps else "managed devices"
        raise Invalid(f"There are no filters for {what} of the platform '{platform}': use {known}.", target="platform")
    return vocabulary


def device_values(record: Mapping[str, Any], *, platform: str) -> dict[str, str | None]:
    """The value of each property in Graph's record of a device (managedDevice); None without a value."""
    category = record.get("deviceCategoryDisplayName")
    architecture = _ARCHITECTURES.get(str(record.get("processorArchitecture")), "unknown")
    if platform == "macOS" and architecture == "amd64":
        architecture = "x64"
    return {
        "manufacturer": record.get("manufacturer"),
        "model": record.get("model"),
        "deviceName": record.get("deviceName"),
        # A device without a category shows "Unknown".
        "deviceCategory": None if category == "Unknown" else category,
        "deviceOwnership": _OWNERS.get(str(record.get("managedDeviceOwnerType")), "Unknown"),
        "deviceManagementType": _MANAGED.get(str(record.get("deviceEnrollmentType")), "Personally-owned work profile"),
        "operatingSystemVersion": record.get("osVersion"),
        "osVersion": record.get("osVersion"),
        "enrollmentProfileName": record.get("enrollmentProfileName"),
        "isRooted": record.get("jailBroken") or "Unknown",
        "cpuArchitecture": architecture,
        "deviceTrustType": _JOINED.get(str(record.get("joinType")), "Unknown"),
        "operatingSystemSKU": _EDITIONS.get(record.get("skuNumber") or 0) or record.get("skuFamily") or None,
        "isTpmAttested": "False",
    }


@dataclass(frozen=True, slots=True)
class Matching:
    """Called with a filter's id: whether its rule holds for one device. `filters`: the filters' documents, by id."""

    filters: Mapping[FilterId, JsonObject]
    record: Mapping[str, Any]
    variant: Variant

    def __call__(self, filter_id: FilterId) -> bool:
        """Whether the device meets the rule; a device of another platform than the filter's does not."""
        document = self.filters.get(filter_id)
        platform = PLATFORMS.get(self.variant)
        if document is None or platform is None or document["platform"] != platform:
            return False
        rule = parse_rule(document["rule"], vocabulary_of(platform))
        return meets(rule, device_values(self.record, platform=platform))
