"""History and diagnosis: a user's certificates with findings, and the chain from the import to the device."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any, Literal

from fastapi import Path, Query

from fauxtune.core.engine.diagnosis import chain as chains
from fauxtune.core.engine.diagnosis import findings
from fauxtune.core.engine.diagnosis.certificate_rules import usage_of
from fauxtune.core.engine.diagnosis.facts import Facts, UserCertificate, name_of
from fauxtune.core.model.certificates import certificate_status
from fauxtune.core.pki.contents import CertificateContents
from fauxtune.operations.insight import diagnosis
from fauxtune.storage.queries.insight.diagnosis import managed_device_ids
from fauxtune.surfaces.control.access import Here, calls
from fauxtune.surfaces.control.answers import DeviceId, ManagedDeviceId, NoDeviceId
from fauxtune.surfaces.control.bodies import Answer

#: `notApplicable`: the device takes no profiles of this kind, so that nothing of it will come.
LinkStatus = Literal["ok", "broken", "notApplicable", "waiting"]


class Finding(Answer):
    """One thing that is wrong: `code` stands in docs/diagnosis.md, `evidence` shows it, `fix` would put it right.

    `certificate` (thumbprint), `device` and `profile` are what it is about. Evidence with an `errorCode` has beside it
    `error`: the number in hexadecimal, whose it is, and what it means.
    """

    code: str
    severity: Literal["error", "warning"]
    message: str
    evidence: dict[str, Any]
    fix: str
    certificate: str | None
    device: NoDeviceId
    managed_device_id: ManagedDeviceId
    profile: str | None


class HeldBy(Answer):
    """A device that has a certificate; `kept`: it is no longer assigned, and nothing removes it."""

    device: DeviceId
    managed_device_id: ManagedDeviceId
    device_name: str | None
    state: Literal["installed", "kept"]


class OwnedCertificate(Answer):
    """A certificate of the user. `source` null: from the CA's counter, and not imported. What only its file says
    is null where one of another authority was imported, until the connector has opened it for a first device. `usage`:
    what the key usage allows.
    """

    thumbprint: str
    source: Literal["pkcs", "imported", "scep"] | None
    serial: str | None
    subject: str | None
    issuer: str | None
    template: str | None
    intended_purpose: str | None
    usage: Literal["signing", "encryption", "both", "other"] | None
    key_usage: list[str] | None
    extended_key_usages: list[str] | None
    email_addresses: list[str] | None
    not_before: str | None
    not_after: str | None
    status: Literal["good", "revoked", "expired", "notYetValid"]
    revoked_date_time: str | None
    reason: str | None
    device: NoDeviceId
    managed_device_id: ManagedDeviceId
    profile: str | None
    profile_name: str | None
    provider_name: str | None
    key_name: str | None
    holders: list[HeldBy]
    findings: list[Finding]


class UserNamed(Answer):
    """The user of the certificates; `mail` is the primary SMTP address."""

    id: str
    user_principal_name: str
    mail: str | None
    licensed: bool


class CertificateHistory(Answer):
    """A user's certificates, oldest first. `findings`: all of them, those about certificates too."""

    user: UserNamed
    value: list[OwnedCertificate]
    findings: list[Finding]


class Link(Answer):
    """One link of the chain. `findings`: the codes of what belongs to it, also warnings, which do not break it."""

    link: str
    status: LinkStatus
    message: str
    fix: str | None
    findings: list[str]


class DeviceNamed(Answer):
    """The device of a chain."""

    id: DeviceId
    managed_device_id: ManagedDeviceId
    device_name: str | None
    variant: str


class ProfileNamed(Answer):
    """The profile of a chain, or the app."""

    id: str
    display_name: str
    kind: str


class Chain(Answer):
    """The path of one profile, or one app, to one device, link by link. `status`: that of its worst link. `brokenAt`:
    the first link that is broken, and why.
    """

    user: str | None
    device: DeviceNamed | None
    profile: ProfileNamed
    status: LinkStatus
    broken_at: str | None
    why: str | None
    fix: str | None
    links: list[Link]


class Diagnosis(Answer):
    """`healthy`: no link is broken, and no finding is an error. `devicesLeftOut`: so many were not looked at."""

    healthy: bool
    chains: list[Chain]
    findings: list[Finding]
    devices_left_out: int


router = calls("/tenants/{tenant}", tag="diagnosis")

_LONGEST = 500
User = Annotated[str | None, Query(min_length=1, max_length=_LONGEST, description="id or userPrincipalName")]
Device = Annotated[
    str | None,
    Query(
        min_length=1, max_length=_LONGEST, description="id of an enrolment or a managedDevice, name, or serial number"
    ),
]
Profile = Annotated[str | None, Query(min_length=1, max_length=_LONGEST, description="id or displayName")]
App = Annotated[str | None, Query(min_length=1, max_length=_LONGEST, description="id or displayName")]


