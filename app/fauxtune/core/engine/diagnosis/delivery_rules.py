"""Rules about delivery to the device: licence, import, keys, connectors, roots, references, and failed items.

Intune: "Configure and use imported PKCS certificates", "Configure and use PKCS certificates", "Create trusted
certificate profiles", "Certificate connector for Microsoft Intune".
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import timedelta

from cryptography.hazmat.primitives.serialization import Encoding

from fauxtune.core.engine.diagnosis.certificate_rules import allows
from fauxtune.core.engine.diagnosis.facts import (
    Device,
    Facts,
    KnownProfile,
    device_name,
    name_of,
    purpose_of,
    source_of,
)
from fauxtune.core.engine.diagnosis.findings import Observation, Severity, day, moment
from fauxtune.core.errors import Invalid
from fauxtune.core.model.certificates import purpose as purpose_words
from fauxtune.core.model.connectors import ROLE_WORDS, SCEP_ROLE
from fauxtune.core.model.items import LedgerRow
from fauxtune.core.model.states import EnrollmentState, ItemState, Source
from fauxtune.core.model.words.device_words import platform_words
from fauxtune.core.profiles import trusted_root
from fauxtune.core.profiles.catalog import KINDS
from fauxtune.core.profiles.family import Profile

#: Intune, "Compliance policy settings": the compliance status validity period is 30 days unless set otherwise.
_SILENT = timedelta(days=30)
_ROOT_REFERENCE = "rootCertificate"


def enrollment_over(facts: Facts) -> Iterator[Observation]:
    """The enrolment has ended, or is ending."""
    for device in facts.devices:
        if device.state is not EnrollmentState.ACTIVE:
            yield Observation(
                message=f"{device_name(device)} is no longer managed: its enrolment is {device.state}"
                f" ({device.cause or 'cause unknown'}).",
                fix="Enrol the device again.",
                evidence={"state": device.state.value, "cause": device.cause},
                device=device.id,
            )


def not_licensed(facts: Facts) -> Iterator[Observation]:
    """The user has no licence: no profile reaches the user's devices."""
    if facts.user is not None and not facts.user.licensed:
        yield Observation(
            message=f"{facts.user.name} has no licence for device management: no profile reaches the user's devices.",
            fix="Assign the user a licence that has Intune in it.",
            evidence={"user": facts.user.name, "devices": [device.id for device in facts.devices]},
        )


def user_deleted(facts: Facts) -> Iterator[Observation]:
    """The device's user was deleted from the directory: no profile reaches the device."""
    for device in facts.active:
        if device.user_id is not None and facts.user is None:
            yield Observation(
                message=f"The user of {device_name(device)} was deleted from the directory.",
                fix="Retire or wipe the device, or enrol it for another user.",
                evidence={"userId": device.user_id},
                device=device.id,
            )


def nothing_imported(facts: Facts) -> Iterator[Observation]:
    """An imported PFX profile reaches a device, but its user has no certificate for that purpose."""
    for device, profile in _applied(facts, Source.IMPORTED):
        purpose = purpose_of(profile)
        if facts.imported(purpose) or _tagged_otherwise(facts, purpose):
            continue
        yield Observation(
            message=f"'{name_of(profile)}' gives certificates for {purpose_words(purpose)}, but none was imported "
            f"for the user of {device_name(device)}.",
            fix=f"Import a certificate for the user with the intended purpose {purpose_words(purpose)}, or remove "
            "the profile's assignment.",
            evidence={
                "intendedPurpose": purpose,
                "imported": {certificate.thumbprint: certificate.purpose for certificate in facts.imported()},
            },
            device=device.id,
            profile=profile.id,
        )


def purpose_without_profile(facts: Facts) -> Iterator[Observation]:
    """A certificate was imported, but no profile for its purpose brings it to a device. A certificate with the wrong
    purpose has its own finding.
    """
    for purpose in sorted({certificate.purpose or "unassigned" for certificate in facts.imported()}):
        held = [
            certificate
            for certificate in facts.imported(purpose)
            if certificate.contents is None or allows(certificate.contents, purpose)
        ]
        reached = [device for device, profile in _applied(facts, Source.IMPORTED) if purpose_of(profile) == purpose]
        for device in _supporting(facts) if held else ():
            if device in reached or _is_selected(facts, purpose):
                continue
            known = [known_profile for known_profile in facts.known_profiles if known_profile.source is Source.IMPORTED]
            fitting = [each for each in known if each.applies_to(device.variant) and each.mark == purpose]
            yield Observation(
                message=f"Certificates for {purpose_words(purpose)} ({len(held)}) do not reach {device_name(device)}: "
                "no imported PFX profile for this purpose reaches it.",
                fix=f"Assign {_either(fitting)} to a group that the user or the device is in."
                if fitting
                else f"Create an imported PFX profile for {platform_words([device.variant])} with the intended purpose "
                f"{purpose_words(purpose)}, and assign it to the user's group.",
                evidence={
                    "intendedPurpose": purpose,
                    "certificates": [certificate.thumbprint for certificate in held],
                    "profiles": {each.id: facts.assigned(each.id) for each in fitting},
                },
                certificate=max(
                    held, key=lambda certificate: (certificate.not_after or facts.now, certificate.thumbprint)
                ).thumbprint,
                device=device.id,
                severity=Severity.WARNING if reached else None,
            )


