"""Custom compliance: rules compared with what a script printed."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from fauxtune.core.engine.compliance.custom_rules import check_rules, custom_states, rules_of
from fauxtune.core.engine.compliance.judging import Policy, judge_policy
from fauxtune.core.engine.compliance.setting_states import SettingState
from fauxtune.core.errors import Invalid
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


@pytest.mark.parametrize(
    ("printed", "errors", "code"),
    [
        ('{"Value": 1}', '{"s": 65007}', 65007),
        ('{"Other": 1}', "{}", 65008),
        ("{", "{}", 65009),
        ('{"Value": 1}', '{"s": 65009}', 65009),
        ('{"Value": "x"}', "{}", 65010),
    ],
)
def test_an_error_of_a_rule_has_the_documented_code(printed: str, errors: str, code: int) -> None:
    facts = {"complianceScriptOutput": printed, "complianceScriptErrors": errors}
    asking = {**script(rule("IsEquals", "Int64", 1)), "deviceComplianceScriptId": "s"}
    (state,) = custom_states(asking, facts)
    assert (state.status, state.code, SettingState.from_document(state.document())) == ("error", code, state)
    (other,) = custom_states({**asking, "deviceComplianceScriptId": "t"}, facts)
    assert (other.status == "compliant") is (printed == '{"Value": 1}'), "another script's error is not this one's"


GOOD = {**rule("GreaterEquals", "Version", "2.3"), "RemediationStrings": [{"Language": "en_US", "Title": "Update"}]}


@pytest.mark.parametrize(
    ("rules", "words"),
    [
        ([GOOD] * 101, "1 to 100"),
        ([], "1 to 100"),
        ([{**GOOD, "Operator": "Bogus"}], "Operator of a Version"),
        ([GOOD, {**GOOD, "DataType": "Boolean", "Operand": True}], "Rule 2: the Operator of a Boolean"),
        ([{**GOOD, "DataType": "Nope"}], "DataType is one of"),
        ([{**GOOD, "Operand": "x"}], "Operand is not a Version"),
        ([{**GOOD, "RemediationStrings": [{"Language": "de_DE"}]}], "en_US"),
        ([rule("IsEquals", "Int64", 1)], "en_US"),
        (["rule"], "must be texts"),
    ],
)
def test_rules_that_intune_would_refuse_are_refused(rules: list[Any], words: str) -> None:
    check_rules(script(GOOD))
    check_rules({"rulesContent": None})
    with pytest.raises(Invalid, match=words):
        check_rules(script(*rules))


@pytest.mark.parametrize("content", [b"{", b"[" * 5000, b"[]", b'{"Rules": 5}', b" " * 103_000])
def test_rules_that_are_no_object_with_a_list_or_too_large_are_refused(content: bytes) -> None:
    with pytest.raises(Invalid, match=r"JSON|100 KB"):
        check_rules({"rulesContent": base64.b64encode(content).decode()})


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
    assert {setting.setting: setting.status for setting in verdict.settings} == {
        "Bios": "compliant",
        "Model": "nonCompliant",
    }
    assert verdict.status == "nonCompliant"
