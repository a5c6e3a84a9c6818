"""The rules of apps, of their categories, contents and relationships, and what every tenant has of them.

Sources: Graph: mobileApp, win32LobApp, mobileAppRelationship; Intune: "Add Win32 app supersedence", "Win32 app
management" (limits).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from fauxtune.core.errors import Invalid
from fauxtune.core.model import mail_accounts
from fauxtune.core.model.text import JsonObject
from fauxtune.core.policies.rules import BuiltIn, Rules

#: States of publishing (Graph: mobileAppPublishingState), and the numbers of uploadState.
NOT_PUBLISHED, PROCESSING, PUBLISHED = "notPublished", "processing", "published"
_UPLOAD_STATES = {NOT_PUBLISHED: 0, PUBLISHED: 1, PROCESSING: 2}
#: The kinds whose content is uploaded; others publish by themselves, these after a while.
WITH_CONTENT = frozenset(
    {
        "androidLobApp",
        "iosLobApp",
        "macOSDmgApp",
        "macOSLobApp",
        "macOSPkgApp",
        "managedAndroidLobApp",
        "managedIOSLobApp",
        "win32LobApp",
        "windowsAppX",
        "windowsMobileMSI",
        "windowsPhone81AppX",
        "windowsPhone81AppXBundle",
        "windowsPhoneXAP",
        "windowsUniversalAppX",
    }
)
#: The kinds that are processed when they are created, and assigned only afterwards.
PUBLISHED_LATER = frozenset({"winGetApp"})
#: The types of relationships, and the member of a document in which an app's own are kept.
DEPENDENCY, SUPERSEDENCE = "mobileAppDependency", "mobileAppSupersedence"
RELATIONS = "@relationships"
#: Apps that one app may supersede, directly or not, and that the graphs of dependencies may have in which it is.
MOST_SUPERSEDED, MOST_DEPENDENCIES = 10, 100
#: Minutes that an installer may take (Intune: "Add and assign Win32 apps", 2026-04-14: 60 unless the app says more).
MOST_MINUTES = 1440
#: The kinds that can have relationships.
RELATED = frozenset({"win32LobApp", "win32CatalogApp"})
_RETURN_CODES = (
    {"returnCode": 0, "type": "success"},
    {"returnCode": 1707, "type": "success"},
    {"returnCode": 3010, "type": "softReboot"},
    {"returnCode": 1641, "type": "hardReboot"},
    {"returnCode": 1618, "type": "retry"},
)
#: Kinds whose assignments have settings, by the type of these, and kinds that take none.
SETTINGS: Mapping[str, tuple[str, ...]] = {
    "androidManagedStoreApp": ("androidManagedStoreAppAssignmentSettings",),
    "androidManagedStoreWebApp": ("androidManagedStoreAppAssignmentSettings",),
    "iosLobApp": ("iosLobAppAssignmentSettings", "iosDdmLobAppAssignmentSettings"),
    "iosStoreApp": ("iosStoreAppAssignmentSettings", "iosDdmStoreAppAssignmentSettings"),
    "iosVppApp": ("iosVppAppAssignmentSettings", "iosDdmVppAppAssignmentSettings"),
    "macOSLobApp": ("macOsLobAppAssignmentSettings",),
    "macOSDmgApp": ("macOsLobAppAssignmentSettings",),
    "macOSPkgApp": ("macOsLobAppAssignmentSettings",),
    "macOsVppApp": ("macOsVppAppAssignmentSettings", "macOsDdmVppAppAssignmentSettings"),
    "microsoftStoreForBusinessApp": ("microsoftStoreForBusinessAppAssignmentSettings",),
    "win32CatalogApp": ("win32LobAppAssignmentSettings",),
    "win32LobApp": ("win32LobAppAssignmentSettings",),
    "winGetApp": ("winGetAppAssignmentSettings",),
    "windowsAppX": ("windowsAppXAppAssignmentSettings",),
    "windowsAutoUpdateCatalogApp": ("windowsAutoUpdateCatalogAppAssignmentSettings",),
    "windowsUniversalAppX": ("windowsUniversalAppXAppAssignmentSettings",),
}
#: Kinds whose assignments take no filter.
UNFILTERED = frozenset({"windowsMicrosoftEdgeApp"})
#: The platforms of filters that a kind takes, by how its name begins; the first that fits counts.
FILTER_PLATFORMS: tuple[tuple[str, str], ...] = (
    ("androidManaged", "androidForWork androidWorkProfile"),
    ("android", "android androidForWork androidWorkProfile androidAOSP"),
    ("ios", "iOS"),
    ("macO", "macOS"),
    ("win", "windows10AndLater"),
    ("office", "windows10AndLater"),
    ("microsoftStore", "windows10AndLater"),
)
#: What cannot be changed, by kind.
_FIXED = {
    "officeSuiteApp": "officeConfigurationXml officePlatformArchitecture developer owner publisher",
    "windowsMobileMSI": "useDeviceContext",
}

_PACKAGE = re.compile(r"[?&]id=([A-Za-z0-9._]{1,200})")

_FOR_IOS = ("iosLobApp", "iosStoreApp", "managedIOSLobApp", "managedIOSStoreApp")
_EVERY_DEVICE = {"iPad": True, "iPhoneAndIPod": True}

#: Unverified: these ids, which are the same in every tenant.
_CATEGORIES = {
    "0720a99e-562b-4a77-83f0-9a7523fcf13e": "Other apps",
    "f1fc9fe2-728d-4867-9a72-a61e18f8c606": "Books & Reference",
    "046e0b16-76ce-4b49-bf1b-1cc5bd94fb47": "Data management",
    "ed899483-3019-425e-a470-28e901b9790e": "Productivity",
    "2b73ae71-12c8-49be-b462-3dae769ccd9d": "Business",
    "79bc98d4-7ddf-4841-9bc1-5c84a26d7ee8": "Development & Design",
    "5dcd7a90-0306-4f09-a75d-6b97a243f04e": "Photos & Media",
    "f79135dc-8e41-48c1-9a59-ab9a7259c38e": "Collaboration & Social",
    "981deed8-6857-4e78-a50e-c3f61d312737": "Computer management",
}


def new_app(kind: str, document: JsonObject) -> JsonObject:
    """Return a new app with what the server adds. Raises Invalid for one that the service refuses."""
    if kind == "officeSuiteApp" and document.get("officeSuiteAppDefaultFileFormat") == "notConfigured":
        raise Invalid(
            "officeSuiteAppDefaultFileFormat must be officeXMLFormat or officeOpenDocumentFormat, or be left out.",
            target="officeSuiteAppDefaultFileFormat",
        )
    if document.get("committedContentVersion"):
        raise Invalid(
            "A new app has no content yet: set committedContentVersion when a file of it is committed.",
            target="committedContentVersion",
        )
    result = {**document, "publishingState": first_state(kind)}
    if kind == "win32LobApp" and not result.get("returnCodes"):
        result["returnCodes"] = [dict(return_code) for return_code in _RETURN_CODES]
    if kind in _FOR_IOS and result.get("applicableDeviceType") is None:
        result["applicableDeviceType"] = dict(_EVERY_DEVICE)
    if kind == "androidStoreApp":
        # The store's address names the package.
        package = _PACKAGE.search(str(document.get("appStoreUrl") or ""))
        result["packageId"] = None if package is None else package[1]
    if kind == "androidManagedStoreApp":
        result["packageId"] = str(document.get("appIdentifier") or "").removeprefix("app:") or None
    return result


def check_change(kind: str, changes: JsonObject, *, before: JsonObject) -> None:
    """Raise Invalid for another value of a property that cannot be changed in an app of this kind."""
    for name in (*_FIXED.get(kind, "").split(), "appStoreUrl"):
        if name in changes and changes[name] != before.get(name):
            raise Invalid(f"The property '{name}' cannot be changed after creation.", target=name)


def check_app(document: JsonObject, _before: JsonObject | None) -> None:
    """Raise Invalid for an app without a name, and for an installer that may take longer than the service lets it."""
    if not str(document.get("displayName") or "").strip():
        raise Invalid("displayName must not be empty.", target="displayName")
    minutes = (document.get("installExperience") or {}).get("maxRunTimeInMinutes")
    if minutes is not None and not 0 <= minutes <= MOST_MINUTES:
        raise Invalid(f"maxRunTimeInMinutes is at most {MOST_MINUTES}, not {minutes}.", target="installExperience")


def completed(document: JsonObject) -> JsonObject:
    """Return an app with what the server computes from its other properties."""
    return {**document, "uploadState": _UPLOAD_STATES[document["publishingState"]]}


def first_state(kind: str) -> str:
    """Return the state of publishing of a new app."""
    if kind in WITH_CONTENT:
        return NOT_PUBLISHED
    return PROCESSING if kind in PUBLISHED_LATER else PUBLISHED


def filter_platforms(kind: str) -> str:
    """Return the platforms whose filters an app of this kind takes; empty: all."""
    return next((platforms for begin, platforms in FILTER_PLATFORMS if kind.startswith(begin)), "")


def check_settings(kind: str, settings: JsonObject | None, *, is_exclusion: bool) -> None:
    """Raise Invalid for settings that an assignment of an app of this kind cannot have."""
    if settings is None:
        return
    if is_exclusion:
        raise Invalid("Exclusion assignment does not support MobileAppAssignment Settings.", target="settings")
    known = SETTINGS.get(kind, ())
    name = str(settings.get("@odata.type", "")).rpartition(".")[2]
    if name not in known:
        allowed = " or ".join(known) or "no settings"
        sent = name or "settings without a type"
        raise Invalid(f"Assignments of a {kind} take {allowed}, not {sent}.", target="settings")


def check_acyclic(start: str, edges: Mapping[str, Iterable[str]], *, what: str) -> None:
    """Raise Invalid if the app can be reached from itself."""
    seen: set[str] = set()
    waiting = list(edges.get(start, ()))
    while waiting:
        app = waiting.pop()
        if app == start:
            raise Invalid(f"The {what} would lead from an app back to itself.", target="relationships")
        if app not in seen:
            seen.add(app)
            waiting.extend(edges.get(app, ()))


APP_RULES = Rules(
    "mobileApps",
    check=check_app,
    derived=completed,
    built_in=tuple(
        BuiltIn(
            app.id,
            kind,
            {
                "displayName": app.name,
                "publisher": "Microsoft Corporation",
                name: app.identifier,
                "appStoreUrl": app.store,
                "publishingState": PUBLISHED,
                **({"applicableDeviceType": _EVERY_DEVICE} if kind in _FOR_IOS else {}),
            },
        )
        for app, kind, name in (
            (mail_accounts.FOR_IOS, "iosStoreApp", "bundleId"),
            (mail_accounts.FOR_ANDROID, "androidStoreApp", "packageId"),
        )
    ),
)
CATEGORY_RULES = Rules(
    "mobileAppCategories",
    created="lastModifiedDateTime",
    built_in=tuple(
        BuiltIn(
            key,
            "mobileAppCategory",
            {"displayName": name, "lastModifiedDateTime": "0001-01-01T00:00:00.0000000Z"},
        )
        for key, name in _CATEGORIES.items()
    ),
)
CONTENT_RULES = Rules("mobileApps/contentVersions")
FILE_RULES = Rules("mobileApps/contentVersions/files", modified="createdDateTime")
CONTENT_SCRIPT_RULES = Rules("mobileApps/contentVersions/scripts")
