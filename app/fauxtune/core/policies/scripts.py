"""The kinds of scripts that run on devices, and the agents that run them.

The kinds of scripts that run on devices, the schedule of each (`repeats`), and what an order to run one says.
Whether a script is to run now, by what became of its runs, is decided in `script_runs`.

Source: Graph reference of beta, deviceManagementScript, deviceShellScript, deviceCustomAttributeShellScript,
deviceHealthScript, deviceComplianceScript; Intune: "Use PowerShell scripts on Windows devices" (a script that failed is
tried at the next three check-ins of the agent; one that succeeded runs again only when it has changed), "Use shell
scripts on macOS devices" (frequency, number of retries), "Use Remediations to detect and fix support issues".

Differs from Intune: a schedule that is not in UTC follows the device's own time there; here every device's time is UTC.
A script that is assigned to a PC runs there for every new user who signs in (2025-10-02), here for its one user; a
shell script with a frequency runs there after a restart too (2024-08-08). Unverified: that a shell script may have more
retries than the three of the portal.

The management agents, by the kind of device, and how often each asks by itself.

Source: Intune: "Intune management extension for Windows" (it asks each hour for what it runs), "Microsoft Intune
management agent for macOS" (usually every 8 hours, apart from the check-in of MDM).
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, time, timedelta
from typing import Any

from fauxtune.core.clock import parse_duration
from fauxtune.core.errors import Invalid
from fauxtune.core.model.platforms import Variant
from fauxtune.core.model.text import JsonObject
from fauxtune.core.policies.rules import Rules
from fauxtune.core.policies.script_runs import LONGEST_OUTPUT, Part, Repeats, WantedScript

#: Bytes of a script, unless its kind says more.
LARGEST = 200 * 1024
#: Characters of the output of a custom attribute: 20 KB ("Use shell scripts on macOS devices", 2024-08-08).
_LONGEST_ATTRIBUTE = 20 * 1024
#: What a compliance policy asks: its property, and the member of that with the id of a script.
ASKING, ASKED = "deviceCompliancePolicyScript", "deviceComplianceScriptId"
_POWERSHELL_RETRIES = 3
_USER = "user"
#: The longest intervals: of hours "Deploy remediations" (2025-09-08) has 1 to 23.
_MOST_HOURS, _MOST_DAYS = 23, 365
_SCHEDULES = "#microsoft.graph.deviceHealthScript"
#: A remediation without a schedule runs each day ("Deploy remediations", 2025-09-08), a compliance script each 8 hours
#: ("Use custom compliance settings", 2024-05-15).
_USUAL, _USUAL_OF_COMPLIANCE = timedelta(days=1), timedelta(hours=8)


@dataclass(frozen=True, slots=True)
class ScriptKind:
    """One kind. `family`: the collection in Graph; `word`: its name on the agent's wire; `contents`: the properties
    with scripts, what runs first being the first; `settings`: those that make another script of it, which runs again,
    when they change; `platform`: the value of the property of this name; `largest`: bytes of a script.
    """

    family: str
    word: str
    variant: Variant
    contents: tuple[str, ...] = ("scriptContent",)
    settings: tuple[str, ...] = ("runAsAccount",)
    first_part: Part = Part.SCRIPT
    platform: str = ""
    largest: int = LARGEST

    def fits(self, document: Mapping[str, Any]) -> bool:
        """Whether a script of the family is of this kind."""
        return not self.platform or document.get("platform") == self.platform


_ON_WINDOWS = ("runAsAccount", "runAs32Bit", "enforceSignatureCheck")
_DETECTION = ("detectionScriptContent",)
POWERSHELL = ScriptKind("deviceManagementScripts", "powerShell", Variant.WINDOWS, settings=_ON_WINDOWS)
#: "Use shell scripts on macOS devices" (2024-08-08), "Create a discovery script for custom compliance" (2025-09-04).
_LARGE = 1024 * 1024
SHELL = ScriptKind(
    "deviceShellScripts",
    "shell",
    Variant.MACOS,
    settings=("runAsAccount", "executionFrequency", "retryCount"),
    largest=_LARGE,
)
ATTRIBUTE = ScriptKind("deviceCustomAttributeShellScripts", "customAttribute", Variant.MACOS, largest=_LARGE)
REMEDIATION = ScriptKind(
    "deviceHealthScripts",
    "remediation",
    Variant.WINDOWS,
    (*_DETECTION, "remediationScriptContent"),
    settings=_ON_WINDOWS,
    first_part=Part.DETECTION,
)
#: The scripts whose output compliance policies judge; which policies do brings them to devices.
COMPLIANCE = tuple(
    ScriptKind(
        "deviceComplianceScripts",
        "compliance",
        variant,
        _DETECTION,
        settings=_ON_WINDOWS,
        first_part=Part.DETECTION,
        platform=platform,
        largest=_LARGE,
    )
    for variant, platform in ((Variant.WINDOWS, "windows10"), (Variant.MACOS, "macOS"))
)
#: "Deploy remediations" (2025-09-08): so many packages of a tenant.
_MOST = {"deviceHealthScripts": {"deviceHealthScript": 200}}
KINDS: tuple[ScriptKind, ...] = (POWERSHELL, SHELL, ATTRIBUTE, REMEDIATION, *COMPLIANCE)
BY_FAMILY = {kind.family: kind for kind in KINDS}


@dataclass(frozen=True, slots=True)
class Script:
    """A script without its texts. `digest`: of these and of the settings; `document`: the rest."""

    kind: ScriptKind
    id: str
    name: str
    digest: str
    document: JsonObject
    has_remediation: bool = False

    @property
    def needs_user(self) -> bool:
        """Whether it runs for the user who is signed in, so that somebody must be. A compliance script runs as the
        system where nobody is ("Create a discovery script for custom compliance", 2025-09-04).
        """
        return self.document.get("runAsAccount") == _USER and self.kind not in COMPLIANCE

    def wanted(self, assignment: Mapping[str, Any]) -> WantedScript:
        """Return the script as an assignment (its document) wants it."""
        remediates = self.has_remediation and assignment.get("runRemediationScript") is True
        schedule = assignment.get("runSchedule")
        more = {"schedule": schedule, "remediates": remediates} if schedule or remediates else {}
        return WantedScript(
            self.id,
            _digest([self.digest, more]) if more else self.digest,
            repeats(self.kind, self.document, schedule=schedule),
            first_part=self.kind.first_part,
            remediates=remediates,
            longest_output=_LONGEST_ATTRIBUTE if self.kind is ATTRIBUTE else LONGEST_OUTPUT,
        )

    def on_demand(self, *, version: str) -> WantedScript:
        """Return the script as it runs once, because somebody wants it on one device. Unverified: it remediates."""
        return WantedScript(
            self.id, version, Repeats(), first_part=self.kind.first_part, remediates=self.has_remediation
        )


def rules_of(family: str, *, fixed: str = "") -> Rules:
    """Return the rules of a family of scripts."""
    kind = BY_FAMILY[family]

    def check(document: JsonObject, _before: JsonObject | None) -> None:
        for name in kind.contents:
            content = document.get(name)
            if content is not None and len(base64.b64decode(content)) > kind.largest:
                raise Invalid(f"A script has at most {kind.largest // 1024} KiB; {name} has more.", target=name)

    return Rules(family, check=check, fixed=fixed, most=_MOST.get(family, {}))


def check_schedule(schedule: Mapping[str, Any] | None) -> None:
    """Raise Invalid for a schedule of hours (Graph: deviceHealthScriptHourlySchedule) that is longer than a day has."""
    if schedule is None or not str(schedule.get("@odata.type")).endswith("HourlySchedule"):
        return
    interval = schedule.get("interval")
    if interval is not None and not 1 <= interval <= _MOST_HOURS:
        raise Invalid(
            f"An hourly schedule has an interval of 1 to {_MOST_HOURS}, not {interval}.", target="runSchedule"
        )


def kinds_for(variant: Variant) -> tuple[ScriptKind, ...]:
    """Return the kinds of scripts that devices of this variant run."""
    return tuple(kind for kind in KINDS if kind.variant is variant)


def script_of(kind: ScriptKind, document: JsonObject) -> Script:
    """Return a script of this kind."""
    texts = [document.get(name) for name in kind.contents]
    return Script(
        kind,
        str(document["id"]),
        str(document.get("displayName") or ""),
        _digest([*texts, *(document.get(name) for name in kind.settings)]),
        {name: value for name, value in document.items() if name not in kind.contents},
        has_remediation=bool(texts[1:] and texts[1]),
    )


def repeats(kind: ScriptKind, document: Mapping[str, Any], *, schedule: Mapping[str, Any] | None = None) -> Repeats:
    """Return when a script runs. `schedule`: Graph's deviceHealthScriptRunSchedule of its assignment."""
    again = AGENTS[kind.variant]
    if kind is POWERSHELL:
        return Repeats(retries=_POWERSHELL_RETRIES, retry_after=again)
    if kind is SHELL:
        every = parse_duration(document.get("executionFrequency") or "PT0S")
        # Unverified: no page says a most of retryCount; the admin center offers up to 3.
        return Repeats(every or None, retries=int(document.get("retryCount") or 0), retry_after=again)
    if kind is ATTRIBUTE:
        return Repeats(again)
    if kind is REMEDIATION:
        return _scheduled(schedule or {})
    minutes = document.get("runIntervalInMinutes")
    return Repeats(timedelta(minutes=minutes) if minutes else _USUAL_OF_COMPLIANCE)