def key_missing(facts: Facts) -> Iterator[Observation]:
    """No connector has the key with which the import's password was encrypted."""
    for certificate in facts.imported():
        if certificate.key_name and (certificate.provider or "", certificate.key_name) not in facts.keys:
            known = sorted(f"'{key}' in '{provider}'" for provider, key in facts.keys)
            yield Observation(
                message=f"The certificate was imported with the key '{certificate.key_name}' in "
                f"'{certificate.provider}', which no "
                "connector has: its password cannot be decrypted.",
                fix="Import that key into the connector (Import-IntunePrivateKey), or the certificate again with "
                f"a key that a connector has: {', '.join(known) or 'there is no key yet, so create one first'}.",
                evidence={
                    "providerName": certificate.provider,
                    "keyName": certificate.key_name,
                    "keysAtConnectors": known,
                },
                certificate=certificate.thumbprint,
            )


def key_unnamed(facts: Facts) -> Iterator[Observation]:
    """The import names no key, because it was made with only a public-key file."""
    for certificate in facts.imported():
        if not certificate.key_name:
            yield Observation(
                message="The certificate was imported without the name of a key, so the connector cannot know which "
                "one decrypts its password.",
                fix="Import it again with providerName and keyName; a public-key file does not contain them.",
                evidence={"providerName": certificate.provider, "keyName": certificate.key_name},
                certificate=certificate.thumbprint,
            )


def role_without_connector(facts: Facts) -> Iterator[Observation]:
    """Profiles that reach the devices need a role that no connector has."""
    for role, profiles in _needed_roles(facts).items():
        if not any(role in connector.roles for connector in facts.connectors):
            yield Observation(
                message=f"No connector has the role {ROLE_WORDS[role]}.",
                fix=f"Install a certificate connector with the role {ROLE_WORDS[role]}, or give the role to "
                "an existing one.",
                evidence={
                    "role": role,
                    "neededBy": profiles,
                    "connectors": {connector.name: sorted(connector.roles) for connector in facts.connectors},
                },
                role=role,
            )


def connector_offline(facts: Facts) -> Iterator[Observation]:
    """Every connector with a needed role is off line."""
    for role, profiles in _needed_roles(facts).items():
        serving = [connector for connector in facts.connectors if role in connector.roles]
        if serving and not any(connector.online for connector in serving):
            yield Observation(
                message=f"No connector with the role {ROLE_WORDS[role]} answers: "
                f"{'; '.join(connector.offline_reason or '' for connector in serving)}.",
                fix=serving[0].remedy,
                evidence={
                    "role": role,
                    "neededBy": profiles,
                    "connectors": {connector.name: connector.offline_reason for connector in serving},
                },
                role=role,
            )


def root_elsewhere(facts: Facts) -> Iterator[Observation]:
    """A profile with the root exists for this kind of device, but reaches other devices than the
    certificate profile.
    """
    for device, profile, root in _untrusted(facts):
        known = _roots(facts, device, root=root)
        if known:
            yield Observation(
                message=f"'{name_of(profile)}' (assigned to {facts.assigned(profile.id)}) needs the trusted root of "
                f"its authority on {device_name(device)}, which only {_either(known)} "
                f"({'; '.join(facts.assigned(root_profile.id) for root_profile in known)}) would bring.",
                fix=f"Assign {_either(known)} to the same groups as '{name_of(profile)}'.",
                evidence={
                    "root": root,
                    "certificateProfile": {"id": profile.id, "assignedTo": facts.assigned(profile.id)},
                    "rootProfiles": {root_profile.id: facts.assigned(root_profile.id) for root_profile in known},
                },
                device=device.id,
                profile=profile.id,
            )


def root_missing(facts: Facts) -> Iterator[Observation]:
    """No profile would bring the root to this kind of device."""
    for device, profile, root in _untrusted(facts):
        if not _roots(facts, device, root=root):
            yield Observation(
                message=f"'{name_of(profile)}' needs the trusted root of its authority on {device_name(device)}, but "
                f"no trusted-root profile for {platform_words([device.variant])} contains it.",
                fix="Create a trusted-root profile with the authority's root certificate, and assign it to "
                f"{facts.assigned(profile.id)}.",
                evidence={"root": root, "variant": device.variant.value},
                device=device.id,
                profile=profile.id,
            )


