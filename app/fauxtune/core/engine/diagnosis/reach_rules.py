"""Rules about the profile that the diagnosis is about: why it does not reach a device.

Intune: "Assign user and device profiles", "Use filters when assigning your apps, policies, and profiles", "Supported
platforms and profiles of certificates".
"""

from __future__ import annotations

from collections.abc import Iterator

from fauxtune.core.engine.diagnosis import absence_rules
from fauxtune.core.engine.diagnosis.facts import Device, Facts, device_name, name_of, purpose_of, source_of
from fauxtune.core.engine.diagnosis.findings import Observation, Severity
from fauxtune.core.engine.planning.targeting import Reach, ReachStatus
from fauxtune.core.model.certificates import purpose as purpose_words
from fauxtune.core.model.states import EnrollmentState, Source
from fauxtune.core.model.words.device_words import VARIANTS, platform_words
from fauxtune.core.profiles.catalog import kind
from fauxtune.core.profiles.family import Profile
from fauxtune.core.profiles.imported_pfx import UNSUPPORTED_PURPOSES
from fauxtune.core.profiles.kind_words import kind_words


def kept_only(facts: Facts) -> Iterator[Observation]:
    """Profiles of this kind are only stored here."""
    if facts.selected is not None and not facts.selected.is_app and source_of(facts.selected.profile) is None:
        profile = facts.selected.profile
        yield Observation(
            message=f"'{name_of(profile)}' is not for certificates or e-mail: {kind_words(profile.kind)}.",
            fix="Diagnose a profile for certificates or e-mail.",
            evidence={"kind": profile.kind},
            profile=profile.id,
        )


def assigned_to_nobody(facts: Facts) -> Iterator[Observation]:
    """The profile has no assignment, or only exclusions."""
    for device, profile, _reach in _with_status(facts, ReachStatus.NOBODY):
        yield Observation(
            message=f"'{name_of(profile)}' is not assigned to any group, users or devices.",
            fix="Assign it to all users, or to a group that contains the user or the device.",
            evidence={"assignedTo": facts.assigned(profile.id), "name": name_of(profile)},
            device=None if device is None else device.id,
            profile=profile.id,
        )
    yield from absence_rules.assigned_to_nobody(facts)


def assigned_elsewhere(facts: Facts) -> Iterator[Observation]:
    """The profile is assigned, but not to the device or its user."""
    for device, profile, _reach in _with_status(facts, ReachStatus.ELSEWHERE):
        yield Observation(
            message=f"'{name_of(profile)}' is assigned to {facts.assigned(profile.id)}; this includes neither "
            f"{_whom(facts, device)}.",
            fix="Add the user or the device to one of these groups, or assign the profile to one of their groups.",
            evidence={"assignedTo": facts.assigned(profile.id)},
            device=None if device is None else device.id,
            profile=profile.id,
        )


def excluded(facts: Facts) -> Iterator[Observation]:
    """An exclusion cancels an assignment."""
    for device, profile, _reach in _with_status(facts, ReachStatus.EXCLUDED):
        yield Observation(
            message=f"'{name_of(profile)}' is assigned to {facts.assigned(profile.id)}: an exclusion leaves out "
            f"{_whom(facts, device, joined='and')}.",
            fix="Remove the user or the device from the excluded group, or the exclusion from the assignments.",
            evidence={"assignedTo": facts.assigned(profile.id)},
            device=None if device is None else device.id,
            profile=profile.id,
        )


def filtered_out(facts: Facts) -> Iterator[Observation]:
    """The assignment's filter leaves the device out."""
    for device, profile, reach in _with_status(facts, ReachStatus.FILTERED):
        assignment = reach.assignment
        assert assignment is not None
        how = "excludes" if assignment.filter_excludes else "does not include"
        yield Observation(
            message=f"The assignment of '{name_of(profile)}' has a filter that {how} {_whom(facts, device)}.",
            fix="Correct the filter's rule or the device's properties, or assign the profile without the filter.",
            evidence={"assignment": assignment.id, "filter": assignment.filter, "excludes": assignment.filter_excludes},
            device=None if device is None else device.id,
            profile=profile.id,
        )


def other_platform(facts: Facts) -> Iterator[Observation]:
    """The profile is for another kind of device."""
    selected = facts.selected
    known = None if selected is None else kind(selected.profile.kind)
    for device in facts.devices if selected is not None and known is not None else ():
        assert selected is not None
        assert known is not None
        if device.variant not in known.reached and known.family.source is not None:
            yield Observation(
                message=f"'{name_of(selected.profile)}' is for other devices ({kind_words(known.name)}) than "
                f"{device_name(device)} ({VARIANTS[device.variant]}).",
                fix=f"Create such a profile for {platform_words([device.variant])}, with the same settings.",
                evidence={"kind": known.name, "appliesTo": sorted(known.variants), "variant": device.variant.value},
                device=device.id,
                profile=selected.profile.id,
            )
    yield from absence_rules.other_platform(facts)


def not_in_edition(facts: Facts) -> Iterator[Observation]:
    """The profile reaches a device that does not support this kind in the tenant's edition."""
    for device in facts.devices:
        for profile in device.profiles:
            if profile.applies or source_of(profile) is None:
                continue
            is_selected = facts.selected is not None and facts.selected.profile.id == profile.id
            yield Observation(
                message=f"'{name_of(profile)}' ({kind_words(profile.kind)}) reaches {device_name(device)} but is not "
                f"applicable there: in the edition {facts.edition}, devices of the kind {VARIANTS[device.variant]} do "
                "not support it.",
                fix="Leave these devices out of the assignment; or change the tenant's edition (setting edition), if "
                "another edition supports it.",
                evidence={"edition": facts.edition, "variant": device.variant.value, "kind": profile.kind},
                device=device.id,
                profile=profile.id,
                severity=Severity.ERROR if is_selected else None,
            )


def purpose_unsupported(facts: Facts) -> Iterator[Observation]:
    """An imported PFX profile is for a purpose that the documents of the tenant's edition do not support."""
    unsupported = UNSUPPORTED_PURPOSES.of(facts.edition)
    for device in facts.devices:
        for profile in device.profiles:
            if source_of(profile) is Source.IMPORTED and purpose_of(profile) in unsupported:
                yield Observation(
                    message=f"'{name_of(profile)}' gives {device_name(device)} certificates for "
                    f"{purpose_words(purpose_of(profile))}: the real service does not support imported certificates "
                    "for this purpose.",
                    fix="Use a PKCS or SCEP profile for it.",
                    evidence={"purpose": purpose_of(profile), "edition": facts.edition},
                    device=device.id,
                    profile=profile.id,
                )


def _with_status(facts: Facts, status: ReachStatus) -> Iterator[tuple[Device | None, Profile, Reach]]:
    """The devices for which the selected profile has this status."""
    if facts.selected is None or (source_of(facts.selected.profile) is None and not facts.selected.is_app):
        return
    for key, reach in facts.selected.reaches.items():
        device = next((one for one in facts.devices if one.id == key), None)
        fits = device is None or (device.variant in facts.selected.variants and device.state is EnrollmentState.ACTIVE)
        if reach.status is status and fits:
            yield device, facts.selected.profile, reach


def _whom(facts: Facts, device: Device | None, *, joined: str = "nor") -> str:
    """The names of the user and the device, joined."""
    names = [facts.user.name if facts.user else None, device_name(device) if device else None]
    return f" {joined} ".join(name for name in names if name)
