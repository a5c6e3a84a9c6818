"""Companies for diagnosis: a healthy one, and what can be done to it."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from cryptography import x509

from fauxtune.core.engine.planning.targeting import TargetKind
from fauxtune.core.graph.index import entity
from fauxtune.core.model.ids import GroupId, ProfileId
from fauxtune.core.model.items import Problem, imported_key, root_key
from fauxtune.core.odata.documents.validation import defaults
from fauxtune.core.pki.names import thumbprint
from fauxtune.core.policies.enrollment import ENROLLMENT_CONFIGURATIONS
from fauxtune.operations.ca import authorities, counter, imported_pfx, issuance
from fauxtune.operations.checkin.steps import Result, Step, StepResult
from fauxtune.operations.connectors import registry as connector_registry
from fauxtune.operations.connectors import revocation
from fauxtune.operations.directory import users_and_groups
from fauxtune.operations.insight.diagnosis import Diagnosis, History, diagnose, history
from fauxtune.operations.profiles import enrollment_programmes, profiles, resources
from fauxtune.operations.profiles.assignments import Assignable, NewAssignment
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.operations.tenants.seed_parts import KEY_NAME, PROVIDER
from fauxtune.storage.queries import authorities as authority_queries
from fauxtune.storage.queries import certificates as certificate_queries
from fauxtune.storage.rows.certificates import CertificateRow
from tests.support.certificates import issued_elsewhere, make_pfx
from tests.support.devices.android import AndroidInProcess
from tests.support.devices.stepwise import StepwiseDevice, enrol_iphone
from tests.support.tenant import START, Contoso, device_in

#: Apple 9000: the password does not open the file.
WRONG_PASSWORD = 0x87D10000 + 10000 + 9000 - (1 << 32)


@dataclass(slots=True)
class DiagnosedTenant:
    """Alice with an Android phone and an iPad, each with a root, a signing certificate and her encryption history."""

    contoso: Contoso
    phone: AndroidInProcess
    tablet: StepwiseDevice
    profiles: dict[str, str]

    @property
    def alice(self) -> str:
        return self.contoso.upn("alice")

    async def settle(self) -> None:
        await self.phone.settle()
        for _ in range(4):
            await self.tablet.check_in(limit=4)

    async def diagnosis(self, **asked: Any) -> Diagnosis:
        return await diagnose(self.contoso.emulator, self.contoso.tenant, **(asked or {"user": self.alice}))

    async def codes(self, **asked: str) -> set[str]:
        """Every code, of findings and of broken links alike; the two agree."""
        diagnosis = await self.diagnosis(**asked)
        codes = {finding.code for finding in diagnosis.findings}
        broken = {finding.code for one in diagnosis.chains for link in one.links for finding in link.findings}
        assert broken <= codes
        return codes

    async def history(self, name: str = "alice") -> History:
        result: History = await self.contoso.do(history, self.contoso.upn(name))
        return result


async def open_diagnosed_tenant(contoso: Contoso) -> DiagnosedTenant:
    phone = await contoso.enroll("alice", hardware="phone-1")
    tablet = await enrol_iphone(contoso, "alice")
    profiles = {
        "root": await contoso.root_profile(),
        "pkcs": await contoso.pkcs_profile(),
        "imported": await contoso.imported_profile(),
        "ios root": await contoso.profile(
            "iosTrustedRootCertificate", "All Staff", trustedRootCertificate=await contoso.root_text()
        ),
        "ios pkcs": await contoso.profile("iosPkcsCertificateProfile", "All Staff", **contoso.pkcs_document()),
        "ios imported": await contoso.profile(
            "iosImportedPFXCertificateProfile", "All Staff", intendedPurpose="smimeEncryption"
        ),
    }
    diagnosed = DiagnosedTenant(contoso, phone, tablet, profiles)
    await bring(diagnosed, "smimeEncryption", template="SmimeEncryption")
    await diagnosed.settle()
    return diagnosed


def reopened(diagnosed: DiagnosedTenant, contoso: Contoso) -> DiagnosedTenant:
    """Return the tenant and its devices as they were, in a tenant that was opened again (`tenant.reopen_tenant`)."""
    phone, tablet = device_in(contoso, diagnosed.phone), device_in(contoso, diagnosed.tablet)
    return DiagnosedTenant(contoso, phone, tablet, dict(diagnosed.profiles))


async def bring(
    diagnosed: DiagnosedTenant,
    purpose: str,
    *,
    template: str,
    email: str | None = None,
    not_before: datetime | None = None,
    not_after: datetime | None = None,
    **changes: str,
) -> str:
    """Issue by this template, and import for this purpose; the thumbprint. `changes` are the record's."""
    contoso = diagnosed.contoso
    request = counter.CounterRequest(
        template,
        user_principal_name=diagnosed.alice,
        email=email,
        not_before=not_before,
        not_after=not_after,
        pfx_password="geheim-42",
    )
    key = contoso.emulator.key_source.take()
    answer = await contoso.do(counter.issue_at_counter, request, key=key, keys=contoso.emulator.keys)
    mark = thumbprint(answer.certificate)
    assert answer.pfx is not None
    await record(diagnosed, mark, file=answer.pfx, certificate=answer.certificate, intendedPurpose=purpose, **changes)
    return mark


