"""The rule language of assignment filters (Intune: "App and device properties, operators, and rule editing").

Rules of dynamic groups about Autopilot devices: what is evaluated, what is not, and what meets them.
"""

from __future__ import annotations

import re
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fauxtune.core.engine.assignment_filters.language import (
    LONGEST,
    Clause,
    Every,
    Operator,
    Rule,
    Some,
    meets,
    parse_rule,
)
from fauxtune.core.engine.assignment_filters.matching import APPS, DEVICES, Matching, device_values, vocabulary_of
from fauxtune.core.engine.membership_rules import is_nameable, parse
from fauxtune.core.errors import Invalid
from fauxtune.core.model.ids import FilterId
from fauxtune.core.model.platforms import Variant
from fauxtune.core.model.text import JsonObject

WINDOWS, ANDROID = vocabulary_of("windows10AndLater"), vocabulary_of("androidForWork")
PC: dict[str, str | None] = {
    "deviceName": "PC-BERLIN-7",
    "manufacturer": "QEMU",
    "model": "Standard PC (Q35 + ICH9, 2009)",
    "osVersion": "10.0.26100.9457",
    "operatingSystemVersion": "10.0.26100.9457",
    "operatingSystemSKU": "EnterpriseSEval",
    "cpuArchitecture": "amd64",
    "deviceTrustType": "Azure AD joined",
    "deviceOwnership": "Corporate",
    "enrollmentProfileName": None,
    "deviceCategory": "",
}
AUTOPILOT_PC: JsonObject = {"physicalIds": ["[ZTDId]:1b", "[OrderId]:Sales"], "enrollmentProfileName": "Kiosk"}
BARE: JsonObject = {"physicalIds": [], "enrollmentProfileName": None}


@pytest.mark.parametrize(
    ("clause", "expected"),
    [
        ('deviceName -eq "pc-berlin-7"', True),
        ('deviceName -EQ "PC-BERLIN-7"', True),
        ('DEVICENAME eq "PC-BERLIN-7"', True),
        ('deviceName -eq " PC-BERLIN-7 "', True),
        ('deviceName -ne "PC-BERLIN-7"', False),
        ('deviceName -contains "berl"', True),
        ('deviceName -contains " "', True),
        ('deviceName -contains "PC-BERLIN-7X"', False),
        ('deviceName -notContains "berl"', False),
        ('deviceName -notContains "munich"', True),
        ('deviceName -startsWith " pc"', True),
        ('deviceName -startsWith "C-"', False),
        ('deviceName -in ["x", "pc-berlin-7"]', True),
        ('deviceName -in ["x", "y",]', False),
        ('deviceName -in "PC-BERLIN-7"', True),
        ('deviceName -notIn ["x", ""]', True),
        ('deviceName -notIn ["PC-BERLIN-7"]', False),
        ("deviceName -ne $null", True),
        ("deviceName -eq null", False),
        ('deviceName -eq "null"', False),
        ('model -contains "(q35"', True),
        ("enrollmentProfileName -eq $null", True),
        ("enrollmentProfileName -ne $Null", False),
        ('enrollmentProfileName -ne "a"', True),
        ('enrollmentProfileName -notIn ["a"]', True),
        ('enrollmentProfileName -notContains "a"', True),
        ('enrollmentProfileName -contains "a"', False),
        ('enrollmentProfileName -startsWith "a"', False),
        ('enrollmentProfileName -in [""]', False),
        ("deviceCategory -eq $null", True),
        ("operatingSystemVersion -gt 10.0.22000.1000", True),
        ("operatingSystemVersion -gt 9.99", True),
        ("operatingSystemVersion -eq 10.0.26100", False),
        ("operatingSystemVersion -ge 10.0.26100", True),
        ("operatingSystemVersion -gt 10.0.26100.0", True),
        ("operatingSystemVersion -lt 10.0.26100.9457", False),
        ("operatingSystemVersion -le 10.0.26100.9457", True),
        ("operatingSystemVersion -ne 10.0.26100.9457", False),
        ('operatingSystemVersion -eq "10.0.26100.9457 "', True),
        ('osVersion -eq "10.0.26100"', False),
        ('osVersion -startsWith "10.0.26100"', True),
        ('operatingSystemSKU -startsWith "enterprise"', True),
        ('cpuArchitecture -in ["amd64", "arm64"]', True),
        ('deviceTrustType -eq "AzureADJoined"', False),
        ('deviceOwnership -eq "company"', False),
    ],
)
def test_a_clause_judges_a_device_as_the_service_does(clause: str, expected: bool) -> None:
    assert meets(parse_rule(f"(device.{clause})", WINDOWS), PC) is expected


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("T or F and F", True),
        ("F and F or T", True),
        ("(T or F) and F", False),
        ("F or T and F", False),
        ("((T))", True),
        ("T -and T", True),
        ("F -OR T", True),
    ],
)
def test_and_binds_before_or_and_parentheses_before_both(rule: str, expected: bool) -> None:
    words = {"T": 'device.manufacturer -eq "qemu"', "F": 'device.manufacturer -ne "qemu"'}
    text = re.sub(r"\b[TF]\b", lambda found: f"({words[found[0]]})", rule)
    bare = re.sub(r"\b[TF]\b", lambda found: words[found[0]], rule)
    assert meets(parse_rule(text, WINDOWS), PC) is meets(parse_rule(bare, WINDOWS), PC) is expected


