"""Settings of compliance policies, judged again by a second judge that is written from the documents' tables."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fauxtune.core.engine.compliance.judging import Policy, full_name, is_enforced, judge_policies, judge_policy
from fauxtune.core.engine.compliance.settings import FACTS, KINDS
from fauxtune.core.engine.compliance.states import Status
from fauxtune.core.graph.index import MODEL
from fauxtune.core.model.platforms import Variant

# What Microsoft's pages say, by hand: (what the policy requires, what the device reports) -> whether it complies.
TRUE_FACT = {
    "bitLockerEnabled": "isBitLockerEnabled",
    "codeIntegrityEnabled": "isCodeIntegrityEnabled",
    "earlyLaunchAntiMalwareDriverEnabled": "isEarlyLaunchAntimalwareEnabled",
    "memoryIntegrityEnabled": "isMemoryIntegrityEnabled",
    "kernelDmaProtectionEnabled": "isKernelDmaProtectionEnabled",
    "firmwareProtectionEnabled": "isFirmwareProtectionEnabled",
    "storageRequireEncryption": "isEncrypted",
    "activeFirewallRequired": "isFirewallEnabled",
    "antivirusRequired": "isAntivirusEnabled",
    "antiSpywareRequired": "isAntispywareEnabled",
    "defenderEnabled": "malwareProtectionEnabled",
    "rtpEnabled": "realTimeProtectionEnabled",
    "systemIntegrityProtectionEnabled": "isSystemIntegrityProtectionEnabled",
    "firewallEnabled": "isFirewallEnabled",
    "firewallBlockAllIncoming": "isFirewallBlockingAllIncoming",
    "firewallEnableStealthMode": "isFirewallStealthModeEnabled",
    "securityRequireVerifyApps": "isVerifyAppsEnabled",
    "managedEmailProfileRequired": "isManagedEmailProfileInstalled",
}
FALSE_FACT = {
    "signatureOutOfDate": "signatureUpdateOverdue",
    "securityDisableUsbDebugging": "isUsbDebuggingEnabled",
    "securityPreventInstallAppsFromUnknownSources": "isUnknownSourcesEnabled",
}
ORDER = {"osMinimumVersion": 1, "osMaximumVersion": -1}
#: The rank of each answer in the documents' table of severities.
RANK = ["unknown", "notApplicable", "compliant", "nonCompliant", "conflict", "error"]
DEVICE_OF = {
    "windows10CompliancePolicy": Variant.WINDOWS,
    "iosCompliancePolicy": Variant.IPADOS,
    "macOSCompliancePolicy": Variant.MACOS,
    "androidCompliancePolicy": Variant.ANDROID_DEVICE_ADMIN,
    "androidWorkProfileCompliancePolicy": Variant.ANDROID_WORK_PROFILE,
    "androidDeviceOwnerCompliancePolicy": Variant.ANDROID_FULLY_MANAGED,
    "aospDeviceOwnerCompliancePolicy": Variant.ANDROID_AOSP,
}


def answer_of_the_documents(name: str, required: Any, facts: dict[str, Any]) -> str | None:
    """What one property gives; None: it is not configured. Properties outside these tables are not generated."""
    if required in (None, False):
        return None
    if name in TRUE_FACT or name in FALSE_FACT:
        fact = facts.get(TRUE_FACT.get(name) or FALSE_FACT[name])
        if name == "bitLockerEnabled" and fact is None:
            fact = facts.get("isEncrypted")  # no device here has its health attested by itself
        if fact is None:
            return "unknown"
        return "compliant" if fact == (name in TRUE_FACT) else "nonCompliant"
    if name in ORDER:
        text = facts.get("osVersion")
        if text is None:
            return "unknown"
        digits = text.split(" (")[0].split(".")
        if not all(part.isdecimal() for part in digits):
            return "error"
        mine = sum(int(part) * 10 ** (12 - 4 * place) for place, part in enumerate(digits))
        wanted = sum(int(part) * 10 ** (12 - 4 * place) for place, part in enumerate(required.split(".")))
        return "compliant" if (mine - wanted) * ORDER[name] >= 0 else "nonCompliant"
    if name == "securityBlockJailbrokenDevices":
        return {"True": "nonCompliant", "False": "compliant"}.get(facts.get("jailBroken", ""), "unknown")
    assert name == "minAndroidSecurityPatchLevel"
    level = facts.get("androidSecurityPatchLevel")
    if level is None:
        return "unknown"
    return "compliant" if level.replace("-", "") >= required.replace("-", "") else "nonCompliant"


NUMBERS = st.lists(st.integers(0, 999), min_size=1, max_size=4).map(lambda parts: ".".join(map(str, parts)))
DATES = st.dates().map(str)
PROPERTIES = [*TRUE_FACT, *FALSE_FACT, *ORDER, "securityBlockJailbrokenDevices", "minAndroidSecurityPatchLevel"]


def values_of(name: str) -> st.SearchStrategy[Any]:
    if name in ORDER:
        return st.none() | NUMBERS
    return st.none() | DATES if name == "minAndroidSecurityPatchLevel" else st.booleans()


@st.composite
def policies(draw: st.DrawFn) -> Policy:
    kind = draw(st.sampled_from(sorted(DEVICE_OF)))
    names = [name for name in PROPERTIES if name in KINDS[kind].settings]
    return Policy("p", kind, {name: draw(values_of(name)) for name in names})


REPORTED = st.fixed_dictionaries(
    {},
    optional={
        **{fact: st.booleans() for fact in (*TRUE_FACT.values(), *FALSE_FACT.values())},
        "osVersion": NUMBERS | NUMBERS.map(lambda text: f"{text} (23G93)") | st.just("Sequoia"),
        "jailBroken": st.sampled_from(["True", "False", "Unknown"]),
        "androidSecurityPatchLevel": DATES,
    },
)


@settings(max_examples=300)
@given(policies(), REPORTED)
def test_every_policy_is_judged_as_the_documents_say(policy: Policy, facts: dict[str, Any]) -> None:
    answers = {name: answer_of_the_documents(name, policy.document[name], facts) for name in policy.document}
    expected = {name.lower(): answer for name, answer in answers.items() if answer is not None}

    verdict = judge_policy(policy, variant=DEVICE_OF[policy.kind], facts=facts)

    assert {setting.setting.rpartition(".")[2].lower(): setting.status for setting in verdict.settings} == expected
    assert verdict.status == max(expected.values(), key=RANK.index, default="compliant")


@pytest.mark.parametrize("kind", KINDS)
def test_the_settings_of_a_kind_are_those_of_graph(kind: str) -> None:
    of_graph = {prop.name for prop in MODEL.structured(kind).properties}
    of_graph -= {prop.name for prop in MODEL.structured("deviceCompliancePolicy").properties}
    # These say how another setting is judged, or are gone.
    of_graph -= {
        "deviceThreatProtectionEnabled",
        "securityRequiredAndroidSafetyNetEvaluationType",
        "conditionStatementId",
    }
    assert set(KINDS[kind].settings) == of_graph


@pytest.mark.parametrize(
    ("kind", "document", "facts", "status"),
    [
        pytest.param("windows10CompliancePolicy", {}, {}, "compliant", id="nothing is required"),
        pytest.param(
            "windows10CompliancePolicy",
            {"osMinimumVersion": "10.0.22631"},
            {"osVersion": "10.0.22631.0"},
            "compliant",
            id="a version that is written shorter",
        ),
        pytest.param(
            "windows10CompliancePolicy",
            {"osMaximumVersion": "10.0.9"},
            {"osVersion": "10.0.10"},
            "nonCompliant",
            id="versions are numbers, not texts",
        ),
        pytest.param(
            "windows10CompliancePolicy",
            {"secureBootEnabled": True},
            {"isSecureBootEnabled": True, "tpmSpecificationVersion": "1.2, 2, 3"},
            "nonCompliant",
            id="Secure Boot with an old TPM",
        ),
        pytest.param(
            "windows10CompliancePolicy",
            {"mobileOsMinimumVersion": "10.0.1"},
            {"osVersion": "9.9"},
            "notApplicable",
            id="what is for phones on a computer",
        ),
        pytest.param(
            "windows10CompliancePolicy",
            {"validOperatingSystemBuildRanges": [{"lowestVersion": "10.0.1", "highestVersion": "10.0.5"}]},
            {"osVersion": "10.0.5.0"},
            "compliant",
            id="the end of a range belongs to it",
        ),
        pytest.param(
            "windows10CompliancePolicy",
            {"deviceThreatProtectionEnabled": True, "deviceThreatProtectionRequiredSecurityLevel": "medium"},
            {"partnerReportedThreatState": "highSeverity"},
            "nonCompliant",
            id="a threat above the level",
        ),
        pytest.param(
            "iosCompliancePolicy",
            {"deviceThreatProtectionEnabled": True, "deviceThreatProtectionRequiredSecurityLevel": "high"},
            {},
            "nonCompliant",
            id="no threat level was reported",
        ),
        pytest.param(
            "iosCompliancePolicy",
            {"deviceThreatProtectionEnabled": False, "deviceThreatProtectionRequiredSecurityLevel": "high"},
            {},
            "compliant",
            id="threat defence is not required",
        ),
        pytest.param(
            "iosCompliancePolicy",
            {"osMinimumBuildVersion": "21G93"},
            {"osBuildNumber": "21G101"},
            "compliant",
            id="a later build with more digits",
        ),
        pytest.param(
            "iosCompliancePolicy",
            {"passcodeRequired": True, "passcodeMinimumLength": 6},
            {"isPasscodePresent": True, "isPasscodeCompliant": False},
            "nonCompliant",
            id="a passcode that is too short",
        ),
        pytest.param(
            "androidWorkProfileCompliancePolicy",
            {
                "securityRequireSafetyNetAttestationBasicIntegrity": True,
                "securityRequiredAndroidSafetyNetEvaluationType": "hardwareBacked",
            },
            {"playIntegrityVerdict": "device"},
            "nonCompliant",
            id="integrity that is not backed by hardware",
        ),
        pytest.param(
            "windows10CompliancePolicy",
            {"requireHealthyDeviceReport": True},
            {},
            "nonCompliant",
            id="no attested health",
        ),
    ],
)
def test_a_rule_of_its_own(kind: str, document: dict[str, Any], facts: dict[str, Any], status: str) -> None:
    variant = DEVICE_OF[kind]
    assert judge_policy(Policy("p", kind, document), variant=variant, facts=facts).status == status


def test_a_policy_of_another_platform_does_not_apply() -> None:
    policy = Policy("p", "iosCompliancePolicy", {"passcodeRequired": True})
    verdict = judge_policy(policy, variant=Variant.WINDOWS, facts={"isPasscodePresent": False})
    assert (verdict.status, verdict.settings) == (Status.NOT_APPLICABLE, ())


def test_a_policy_for_windows_8_does_not_apply_to_windows_10() -> None:
    policy = Policy("p", "windows81CompliancePolicy", {"osMinimumVersion": "6.3.9700"})
    judged = {
        version: judge_policy(policy, variant=Variant.WINDOWS, facts={"osVersion": version}).status
        for version in ("6.3.9600", "10.0.19045.1")
    }
    assert judged == {"6.3.9600": Status.NON_COMPLIANT, "10.0.19045.1": Status.NOT_APPLICABLE}


def test_policies_that_contradict_each_other_are_in_conflict_only_where_no_value_is_the_stricter_one() -> None:
    def policy(name: str, highest: str, *, minimum: str) -> Policy:
        ranges = [{"lowestVersion": "10.0", "highestVersion": highest}]
        document = {"validOperatingSystemBuildRanges": ranges, "osMinimumVersion": minimum}
        return Policy(name, "windows10CompliancePolicy", document)

    facts = {"osVersion": "10.0.5"}
    both = [policy("a", "10.0.9", minimum="10.0.1"), policy("b", "10.0.7", minimum="10.0.6")]
    states = {
        key: {setting.setting.rpartition(".")[2]: setting.status for setting in verdict.settings}
        for key, verdict in judge_policies(both, variant=Variant.WINDOWS, facts=facts).items()
    }
    assert states == {
        "a": {"OsMinimumVersion": "compliant", "ValidOperatingSystemBuildRanges": "conflict"},
        "b": {"OsMinimumVersion": "nonCompliant", "ValidOperatingSystemBuildRanges": "conflict"},
    }


def test_all_facts_that_rules_look_at_lead_to_a_new_judgement() -> None:
    names: set[str] = set()

    class Watched(dict[str, Any]):
        def get(self, key: str, default: Any = None) -> Any:
            names.add(key)
            return super().get(key, default)

    for kind, known in KINDS.items():
        document: dict[str, Any] = dict.fromkeys(known.settings, "high") | {"deviceThreatProtectionEnabled": True}
        document["validOperatingSystemBuildRanges"] = [{"lowestVersion": "1", "highestVersion": "2"}]
        document["deviceCompliancePolicyScript"] = {"rulesContent": ""}
        for variant in known.variants:
            judge_policy(Policy("p", kind, document), variant=variant, facts=Watched(osVersion="6.1"))
    assert names - {"isManagedEmailProfileInstalled"} <= FACTS


def test_the_operating_system_makes_users_mend_a_passcode_everywhere_but_on_android() -> None:
    for kind, known in KINDS.items():
        for name in known.settings:
            if "assword" in name or "asscode" in name:
                is_android = kind.startswith(("android", "aosp"))
                assert is_enforced(full_name(kind, name)) is not is_android, f"{kind}.{name}"