async def bring_from_outside(
    diagnosed: DiagnosedTenant, purpose: str, *, email: str | None = None, signs: bool = False, mail: bool = True
) -> str:
    """Import a certificate that another authority issued; the thumbprint."""
    key = diagnosed.contoso.emulator.key_source.take()
    certificate = issued_elsewhere(
        key, email or diagnosed.alice, begin=START - timedelta(days=1), signs=signs, mail=mail
    )
    file = make_pfx(key, certificate, password="geheim-42")
    mark = thumbprint(certificate)
    await record(diagnosed, mark, file=file, certificate=certificate, intendedPurpose=purpose)
    return mark


async def record(
    diagnosed: DiagnosedTenant, mark: str, *, file: bytes, certificate: x509.Certificate, **changes: str
) -> None:
    """Import a file for alice, with the dates of its certificate."""
    dates = {
        "startDateTime": certificate.not_valid_before_utc.isoformat(),
        "expirationDateTime": certificate.not_valid_after_utc.isoformat(),
    }
    await diagnosed.contoso.import_file("alice", file, mark=mark, password="geheim-42", **{**dates, **changes})


async def current(diagnosed: DiagnosedTenant) -> str:
    """The certificate that the company begins with."""
    (found,) = (await diagnosed.history()).facts.imported()
    return found.thumbprint


async def drop(diagnosed: DiagnosedTenant, mark: str) -> None:
    await diagnosed.contoso.do(imported_pfx.delete_pfx, await diagnosed.contoso.record_id("alice", mark))


# ------------------------------------------------------------------------------------------------------- the faults


async def expired(diagnosed: DiagnosedTenant) -> None:
    await drop(diagnosed, await current(diagnosed))
    began, ended = START - timedelta(days=400), START - timedelta(days=40)
    await bring(diagnosed, "smimeEncryption", template="SmimeEncryption", not_before=began, not_after=ended)


async def expiring(diagnosed: DiagnosedTenant) -> None:
    await drop(diagnosed, await current(diagnosed))
    await bring(diagnosed, "smimeEncryption", template="SmimeEncryption", not_after=START + timedelta(days=20))


async def gap(diagnosed: DiagnosedTenant) -> None:
    began, ended = START - timedelta(days=800), START - timedelta(days=100)
    await bring(diagnosed, "smimeEncryption", template="SmimeEncryption", not_before=began, not_after=ended)


async def signing_certificate_for_encryption(diagnosed: DiagnosedTenant) -> None:
    await bring(diagnosed, "smimeEncryption", template="SmimeSigning")


async def encryption_certificate_for_signing(diagnosed: DiagnosedTenant) -> None:
    """Its devices have no encryption certificate now: the consequence is no finding of its own."""
    await drop(diagnosed, await current(diagnosed))
    await bring(diagnosed, "smimeSigning", template="SmimeEncryption")


async def no_mail_usage(diagnosed: DiagnosedTenant) -> None:
    document = {"name": "Files", "extendedKeyUsages": ["1.3.6.1.4.1.311.10.3.4"], "keyUsage": ["keyEncipherment"]}
    await diagnosed.contoso.do(issuance.add_template, "issuing", document=document)
    await bring(diagnosed, "smimeEncryption", template="Files")


async def another_address(diagnosed: DiagnosedTenant) -> None:
    await bring(diagnosed, "smimeEncryption", template="SmimeEncryption", email="alice@fabrikam.example")


async def married(diagnosed: DiagnosedTenant) -> None:
    changes = {"mail": "alice.baker@contoso.example"}
    await diagnosed.contoso.do(users_and_groups.update_user, await diagnosed.contoso.user_id("alice"), changes=changes)