@pytest.mark.parametrize(
    ("rule", "at", "why"),
    [
        ("", None, "empty"),
        (" \n ", None, "empty"),
        ('(device.deviceName -eq "X"', 27, "')', 'and' or 'or' is expected"),
        ('(device.deviceName -eq "X"))', 28, "the end of the rule is expected"),
        ('(device.deviceName -eq "X', 24, "no closing double quote"),
        ('(device.deviceName -eq "X\\")', 24, "no closing double quote"),
        ("(device.deviceName -eq 'X')", 24, "a text in double quotes is expected"),
        ("(device.deviceName -eq X)", 24, "a text in double quotes is expected"),
        ("(device.deviceName -eq 42)", 24, "a text in double quotes is expected"),
        ('(device.deviceName -eq "")', 24, "-eq $null"),
        ('(device.deviceName -eq ["A", "B"])', 24, "a text in double quotes is expected"),
        ("(device.deviceName -startsWith $null)", 32, "a text in double quotes"),
        ("(device.deviceName -in [])", 25, "a text in double quotes"),
        ("(device.deviceName -in [$null])", 25, "a text in double quotes"),
        ('(device.deviceName -in ["A" "B"])', 29, "',' or ']'"),
        ("(device.deviceName -in 7)", 24, 'a list such as ["one", "two"]'),
        ('(device.deviceName-eq"X")', 2, "is not a property"),
        ('(device.deviceName -gt "X")', 20, "deviceName does not support -gt: use one of -eq"),
        ('(device.deviceName -match "X")', 20, "one of the operators -eq"),
        ('(device.osVersion -gt "10.0")', 19, "osVersion does not support -gt"),
        ('(device.operatingSystemVersion -in ["10.0"])', 32, "does not support -in"),
        ("(device.operatingSystemVersion -eq 10)", 36, "a version of two to four numbers"),
        ("(device.operatingSystemVersion -gt 1.2.3.4.5)", 36, "a version of two to four numbers"),
        ("(device.operatingSystemVersion -eq $null)", 36, "a version of two to four numbers"),
        ('(device.deviceOwnership -in ["Personal"])', 25, "does not support -in"),
        ('(device.cpuArchitecture -startsWith "arm")', 25, "does not support -startsWith"),
        ('(device.isRooted -eq "True")', 2, "not a property for filters of the platform windows10AndLater"),
        ('(device.frobnicator -eq "X")', 2, "use one of manufacturer, model"),
        ('(app.appVersion -eq "1.2")', 2, "a property such as device.manufacturer"),
        ('not (device.deviceName -eq "X")', 1, "there is no 'not'"),
        ('!(device.deviceName -eq "X")', 1, "there is no 'not'"),
        ('(device.deviceName -eq "X") xor (device.model -eq "Y")', 29, "'and', 'or' or the end"),
        ('(device.deviceName -eq "X") and', 32, "the rule ends here"),
        ('(device.deviceName -eq "X") or ()', 33, "a property such as"),
        ("(" * 60, 52, "at most 50 deep"),
        ("device.deviceName", 18, "the rule ends here"),
        ('"\x00', 1, "no closing"),
    ],
)
def test_what_cannot_be_read_is_refused_with_the_place_and_what_would_be_right(
    rule: str, at: int | None, why: str
) -> None:
    with pytest.raises(Invalid) as refused:
        parse_rule(rule, WINDOWS)
    assert why in refused.value.message
    assert refused.value.target == "rule"
    assert at is None or f"at character {at}:" in refused.value.message