def intermediate_missing(facts: Facts) -> Iterator[Observation]:
    """The company deploys the certificate of its issuing authority, and not to a device that has its certificates.
    Unverified: that it is no fault where nobody deploys it; it comes along with each message, and with the certificate.
    """
    for device, profile in _applied(facts, Source.PKCS, Source.SCEP):
        order = device.orders.get(profile.id)
        is_own = facts.role_of(profile) == SCEP_ROLE if order is None else order.authority == "issuing"
        known = _roots(facts, device, root=facts.intermediate) if is_own else []
        if known and facts.intermediate not in roots_on(device):
            yield Observation(
                message=f"'{name_of(profile)}' gives {device_name(device)} certificates of an authority below the "
                f"root, whose own certificate only {_either(known)} "
                f"({'; '.join(facts.assigned(each.id) for each in known)}) would bring.",
                fix=f"Assign {_either(known)} to the same groups as '{name_of(profile)}'.",
                evidence={
                    "intermediate": facts.intermediate,
                    "profiles": {each.id: facts.assigned(each.id) for each in known},
                },
                device=device.id,
                profile=profile.id,
            )


def reference_out_of_reach(facts: Facts) -> Iterator[Observation]:
    """An e-mail profile refers to a certificate profile that does not reach the device."""
    for device, profile in _applied(facts, Source.EMAIL):
        for navigation, target in profile.references.items():
            referred = device.profile(target)
            if referred is not None and referred.applies:
                continue
            name = facts.names.get(target, target)
            yield Observation(
                message=f"'{name_of(profile)}' (assigned to {facts.assigned(profile.id)}) refers to the "
                f"profile '{name}' (assigned to {facts.assigned(target)}), which does not reach {device_name(device)}.",
                fix=f"Assign '{name}' to the same groups as '{name_of(profile)}'."
                if referred is None
                else "Refer to a profile that applies to devices of this kind.",
                evidence={"navigation": navigation, "refersTo": target, "assignedTo": facts.assigned(target)},
                device=device.id,
                profile=profile.id,
            )


def network_blocked(facts: Facts) -> Iterator[Observation]:
    """A firewall keeps the device from the service."""
    for device in facts.active:
        if device.blocked_host is not None:
            yield Observation(
                message=f"{device_name(device)} cannot reach {device.blocked_host}:443; the connector needs the same.",
                fix="Open the firewall for the hosts of `fauxtune connector endpoints` (here: remove the fault).",
                evidence={"host": device.blocked_host, "port": 443, "lastCheckin": moment(device.last_checkin_at)},
                device=device.id,
            )


def device_silent(facts: Facts) -> Iterator[Observation]:
    """The device has not checked in for 30 days."""
    for device in facts.active:
        latest = device.last_checkin_at or device.enrolled_at
        if facts.now - latest >= _SILENT:
            yield Observation(
                message=f"{device_name(device)} last checked in on {day(latest)}, {(facts.now - latest).days} days "
                "ago.",
                fix="Switch the device on, connect it, and let it check in (syncDevice).",
                evidence={"lastCheckin": moment(device.last_checkin_at), "now": moment(facts.now)},
                device=device.id,
            )


def connector_refused(facts: Facts) -> Iterator[Observation]:
    """The connector could not provide an item."""
    for device, row in _failed(facts):
        if row.key in device.refused and row.fingerprint is None:
            yield _failure(facts, device, row=row, by="the connector", fix="Correct what the message says.")


def device_refused(facts: Facts) -> Iterator[Observation]:
    """The device refused an item."""
    for device, row in _failed(facts):
        if row.fingerprint is not None:
            advice = "Check the device: the error number and its message say what it refused."
            yield _failure(facts, device, row=row, by="the device", fix=advice)


def profile_impossible(facts: Facts) -> Iterator[Observation]:
    """The profile asks for something that cannot be made for this device."""
    for device, row in _failed(facts):
        if row.fingerprint is None and row.key not in device.refused and not _is_consequence(device, row):
            yield _failure(
                facts, device, row=row, by="the profile itself", fix="Correct the profile, or the user's data."
            )


