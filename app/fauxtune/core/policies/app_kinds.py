"""How apps of each kind reach a device, and what devices they are for.

Sources: Graph: the types below mobileApp; Intune: "App types in Microsoft Intune", "Win32 app management". Kinds that
are not in the table are links, or go to nobody: they are kept, and no device installs them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from fauxtune.core.model.platforms import Platform
from fauxtune.core.policies.app_planning import AppSpec, Needs, Version, numbers
from fauxtune.core.policies.apps import DEPENDENCY, PUBLISHED, RELATIONS, SUPERSEDENCE


class Way(StrEnum):
    """The way by which a device is told to install an app."""

    POLICY = "policy"  # Android's policy names it
    STORE = "store"  # Apple's App Store, by InstallApplication
    LICENSE = "license"  # the same, with a licence of the organisation (VPP)
    MANIFEST = "manifest"  # Apple, by InstallApplication with the address of a manifest
    MSI = "msi"  # EnterpriseDesktopAppManagement CSP
    HOSTED = "hosted"  # EnterpriseModernAppManagement CSP, HostedInstall
    WINDOWS_STORE = "windowsStore"  # EnterpriseModernAppManagement CSP, StoreInstall
    AGENT = "agent"  # the management agent on the device


Document = Mapping[str, Any]


def _member(name: str) -> Callable[[Document], str]:
    return lambda document: str(document.get(name) or "")


_STORE_NUMBER = re.compile(r"/id([0-9]{1,18})(?:[/?#]|$)")


def store_number(document: Document) -> int | None:
    """Return the number of an app in Apple's store, which the address of its page has."""
    match = _STORE_NUMBER.search(str(document.get("appStoreUrl") or ""))
    return None if match is None else int(match[1])


def _family_name(document: Document) -> str:
    """The package family name: the name of the package and the hash of its publisher."""
    name, publisher = document.get("identityName"), document.get("identityPublisherHash")
    return f"{name}_{publisher}" if name and publisher else ""


_DISPLAY_VERSION = _member("displayVersion")


@dataclass(frozen=True, slots=True)
class AppKind:
    """A kind of app. `identifier`: what a device calls an app of it, empty if it has no name there; None: its id."""

    way: Way
    platforms: frozenset[Platform]
    identifier: Callable[[Document], str] | None = None
    version: Callable[[Document], str] = _DISPLAY_VERSION


_PHONES = frozenset({Platform.IOS, Platform.IPADOS})
_MAC = frozenset({Platform.MACOS})
_PC = frozenset({Platform.WINDOWS})
_PC_AND_PHONE = frozenset({Platform.WINDOWS, Platform.WINDOWS_10_MOBILE})
_ANDROID = frozenset({Platform.ANDROID})
_PACKAGE, _BUNDLE = _member("packageId"), _member("bundleId")
_OF_PACKAGE = AppKind(Way.POLICY, _ANDROID, _PACKAGE, _member("versionName"))
_OF_AGENT = AppKind(Way.AGENT, _PC)
_OF_MAC_AGENT = AppKind(Way.AGENT, _MAC)
_MODERN = AppKind(Way.HOSTED, _PC_AND_PHONE, _family_name, _member("identityVersion"))
_WITH_PARTS = AppKind(Way.AGENT, _MAC, _member("primaryBundleId"), _member("primaryBundleVersion"))
#: data
KINDS: Mapping[str, AppKind] = {
    "androidLobApp": _OF_PACKAGE,
    "androidManagedStoreApp": _OF_PACKAGE,
    "androidManagedStoreWebApp": _OF_PACKAGE,
    "androidForWorkApp": _OF_PACKAGE,
    "androidStoreApp": _OF_PACKAGE,
    "managedAndroidLobApp": _OF_PACKAGE,
    "managedAndroidStoreApp": _OF_PACKAGE,
    "iosStoreApp": AppKind(Way.STORE, _PHONES, _BUNDLE, _member("version")),
    "managedIOSStoreApp": AppKind(Way.STORE, _PHONES, _BUNDLE, _member("version")),
    "iosVppApp": AppKind(Way.LICENSE, _PHONES, _BUNDLE),
    "iosLobApp": AppKind(Way.MANIFEST, _PHONES, _BUNDLE, _member("versionNumber")),
    "managedIOSLobApp": AppKind(Way.MANIFEST, _PHONES, _BUNDLE, _member("versionNumber")),
    "macOSLobApp": AppKind(Way.MANIFEST, _MAC, _BUNDLE, _member("versionNumber")),
    "macOsVppApp": AppKind(Way.LICENSE, _MAC, _BUNDLE),
    "macOSPkgApp": _WITH_PARTS,
    "macOSDmgApp": _WITH_PARTS,
    "macOSOfficeSuiteApp": _OF_MAC_AGENT,
    "macOSMicrosoftEdgeApp": _OF_MAC_AGENT,
    "macOSMicrosoftDefenderApp": _OF_MAC_AGENT,
    "windowsMobileMSI": AppKind(Way.MSI, _PC, _member("productCode"), _member("productVersion")),
    "windowsUniversalAppX": _MODERN,
    "windowsAppX": AppKind(Way.HOSTED, _PC, _family_name, _member("identityVersion")),
    "microsoftStoreForBusinessApp": AppKind(Way.WINDOWS_STORE, _PC_AND_PHONE, _member("packageIdentityName")),
    "win32LobApp": _OF_AGENT,
    "win32CatalogApp": _OF_AGENT,
    "winGetApp": _OF_AGENT,
    "officeSuiteApp": _OF_AGENT,
    "windowsMicrosoftEdgeApp": _OF_AGENT,
}
#: The kinds that the management agent of a device installs.
FOR_AGENTS = frozenset(name for name, kind in KINDS.items() if kind.way is Way.AGENT)
#: Windows releases, as minimumSupportedWindowsRelease and windowsMinimumOperatingSystem name them, by their builds.
_BUILDS = {
    "8.0": (6, 2),
    "8.1": (6, 3),
    "10.0": (10, 0),
    "1507": (10, 0, 10240),
    "1607": (10, 0, 14393),
    "1703": (10, 0, 15063),
    "1709": (10, 0, 16299),
    "1803": (10, 0, 17134),
    "1809": (10, 0, 17763),
    "1903": (10, 0, 18362),
    "1909": (10, 0, 18363),
    "2004": (10, 0, 19041),
    "20H2": (10, 0, 19042),
    "2H20": (10, 0, 19042),
    "21H1": (10, 0, 19043),
    "21H2": (10, 0, 19044),
    "22H2": (10, 0, 19045),
}
_MEMBER_OF_SYSTEM = re.compile(r"v([0-9]+)_([0-9A-Z]+)")


