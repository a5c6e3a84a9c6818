"""Companies for diagnosis: a healthy one, and what can be done to it."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from cryptography import x509

from fauxtune.core.model.items import Problem, imported_key, root_key
from fauxtune.core.pki.names import thumbprint
from fauxtune.operations.ca import authorities, imported_pfx, templates
from fauxtune.operations.ca import register as certificate_register
from fauxtune.operations.checkin.stepwise import Result, Step, StepResult
from fauxtune.operations.connectors import registry as connector_registry
from fauxtune.operations.connectors import revocation
from fauxtune.operations.directory import users_and_groups
from fauxtune.operations.insight.diagnosis import Diagnosis, History, diagnose, history
from fauxtune.operations.profiles import profiles
from fauxtune.operations.tenants.seeds import KEY_NAME, PROVIDER
from fauxtune.storage.queries import certificates as certificate_queries
from tests.operations.office import START, Office
from tests.support.certificates import issued_elsewhere, make_pfx
from tests.support.devices.android import AndroidInProcess
from tests.support.devices.stepwise import StepwiseDevice, enrol_iphone

Row = dict[str, Any]
#: Apple 9000: the password does not open the file.
WRONG_PASSWORD = 0x87D10000 + 10000 + 9000 - (1 << 32)


@dataclass(slots=True)
class Company:
    """Alice with an Android phone and an iPad, each with a root, a signing certificate and her encryption history."""

    office: Office
    phone: AndroidInProcess
    tablet: StepwiseDevice
    profiles: dict[str, str]

    @property
    def alice(self) -> str:
        return self.office.upn("alice")

    async def settle(self) -> None:
        await self.phone.settle()
        for _ in range(4):
            await self.tablet.check_in(limit=4)

    async def diagnosis(self, **asked: str) -> Diagnosis:
        return await diagnose(self.office.emulator, self.office.tenant, **(asked or {"user": self.alice}))

    async def codes(self, **asked: str) -> set[str]:
        """Every code, of findings and of broken links alike; the two agree."""
        found = await self.diagnosis(**asked)
        codes = {each.code for each in found.findings}
        broken = {each.code for one in found.chains for link in one.links for each in link.findings}
        assert broken <= codes
        return codes

    async def history(self, name: str = "alice") -> History:
        found: History = await self.office.do(history, self.office.upn(name))
        return found


async def open_company(office: Office) -> Company:
    phone = await office.enroll("alice", hardware="phone-1")
    tablet = await enrol_iphone(office, "alice")
    profiles = {
        "root": await office.root_profile(),
        "pkcs": await office.pkcs_profile(),
        "imported": await office.imported_profile(),
        "ios root": await office.profile(
            "iosTrustedRootCertificate", "All Staff", trustedRootCertificate=await office.root_text()
        ),
        "ios pkcs": await office.profile("iosPkcsCertificateProfile", "All Staff", **office.pkcs_document()),
        "ios imported": await office.profile(
            "iosImportedPFXCertificateProfile", "All Staff", intendedPurpose="smimeEncryption"
        ),
    }
    company = Company(office, phone, tablet, profiles)
    await bring(company, "smimeEncryption", template="SmimeEncryption")
    await company.settle()
    return company


async def bring(
    company: Company,
    purpose: str,
    *,
    template: str,
    email: str | None = None,
    not_before: datetime | None = None,
    not_after: datetime | None = None,
    **changes: str,
) -> str:
    """Issue by this template, and import for this purpose; the thumbprint. `changes` are the record's."""
    office = company.office
    request = certificate_register.CounterRequest(
        template,
        user_principal_name=company.alice,
        email=email,
        not_before=not_before,
        not_after=not_after,
        pfx_password="geheim-42",
    )
    key = office.emulator.key_source.take()
    answer = await office.do(certificate_register.issue_at_counter, request, key=key, keys=office.emulator.keys)
    mark = thumbprint(answer.certificate)
    await record(company, mark, file=answer.pfx, certificate=answer.certificate, intendedPurpose=purpose, **changes)
    return mark


async def bring_from_outside(
    company: Company, purpose: str, *, email: str | None = None, signs: bool = False, mail: bool = True
) -> str:
    """Import a certificate that another authority issued; the thumbprint."""
    key = company.office.emulator.key_source.take()
    certificate = issued_elsewhere(key, email or company.alice, begin=START - timedelta(days=1), signs=signs, mail=mail)
    file = make_pfx(key, certificate, password="geheim-42")
    mark = thumbprint(certificate)
    await record(company, mark, file=file, certificate=certificate, intendedPurpose=purpose)
    return mark