def _failure(facts: Facts, device: Device, *, row: LedgerRow, by: str, fix: str) -> Observation:
    problem = row.problem
    profile = device.profile(row.claims[0].profile) if row.claims else None
    named = f"'{name_of(profile)}' on {device_name(device)}" if profile else f"{row.key} on {device_name(device)}"
    return Observation(
        message=f"{named} failed at {by}: {problem.message if problem else 'no reason was given'}",
        fix=fix,
        evidence={
            "item": row.key,
            "errorCode": None if problem is None else problem.code,
            "reason": None if problem is None else problem.message,
        },
        certificate=row.thumbprint if facts.owned(row.thumbprint) is not None else None,
        device=device.id,
        profile=None if profile is None else profile.id,
    )


def _failed(facts: Facts) -> Iterator[tuple[Device, LedgerRow]]:
    for device in facts.active:
        for row in device.rows.values():
            if row.state is ItemState.FAILED and row.claims:
                yield device, row


def _is_consequence(device: Device, row: LedgerRow) -> bool:
    """Whether an account failed because of a certificate that it refers to, which has a finding of its own."""
    for claim in row.claims if row.source is Source.EMAIL else ():
        profile = device.profile(claim.profile)
        for target in () if profile is None else profile.references.values():
            items = device.claimed(target)
            if not items or any(item.state is ItemState.FAILED for item in items):
                return True
    return False


def _applied(facts: Facts, *sources: Source) -> Iterator[tuple[Device, Profile]]:
    """The profiles with items of these sources that reach devices and apply to them."""
    for device in facts.devices:
        for profile in device.profiles:
            if profile.applies and source_of(profile) in sources:
                yield device, profile


def _needed_roles(facts: Facts) -> dict[str, list[str]]:
    """The names of the profiles that need a connector, without repetition, by its role."""
    needed: dict[str, dict[str, None]] = {}
    for _device, profile in _applied(facts, *facts.roles, Source.SCEP):
        role = facts.role_of(profile)
        if role is not None:
            needed.setdefault(role, {})[name_of(profile)] = None
    return {role: list(names) for role, names in needed.items()}


def _tagged_otherwise(facts: Facts, purpose: str) -> bool:
    """Whether a certificate that fits this purpose was imported for a purpose that it does not fit."""
    return any(
        certificate.contents is not None
        and not allows(certificate.contents, certificate.purpose or "")
        and allows(certificate.contents, purpose)
        for certificate in facts.imported()
    )


def _is_selected(facts: Facts, purpose: str) -> bool:
    """Whether the diagnosis is about a profile for this purpose: other rules say why that one does not
    reach a device.
    """
    selected = None if facts.selected is None else facts.selected.profile
    return selected is not None and source_of(selected) is Source.IMPORTED and purpose_of(selected) == purpose


def _supporting(facts: Facts) -> list[Device]:
    """The devices of a licensed user for whose kind there are imported PFX profiles."""
    if facts.user is None or not facts.user.licensed:
        return []
    imported = [kind for kind in KINDS if kind.family.source is Source.IMPORTED]
    return [
        device
        for device in facts.active
        if any(kind.applies(device.variant, edition=facts.edition) for kind in imported)
    ]


def roots_on(device: Device) -> frozenset[str]:
    """SHA-256 of the roots that profiles bring to the device."""
    profiles = (one for one in device.profiles if one.applies and source_of(one) is Source.ROOT)
    return frozenset(_sha256(profile) for profile in profiles)


def _untrusted(facts: Facts) -> Iterator[tuple[Device, Profile, str]]:
    """Certificate profiles whose authority's root does not reach the same device; for SCEP, the root it refers to."""
    for device, profile in _applied(facts, Source.PKCS, Source.SCEP):
        trusted = roots_on(device)
        needed = device.roots.get(profile.id)
        if needed is not None and needed not in trusted:
            yield device, profile, needed
        target = profile.references.get(_ROOT_REFERENCE) if source_of(profile) is Source.SCEP else None
        if target is not None and device.profile(target) is None:
            mark = next((known.mark for known in facts.known_profiles if known.id == target), "")
            if mark not in trusted:
                yield device, profile, mark


def _roots(facts: Facts, device: Device, *, root: str) -> list[KnownProfile]:
    roots = [profile for profile in facts.known_profiles if profile.source is Source.ROOT and profile.mark == root]
    return [profile for profile in roots if profile.applies_to(device.variant)]


def _either(profiles: list[KnownProfile]) -> str:
    return " or ".join(f"'{profile.name}'" for profile in profiles)


def _sha256(profile: Profile) -> str:
    return root_sha256(profile.document)


def root_sha256(document: dict[str, object]) -> str:
    """The SHA-256 of a trusted-root profile's certificate; empty for one that cannot be read."""
    try:
        certificate = trusted_root.certificate_of(document)
    except Invalid:
        return ""
    return hashlib.sha256(certificate.public_bytes(Encoding.DER)).hexdigest()
