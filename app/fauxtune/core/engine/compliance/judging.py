"""The judgement of one policy on one device: each configured setting by its rule, and the worst of them; the built-in
policy, which every device has; and what each setting requires, in words for people.

A setting that is not configured is not evaluated and has no state. The device as a whole is judged in `grace`, with its
period of grace.

The built-in policy (Intune, "Device compliance policies") asks for the contact within the validity period, an assigned
policy (where the tenant wants one), a user who exists. Differs from Intune: a device that was enrolled without a user
passes the last one and is judged as others are; "Monitor compliance policy" (2026-04-16) shows such devices as not
evaluated, and the page of enrolment for macOS (2025-09-05) has no compliance of Macs without a user.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from fauxtune.core.engine.compliance.comparisons import Case, Facts
from fauxtune.core.engine.compliance.custom_rules import custom_states
from fauxtune.core.engine.compliance.setting_states import SettingState
from fauxtune.core.engine.compliance.settings import KINDS, UNORDERED, Effect, PolicyKind, Setting
from fauxtune.core.engine.compliance.states import Status, worst
from fauxtune.core.model.platforms import Variant
from fauxtune.core.model.text import JsonObject

#: Words of values that stand for "not configured", beside null, false and empty ones.
_UNSET = frozenset({"", "deviceDefault", "unavailable", "notSet", "notConfigured", "none"})
#: Properties that only say how another one is judged.
_MODIFIERS = frozenset({"deviceThreatProtectionEnabled", "securityRequiredAndroidSafetyNetEvaluationType"})
SCRIPT = "deviceCompliancePolicyScript"

#: Unverified: the id of the built-in policy. It is the same in each tenant here.
BUILT_IN_ID = "d1000000-0000-4000-8000-00000000dcdc"
BUILT_IN_NAME = "Default Device Compliance Policy"
CONTACT = "DefaultDeviceCompliancePolicy.RequireRemainContact"
ASSIGNED = "DefaultDeviceCompliancePolicy.RequireDeviceCompliancePolicyAssigned"
USER = "DefaultDeviceCompliancePolicy.RequireUserExistence"
#: data. What each requires, for people.
BUILT_IN_WORDS = {
    CONTACT: "the device was in contact within the validity period",
    ASSIGNED: "a compliance policy is assigned to the device",
    USER: "the user who enrolled the device exists and has a licence",
}
#: data. What an administrator does where only this is not met, for people.
BUILT_IN_FIXES = {
    CONTACT: "Let the device check in.",
    ASSIGNED: "Assign a compliance policy to the device, or switch secureByDefault off (deviceManagement.settings).",
    USER: "Create the user again, and give the user a licence.",
}


@dataclass(frozen=True, slots=True)
class Policy:
    """A compliance policy. `kind`: the last part of its @odata.type. `by_user`: it reaches the device by its user."""

    id: str
    kind: str
    document: JsonObject
    version: int = 1
    by_user: bool = False

    @property
    def name(self) -> str:
        """The name that people gave it."""
        return str(self.document.get("displayName") or self.id)


@dataclass(frozen=True, slots=True)
class Verdict:
    """The state of one policy on one device, with the states of its settings."""

    status: Status
    settings: tuple[SettingState, ...] = ()

    @property
    def failing(self) -> tuple[SettingState, ...]:
        """The settings that keep the device from being compliant."""
        return tuple(setting for setting in self.settings if setting.status in _FAILING)


_FAILING = frozenset({Status.NON_COMPLIANT, Status.ERROR, Status.CONFLICT})


def kind_of(policy: Policy) -> PolicyKind | None:
    """Return what is known of the policy's kind; None for a kind that is not judged."""
    return KINDS.get(policy.kind)


def applies(policy: Policy, *, variant: Variant, facts: Facts) -> bool:
    """Whether the policy is of the device's platform."""
    kind = kind_of(policy)
    if kind is None or variant not in kind.variants:
        return False
    return not kind.versions or str(facts.get("osVersion", "")).startswith(kind.versions)


def is_configured(value: object) -> bool:
    """Whether a value of a policy requires anything."""
    if value is None or value is False or value == []:
        return False
    return not (isinstance(value, str) and value in _UNSET)


