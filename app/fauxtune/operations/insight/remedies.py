"""The commands that put right what a diagnosis found: they end the fix of a finding, so that it can be pasted.

A finding that no single command mends, such as a certificate of last year that is missing, keeps its fix in words.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from fauxtune.core.administration.choices import INTENDED, ProfileFamily, base_name, family_and_platform
from fauxtune.core.administration.snippets import quoted
from fauxtune.core.engine.diagnosis.facts import Device, Facts, name_of, purpose_of
from fauxtune.core.engine.diagnosis.findings import Finding
from fauxtune.core.model.words.device_words import TITLES, platform_of
from fauxtune.core.profiles.family import Profile

Command = Callable[[Finding, Facts], str | None]


def with_command(finding: Finding, facts: Facts) -> Finding:
    """Return the finding with the command that mends it at the end of its fix, if there is one."""
    make = _COMMANDS.get(finding.code)
    command = None if make is None else make(finding, facts)
    if command is None:
        return finding
    seen = finding.observation
    return replace(finding, observation=replace(seen, fix=f"{seen.fix.rstrip('.')}: {command}"))


def _of_user(command: str) -> Command:
    def make(_finding: Finding, facts: Facts) -> str | None:
        return None if facts.user is None else command.format(quoted(facts.user.name))

    return make


def _assign(finding: Finding, facts: Facts) -> str | None:
    profile = _profile(finding, facts)
    return None if profile is None else _assign_to_all(name_of(profile))


def _assign_to_all(name: str) -> str:
    return f"fauxtune profile assign {quoted(name)} --all-users"


def _create_alike(finding: Finding, facts: Facts) -> str | None:
    """The command that creates such a profile for the device, with the settings that a command needs."""
    profile, device = _profile(finding, facts), _device(finding, facts)
    family_and_former = None if profile is None else family_and_platform(profile.kind)
    if profile is None or device is None or family_and_former is None:
        return None
    family, former = family_and_former
    platform, document = platform_of(device.variant), profile.document
    name = f"{base_name(name_of(profile), former)} ({TITLES[platform]})"
    purposes = {value: word for word, value in INTENDED.items()}
    needed: Mapping[ProfileFamily, str] = {
        ProfileFamily.PKCS: f" --template {quoted(str(document.get('certificateTemplateName') or 'NAME'))}",
        ProfileFamily.IMPORTED: f" --purpose {purposes.get(purpose_of(profile), 'encryption')}",
        ProfileFamily.EMAIL: f" --mail-server {quoted(str(document.get('hostName') or 'HOST'))}",
    }
    options = f"{needed.get(family, '')} {_like(profile, facts)}"
    return f"fauxtune profile create {family} --name {quoted(name)} --platform {platform}{options}"


def _like(profile: Profile | None, facts: Facts) -> str:
    """The options that assign something to those to whom the profile is assigned; to all users if it is to nobody."""
    return (profile and facts.options.get(profile.id)) or "--all-users"


def _create_root(finding: Finding, facts: Facts) -> str | None:
    device = _device(finding, facts)
    if device is None:
        return None
    platform = platform_of(device.variant)
    name = quoted(f"Root ({TITLES[platform]})")
    return f"fauxtune profile create root --name {name} --platform {platform} {_like(_profile(finding, facts), facts)}"


def _assign_or_create(finding: Finding, facts: Facts) -> str | None:
    names = finding.observation.evidence.get("profiles")
    return _assign_to_all(str(names[0])) if isinstance(names, list) and names else _create_root(finding, facts)


def _root_of_tenant(finding: Finding, facts: Facts) -> str | None:
    """The command that gives the tenant's own root; none where the profile needs that of another authority."""
    profile = _profile(finding, facts)
    device = _device(finding, facts)
    order = None if profile is None or device is None else device.orders.get(profile.id)
    return _create_root(finding, facts) if order is not None and order.authority == "issuing" else None


def _sync(finding: Finding, facts: Facts) -> str | None:
    device = _device(finding, facts)
    return None if device is None else f"fauxtune device sync {quoted(device.name or device.id)}"


def _profile(finding: Finding, facts: Facts) -> Profile | None:
    wanted, device = finding.observation.profile, _device(finding, facts)
    known = [] if device is None else [*device.profiles]
    known += [] if facts.selected is None or facts.selected.is_app else [facts.selected.profile]
    known += [each.profile for some in (facts.unreached or {}).values() for each in some]
    return next((profile for profile in known if profile.id == wanted), None)


def _device(finding: Finding, facts: Facts) -> Device | None:
    return next((device for device in facts.devices if device.id == finding.observation.device), None)


#: data. A finding's code -> what makes its command.
_COMMANDS: Mapping[str, Command] = {
    "enrollment-refused": _of_user("fauxtune user enrollable {}"),
    "no-device": _of_user("fauxtune device add --user {} --platform ios"),
    "not-licensed": _of_user("fauxtune user license {}"),
    "assigned-to-nobody": _assign,
    "other-platform": _create_alike,
    "nothing-assigned": _assign_or_create,
    "root-missing": _root_of_tenant,
    "device-silent": _sync,
}