def test_a_filter_matches_devices_of_its_own_platform_only() -> None:
    document = {"platform": "windows10AndLater", "rule": '(device.manufacturer -eq "QEMU")'}
    for variant, expected in ((Variant.WINDOWS, True), (Variant.MACOS, False), (Variant.WINDOWS_PHONE_81, False)):
        matches = Matching({FilterId("f"): document}, record={"manufacturer": "QEMU"}, variant=variant)
        assert (matches(FilterId("f")), matches(FilterId("unknown"))) == (expected, False)


def test_a_rule_has_a_longest() -> None:
    def of(length: int) -> str:
        frame = '(device.model -eq "")'
        return frame.replace('""', f'"{"x" * (length - len(frame))}"')

    assert isinstance(parse_rule(of(LONGEST), WINDOWS), Clause)
    with pytest.raises(Invalid, match="at most 3072 are allowed"):
        parse_rule(of(LONGEST + 1), WINDOWS)
    deep = "(" * LONGEST
    with pytest.raises(Invalid, match="deep"):
        parse_rule(deep, WINDOWS)


def test_every_platform_of_the_page_has_its_properties() -> None:
    assert set(DEVICES) == {"android", "androidForWork", "androidAOSP", "iOS", "macOS", "windows10AndLater"}
    assert "isrooted" in DEVICES["iOS"].properties
    assert "cpuarchitecture" in DEVICES["macOS"].properties
    assert "enrollmentprofilename" not in DEVICES["android"].properties
    assert "devicemanagementtype" not in DEVICES["android"].properties
    assert parse_rule('(app.deviceManagementType -eq "Unmanaged")', APPS["iOSMobileApplicationManagement"])
    with pytest.raises(Invalid, match="no filters for managed devices of the platform 'windowsPhone81'"):
        vocabulary_of("windowsPhone81")


@pytest.mark.parametrize(
    ("enrollment", "words"),
    [
        ("androidEnterpriseFullyManaged", "Corporate-owned fully managed"),
        ("androidEnterpriseDedicatedDevice", "Corporate-owned dedicated devices without Entra ID Shared mode"),
        ("androidEnterpriseCorporateWorkProfile", "Corporate-owned with work profile"),
        ("userEnrollment", "Personally-owned work profile"),
        ("androidAOSPUserOwnedDeviceEnrollment", "AOSP user-associated devices"),
    ],
)
def test_a_filter_asks_how_an_android_device_is_managed(enrollment: str, words: str) -> None:
    for platform in ("androidForWork", "androidAOSP"):
        rule = parse_rule(f'(device.deviceManagementType -eq "{words}")', DEVICES[platform])
        assert meets(rule, device_values({"deviceEnrollmentType": enrollment}, platform=platform))
        other = "userEnrollment" if enrollment != "userEnrollment" else "androidEnterpriseFullyManaged"
        assert not meets(rule, device_values({"deviceEnrollmentType": other}, platform=platform))


def test_a_record_is_read_in_the_words_of_the_page() -> None:
    record = {
        "deviceName": "Mac",
        "managedDeviceOwnerType": "company",
        "jailBroken": "False",
        "processorArchitecture": "x64",
        "joinType": "hybridAzureADJoined",
        "skuNumber": 48,
        "deviceCategoryDisplayName": "Unknown",
    }
    values = device_values(record, platform="macOS")
    assert values["deviceOwnership"] == "Corporate"
    assert values["cpuArchitecture"] == "x64"
    assert device_values(record, platform="windows10AndLater")["cpuArchitecture"] == "amd64"
    assert values["deviceTrustType"] == "Hybrid Azure AD joined"
    assert values["operatingSystemSKU"] == "Professional"
    assert values["deviceCategory"] is None
    assert device_values({}, platform="iOS")["deviceOwnership"] == "Unknown"


