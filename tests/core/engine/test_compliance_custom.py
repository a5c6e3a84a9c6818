"""Custom compliance: rules compared with what a script printed."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from fauxtune.core.engine.compliance.custom_rules import custom_states, rules_of
from fauxtune.core.engine.compliance.judging import Policy, judge_policy
from fauxtune.core.model.platforms import Variant


def script(*rules: Any) -> dict[str, str]:
    return {"rulesContent": base64.b64encode(json.dumps({"Rules": rules}).encode()).decode()}


def rule(operator: str, kind: str, operand: Any) -> dict[str, Any]:
    return {"SettingName": "Value", "Operator": operator, "DataType": kind, "Operand": operand}


@pytest.mark.parametrize(
    ("operator", "kind", "operand", "printed", "status"),
    [
        ("IsEquals", "Boolean", True, True, "compliant"),
        ("IsEquals", "Boolean", "true", False, "nonCompliant"),
        ("IsEquals", "Boolean", True, "1", "error"),
        ("GreaterThan", "Boolean", True, True, "error"),
        ("GreaterThan", "Int64", "5", 6, "compliant"),
        ("GreaterEquals", "Int64", 5, 5, "compliant"),
        ("LessThan", "Int64", 5, 5, "nonCompliant"),
        ("LessThan", "Int64", 5, 2**70, "error"),
        ("LessEquals", "Int64", 5, 4.5, "error"),
        ("LessEquals", "Double", 5, 4.5, "compliant"),
        ("IsEquals", "String", "a", "A", "nonCompliant"),
        ("NotEquals", "String", "a", "A", "compliant"),
        ("GreaterEquals", "Version", "1.10", "1.9.5", "nonCompliant"),
        ("IsEquals", "Version", "1.10", "1.10.0", "compliant"),
        ("GreaterThan", "DateTime", "2026-01-01T00:00:00Z", "2026-01-02T00:00:00+00:00", "compliant"),
        ("GreaterThan", "DateTime", "2026-01-01T00:00:00Z", "2026-01-02T00:00:00", "error"),
        ("IsEquals", "Decimal", 1, 1, "error"),
        ("Contains", "String", "a", "a", "error"),
    ],
)
def test_a_rule_compares_by_its_type(operator: str, kind: str, operand: Any, printed: Any, status: str) -> None:
    output = {"complianceScriptOutput": json.dumps({"Value": printed})}
    (state,) = custom_states(script(rule(operator, kind, operand)), output)
    assert (state.setting, state.status) == ("Value", status)


@pytest.mark.parametrize("output", [None, "", "[]", "{", "{}", '{"value": 1}'])
def test_a_value_that_the_script_did_not_print_is_an_error(output: str | None) -> None:
    facts = {} if output is None else {"complianceScriptOutput": output}
    (state,) = custom_states(script(rule("IsEquals", "Int64", 1)), facts)
    assert state.status == "error"
    assert state.error


@pytest.mark.parametrize("content", ["", "!", "e30=", base64.b64encode(b"[" * 100_000).decode(), 5, None])
def test_rules_that_cannot_be_read_give_no_states(content: Any) -> None:
    assert rules_of({"rulesContent": content}) == []


def test_each_rule_is_a_setting_of_the_policy() -> None:
    rules = script(
        {"SettingName": "Bios", "Operator": "GreaterEquals", "DataType": "Version", "Operand": "2.3"},
        {"SettingName": "Model", "Operator": "IsEquals", "DataType": "String", "Operand": "Surface"},
    )
    policy = Policy("p", "windows10CompliancePolicy", {"deviceCompliancePolicyScript": rules})
    output = {"complianceScriptOutput": '{"Bios": "2.4", "Model": "Latitude"}'}
    verdict = judge_policy(policy, variant=Variant.WINDOWS, facts=output)
    assert {each.setting: each.status for each in verdict.settings} == {"Bios": "compliant", "Model": "nonCompliant"}
    assert verdict.status == "nonCompliant"
