"""The kinds of scripts that run on devices, the schedule of each (`repeats`), and what an order to run one says.
Whether a script is to run now, by what became of its runs, is decided in `script_runs`.

Source: Graph reference of beta, deviceManagementScript, deviceShellScript, deviceCustomAttributeShellScript,
deviceHealthScript, deviceComplianceScript; Intune: "Use PowerShell scripts on Windows devices" (a script that failed is
tried at the next three check-ins of the agent; one that succeeded runs again only when it has changed), "Use shell
scripts on macOS devices" (frequency, number of retries), "Use Remediations to detect and fix support issues".

Differs from Intune: a schedule that is not in UTC follows the device's own time there; here every device's time is UTC.
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
from fauxtune.core.policies.agents import AGENTS
from fauxtune.core.policies.rules import Rules
from fauxtune.core.policies.script_runs import Part, Repeats, WantedScript

#: Bytes of a script.
LARGEST = 200 * 1024
#: What a compliance policy asks: its property, and the member of that with the id of a script.
ASKING, ASKED = "deviceCompliancePolicyScript", "deviceComplianceScriptId"
_POWERSHELL_RETRIES = 3
_USER = "user"
#: The longest intervals that count.
_MOST_HOURS, _MOST_DAYS = 24 * 365, 365
_SCHEDULES = "#microsoft.graph.deviceHealthScript"
#: Unverified: a remediation without a schedule runs each day, and a compliance script each 8 hours.
_USUAL, _USUAL_OF_COMPLIANCE = timedelta(days=1), timedelta(hours=8)


@dataclass(frozen=True, slots=True)
class ScriptKind:
    """One kind. `family`: the collection in Graph; `word`: its name on the agent's wire; `contents`: the properties
    with scripts, what runs first being the first; `settings`: those that make another script of it, which runs again,
    when they change; `platform`: the value of the property of this name.
    """

    family: str
    word: str
    variant: Variant
    contents: tuple[str, ...] = ("scriptContent",)
    settings: tuple[str, ...] = ("runAsAccount",)
    first_part: Part = Part.SCRIPT
    platform: str = ""

    def fits(self, document: Mapping[str, Any]) -> bool:
        """Whether a script of the family is of this kind."""
        return not self.platform or document.get("platform") == self.platform


_ON_WINDOWS = ("runAsAccount", "runAs32Bit", "enforceSignatureCheck")
_DETECTION = ("detectionScriptContent",)
POWERSHELL = ScriptKind("deviceManagementScripts", "powerShell", Variant.WINDOWS, settings=_ON_WINDOWS)
SHELL = ScriptKind(
    "deviceShellScripts", "shell", Variant.MACOS, settings=("runAsAccount", "executionFrequency", "retryCount")
)
ATTRIBUTE = ScriptKind("deviceCustomAttributeShellScripts", "customAttribute", Variant.MACOS)
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
    )
    for variant, platform in ((Variant.WINDOWS, "windows10"), (Variant.MACOS, "macOS"))
)
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
        """Whether it runs for the user who is signed in, so that somebody must be."""
        return self.document.get("runAsAccount") == _USER

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
        )

    def on_demand(self, *, version: str) -> WantedScript:
        """Return the script as it runs once, because somebody wants it on one device. Unverified: it remediates."""
        return WantedScript(
            self.id, version, Repeats(), first_part=self.kind.first_part, remediates=self.has_remediation
        )


def rules_of(family: str, *, fixed: str = "") -> Rules:
    """Return the rules of a family of scripts."""
    contents = BY_FAMILY[family].contents

    def check(document: JsonObject, _before: JsonObject | None) -> None:
        for name in contents:
            content = document.get(name)
            if content is not None and len(base64.b64decode(content)) > LARGEST:
                raise Invalid(f"A script has at most {LARGEST // 1024} KiB; {name} has more.", target=name)

    return Rules(family, check=check, fixed=fixed)


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