def spec_of(app_id: str, kind: str, *, document: Document) -> AppSpec | None:
    """Return what planning needs of an app; None for one that no device installs: of a kind without a way, without a
    name on devices, or not published.
    """
    known = KINDS.get(kind)
    if known is None or document.get("publishingState") != PUBLISHED:
        return None
    identifier = app_id if known.identifier is None else known.identifier(document)
    if not identifier and known.way is not Way.AGENT:
        return None
    related = [(str(each["kind"]), str(each["target"]), str(each["type"])) for each in document.get(RELATIONS, ())]
    return AppSpec(
        app_id=app_id,
        identifier=identifier or app_id,
        content=str(document.get("committedContentVersion") or ""),
        version=known.version(document),
        needs=_needs(known, document),
        dependencies=tuple((target, word) for name, target, word in related if name == DEPENDENCY),
        supersedes=tuple((target, word) for name, target, word in related if name == SUPERSEDENCE),
        is_detected=known.way is Way.AGENT,
    )


def _needs(kind: AppKind, document: Document) -> Needs:
    types = document.get("applicableDeviceType")
    platforms = kind.platforms
    if isinstance(types, Mapping) and platforms == _PHONES:
        members = (("iPad", Platform.IPADOS), ("iPhoneAndIPod", Platform.IOS))
        platforms = frozenset(platform for name, platform in members if types.get(name, True))
    on_windows = Platform.WINDOWS in platforms
    allowed = document.get("allowedArchitectures")
    architectures = allowed if allowed not in (None, "none") else document.get("applicableArchitectures")
    return Needs(
        platforms=platforms,
        system=max(_systems(document, on_windows=on_windows), default=()),
        architectures=frozenset(_words(architectures)) - {"none"} if on_windows else frozenset(),
        memory_mb=int(document.get("minimumMemoryInMB") or 0),
        free_mb=int(document.get("minimumFreeDiskSpaceInMB") or 0),
    )


def _words(value: object) -> list[str]:
    return [word.strip().lower() for word in str(value or "").split(",") if word.strip()]


def _systems(document: Document, *, on_windows: bool) -> list[Version]:
    """The versions of the system that an app asks for; the newest counts."""
    versions: list[Version] = []
    release = document.get("minimumSupportedWindowsRelease")
    if on_windows and release:
        words = str(release).removeprefix("Windows").removeprefix("10_").removeprefix("11_")
        versions.append(_BUILDS.get(words) or (numbers(words) if "." in words else ()))
    members = document.get("minimumSupportedOperatingSystem")
    if isinstance(members, Mapping):
        for name, value in members.items():
            match = _MEMBER_OF_SYSTEM.fullmatch(name)
            if value is not True or match is None:
                continue
            major, minor = match[1], match[2]
            if on_windows:
                versions.append(_BUILDS.get(minor if len(minor) > 1 else f"{major}.{minor}", ()))
            else:
                versions.append((int(major), int(minor)) if minor.isdigit() else (int(major),))
    return versions