def _clause(name: str, operator: Operator, text: str, texts: list[str]) -> Clause:
    known = WINDOWS.properties[name.lower()]
    listed = operator in (Operator.IN, Operator.NOT_IN)
    return Clause(known.name, operator, tuple(texts) if listed else text, version=known.version)


texts = st.text(min_size=1, max_size=6)
versions = st.lists(st.integers(0, 99), min_size=2, max_size=4).map(lambda parts: ".".join(map(str, parts)))
clauses = st.one_of(
    st.builds(
        _clause,
        st.sampled_from(["deviceName", "model", "manufacturer"]),
        st.sampled_from([Operator.EQ, Operator.NE, Operator.CONTAINS, Operator.STARTS_WITH, Operator.IN]),
        texts,
        st.lists(texts, min_size=1, max_size=3),
    ),
    st.builds(Clause, st.just("enrollmentProfileName"), st.sampled_from([Operator.EQ, Operator.NE]), st.none()),
    st.builds(
        Clause,
        st.just("operatingSystemVersion"),
        st.sampled_from([Operator.EQ, Operator.GT, Operator.LE]),
        versions,
        st.just(True),
    ),
)


def _joined(parts: st.SearchStrategy[Rule]) -> st.SearchStrategy[Rule]:
    several = st.lists(parts, min_size=2, max_size=3).map(tuple)
    return st.one_of(st.builds(Every, several), st.builds(Some, several))


rules: st.SearchStrategy[Rule] = st.recursive(clauses, _joined, max_leaves=8)
devices = st.fixed_dictionaries(
    {name: st.one_of(st.none(), texts) for name in ("deviceName", "model", "manufacturer", "enrollmentProfileName")}
    | {"operatingSystemVersion": st.one_of(st.none(), versions)}
)
quick = settings(deadline=None, max_examples=150)


def _flat(rule: Rule) -> Rule:
    """Parentheses within the same word say nothing."""
    if isinstance(rule, Clause):
        return rule
    parts: list[Rule] = []
    for part in map(_flat, rule.parts):
        parts += part.parts if isinstance(part, Every | Some) and type(part) is type(rule) else [part]
    return type(rule)(tuple(parts))


def _text(rule: Rule) -> str:
    """The rule as a text."""
    if isinstance(rule, Clause):
        return f"(device.{rule.name} -{rule.operator.value} {_written(rule)})"
    word = " and " if isinstance(rule, Every) else " or "
    parts = (_text(part) for part in rule.parts)
    return word.join(
        text if isinstance(part, Clause) else f"({text})" for part, text in zip(rule.parts, parts, strict=True)
    )


def _written(rule: Clause) -> str:
    if rule.value is None:
        return "$null"
    if isinstance(rule.value, tuple):
        return f"[{', '.join(_quoted(each) for each in rule.value)}]"
    return rule.value if rule.version else _quoted(rule.value)


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


@quick
@given(rules)
def test_a_written_rule_reads_back_as_itself(rule: Rule) -> None:
    text = _text(rule)
    if len(text) <= LONGEST:
        assert parse_rule(text, WINDOWS) == rule


def _naive(rule: Rule, device: dict[str, str | None]) -> bool:
    if isinstance(rule, Every):
        return not [part for part in rule.parts if not _naive(part, device)]
    if isinstance(rule, Some):
        return bool([part for part in rule.parts if _naive(part, device)])
    held = device[rule.name]
    held = held.strip().casefold() if held is not None and held.strip() else None
    if rule.value is None:
        return (held is None) == (rule.operator is Operator.EQ)
    if rule.version:
        return _naive_version(rule, held)
    casefolds = [each.strip().casefold() for each in ([rule.value] if isinstance(rule.value, str) else rule.value)]
    if held is None:
        return rule.operator is Operator.NE
    tests = {
        Operator.EQ: held == casefolds[0],
        Operator.NE: held != casefolds[0],
        Operator.CONTAINS: casefolds[0] in held,
        Operator.STARTS_WITH: held[: len(casefolds[0])] == casefolds[0],
        Operator.IN: held in casefolds,
    }
    return tests[rule.operator]