@router.get("/users/{user}/certificates", summary="A user's certificates, and what is wrong with them")
async def get_user_certificates(
    here: Here,
    user: Annotated[str, Path(min_length=1, max_length=_LONGEST, description="id or userPrincipalName")],
) -> CertificateHistory:
    """Imported ones, those issued for each device, and those issued directly by the CA; the oldest first."""
    history = await here.run(diagnosis.history, user)
    person = history.facts.user
    assert person is not None
    certificates = history.facts.certificates
    devices = [certificate.device for certificate in certificates]
    devices += [finding.observation.device for finding in history.findings]
    devices += [holder.device for certificate in certificates for holder in certificate.holders]
    known = await here.read(managed_device_ids, here.tenant.id, enrollment_ids=devices)
    return CertificateHistory(
        user=UserNamed.from_value(person, user_principal_name=person.name),
        value=[
            _certificate(certificate, facts=history.facts, findings=history.about(certificate), known=known)
            for certificate in certificates
        ],
        findings=[_finding(finding, known=known) for finding in history.findings],
    )


@router.get("/diagnose", summary="Find the link at which the way to a device breaks, and why")
async def diagnose(
    *, here: Here, user: User = None, device: Device = None, profile: Profile = None, app: App = None
) -> Diagnosis:
    """For a user, a device, and a profile or an app, or one of them; as the next check-in would find it."""
    result = await diagnosis.diagnose(here.emulator, here.tenant, user=user, device=device, profile=profile, app=app)
    devices = [None if chain.subject.device is None else chain.subject.device.id for chain in result.chains]
    devices += [finding.observation.device for finding in result.findings]
    known = await here.read(managed_device_ids, here.tenant.id, enrollment_ids=devices)
    return Diagnosis(
        healthy=result.healthy,
        chains=[_chain(chain, known=known) for chain in result.chains],
        findings=[_finding(finding, known=known) for finding in result.findings],
        devices_left_out=result.left_out,
    )


def _certificate(
    certificate: UserCertificate, *, facts: Facts, findings: list[findings.Finding], known: dict[str | None, str]
) -> OwnedCertificate:
    names = {device.id: device.name for device in facts.devices}
    held = [
        HeldBy.from_value(holder, managed_device_id=known.get(holder.device), device_name=names.get(holder.device))
        for holder in certificate.holders
    ]
    return OwnedCertificate.from_value(
        certificate,
        intended_purpose=certificate.purpose,
        status=_status(certificate, facts=facts),
        managed_device_id=known.get(certificate.device),
        profile_name=None if certificate.profile is None else facts.names.get(certificate.profile),
        provider_name=certificate.provider,
        holders=held,
        findings=[_finding(finding, known=known) for finding in findings],
        **_contents(certificate.contents),
    )


def _contents(contents: CertificateContents | None) -> dict[str, Any]:
    """The content of the certificate; null if no connector has opened its file yet."""
    if contents is None:
        names = ("subject", "issuer", "usage", "key_usage", "extended_key_usages", "email_addresses")
        return dict.fromkeys(names)
    return {
        "subject": contents.subject,
        "issuer": contents.issuer,
        "usage": usage_of(contents),
        "key_usage": None if contents.key_usage is None else sorted(contents.key_usage),
        "extended_key_usages": None if contents.extended_usages is None else sorted(contents.extended_usages),
        "email_addresses": list(contents.addresses),
    }


def _status(certificate: UserCertificate, *, facts: Facts) -> str:
    span = {"not_before": certificate.not_before, "not_after": certificate.not_after}
    return certificate_status(**span, revoked=certificate.revoked_at is not None, now=facts.now).value


def _finding(finding: findings.Finding, *, known: dict[str | None, str]) -> Finding:
    observation = finding.observation
    evidence: dict[str, Any] = dict(observation.evidence)
    code = evidence.get("errorCode")
    if isinstance(code, int):
        evidence["error"] = asdict(diagnosis.number(code))
    return Finding.from_value(
        observation,
        code=finding.code,
        severity=finding.severity,
        evidence=evidence,
        managed_device_id=known.get(observation.device),
    )


def _chain(chain: chains.Chain, *, known: dict[str | None, str]) -> Chain:
    subject, broken = chain.subject, chain.broken
    person, device = subject.facts.user, subject.device
    return Chain(
        user=None if person is None else person.name,
        device=None
        if device is None
        else DeviceNamed.from_value(device, managed_device_id=known.get(device.id), device_name=device.name),
        profile=ProfileNamed.from_value(subject.profile, display_name=name_of(subject.profile)),
        status=chain.status.value,
        broken_at=None if broken is None else broken.name,
        why=None if broken is None else diagnosis.explanation(broken),
        fix=None if broken is None else broken.findings[0].observation.fix,
        links=[_link(link) for link in chain.links],
    )


def _link(link: chains.Link) -> Link:
    return Link(
        link=link.name,
        status=link.status.value,
        message=diagnosis.explanation(link),
        fix=link.findings[0].observation.fix if link.findings else None,
        findings=[one.code for one in link.findings],
    )