def _scheduled(schedule: Mapping[str, Any]) -> Repeats:
    interval = max(int(schedule.get("interval") or 1), 1)
    at = time.fromisoformat(str(schedule.get("time") or "00:00")[:8])
    match str(schedule.get("@odata.type") or "").removeprefix(_SCHEDULES):
        case "HourlySchedule":
            return Repeats(timedelta(hours=min(interval, _MOST_HOURS)))
        case "DailySchedule":
            return Repeats(timedelta(days=min(interval, _MOST_DAYS)), at=at)
        case "RunOnceSchedule":
            on = schedule.get("date")
            return Repeats(at=at, on=date.fromisoformat(str(on)) if on else None)
        case _:
            return Repeats(_USUAL)


def order(script: Script, document: JsonObject, *, run: int, remediates: bool = False) -> JsonObject:
    """Return what the agent is told to run. `run`: the number of the run, which its report repeats; `document`: the
    whole script.
    """
    texts = [document.get(name) or "" for name in script.kind.contents]
    return {
        "id": script.id,
        "run": run,
        "name": script.name,
        "kind": script.kind.word,
        "runAs": script.document.get("runAsAccount") or "system",
        "content": texts[0],
        "remediation": texts[1] if remediates else None,
    }


def _digest(members: object) -> str:
    return hashlib.sha256(json.dumps(members, sort_keys=True).encode()).hexdigest()[:32]


#: The time between two requests. The documents disagree about Windows: "Win32 app management overview" (2026-02-06) has
#: an hour, "Intune management extension" (2026-04-07) 8 hours.
AGENTS: Mapping[Variant, timedelta] = {Variant.WINDOWS: timedelta(hours=1), Variant.MACOS: timedelta(hours=8)}