async def record(company: Company, mark: str, *, file: bytes, certificate: x509.Certificate, **changes: str) -> None:
    document = {
        "thumbprint": mark,
        "userPrincipalName": company.office.upn("alice"),
        "providerName": PROVIDER,
        "keyName": KEY_NAME,
        "paddingScheme": "oaepSha256",
        "encryptedPfxBlob": base64.b64encode(file).decode(),
        "encryptedPfxPassword": await company.office.encrypted("geheim-42"),
        "startDateTime": certificate.not_valid_before_utc.isoformat(),
        "expirationDateTime": certificate.not_valid_after_utc.isoformat(),
        **changes,
    }
    await company.office.do(imported_pfx.import_pfx, document)


async def current(company: Company) -> str:
    """The certificate that the company begins with."""
    (found,) = (await company.history()).facts.imported()
    return found.thumbprint


async def drop(company: Company, mark: str) -> None:
    await company.office.do(imported_pfx.delete_pfx, await company.office.record_id("alice", mark))


# ------------------------------------------------------------------------------------------------------- the faults


async def expired(company: Company) -> None:
    await drop(company, await current(company))
    began, ended = START - timedelta(days=400), START - timedelta(days=40)
    await bring(company, "smimeEncryption", template="SmimeEncryption", not_before=began, not_after=ended)


async def expiring(company: Company) -> None:
    await drop(company, await current(company))
    await bring(company, "smimeEncryption", template="SmimeEncryption", not_after=START + timedelta(days=20))


async def gap(company: Company) -> None:
    began, ended = START - timedelta(days=800), START - timedelta(days=100)
    await bring(company, "smimeEncryption", template="SmimeEncryption", not_before=began, not_after=ended)


async def signing_certificate_for_encryption(company: Company) -> None:
    await bring(company, "smimeEncryption", template="SmimeSigning")


async def encryption_certificate_for_signing(company: Company) -> None:
    """Its devices have no encryption certificate now: the consequence is no finding of its own."""
    await drop(company, await current(company))
    await bring(company, "smimeSigning", template="SmimeEncryption")


async def no_mail_usage(company: Company) -> None:
    document = {"name": "Files", "extendedKeyUsages": ["1.3.6.1.4.1.311.10.3.4"], "keyUsage": ["keyEncipherment"]}
    await company.office.do(templates.add_template, "issuing", document=document)
    await bring(company, "smimeEncryption", template="Files")


async def another_address(company: Company) -> None:
    await bring(company, "smimeEncryption", template="SmimeEncryption", email="alice@fabrikam.example")


async def married(company: Company) -> None:
    changes = {"mail": "alice.baker@contoso.example"}
    await company.office.do(users_and_groups.update_user, await company.office.user_id("alice"), changes=changes)


async def key_gone(company: Company) -> None:
    row = await company.office.connector()
    await company.office.do(connector_registry.delete_key, row["id"], provider=PROVIDER, key_name=KEY_NAME)


async def key_never_there(company: Company) -> None:
    await bring(company, "smimeEncryption", template="SmimeEncryption", keyName="KeyOfLastYear")


async def key_not_named(company: Company) -> None:
    await bring(company, "smimeEncryption", template="SmimeEncryption", keyName="", providerName="")


async def password_of_another_file(company: Company) -> None:
    password = await company.office.encrypted("something else")
    await bring(company, "smimeEncryption", template="SmimeEncryption", encryptedPfxPassword=password)


async def root_to_others(company: Company) -> None:
    await company.office.group("Others")
    await company.office.assign(company.profiles["root"], "Others")


async def root_deleted(company: Company) -> None:
    await company.office.do(profiles.delete_profile, company.profiles["root"])


async def nothing_for_signing(company: Company) -> None:
    await company.office.imported_profile(purpose="smimeSigning")


async def no_profile_for_signing(company: Company) -> None:
    await bring(company, "smimeSigning", template="SmimeSigning")


async def no_role(company: Company) -> None:
    await company.office.connector(roles=["pkcs"])


async def offline(company: Company) -> None:
    await company.office.connector(state="offline")


async def no_licence(company: Company) -> None:
    await company.office.take_licence("alice")


async def certificate_revoked(company: Company) -> None:
    mark = await current(company)
    row = await company.office.look(certificate_queries.certificate, company.office.tenant.id, key=mark)
    await revoke(company, row)


async def own_certificate_revoked(company: Company) -> None:
    mark = (await company.phone.item()).thumbprint
    row = await company.office.look(certificate_queries.certificate, company.office.tenant.id, key=mark)
    await revoke(company, row)


async def revoke(company: Company, row: Row) -> None:
    authority = row["authority"]
    await company.office.do(revocation.revoke, row["serial"], reason="keyCompromise", authority_name=authority)


async def encryption_by_pkcs(company: Company) -> None:
    await company.office.pkcs_profile(certificateTemplateName="SmimeEncryption")


async def unknown_template(company: Company) -> None:
    await company.office.pkcs_profile(certificateTemplateName="NoSuchTemplate")


