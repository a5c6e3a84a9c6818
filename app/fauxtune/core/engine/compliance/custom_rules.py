"""Custom compliance: the rules of a policy compared with the JSON object that the device's script printed.

Intune, "Create a JSON file for custom compliance settings". A rule of which the device reports no value, or a value of
another type, is in error (Unverified).
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
from fauxtune.core.engine.compliance.setting_states import SettingState
from fauxtune.core.engine.compliance.states import Status

#: The fact that has what the script printed.
OUTPUT = "complianceScriptOutput"
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
_EQUALITY = frozenset({"IsEquals", "NotEquals"})
_LARGEST = 2**63


def custom_states(script: object, facts: Facts) -> list[SettingState]:
    """Return the state of each rule, which is a setting of its own."""
    rules = rules_of(script)
    printed = _printed(facts.get(OUTPUT))
    return [_state(rule, printed) for rule in rules]


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
    return [each for each in rules[:MOST_RULES] if _is_rule(each)] if isinstance(rules, list) else []


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
        return SettingState(name, Status.ERROR, error="The script printed no JSON object.")
    if name not in printed:
        return SettingState(name, Status.ERROR, error=f"The script printed no value '{name}'.")
    kind, value = rule["DataType"], printed[name]
    own, wanted, compare = typed(kind, value), typed(kind, rule.get("Operand")), OPERATORS.get(rule["Operator"])
    if compare is None or (kind in ("Boolean", "String") and rule["Operator"] not in _EQUALITY):
        return SettingState(name, Status.ERROR, shown(value), f"The rule has no usable operator for a {kind}.")
    if own is None or wanted is None:
        return SettingState(name, Status.ERROR, shown(value), f"The value is not of the type {kind}.")
    try:
        is_met = compare(own, wanted)
    except TypeError:  # a time with a zone, and one without
        return SettingState(name, Status.ERROR, shown(value), "The values cannot be compared.")
    return SettingState(name, Status.COMPLIANT if is_met else Status.NON_COMPLIANT, shown(value))


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