async def key_gone(diagnosed: DiagnosedTenant) -> None:
    row = await diagnosed.contoso.connector()
    await diagnosed.contoso.do(connector_registry.delete_key, row.id, provider=PROVIDER, key_name=KEY_NAME)


async def key_never_there(diagnosed: DiagnosedTenant) -> None:
    await bring(diagnosed, "smimeEncryption", template="SmimeEncryption", keyName="KeyOfLastYear")


async def key_not_named(diagnosed: DiagnosedTenant) -> None:
    await bring(diagnosed, "smimeEncryption", template="SmimeEncryption", keyName="", providerName="")


async def password_of_another_file(diagnosed: DiagnosedTenant) -> None:
    password = await diagnosed.contoso.encrypted("something else")
    await bring(diagnosed, "smimeEncryption", template="SmimeEncryption", encryptedPfxPassword=password)


async def root_to_others(diagnosed: DiagnosedTenant) -> None:
    await diagnosed.contoso.group("Others")
    await diagnosed.contoso.assign(diagnosed.profiles["root"], "Others")


async def intermediate_to_others(diagnosed: DiagnosedTenant) -> None:
    contoso = diagnosed.contoso
    await contoso.group("Others")
    issuing = await contoso.look(authority_queries.authority, contoso.tenant.id, name="issuing")
    assert issuing is not None
    text = base64.b64encode(issuing.certificate).decode()
    await contoso.profile("iosTrustedRootCertificate", "Others", trustedRootCertificate=text)


async def scep_profile(diagnosed: DiagnosedTenant, **changes: Any) -> None:
    """A SCEP profile that reaches the phone."""
    await diagnosed.contoso.scep_profile(**changes)


async def escaped_subject(diagnosed: DiagnosedTenant) -> None:
    await scep_profile(diagnosed, subjectNameFormatString="CN={{UserName}} (Contoso\\, Inc)")


async def plain_address(diagnosed: DiagnosedTenant) -> None:
    await scep_profile(diagnosed, scepServerUrls=["http://ca.partner.example/scep"])


async def short_validity_by_scep(diagnosed: DiagnosedTenant) -> None:
    await scep_profile(diagnosed, certificateValidityPeriodValue=4, certificateValidityPeriodScale="days")


async def root_deleted(diagnosed: DiagnosedTenant) -> None:
    await diagnosed.contoso.do(profiles.delete_profile, diagnosed.profiles["root"])


async def nothing_for_signing(diagnosed: DiagnosedTenant) -> None:
    await diagnosed.contoso.imported_profile(purpose="smimeSigning")


async def no_profile_for_signing(diagnosed: DiagnosedTenant) -> None:
    await bring(diagnosed, "smimeSigning", template="SmimeSigning")


async def no_role(diagnosed: DiagnosedTenant) -> None:
    await diagnosed.contoso.connector(roles=["pkcs"])


async def offline(diagnosed: DiagnosedTenant) -> None:
    await diagnosed.contoso.connector(state="offline")


async def no_licence(diagnosed: DiagnosedTenant) -> None:
    await diagnosed.contoso.take_licence("alice")


async def certificate_revoked(diagnosed: DiagnosedTenant) -> None:
    mark = await current(diagnosed)
    row = await diagnosed.contoso.get(certificate_queries.certificate, diagnosed.contoso.tenant.id, key=mark)
    await revoke(diagnosed, row)


async def own_certificate_revoked(diagnosed: DiagnosedTenant) -> None:
    mark = (await diagnosed.phone.item()).thumbprint or ""
    row = await diagnosed.contoso.get(certificate_queries.certificate, diagnosed.contoso.tenant.id, key=mark)
    await revoke(diagnosed, row)


async def revoke(diagnosed: DiagnosedTenant, row: CertificateRow) -> None:
    await diagnosed.contoso.do(revocation.revoke, row.serial, reason="keyCompromise", authority_name=row.authority)


async def encryption_by_pkcs(diagnosed: DiagnosedTenant) -> None:
    await diagnosed.contoso.pkcs_profile(certificateTemplateName="SmimeEncryption")


async def unknown_template(diagnosed: DiagnosedTenant) -> None:
    await diagnosed.contoso.pkcs_profile(certificateTemplateName="NoSuchTemplate")


async def variable_without_a_value(diagnosed: DiagnosedTenant) -> None:
    await diagnosed.contoso.pkcs_profile(subjectNameFormat="custom", subjectNameFormatString="CN={{Nickname}}")


