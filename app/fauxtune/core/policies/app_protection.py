"""The rules of app protection and app configuration policies of managed apps. Graph: managedAppPolicy."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping

from fauxtune.core.errors import Invalid
from fauxtune.core.model.text import JsonObject
from fauxtune.core.policies.rules import BuiltIn, Member, Rules

#: How the id of a policy begins. Unverified: M and U.
_LETTERS = {
    "targetedManagedAppConfiguration": "A",
    "mdmWindowsInformationProtectionPolicy": "M",
    "windowsInformationProtectionPolicy": "U",
}
#: The part of an app's id in a policy that says what it is for, by the type of its identifier, and the member of that.
_IDENTIFIERS: Mapping[str, tuple[str, str]] = {
    "androidMobileAppIdentifier": ("packageId", "android"),
    "iosMobileAppIdentifier": ("bundleId", "ios"),
    "macAppIdentifier": ("bundleId", "mac"),
    "windowsAppIdentifier": ("windowsAppId", "windows"),
}
#: The apps that `allMicrosoftApps`, `allCoreMicrosoftApps` and `allApps` stand for. Differs from Intune: it has more.
_MICROSOFT = {
    "ios": (
        "com.microsoft.Office.Outlook",
        "com.microsoft.Office.Word",
        "com.microsoft.Office.Excel",
        "com.microsoft.Office.Powerpoint",
        "com.microsoft.onenote",
        "com.microsoft.skydrive",
        "com.microsoft.skype.teams",
        "com.microsoft.msedge",
    ),
    "android": (
        "com.microsoft.office.outlook",
        "com.microsoft.office.word",
        "com.microsoft.office.excel",
        "com.microsoft.office.powerpoint",
        "com.microsoft.office.onenote",
        "com.microsoft.skydrive",
        "com.microsoft.teams",
        "com.microsoft.emmx",
    ),
    "windows": ("com.microsoft.edge",),
}
SELECTED = "selectedPublicApps"
_MOST_APPS = 500
#: Kept in the document of a policy; `targetApps` replaces them.
POLICY_APPS = Member("apps", on_create=False)


def policy_id(guid: str, kind: str, _document: JsonObject) -> str:
    """Return the id of a new policy."""
    return f"{_LETTERS.get(kind, 'T')}_{guid}"


def completed(document: JsonObject) -> JsonObject:
    """Return a policy with its version, a quoted text that changes with it, and the number of its apps."""
    counted = {name: value for name, value in document.items() if name not in ("version", "lastModifiedDateTime")}
    digest = hashlib.sha256(json.dumps(counted, sort_keys=True).encode()).hexdigest()
    result = {**document, "version": f'"{digest[:8]}-0000-0d00-0000-{digest[8:20]}"'}
    if "deployedAppCount" in document:
        result["deployedAppCount"] = len(document.get("apps") or ())
    return result


def app_document(identifier: JsonObject) -> JsonObject:
    """Return an app of a policy with its id. Raises Invalid for an identifier without a name."""
    kind = str(identifier.get("@odata.type", "")).rpartition(".")[2]
    member, suffix = _IDENTIFIERS.get(kind, ("", ""))
    name = identifier.get(member)
    if not isinstance(name, str) or not name:
        raise Invalid(f"A {kind or 'mobileAppIdentifier'} must name its app.", target="mobileAppIdentifier")
    return {
        "@odata.type": "#microsoft.graph.managedMobileApp",
        "id": f"{name.lower()}.{suffix}",
        "mobileAppIdentifier": identifier,
        "version": "-1",
    }


def apps_of_group(kind: str, group: str) -> list[JsonObject]:
    """Return the apps that a group of apps stands for in a policy of this kind."""
    if group == SELECTED:
        return []
    platforms = [each for each in _MICROSOFT if kind.lower().startswith(each)] or ["ios", "android"]
    named = {suffix: (kind, member) for kind, (member, suffix) in _IDENTIFIERS.items()}
    return [
        app_document({"@odata.type": f"#microsoft.graph.{named[platform][0]}", named[platform][1]: name})
        for platform in platforms
        for name in _MICROSOFT[platform]
    ]


def check_apps(documents: list[JsonObject]) -> None:
    """Raise Invalid for too many apps."""
    if len(documents) > _MOST_APPS:
        raise Invalid(f"A policy has at most {_MOST_APPS} apps here.", target="apps")


#: All policies of managed apps are stored together: managedAppPolicies lists every kind.
POLICY_RULES = Rules("managedAppPolicies", new_id=policy_id, derived=completed, members=(POLICY_APPS,))
REGISTRATION_RULES = Rules("managedAppRegistrations")
STATUS_RULES = Rules(
    "managedAppStatuses",
    built_in=tuple(
        BuiltIn(key, "managedAppStatusRaw", {"displayName": name, "version": "1", "content": {}})
        for key, name in (
            ("userstatus", "User status"),
            ("appregistrationsummary", "App registration summary"),
            ("userconfigstatus", "User configuration status"),
        )
    ),
)