def _naive_version(rule: Clause, held: str | None) -> bool:
    if held is None:
        return False
    here, wanted = (([int(part) for part in text.split(".")] + [0] * 4)[:4] for text in (held, str(rule.value)))
    return {Operator.EQ: here == wanted, Operator.GT: here > wanted, Operator.LE: here <= wanted}[rule.operator]


@quick
@given(rules, devices)
def test_a_rule_judges_as_a_naive_reading_does(rule: Rule, device: dict[str, str | None]) -> None:
    assert meets(rule, device) is _naive(rule, device)
    assert meets(_flat(rule), device) is _naive(rule, device)


@quick
@given(st.text(alphabet='()[]",\\ -$device.modeleqandornullin123\x00é', max_size=60))
def test_whatever_is_sent_is_read_or_refused(text: str) -> None:
    with suppress(Invalid):
        assert meets(parse_rule(text, ANDROID), dict.fromkeys(("deviceName", "model"))) in (True, False)


@pytest.mark.parametrize(
    ("rule", "holds"),
    [
        ('(device.devicePhysicalIDs -any (_ -startsWith "[ZTDid]"))', True),
        ('device.devicePhysicalIds -any _ -contains "[ZTDId]"', True),
        ("(device.devicePhysicalIds -any _ -eq '[orderid]:sales')", True),
        ('(device.devicePhysicalIds -any _ -eq "[OrderID]:Sale")', False),
        ('device.devicePhysicalIds -any (_ -in ["[OrderID]:Support", "[OrderID]:Sales"])', True),
        ('(device.enrollmentProfileName -eq "kiosk")', True),
        ('device.enrollmentProfileName -eq "x" or device.devicePhysicalIds -any _ -contains "1b"', True),
        ('device.enrollmentProfileName -eq "x" -and device.devicePhysicalIds -any _ -contains "1b"', False),
        (
            'device.enrollmentProfileName -eq "x" -or (device.enrollmentProfileName -startsWith "Ki")',
            True,
        ),
    ],
)
def test_a_rule_names_the_devices_that_meet_it(rule: str, holds: bool) -> None:
    parsed = parse(rule)
    assert parsed is not None
    assert parsed(AUTOPILOT_PC) is holds
    assert not parsed(BARE)
    assert not parsed({})


@pytest.mark.parametrize(
    "rule",
    [
        "",
        "device.deviceOSType -eq 'Windows'",
        'user.department -eq "Sales"',
        'device.enrollmentProfileName -ne "Kiosk"',
        'device.enrollmentProfileName -match "K.*"',
        "device.enrollmentProfileName -eq null",
        'device.enrollmentProfileName -eq ""',
        '(device.enrollmentProfileName -eq "Kiosk"',
        'device.enrollmentProfileName -eq "Kiosk")',
        'device.enrollmentProfileName -eq "Kiosk',
        'device.devicePhysicalIds -any (_ -in ["a" "b"])',
        'device.devicePhysicalIds -all (_ -eq "a")',
        "(" * 3000,
        "not device.devicePhysicalIds -any _ -eq 'a'",
    ],
)
def test_what_is_not_understood_is_not_evaluated(rule: str) -> None:
    assert parse(rule) is None


@settings(deadline=None)
@given(st.text(alphabet="()[]\"'_-`, adeginorv.PhysicalIds", max_size=60))
def test_no_text_breaks_the_parser_and_no_rule_names_a_device_without_values(text: str) -> None:
    rule = parse(text)
    assert rule is None or not rule(BARE)


def test_only_autopilot_devices_and_those_that_clients_wrote_to_can_be_named() -> None:
    assert is_nameable(AUTOPILOT_PC)
    assert is_nameable({"physicalIds": [], "enrollmentProfileName": "Kiosk"})
    assert not is_nameable(BARE)