async def short_validity(diagnosed: DiagnosedTenant) -> None:
    await diagnosed.contoso.pkcs_profile(certificateValidityPeriodValue=3, certificateValidityPeriodScale="days")


async def long_validity(diagnosed: DiagnosedTenant) -> None:
    """The template allows it; Intune's page does not."""
    document = {"name": "TenYears", "validity": "P3650D", "keyUsage": ["digitalSignature"]}
    await diagnosed.contoso.do(issuance.add_template, "issuing", document=document)
    period: dict[str, Any] = {"certificateValidityPeriodValue": 5, "certificateValidityPeriodScale": "years"}
    await diagnosed.contoso.pkcs_profile(certificateTemplateName="TenYears", **period)


async def longer_than_the_template_allows(diagnosed: DiagnosedTenant) -> None:
    await diagnosed.contoso.pkcs_profile(certificateValidityPeriodValue=2, certificateValidityPeriodScale="years")


async def template_of_a_few_hours(diagnosed: DiagnosedTenant) -> None:
    document = {"name": "Hours", "validity": "PT12H", "keyUsage": ["digitalSignature"]}
    await diagnosed.contoso.do(issuance.add_template, "issuing", document=document)
    await diagnosed.contoso.pkcs_profile(certificateTemplateName="Hours")


async def proof_of_origin(diagnosed: DiagnosedTenant) -> None:
    """For the phone with Android it may be on."""
    document = {"name": "Origin", "keyUsage": ["digitalSignature", "nonRepudiation"]}
    await diagnosed.contoso.do(issuance.add_template, "issuing", document=document)
    await diagnosed.contoso.pkcs_profile(certificateTemplateName="Origin")
    pkcs_document = diagnosed.contoso.pkcs_document(certificateTemplateName="Origin")
    await diagnosed.contoso.profile("iosPkcsCertificateProfile", "All Staff", **pkcs_document)


async def authority_out_of_reach(diagnosed: DiagnosedTenant) -> None:
    await diagnosed.contoso.do(authorities.set_state, "issuing", state="unavailable")
    await diagnosed.contoso.pkcs_profile()


async def root_refused(diagnosed: DiagnosedTenant) -> None:
    """The certificate that needs the root was there before: it stays."""
    other = await diagnosed.contoso.root_text("devices")
    await diagnosed.contoso.profile(
        "androidWorkProfileTrustedRootCertificate", "All Staff", trustedRootCertificate=other
    )
    digest = hashlib.sha256(base64.b64decode(other)).hexdigest()
    diagnosed.phone.refuses.add(root_key(digest))


async def mail_profile_refers_to_others(diagnosed: DiagnosedTenant) -> None:
    contoso = diagnosed.contoso
    await contoso.group("Others")
    other = await contoso.profile("iosImportedPFXCertificateProfile", "Others", intendedPurpose="smimeEncryption")
    await mail_profile(diagnosed, other)


async def mail_profile_with_a_broken_certificate(diagnosed: DiagnosedTenant) -> None:
    """The account waits for a certificate that cannot come: one fault, one code."""
    await drop(diagnosed, await current(diagnosed))
    await bring(diagnosed, "smimeEncryption", template="SmimeEncryption", keyName="KeyOfLastYear")
    await mail_profile(diagnosed, diagnosed.profiles["ios imported"])


async def mail_profile(diagnosed: DiagnosedTenant, encryption: str) -> str:
    settings = {"hostName": "mail.contoso.example", "encryptionCertificateType": "certificate"}
    settings |= {"emailAddressSource": "primarySmtpAddress"}
    return await diagnosed.contoso.profile(
        "iosEasEmailProfileConfiguration",
        "All Staff",
        references={"smimeEncryptionCertificate": encryption},
        **settings,
    )


async def phone_refuses(diagnosed: DiagnosedTenant) -> None:
    mark = await bring(diagnosed, "smimeEncryption", template="SmimeEncryption")
    diagnosed.phone.refuses.add(imported_key(mark))


async def tablet_refuses(diagnosed: DiagnosedTenant) -> None:
    mark = await bring(diagnosed, "smimeEncryption", template="SmimeEncryption")
    words = "The device refused it: the PKCS#12 file could not be opened (MCCertificateErrorDomain 9000)."

    def says(step: Step) -> StepResult | None:
        if step.item is None or step.item.row.key != imported_key(mark):
            return None
        return StepResult(step.id, Result.REFUSED, problem=Problem(WRONG_PASSWORD, words))

    diagnosed.tablet.override = says


