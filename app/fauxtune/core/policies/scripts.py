"""The kinds of scripts that run on devices, and what an order to run one says.

Source: Graph reference of beta, deviceManagementScript, deviceShellScript; Intune: "Use PowerShell scripts on Windows
devices" (a script that failed is tried at the next three check-ins of the agent; one that succeeded runs again only
when it has changed), "Use shell scripts on macOS devices" (frequency, number of retries).
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fauxtune.core.clock import parse_duration
from fauxtune.core.errors import Invalid
from fauxtune.core.model.platforms import Variant
from fauxtune.core.model.text import JsonObject
from fauxtune.core.policies.agents import AGENTS
from fauxtune.core.policies.rules import Rules
from fauxtune.core.policies.script_runs import Repeats, WantedScript

#: Bytes of a script.
LARGEST = 200 * 1024
_POWERSHELL_RETRIES = 3
_USER = "user"


@dataclass(frozen=True, slots=True)
class ScriptKind:
    """One kind. `family`: the collection in Graph; `word`: its name on the agent's wire; `contents`: the properties
    with scripts; `settings`: those that make another script of it, which runs again, when they change.
    """

    family: str
    word: str
    variant: Variant
    contents: tuple[str, ...] = ("scriptContent",)
    settings: tuple[str, ...] = ("runAsAccount",)


KINDS: tuple[ScriptKind, ...] = (
    ScriptKind(
        "deviceManagementScripts",
        "powerShell",
        Variant.WINDOWS,
        settings=("runAsAccount", "runAs32Bit", "enforceSignatureCheck"),
    ),
    ScriptKind(
        "deviceShellScripts", "shell", Variant.MACOS, settings=("runAsAccount", "executionFrequency", "retryCount")
    ),
)
_BY_FAMILY = {kind.family: kind for kind in KINDS}


def rules_of(family: str, *, fixed: str = "") -> Rules:
    """Return the rules of a family of scripts."""
    contents = _BY_FAMILY[family].contents

    def check(document: JsonObject, _before: JsonObject | None) -> None:
        for name in contents:
            content = document.get(name)
            if content is not None and len(base64.b64decode(content)) > LARGEST:
                raise Invalid(f"A script has at most {LARGEST // 1024} KiB; {name} has more.", target=name)

    return Rules(family, check=check, fixed=fixed)


def kinds_for(variant: Variant) -> tuple[ScriptKind, ...]:
    """Return the kinds of scripts that devices of this variant run."""
    return tuple(kind for kind in KINDS if kind.variant is variant)


def wanted_script(kind: ScriptKind, document: JsonObject) -> WantedScript:
    """Return a script as a device wants it."""
    members = [document.get(name) for name in (*kind.contents, *kind.settings)]
    digest = hashlib.sha256(json.dumps(members).encode()).hexdigest()
    return WantedScript(str(document["id"]), digest[:32], repeats(kind, document))


def repeats(kind: ScriptKind, document: Mapping[str, Any]) -> Repeats:
    """Return when a script runs."""
    again = AGENTS[kind.variant]
    if kind.variant is Variant.WINDOWS:
        return Repeats(retries=_POWERSHELL_RETRIES, retry_after=again)
    every = parse_duration(document.get("executionFrequency") or "PT0S")
    return Repeats(every or None, retries=int(document.get("retryCount") or 0), retry_after=again)


def order(kind: ScriptKind, document: JsonObject, *, run: int) -> JsonObject:
    """Return what the agent is told to run. `run`: the number of the run, which its report repeats."""
    return {
        "id": document["id"],
        "run": run,
        "name": document.get("displayName") or "",
        "kind": kind.word,
        "runAs": document.get("runAsAccount") or "system",
        "content": document.get(kind.contents[0]) or "",
    }


def needs_user(document: Mapping[str, Any]) -> bool:
    """Whether it runs for the user who is signed in, so that somebody must be."""
    return document.get("runAsAccount") == _USER