async def variable_without_a_value(company: Company) -> None:
    await company.office.pkcs_profile(subjectNameFormat="custom", subjectNameFormatString="CN={{Nickname}}")


async def short_validity(company: Company) -> None:
    await company.office.pkcs_profile(certificateValidityPeriodValue=3, certificateValidityPeriodScale="days")


async def long_validity(company: Company) -> None:
    """The template allows it; Intune's page does not."""
    document = {"name": "TenYears", "validity": "P3650D", "keyUsage": ["digitalSignature"]}
    await company.office.do(templates.add_template, "issuing", document=document)
    period: dict[str, Any] = {"certificateValidityPeriodValue": 5, "certificateValidityPeriodScale": "years"}
    await company.office.pkcs_profile(certificateTemplateName="TenYears", **period)


async def longer_than_the_template_allows(company: Company) -> None:
    await company.office.pkcs_profile(certificateValidityPeriodValue=2, certificateValidityPeriodScale="years")


async def template_of_a_few_hours(company: Company) -> None:
    document = {"name": "Hours", "validity": "PT12H", "keyUsage": ["digitalSignature"]}
    await company.office.do(templates.add_template, "issuing", document=document)
    await company.office.pkcs_profile(certificateTemplateName="Hours")


async def proof_of_origin(company: Company) -> None:
    """For the phone with Android it may be on."""
    document = {"name": "Origin", "keyUsage": ["digitalSignature", "nonRepudiation"]}
    await company.office.do(templates.add_template, "issuing", document=document)
    await company.office.pkcs_profile(certificateTemplateName="Origin")
    asked = company.office.pkcs_document(certificateTemplateName="Origin")
    await company.office.profile("iosPkcsCertificateProfile", "All Staff", **asked)


async def authority_out_of_reach(company: Company) -> None:
    await company.office.do(authorities.set_state, "issuing", state="unavailable")
    await company.office.pkcs_profile()


async def root_refused(company: Company) -> None:
    """The certificate that needs the root was there before: it stays."""
    other = await company.office.root_text("devices")
    await company.office.profile("androidWorkProfileTrustedRootCertificate", "All Staff", trustedRootCertificate=other)
    digest = hashlib.sha256(base64.b64decode(other)).hexdigest()
    company.phone.refuses.add(root_key(digest))


async def mail_profile_refers_to_others(company: Company) -> None:
    office = company.office
    await office.group("Others")
    other = await office.profile("iosImportedPFXCertificateProfile", "Others", intendedPurpose="smimeEncryption")
    await mail_profile(company, other)


async def mail_profile_with_a_broken_certificate(company: Company) -> None:
    """The account waits for a certificate that cannot come: one fault, one code."""
    await drop(company, await current(company))
    await bring(company, "smimeEncryption", template="SmimeEncryption", keyName="KeyOfLastYear")
    await mail_profile(company, company.profiles["ios imported"])


async def mail_profile(company: Company, encryption: str) -> str:
    settings = {"hostName": "mail.contoso.example", "encryptionCertificateType": "certificate"}
    settings |= {"emailAddressSource": "primarySmtpAddress"}
    return await company.office.profile(
        "iosEasEmailProfileConfiguration",
        "All Staff",
        references={"smimeEncryptionCertificate": encryption},
        **settings,
    )


async def phone_refuses(company: Company) -> None:
    mark = await bring(company, "smimeEncryption", template="SmimeEncryption")
    company.phone.refuses.add(imported_key(mark))


async def tablet_refuses(company: Company) -> None:
    mark = await bring(company, "smimeEncryption", template="SmimeEncryption")
    words = "The device refused it: the PKCS#12 file could not be opened (MCCertificateErrorDomain 9000)."

    def says(step: Step) -> StepResult | None:
        if step.item is None or step.item.row.key != imported_key(mark):
            return None
        return StepResult(step.id, Result.REFUSED, problem=Problem(WRONG_PASSWORD, words))

    company.tablet.override = says


async def long_silence(company: Company) -> None:
    company.office.clock.forward(days=31)


async def edition_of_2020(company: Company) -> None:
    """A fully managed phone is given no PKCS by the documents of that month."""
    phone = await company.office.enroll("alice", mode="fully-managed", hardware="phone-2")
    await company.office.root_profile(owned=True)
    await company.office.pkcs_profile(owned=True)
    await company.office.switch(edition="2020-04")
    await phone.settle()


async def imported_for_vpn(company: Company) -> None:
    """The documents of today support imported certificates for other purposes only."""
    await company.office.imported_profile(purpose="vpn")
    await company.office.profile("iosImportedPFXCertificateProfile", "All Staff", intendedPurpose="vpn")
    await bring(company, "vpn", template="SmimeEncryption")


Plant = Callable[[Company], Awaitable[object]]

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