async def long_silence(diagnosed: DiagnosedTenant) -> None:
    diagnosed.contoso.clock.forward(days=31)


async def edition_of_2020(diagnosed: DiagnosedTenant) -> None:
    """A fully managed phone is given no PKCS by the documents of that month."""
    phone = await diagnosed.contoso.enroll("alice", mode="fully-managed", hardware="phone-2")
    await diagnosed.contoso.root_profile(owned=True)
    await diagnosed.contoso.pkcs_profile(owned=True)
    await diagnosed.contoso.imported_profile(owned=True)
    await diagnosed.contoso.switch(edition="2020-04")
    await phone.settle()


async def imported_for_vpn(diagnosed: DiagnosedTenant) -> None:
    """The documents of today support imported certificates for other purposes only."""
    await diagnosed.contoso.imported_profile(purpose="vpn")
    await diagnosed.contoso.profile("iosImportedPFXCertificateProfile", "All Staff", intendedPurpose="vpn")
    await bring(diagnosed, "vpn", template="SmimeEncryption")


async def block_work_profiles(contoso: Contoso) -> str:
    """Refuse Android work profiles to All Staff, by a restriction named Ours; return its id."""

    def create(tx: Transaction) -> str:
        kind = "deviceEnrollmentPlatformRestrictionConfiguration"
        document = {**defaults(entity(kind)), "displayName": "Ours", "platformType": "androidForWork"}
        document["platformRestriction"] = {"platformBlocked": True}
        hooks = enrollment_programmes.CONFIGURATION_HOOKS
        row = resources.create(tx, ENROLLMENT_CONFIGURATIONS, kind=kind, document=document, hooks=hooks)
        group = GroupId(contoso.groups["All Staff"])
        target = NewAssignment(TargetKind.GROUP, group, {"groupId": group})
        to = Assignable(ProfileId(row.id), "enrolment configuration", None)
        resources.assign(tx, ENROLLMENT_CONFIGURATIONS, key=row.id, to=to, targets=[target])
        return row.id

    return await contoso.do(create)


Plant = Callable[[DiagnosedTenant], Awaitable[object]]

#: What is done to the company -> the one code under which it is found.
FAULTS: tuple[tuple[Plant, str], ...] = (
    (expired, "expired-without-successor"),
    (expiring, "expires-soon"),
    (gap, "gap-in-time"),
    (signing_certificate_for_encryption, "purpose-key-usage"),
    (encryption_certificate_for_signing, "purpose-key-usage"),
    (no_mail_usage, "purpose-extended-usage"),
    (another_address, "address-mismatch"),
    (married, "address-mismatch"),
    (key_gone, "key-missing"),
    (key_never_there, "key-missing"),
    (key_not_named, "key-unnamed"),
    (password_of_another_file, "connector-refused"),
    (root_to_others, "root-elsewhere"),
    (root_deleted, "root-missing"),
    (intermediate_to_others, "intermediate-missing"),
    (escaped_subject, "scep-subject-escaped"),
    (plain_address, "scep-address-http"),
    (short_validity_by_scep, "validity-period"),
    (nothing_for_signing, "nothing-imported"),
    (no_profile_for_signing, "purpose-without-profile"),
    (no_role, "role-without-connector"),
    (offline, "connector-offline"),
    (no_licence, "not-licensed"),
    (certificate_revoked, "revoked-in-use"),
    (own_certificate_revoked, "revoked-in-use"),
    (encryption_by_pkcs, "encryption-per-device"),
    (unknown_template, "connector-refused"),
    (variable_without_a_value, "profile-impossible"),
    (short_validity, "validity-period"),
    (long_validity, "validity-period"),
    (longer_than_the_template_allows, "validity-period"),
    (template_of_a_few_hours, "validity-period"),
    (proof_of_origin, "proof-of-origin"),
    (authority_out_of_reach, "connector-refused"),
    (root_refused, "device-refused"),
    (mail_profile_refers_to_others, "reference-out-of-reach"),
    (mail_profile_with_a_broken_certificate, "key-missing"),
    (phone_refuses, "device-refused"),
    (tablet_refuses, "device-refused"),
    (edition_of_2020, "not-in-edition"),
    (imported_for_vpn, "purpose-unsupported"),
)

#: What no chain can show: there is no profile that reaches a device.
WITHOUT_CHAIN = ("purpose-without-profile", "not-licensed")
#: What nobody knows before a connector or a device has tried.
SEEN_LATER = ("connector-refused", "device-refused", "encryption-per-device")
