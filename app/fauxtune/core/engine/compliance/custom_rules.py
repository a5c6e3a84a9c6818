"""Custom compliance: the rules of a policy compared with the JSON object that the device's script printed.

Intune: "Create a JSON for custom compliance", 2025-08-15 (what Intune refuses when it is uploaded); "Use custom
compliance settings", 2024-05-15 (the codes of errors). The documents disagree about the longest output: "Create a
discovery script" (2025-09-04) has 1 MB; "Create a compliance policy" (2026-07-02) has 2,048 characters, beyond which
it counts as no JSON, and that is what agents keep here.
"""

from __future__ import annotations

import base64
import binascii
import json
import operator
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from fauxtune.core.engine.compliance.comparisons import Facts, shown, version
from fauxtune.core.engine.compliance.setting_states import (
    NO_JSON,
    NOT_COMPARED,
    NOT_PRINTED,
    SCRIPT_FAILED,
    WRONG_TYPE,
    SettingState,
)
from fauxtune.core.engine.compliance.states import Status
from fauxtune.core.errors import Invalid
from fauxtune.core.graph.device_facts import SCRIPT_ERRORS, SCRIPT_OUTPUT

MOST_RULES = 100
LONGEST_RULES = 100 * 1024
OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "IsEquals": operator.eq,
    "NotEquals": operator.ne,
    "GreaterThan": operator.gt,
    "GreaterEquals": operator.ge,
    "LessThan": operator.lt,
    "LessEquals": operator.le,
}
#: The operators that texts and flags have.
_EQUALITY, _NO_ORDER = frozenset({"IsEquals", "NotEquals"}), ("Boolean", "String")
_TYPES = ("Boolean", "Int64", "Double", "String", "DateTime", "Version")
_LARGEST = 2**63


def custom_states(script: object, facts: Facts) -> list[SettingState]:
    """Return the state of each rule, which is a setting of its own."""
    rules = rules_of(script)
    script_id = str(script.get("deviceComplianceScriptId")) if isinstance(script, Mapping) else ""
    error = (_printed(facts.get(SCRIPT_ERRORS)) or {}).get(script_id)
    if error == SCRIPT_FAILED:
        return [_error(rule, SCRIPT_FAILED, "The script ended with a failure.") for rule in rules]
    printed = _printed(facts.get(SCRIPT_OUTPUT)) if error is None else None
    return [_state(rule, printed) for rule in rules]


def check_rules(script: object) -> None:
    """Raise Invalid for a policy's script whose rules Intune would refuse. Unverified: the words."""
    content = script.get("rulesContent") if isinstance(script, Mapping) else None
    if not content:
        return
    try:
        text = base64.b64decode(str(content), validate=True)
        document = json.loads(text.decode("utf-8-sig")) if len(text) <= LONGEST_RULES else None
    except (binascii.Error, ValueError, RecursionError):
        raise Invalid("The rules must be JSON in UTF-8.", target="rulesContent") from None
    if len(text) > LONGEST_RULES:
        raise Invalid(f"The rules have at most {LONGEST_RULES // 1024} KB.", target="rulesContent")
    rules = document.get("Rules") if isinstance(document, dict) else None
    if not isinstance(rules, list) or not 0 < len(rules) <= MOST_RULES:
        raise Invalid(f"The rules are a JSON object with a list 'Rules' of 1 to {MOST_RULES}.", target="rulesContent")
    for number, rule in enumerate(rules, start=1):
        wrong = _mistake(rule)
        if wrong:
            raise Invalid(f"Rule {number}: {wrong}.", target="rulesContent")


def _mistake(rule: object) -> str | None:
    """Return what is wrong with a rule; None for one that can be used."""
    if not _is_rule(rule) or not isinstance(rule, dict):
        return "SettingName, Operator and DataType must be texts"
    kind, word = rule["DataType"], rule["Operator"]
    if kind not in _TYPES:
        return f"DataType is one of {', '.join(_TYPES)}, not '{kind[:40]}'"
    usable = sorted(_EQUALITY) if kind in _NO_ORDER else list(OPERATORS)
    if word not in usable:
        return f"the Operator of a {kind} is one of {', '.join(usable)}, not '{word[:40]}'"
    if typed(kind, rule.get("Operand")) is None:
        return f"the Operand is not a {kind}"
    texts = rule.get("RemediationStrings")
    languages = [text.get("Language") for text in texts if isinstance(text, dict)] if isinstance(texts, list) else []
    return None if "en_US" in languages else "RemediationStrings must have a text with the Language en_US"