def judge_policy(policy: Policy, *, variant: Variant, facts: Facts) -> Verdict:
    """Compare the policy with the facts."""
    kind = kind_of(policy)
    if kind is None or not applies(policy, variant=variant, facts=facts):
        return Verdict(Status.NOT_APPLICABLE)
    states: list[SettingState] = []
    for name, setting in kind.settings.items():
        value = policy.document.get(name)
        if name in _MODIFIERS or not is_configured(value):
            continue
        if name == SCRIPT:
            states += custom_states(value, facts)
            continue
        if setting.only is not None and variant not in setting.only:
            states.append(SettingState(full_name(policy.kind, name), Status.NOT_APPLICABLE))
            continue
        outcome = setting.rule(Case(value, facts, policy.document))
        if outcome is not None:
            states.append(SettingState.of(full_name(policy.kind, name), outcome))
    # A policy that requires nothing is met. Unverified.
    status = worst(state.status for state in states) if states else Status.COMPLIANT
    return Verdict(status, tuple(states))


def judge_policies(policies: Iterable[Policy], *, variant: Variant, facts: Facts) -> dict[str, Verdict]:
    """Compare each policy with the facts, by id, and mark the settings in which policies contradict one another."""
    listed = list(policies)
    verdicts = {policy.id: judge_policy(policy, variant=variant, facts=facts) for policy in listed}
    contradicted = _contradicted([each for each in listed if applies(each, variant=variant, facts=facts)])
    return {
        policy.id: _in_conflict(verdicts[policy.id], names=contradicted.get(policy.kind, frozenset()))
        for policy in listed
    }


def full_name(kind: str, name: str) -> str:
    """Return a setting's name as states show it: `Windows10CompliancePolicy.BitLockerEnabled`."""
    return f"{kind[0].upper()}{kind[1:]}.{name[0].upper()}{name[1:]}"


def _contradicted(policies: list[Policy]) -> Mapping[str, frozenset[str]]:
    """The settings without an order to which policies of one kind give different values, in full, by kind."""
    values: dict[tuple[str, str], list[Any]] = {}
    for policy in policies:
        for name in UNORDERED:
            value = policy.document.get(name)
            if is_configured(value):
                values.setdefault((policy.kind, name), []).append(value)
    names: dict[str, set[str]] = {}
    for (kind, name), every in values.items():
        if any(value != every[0] for value in every):
            names.setdefault(kind, set()).add(full_name(kind, name))
    return {kind: frozenset(each) for kind, each in names.items()}


def _in_conflict(verdict: Verdict, *, names: frozenset[str]) -> Verdict:
    if not names:
        return verdict
    states = tuple(
        replace(setting, status=Status.CONFLICT) if setting.setting in names else setting
        for setting in verdict.settings
    )
    return Verdict(worst(state.status for state in states), states) if states else verdict


@dataclass(frozen=True, slots=True)
class Switches:
    """What the tenant has set (Graph: deviceManagementSettings). `secure_by_default`: a device that no policy reaches
    is not compliant.
    """

    secure_by_default: bool = False
    contact_days: int = 30
    has_scheduled_actions: bool = True

    @property
    def contact(self) -> timedelta:
        """The longest time without contact."""
        return timedelta(days=self.contact_days)


@dataclass(frozen=True, slots=True)
class Standing:
    """What the built-in policy looks at: the last contact, whether an applicable policy is assigned, and whether the
    device's user, if it has one, exists and has a licence.
    """

    contact_at: datetime
    has_policy: bool
    has_entitled_user: bool = True


def judge_built_in(standing: Standing, *, switches: Switches, now: datetime) -> Verdict:
    """Judge the three settings of the built-in policy."""
    met = {
        CONTACT: now - standing.contact_at <= switches.contact,
        ASSIGNED: standing.has_policy or not switches.secure_by_default,
        USER: standing.has_entitled_user,
    }
    states = tuple(
        SettingState(name, Status.COMPLIANT if is_met else Status.NON_COMPLIANT) for name, is_met in met.items()
    )
    return Verdict(worst(state.status for state in states), states)


def words_of(setting: str) -> str:
    """Return what a setting requires; the rule of a script is named as its author named it."""
    known = _settings().get(setting)
    return BUILT_IN_WORDS.get(setting, f"the rule '{setting}' is met") if known is None else known.words


def is_enforced(setting: str) -> bool:
    """Whether the operating system makes the user meet it."""
    known = _settings().get(setting)
    return known is not None and known.effect is Effect.REMEDIATED


@cache
def _settings() -> dict[str, Setting]:
    return {full_name(kind, name): setting for kind, known in KINDS.items() for name, setting in known.settings.items()}
