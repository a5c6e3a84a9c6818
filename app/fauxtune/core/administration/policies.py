"""Compliance policies, apps and scripts: what an administrator's tasks about them send to Graph (beta).

Graph: deviceCompliancePolicy, mobileApp, deviceManagementScript (PowerShell), deviceShellScript (macOS),
deviceHealthScript (remediations): create, assign, delete; their states on devices.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from fauxtune.core.administration.assignments import Collection, Target
from fauxtune.core.administration.assignments import assign as assign_to
from fauxtune.core.administration.assignments import unassign as take_from
from fauxtune.core.administration.requests import AdminRequest, Json, key
from fauxtune.core.errors import Invalid
from fauxtune.core.model.words.device_words import PLATFORMS, ProfilePlatform

_P = ProfilePlatform
#: data. A platform -> the type of its compliance policies.
COMPLIANCE_TYPES: Mapping[ProfilePlatform, str] = {
    _P.ANDROID: "androidWorkProfileCompliancePolicy",
    _P.ANDROID_FULLY_MANAGED: "androidDeviceOwnerCompliancePolicy",
    _P.ANDROID_DEVICE_ADMIN: "androidCompliancePolicy",
    _P.AOSP: "aospDeviceOwnerCompliancePolicy",
    _P.IOS: "iosCompliancePolicy",
    _P.MACOS: "macOSCompliancePolicy",
    _P.WINDOWS: "windows10CompliancePolicy",
    _P.WINDOWS_PHONE: "windowsPhone81CompliancePolicy",
}


@dataclass(frozen=True, slots=True)
class AppKind:
    """A kind of app that needs no content: its type, the property that names it, and what else a body must have."""

    type: str
    named_by: str
    words: str
    more: Mapping[str, Any] = field(default_factory=dict)


_ALL_PHONES = {"iPad": True, "iPhoneAndIPod": True}
#: data. The kinds of apps that are created by a name and an address or identifier.
APP_KINDS: Mapping[str, AppKind] = {
    "ios-store": AppKind(
        "iosStoreApp",
        "bundleId",
        "an app of Apple's App Store, by its bundle id",
        {
            "appStoreUrl": "https://apps.apple.com/app/{value}",
            "applicableDeviceType": _ALL_PHONES,
            "minimumSupportedOperatingSystem": {"v15_0": True},
        },
    ),
    "android-store": AppKind(
        "androidStoreApp",
        "packageId",
        "an app of Google Play, by its package",
        {
            "appStoreUrl": "https://play.google.com/store/apps/details?id={value}",
            "minimumSupportedOperatingSystem": {"v5_0": True},
        },
    ),
    "winget": AppKind("winGetApp", "packageIdentifier", "an app of the Microsoft Store, by its package identifier"),
    "web": AppKind("webApp", "appUrl", "a link, by its address"),
}
INTENTS = ("required", "available", "uninstall", "availableWithoutEnrollment")

_COMPLIANCE = Collection("/deviceManagement/deviceCompliancePolicies")
_APPS = Collection("/deviceAppManagement/mobileApps", "mobileAppAssignments")
_SCRIPTS = "deviceManagementScriptAssignments"


@dataclass(frozen=True, slots=True)
class ScriptKind:
    """A kind of scripts: its collection, the property with the script, and its words."""

    collection: Collection
    content: str
    words: str


#: data. The kinds of scripts, by the word of commands.
SCRIPT_KINDS: Mapping[str, ScriptKind] = {
    "powershell": ScriptKind(
        Collection("/deviceManagement/deviceManagementScripts", _SCRIPTS), "scriptContent", "PowerShell, on Windows"
    ),
    "shell": ScriptKind(Collection("/deviceManagement/deviceShellScripts", _SCRIPTS), "scriptContent", "macOS shell"),
    "remediation": ScriptKind(
        Collection(
            "/deviceManagement/deviceHealthScripts", "deviceHealthScriptAssignments", {"runRemediationScript": True}
        ),
        "detectionScriptContent",
        "remediation, on Windows",
    ),
}
#: data. What commands and pages call it -> its collections.
COLLECTIONS: Mapping[str, tuple[Collection, ...]] = {
    "compliance": (_COMPLIANCE,),
    "app": (_APPS,),
    "script": tuple(script_kind.collection for script_kind in SCRIPT_KINDS.values()),
}


def kind_words(of: Collection, document: Mapping[str, Any]) -> str:
    """Return the kind of one of a collection in words, such as `iOS/iPadOS`, `an app ...`, `PowerShell, on Windows`."""
    words = [script_kind.words for script_kind in SCRIPT_KINDS.values() if script_kind.collection is of]
    type_name = str(document.get("@odata.type", "")).rpartition(".")[2]
    words += [
        PLATFORMS[platform] for platform, compliance_type in COMPLIANCE_TYPES.items() if compliance_type == type_name
    ]
    words += [kind for kind, app_kind in APP_KINDS.items() if app_kind.type == type_name]
    return words[0] if words else type_name


def create_compliance(
    name: str, *, platform: ProfilePlatform, settings: Json, grace_days: float = 0, description: str | None = None
) -> AdminRequest:
    """Create a compliance policy. `settings` are properties of its type; a device that fails is marked noncompliant
    after `grace_days` (Graph: the action `block` of its rule).
    """
    action = {"actionType": "block", "gracePeriodHours": round(grace_days * 24)}
    body = {
        "@odata.type": f"#microsoft.graph.{COMPLIANCE_TYPES[platform]}",
        "displayName": name,
        **({} if description is None else {"description": description}),
        **settings,
        "scheduledActionsForRule": [{"ruleName": "PasswordRequired", "scheduledActionConfigurations": [action]}],
    }
    return AdminRequest("POST", _COMPLIANCE.path, body)


def create_app(name: str, *, kind: str, value: str, publisher: str, settings: Json) -> AdminRequest:
    """Create an app that needs no content. `value`: its identifier or address; `settings`: further properties."""
    chosen = APP_KINDS[kind]
    more = {
        name: text.format(value=value) if isinstance(text, str) else dict(text) for name, text in chosen.more.items()
    }
    body = {
        "@odata.type": f"#microsoft.graph.{chosen.type}",
        "displayName": name,
        "publisher": publisher,
        chosen.named_by: value,
        **more,
        **settings,
    }
    return AdminRequest("POST", _APPS.path, body)


def create_script(
    name: str, *, kind: str, content: bytes, file_name: str, settings: Json, remediation: bytes | None = None
) -> AdminRequest:
    """Create a script of the kind `powershell`, `shell` or `remediation`. `remediation`: what a remediation runs where
    its first script finds a fault. `settings`: further properties of the type. Raises Invalid where they do not fit.
    """
    chosen = SCRIPT_KINDS[kind]
    is_remediation = chosen is SCRIPT_KINDS["remediation"]
    if (remediation is not None) != is_remediation:
        raise Invalid("A remediation has two scripts: one that detects, and one that remedies; all others have one.")
    own: Json = {"publisher": ""} if is_remediation else {"fileName": file_name}
    if remediation is not None:
        own["remediationScriptContent"] = _text(remediation)
    body = {"displayName": name, "runAsAccount": "system", chosen.content: _text(content), **own, **settings}
    return AdminRequest("POST", chosen.collection.path, body)


def assign(
    of: Collection,
    object_id: str,
    *,
    present: Sequence[Mapping[str, Any]],
    targets: Iterable[Target],
    intent: str | None = None,
) -> AdminRequest:
    """Add targets to those that it has. `intent`: of an app."""
    return assign_to(
        object_id, present=present, targets=targets, of=of, more={} if intent is None else {"intent": intent}
    )


def unassign(of: Collection, object_id: str) -> AdminRequest:
    """Take all assignments away."""
    return take_from(object_id, present=[], of=of)


def listed(of: Collection) -> AdminRequest:
    """List those of a collection, with their assignments."""
    return AdminRequest("GET", f"{of.path}?$expand=assignments")


def typed_value(name: str, text: str) -> Any:
    """Return the value of a property that is typed as JSON, or as a text. A version such as 17.0 is a text, though it
    looks like a number.
    """
    try:
        value = json.loads(text)
    except ValueError:
        return text
    return text if name.endswith("Version") and isinstance(value, int | float) else value


def states(of: Collection, object_id: str, *, most: int | None = None) -> AdminRequest:
    """Ask what became of it on each device: rows of a status, of a run, or of a report on an app. `most`: the first
    rows, so many at most.
    """
    if of is _APPS:
        body = {
            "filter": f"(ApplicationId eq '{object_id}')",
            "select": ["DeviceName", "UserPrincipalName", "InstallState", "InstallStateDetail", "HexErrorCode"],
            "top": most or 1000,
        }
        return AdminRequest("POST", "/deviceManagement/reports/getDeviceInstallStatusReport", body)
    if of is _COMPLIANCE:
        return AdminRequest(
            "GET", f"{of.path}/{key(object_id)}/deviceStatuses{'' if most is None else f'?$top={most}'}"
        )
    page = "" if most is None else f"&$top={most}"
    return AdminRequest("GET", f"{of.path}/{key(object_id)}/deviceRunStates?$expand=managedDevice{page}")


def state_rows(of: Collection, answer: Any) -> list[tuple[str, str, str, str]]:
    """Return, of the answer to `states`: device, user, state, and what else is known, such as an error."""
    if of is _APPS:
        columns = [column["Column"] for column in answer["Schema"]]
        rows = [dict(zip(columns, values, strict=True)) for values in answer["Values"]]
        return [
            (
                row["DeviceName"],
                row["UserPrincipalName"] or "",
                str(row.get("InstallState_loc") or row["InstallState"]),
                " ".join(str(row[name]) for name in ("InstallStateDetail_loc", "HexErrorCode") if row.get(name)),
            )
            for row in rows
        ]
    if of is _COMPLIANCE:
        return [
            (row["deviceDisplayName"], row["userPrincipalName"], row["status"], row["lastReportedDateTime"])
            for row in answer
        ]
    return [
        (
            (row["managedDevice"] or {}).get("deviceName", ""),
            (row["managedDevice"] or {}).get("userPrincipalName", ""),
            row.get("runState") or row["detectionState"],
            str(row.get("resultMessage") or row.get("remediationState") or row.get("errorDescription") or ""),
        )
        for row in answer
    ]


def _text(content: bytes) -> str:
    return base64.b64encode(content).decode()