def rules_of(script: object) -> list[Mapping[str, Any]]:
    """Return the rules of a policy's script; nothing of content that cannot be read."""
    content = script.get("rulesContent") if isinstance(script, Mapping) else None
    if not isinstance(content, str) or len(content) > LONGEST_RULES * 2:
        return []
    try:
        document = json.loads(base64.b64decode(content, validate=True).decode("utf-8-sig"))
    except (binascii.Error, ValueError, RecursionError):
        return []
    rules = document.get("Rules") if isinstance(document, dict) else None
    return [rule for rule in rules[:MOST_RULES] if _is_rule(rule)] if isinstance(rules, list) else []


def _is_rule(rule: object) -> bool:
    names = ("SettingName", "Operator", "DataType")
    return isinstance(rule, dict) and all(isinstance(rule.get(name), str) for name in names)


def _printed(output: object) -> Mapping[str, Any] | None:
    """The object that the script printed; None if it did not print one."""
    if not isinstance(output, str):
        return None
    try:
        document = json.loads(output)
    except (ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) else None


def _state(rule: Mapping[str, Any], printed: Mapping[str, Any] | None) -> SettingState:
    name = rule["SettingName"]
    if printed is None:
        return _error(rule, NO_JSON, "The script printed no JSON object.")
    if name not in printed:
        return _error(rule, NOT_PRINTED, f"The script printed no value '{name}'.")
    kind, value = rule["DataType"], printed[name]
    own, wanted, compare = typed(kind, value), typed(kind, rule.get("Operand")), OPERATORS.get(rule["Operator"])
    if compare is None or (kind in _NO_ORDER and rule["Operator"] not in _EQUALITY):
        return _error(rule, NOT_COMPARED, f"The rule has no usable operator for a {kind}.", shown(value))
    if own is None or wanted is None:
        return _error(rule, WRONG_TYPE, f"The value is not of the type {kind}.", shown(value))
    try:
        is_met = compare(own, wanted)
    except TypeError:  # a time with a zone, and one without
        return _error(rule, WRONG_TYPE, "The values cannot be compared.", shown(value))
    return SettingState(name, Status.COMPLIANT if is_met else Status.NON_COMPLIANT, shown(value))


def _error(rule: Mapping[str, Any], code: int, why: str, value: str | None = None) -> SettingState:  # noqa: PLR0917
    return SettingState(rule["SettingName"], Status.ERROR, value, why, code)


def typed(kind: str, value: object) -> Any:
    """Return a value of this data type in a form that can be compared; None if it is not of the type. Operands may be
    texts, as the documents' examples write some.
    """
    match kind:
        case "Boolean":
            texts = {"true": True, "false": False}
            return value if isinstance(value, bool) else texts.get(str(value).lower())
        case "Int64":
            number = _number(value, int)
            return None if number is None or abs(number) >= _LARGEST else number
        case "Double":
            return _number(value, float)
        case "String":
            return value if isinstance(value, str) else None
        case "DateTime":
            return _moment(value)
        case "Version":
            numbers = version(value)
            return None if numbers is None else (*numbers, *(0,) * (8 - len(numbers)))
        case _:
            return None


def _number(value: object, kind: type[int] | type[float]) -> int | float | None:
    if isinstance(value, bool) or not isinstance(value, str | int | float) or len(str(value)) > 40:
        return None
    try:
        number = kind(value)
    except (ValueError, OverflowError):
        return None
    # A number with a fraction is no whole number; not a number equals nothing.
    return number if number == number and (kind is float or isinstance(value, str) or number == value) else None


def _moment(value: object) -> datetime | None:
    try:
        return datetime.fromisoformat(str(value))
    except ValueError:
        return None
