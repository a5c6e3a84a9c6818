"""Rules about what does not come at all: no device, an enrolment that was refused, no profile for the device.

They answer who asks about a user or a device and names no profile. Intune: "Assign user and device profiles", "Set
enrollment restrictions", "Supported platforms and certificate profiles".
"""

from __future__ import annotations

from collections.abc import Iterator

from fauxtune.core.engine.diagnosis.facts import Device, Facts, Unreached, device_name, name_of, source_of
from fauxtune.core.engine.diagnosis.findings import Observation, Severity, ago, moment
from fauxtune.core.engine.planning.targeting import ReachStatus
from fauxtune.core.model.platforms import Variant
from fauxtune.core.model.states import Source
from fauxtune.core.model.words.device_words import VARIANTS, platform_words
from fauxtune.core.profiles.catalog import kind
from fauxtune.core.profiles.family import Profile
from fauxtune.core.profiles.kind_words import FAMILIES, kind_words

#: The sources of profiles for certificates and e-mail, whose way to a device a diagnosis follows.
FOLLOWED = (Source.ROOT, Source.PKCS, Source.IMPORTED, Source.SCEP, Source.EMAIL)
#: So many profiles are named in a sentence.
_NAMED = 3


def enrollment_refused(facts: Facts) -> Iterator[Observation]:
    """An enrolment of the user was refused, and the user has not enrolled such a device since."""
    for refusal in facts.refusals:
        person = "the user" if facts.user is None else facts.user.name
        has = f"{person} has no device. " if not facts.device_count else ""
        yield Observation(
            message=f"{has}A device ({refusal.system}) was refused {ago(facts.now - refusal.refused_at)} ago: "
            f"{refusal.sentence}",
            fix="Change the restriction or its assignments, and enrol the device again."
            if refusal.stands
            else "It would be let in now: enrol it again.",
            evidence={
                "user": person,
                "system": refusal.system,
                "refusedAt": moment(refusal.refused_at),
                "reason": refusal.sentence,
            },
            severity=None if refusal.stands else Severity.WARNING,
            without_device=True,
        )


def no_device(facts: Facts) -> Iterator[Observation]:
    """The user has no device, and none was refused."""
    user = facts.user
    if facts.unreached is not None and user is not None and user.licensed and not facts.device_count:
        if facts.devices or facts.refusals:
            return
        yield Observation(
            message=f"{user.name} has no device.",
            fix="Enrol one.",
            evidence={"user": user.name},
            without_device=True,
        )


def assigned_to_nobody(facts: Facts) -> Iterator[Observation]:
    """A profile is for the device and would give it what it has nothing of, but it is assigned to nobody."""
    for device, one in _missing(facts, ReachStatus.NOBODY):
        name = name_of(one.profile)
        yield Observation(
            message=f"'{name}' ({kind_words(one.profile.kind)}) is assigned to nobody, and no other profile gives "
            f"{device_name(device)} {_what(one.profile)}.",
            fix="Assign it to all users, or to a group that contains the user or the device.",
            evidence={"assignedTo": facts.assigned(one.profile.id), "name": name},
            device=device.id,
            profile=one.profile.id,
            severity=_severity(device),
        )


def other_platform(facts: Facts) -> Iterator[Observation]:
    """Profiles are assigned to the device's user, but they are for kinds of device that the user does not have."""
    alike: dict[tuple[str, Source], tuple[Device, list[Profile]]] = {}
    for device, one in _missing(facts, ReachStatus.REACHES):
        alike.setdefault((device.id, one.source), (device, []))[1].append(one.profile)
    for (_, source), (device, profiles) in alike.items():
        kinds = sorted({variant for profile in profiles if (known := kind(profile.kind)) for variant in known.variants})
        names = ", ".join(f"'{name_of(profile)}'" for profile in profiles[:_NAMED])
        more = f" and {len(profiles) - _NAMED} more" if len(profiles) > _NAMED else ""
        yield Observation(
            message=f"{device_name(device)} ({VARIANTS[device.variant]}) gets no {FAMILIES[source]}: {names}{more} "
            f"{'is' if len(profiles) == 1 else 'are'} only for {platform_words(kinds)}.",
            fix=f"Create such a profile for {platform_words([device.variant])}, with the same settings.",
            evidence={"kind": profiles[0].kind, "appliesTo": kinds, "variant": device.variant.value},
            device=device.id,
            profile=profiles[0].id,
            severity=_severity(device),
        )


def nothing_assigned(facts: Facts) -> Iterator[Observation]:
    """Nothing at all is assigned to the device, and no profile is left lying for it."""
    for device in _entitled(facts):
        judged = device.compliance is not None and bool(device.compliance.unmet)
        if device.profiles or device.scripts or device.apps or judged:
            continue
        if any(one is device for status in _EXPLAINED for one, _ in _missing(facts, status)):
            continue
        others = [each.profile for each in _unreached(facts, device) if _fits(each.profile, device.variant)]
        named = ", ".join(f"'{name_of(profile)}' (to {facts.assigned(profile.id)})" for profile in others[:_NAMED])
        yield Observation(
            message=f"No profile reaches {device_name(device)} ({VARIANTS[device.variant]}): "
            + (
                f"those for its kind are assigned to others: {named}."
                if others
                else "the tenant has no profile for its kind."
            ),
            fix="Add the user to a group to which one is assigned, or assign one to all users."
            if others
            else "Create profiles for it and assign them, the trusted root first.",
            evidence={"variant": device.variant.value, "profiles": [name_of(profile) for profile in others]},
            device=device.id,
        )


#: What explains why a device has nothing of a source.
_EXPLAINED = (ReachStatus.NOBODY, ReachStatus.REACHES)


def _missing(facts: Facts, status: ReachStatus) -> Iterator[tuple[Device, Unreached]]:
    """The profiles of this standing that would give a device what no profile gives it: those for its kind that nobody
    has, or those that are assigned to it and are for kinds that its user has no device of.
    """
    for device in _entitled(facts):
        given = {source_of(profile) for profile in device.profiles}
        for one in _unreached(facts, device):
            fits = _fits(one.profile, device.variant)
            is_useless = not any(_fits(one.profile, variant) for variant in facts.kinds_of_user)
            concerns = fits if status is ReachStatus.NOBODY else is_useless and not fits
            if one.source not in given and one.reach.status is status and concerns:
                yield device, one


def _entitled(facts: Facts) -> list[Device]:
    """The devices that profiles can reach; none where the question is about something else."""
    if facts.unreached is None:
        return []
    has_licence = facts.user is not None and facts.user.licensed
    return [device for device in facts.active if device.user_id is None or has_licence]


def _unreached(facts: Facts, device: Device) -> tuple[Unreached, ...]:
    return (facts.unreached or {}).get(device.id, ())


def _fits(profile: Profile, variant: Variant) -> bool:
    known = kind(profile.kind)
    return known is not None and known.reaches(variant, document=profile.document)


def _severity(device: Device) -> Severity | None:
    """An error where the device gets no certificate but roots, and no e-mail; else what is missing may be wanted so."""
    given = {source_of(profile) for profile in device.profiles}
    return Severity.WARNING if given & {*FOLLOWED[1:]} else None


def _what(profile: Profile) -> str:
    source = source_of(profile)
    words = FAMILIES[source] if source is not None else "it"
    return f"{'an' if words[0] in 'aeiou' else 'a'} {words}"
