"""Rules about a profile that somebody asks about: why it does not come to a device.

Intune: "Assign user and device profiles", "Use filters when assigning your apps, policies, and profiles", "Supported
platforms and profiles of certificates".
"""

from __future__ import annotations

from collections.abc import Iterator

from fauxtune.core.engine.diagnosis.approach import Approach, Way
from fauxtune.core.engine.diagnosis.facts import Device, Facts, device_name, name_of, purpose_of, source_of
from fauxtune.core.engine.diagnosis.findings import Found, Severity
from fauxtune.core.model.states import EnrollmentState, Source
from fauxtune.core.profiles.catalog import kind
from fauxtune.core.profiles.imported_pfx import UNSUPPORTED_PURPOSES
from fauxtune.core.profiles.world import Profile


def kept_only(facts: Facts) -> Iterator[Found]:
    """Profiles of this kind have nothing to do with certificates."""
    if facts.asked is not None and source_of(facts.asked.profile) is None:
        profile = facts.asked.profile
        yield Found(
            message=f"'{name_of(profile)}' is a {profile.kind}: such profiles are kept and assigned, and no device is "
            "given anything by them here.",
            fix="Ask about a profile of certificates or e-mail.",
            evidence={"kind": profile.kind},
            profile=profile.id,
        )


def assigned_to_nobody(facts: Facts) -> Iterator[Found]:
    """The profile has no assignment that would bring it to anybody."""
    for device, profile, _found in _asked(facts, Way.NOBODY):
        yield Found(
            message=f"'{name_of(profile)}' is assigned to nobody.",
            fix="Assign it to a group that the user or the device is in.",
            evidence={"assignedTo": facts.assigned(profile.id)},
            device=None if device is None else device.id,
            profile=profile.id,
        )


def assigned_elsewhere(facts: Facts) -> Iterator[Found]:
    """The profile is assigned, but to nobody here."""
    for device, profile, _found in _asked(facts, Way.ELSEWHERE):
        yield Found(
            message=f"'{name_of(profile)}' is assigned to {facts.assigned(profile.id)}; neither {_whom(facts, device)} "
            "is among them.",
            fix="Add the user or the device to one of these groups, or assign the profile to a group that they are in.",
            evidence={"assignedTo": facts.assigned(profile.id)},
            device=None if device is None else device.id,
            profile=profile.id,
        )


def excluded(facts: Facts) -> Iterator[Found]:
    """An exclusion takes back what an assignment brings."""
    for device, profile, _found in _asked(facts, Way.EXCLUDED):
        yield Found(
            message=f"'{name_of(profile)}' is assigned to {facts.assigned(profile.id)}: an exclusion keeps it from "
            f"{_whom(facts, device, joined='and')}.",
            fix="Take the user or the device out of the excluded group, or the exclusion out of the assignments.",
            evidence={"assignedTo": facts.assigned(profile.id)},
            device=None if device is None else device.id,
            profile=profile.id,
        )


def filtered_out(facts: Facts) -> Iterator[Found]:
    """The assignment's filter does not let the device through."""
    for device, profile, found in _asked(facts, Way.FILTERED):
        assignment = found.assignment
        assert assignment is not None
        how = "excludes" if assignment.filter_excludes else "does not include"
        yield Found(
            message=f"The assignment of '{name_of(profile)}' has a filter that {how} {_whom(facts, device)}.",
            fix="Correct the filter's rule, or what the device says of itself, or assign without the filter.",
            evidence={"assignment": assignment.id, "filter": assignment.filter, "excludes": assignment.filter_excludes},
            device=None if device is None else device.id,
            profile=profile.id,
        )


def other_platform(facts: Facts) -> Iterator[Found]:
    """The profile is for another kind of device."""
    asked = facts.asked
    known = None if asked is None else kind(asked.profile.kind)
    for device in facts.devices if asked is not None and known is not None else ():
        assert asked is not None
        assert known is not None
        if device.variant not in known.reached and known.family.source is not None:
            kinds = ", ".join(sorted(known.variants))
            yield Found(
                message=f"'{name_of(asked.profile)}' is a {known.name}, for {kinds}; {device_name(device)} is "
                f"{device.variant}.",
                fix=f"Create a profile of the kind for {device.variant} with the same settings.",
                evidence={"kind": known.name, "appliesTo": sorted(known.variants), "variant": device.variant.value},
                device=device.id,
                profile=asked.profile.id,
            )


def not_in_edition(facts: Facts) -> Iterator[Found]:
    """The profile reaches a device that does not take this kind, by the edition that the tenant goes by."""
    for device in facts.devices:
        for profile in device.profiles:
            if profile.applies or source_of(profile) is None:
                continue
            is_asked = facts.asked is not None and facts.asked.profile.id == profile.id
            yield Found(
                message=f"'{name_of(profile)}' reaches {device_name(device)} and is not applicable there: in the "
                f"edition {facts.edition}, {device.variant} takes no {profile.kind}.",
                fix="Leave these devices out of the assignment; or let the tenant go by another edition (setting "
                "edition), if that one has it.",
                evidence={"edition": facts.edition, "variant": device.variant.value, "kind": profile.kind},
                device=device.id,
                profile=profile.id,
                severity=Severity.ERROR if is_asked else None,
            )


def purpose_unsupported(facts: Facts) -> Iterator[Found]:
    """An imported PFX profile is for a purpose that the documents of the tenant's edition do not support."""
    unsupported = UNSUPPORTED_PURPOSES.of(facts.edition)
    for device in facts.devices:
        for profile in device.profiles:
            if source_of(profile) is Source.IMPORTED and purpose_of(profile) in unsupported:
                yield Found(
                    message=f"'{name_of(profile)}' gives {device_name(device)} certificates for {purpose_of(profile)}: "
                    "the real service does not support imported certificates for this purpose.",
                    fix="Use a PKCS or SCEP profile for it.",
                    evidence={"purpose": purpose_of(profile), "edition": facts.edition},
                    device=device.id,
                    profile=profile.id,
                )


def _asked(facts: Facts, way: Way) -> Iterator[tuple[Device | None, Profile, Approach]]:
    """The devices that the profile in question comes to in this way."""
    if facts.asked is None or source_of(facts.asked.profile) is None:
        return
    known = kind(facts.asked.profile.kind)
    for key, found in facts.asked.approaches.items():
        device = next((each for each in facts.devices if each.id == key), None)
        fits = device is None or (
            known is not None and device.variant in known.reached and device.state is EnrollmentState.ACTIVE
        )
        if found.way is way and fits:
            yield device, facts.asked.profile, found


def _whom(facts: Facts, device: Device | None, *, joined: str = "nor") -> str:
    """The user and the device, in words."""
    names = [facts.user.name if facts.user else None, device_name(device) if device else None]
    return f" {joined} ".join(each for each in names if each)
