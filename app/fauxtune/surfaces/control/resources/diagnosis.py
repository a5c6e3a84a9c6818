"""History and diagnosis: a user's certificates with findings, and the chain from the import to the device."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import Path, Query

from fauxtune.core.engine.diagnosis import chain as chains
from fauxtune.core.engine.diagnosis.certificate_rules import usage_of
from fauxtune.core.engine.diagnosis.facts import CertificateContents, Facts, UserCertificate, name_of
from fauxtune.core.engine.diagnosis.findings import Finding, moment
from fauxtune.core.model.validity import certificate_status
from fauxtune.operations.insight import diagnosis
from fauxtune.storage.queries.diagnosis import managed_device_ids
from fauxtune.surfaces.control import diagnosis_answers as answers
from fauxtune.surfaces.control.calls import Here, calls

router = calls("/tenants/{tenant}", tag="diagnosis")

_LONGEST = 500
User = Annotated[str | None, Query(min_length=1, max_length=_LONGEST, description="id or userPrincipalName")]
Device = Annotated[
    str | None,
    Query(min_length=1, max_length=_LONGEST, description="id of an enrolment or a managedDevice, or its name"),
]
Profile = Annotated[str | None, Query(min_length=1, max_length=_LONGEST, description="id or displayName")]


@router.get("/users/{user}/certificates", summary="A user's certificates, and what is wrong with them")
async def get_user_certificates(
    here: Here,
    user: Annotated[str, Path(min_length=1, max_length=_LONGEST, description="id or userPrincipalName")],
) -> answers.CertificateHistory:
    """Imported ones, those issued for each device, and those issued directly by the CA; the oldest first."""
    found = await here.run(diagnosis.history, user)
    person = found.facts.user
    assert person is not None
    certificates = found.facts.certificates
    named = [each.device for each in certificates] + [each.observation.device for each in found.findings]
    held = [one.device for each in certificates for one in each.holders]
    known = await here.read(managed_device_ids, here.tenant.id, enrollment_ids=[*named, *held])
    return answers.CertificateHistory(
        user=answers.UserNamed(
            id=person.id, user_principal_name=person.name, mail=person.mail, licensed=person.licensed
        ),
        value=[_certificate(each, facts=found.facts, findings=found.about(each), known=known) for each in certificates],
        findings=[_finding(each, known=known) for each in found.findings],
    )


@router.get("/diagnose", summary="At which link the way to a device breaks, and why")
async def diagnose(
    *, here: Here, user: User = None, device: Device = None, profile: Profile = None
) -> answers.Diagnosis:
    """For a user, a device or a profile, or several of them; as the next check-in would find it."""
    found = await diagnosis.diagnose(here.emulator, here.tenant, user=user, device=device, profile=profile)
    devices = [None if each.subject.device is None else each.subject.device.id for each in found.chains]
    named = [each.observation.device for each in found.findings]
    known = await here.read(managed_device_ids, here.tenant.id, enrollment_ids=[*devices, *named])
    return answers.Diagnosis(
        healthy=found.healthy,
        chains=[_chain(each, known=known) for each in found.chains],
        findings=[_finding(each, known=known) for each in found.findings],
        devices_left_out=found.left_out,
    )


def _certificate(
    each: UserCertificate, *, facts: Facts, findings: list[Finding], known: dict[str | None, str]
) -> answers.OwnedCertificate:
    names = {device.id: device.name for device in facts.devices}
    held = [
        {
            "device": one.device,
            "managed_device_id": known.get(one.device),
            "device_name": names.get(one.device),
            "state": one.state,
        }
        for one in each.holders
    ]
    shown = {
        "thumbprint": each.thumbprint,
        "source": each.source,
        "serial": each.serial,
        "template": each.template,
        "intended_purpose": each.purpose,
        "not_before": moment(each.not_before),
        "not_after": moment(each.not_after),
        "status": _status(each, facts=facts),
        "revoked_date_time": moment(each.revoked_at),
        "reason": each.reason,
        "device": each.device,
        "managed_device_id": known.get(each.device),
        "profile": each.profile,
        "profile_name": None if each.profile is None else facts.names.get(each.profile),
        "provider_name": each.provider,
        "key_name": each.key_name,
        "holders": held,
        "findings": [_finding(one, known=known) for one in findings],
        **_contents(each.contents),
    }
    return answers.OwnedCertificate.model_validate(shown)


def _contents(found: CertificateContents | None) -> dict[str, Any]:
    """The content of the certificate; null if no connector has opened its file yet."""
    if found is None:
        names = ("subject", "issuer", "usage", "key_usage", "extended_key_usages", "email_addresses")
        return dict.fromkeys(names)
    return {
        "subject": found.subject,
        "issuer": found.issuer,
        "usage": usage_of(found),
        "key_usage": None if found.key_usage is None else sorted(found.key_usage),
        "extended_key_usages": None if found.extended_usages is None else sorted(found.extended_usages),
        "email_addresses": list(found.addresses),
    }


def _status(each: UserCertificate, *, facts: Facts) -> str:
    span = {"not_before": each.not_before, "not_after": each.not_after}
    return certificate_status(**span, revoked=each.revoked_at is not None, now=facts.now).value


def _finding(each: Finding, *, known: dict[str | None, str]) -> answers.Finding:
    found = each.observation
    evidence: dict[str, Any] = dict(found.evidence)
    code = evidence.get("errorCode")
    if isinstance(code, int):
        evidence["error"] = asdict(diagnosis.number(code))
    return answers.Finding(
        code=each.code,
        severity=each.severity.value,
        message=found.message,
        evidence=evidence,
        fix=found.fix,
        certificate=found.certificate,
        device=found.device,
        managed_device_id=known.get(found.device),
        profile=found.profile,
    )


def _chain(found: chains.Chain, *, known: dict[str | None, str]) -> answers.Chain:
    subject, broken = found.subject, found.broken
    person, device = subject.facts.user, subject.device
    return answers.Chain(
        user=None if person is None else person.name,
        device=None
        if device is None
        else answers.DeviceNamed(
            id=device.id,
            managed_device_id=known.get(device.id),
            device_name=device.name,
            variant=device.variant.value,
        ),
        profile=answers.ProfileNamed(
            id=subject.profile.id, display_name=name_of(subject.profile), kind=subject.profile.kind
        ),
        status=found.status.value,
        broken_at=None if broken is None else broken.name,
        why=None if broken is None else _said(broken),
        fix=None if broken is None else broken.findings[0].observation.fix,
        links=[_link(each) for each in found.links],
    )


def _said(link: chains.Link) -> str:
    """The message of the link, with the meaning of an error code."""
    code = link.findings[0].observation.evidence.get("errorCode") if link.findings else None
    if not isinstance(code, int):
        return link.message
    error = diagnosis.number(code)
    whose = error.family if error.number is None else f"{error.family} {error.number}"
    return f"{link.message} ({error.hexadecimal}, {whose}: {error.words})"


def _link(each: chains.Link) -> answers.Link:
    return answers.Link(
        link=each.name,
        status=each.status.value,
        message=_said(each),
        fix=each.findings[0].observation.fix if each.findings else None,
        findings=[one.code for one in each.findings],
    )
