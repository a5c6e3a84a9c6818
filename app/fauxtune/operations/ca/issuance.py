"""Certificate templates, what is issued by them for connectors, and the register of what was issued.

Each change makes exactly the devices plan again whose profiles name the template. Issued certificates stay as they
are. Intune: "Configure and use PKCS certificates" says what a template must allow the connector.

A connector that is a process of its own proves with a PKCS#10 request that it has the key; one inside the server only
names the key, for nobody else can have made it. Subject and usages come from the order, never from the request
itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from fauxtune.connector.issue import NewKey
from fauxtune.connector.refusals import AuthorityRefused, KeyNotExportable, KeyRefused, SubjectRefused, TemplateRefused
from fauxtune.core.errors import Conflict, Invalid, KeyUnfit, NotFound
from fauxtune.core.model.ids import EnrollmentId, ItemKey, ProfileId, TenantId, UserId
from fauxtune.core.model.items import pkcs_key
from fauxtune.core.model.text import JsonObject
from fauxtune.core.pki.authority import Authority, PublicKey
from fauxtune.core.pki.issuance import issue, request_key
from fauxtune.core.pki.names import serial_hex, subject_text, thumbprint
from fauxtune.core.pki.template import Template
from fauxtune.operations.profiles import assignments
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.queries import authorities as authority_queries
from fauxtune.storage.queries import certificates as certificate_queries
from fauxtune.storage.queries import connectors as request_queries
from fauxtune.storage.rows.certificates import CertificateRow, TemplateRow


def all_templates(tx: Transaction, authority_name: str) -> list[Template]:
    """Return the templates of an authority, by name. Raises NotFound for one that does not issue by templates."""
    rows = authority_queries.authorities_of(tx.connection, tx.tenant.id)
    issuing = [row.name for row in rows if row.role not in {"root", "devices", "digicert-root"}]
    if authority_name not in issuing:
        known = ", ".join(issuing)
        raise NotFound(f"There is no authority '{authority_name}' that issues by templates. There is: {known}.")
    return [Template.from_document(document) for document in _documents(tx, authority_name).values()]


def find(tx: Transaction, name: str, *, authority_name: str = "issuing") -> Template | None:
    """Return the template of this name, in any case."""
    for known, document in _documents(tx, authority_name).items():
        if known.lower() == name.lower():
            return Template.from_document(document)
    return None


def template(tx: Transaction, authority_name: str, *, name: str) -> Template:
    """Return one template of an authority. Raises NotFound."""
    for candidate in all_templates(tx, authority_name):
        if candidate.name.lower() == name.lower():
            return candidate
    known = ", ".join(_documents(tx, authority_name)) or "none"
    raise NotFound(f"There is no certificate template '{name}'. There are: {known}.")


def add_template(tx: Transaction, authority_name: str, *, document: JsonObject) -> Template:
    """Add a template. Raises Conflict when its name is taken, Invalid for a document with impossible values."""
    all_templates(tx, authority_name)
    new = Template.from_document(document)
    if find(tx, new.name, authority_name=authority_name) is not None:
        raise Conflict(f"There is a certificate template '{new.name}' already.", target="name")
    authority_queries.add_template(tx.connection, template_row(tx.tenant.id, new, authority_name=authority_name))
    tx.record("templateAdded", template=new.name, settings=new.document())
    _ask_again(tx, new)
    return new


def template_row(tenant_id: TenantId, template: Template, *, authority_name: str) -> TemplateRow:
    """Return the row of a template of this authority."""
    return TemplateRow(tenant_id, keeper(authority_name), template.name, template.document())


def change_template(tx: Transaction, authority_name: str, *, name: str, changes: JsonObject) -> Template:
    """Change a template. Raises Invalid for another name: that would be another template."""
    old = template(tx, authority_name, name=name)
    if changes.get("name", old.name) != old.name:
        raise Invalid(
            f"A template keeps its name ('{old.name}'); add another one, or change displayName.", target="name"
        )
    before = old.document()
    new = Template.from_document(_merged(before, changes))
    changed = {key: value for key, value in new.document().items() if value != before[key]}
    if changed:
        authority_queries.put_templates(tx.connection, template_row(tx.tenant.id, new, authority_name=authority_name))
        tx.record("templateChanged", template=old.name, before={key: before[key] for key in changed}, after=changed)
        _ask_again(tx, old, new)
    return new


def delete_template(tx: Transaction, authority_name: str, *, name: str) -> None:
    """Delete a template. Certificates issued by it stay, and connectors may revoke them."""
    old = template(tx, authority_name, name=name)
    authority_queries.delete_template(tx.connection, tx.tenant.id, authority_name=keeper(authority_name), name=old.name)
    tx.record("templateDeleted", template=old.name)
    _ask_again(tx, old)


def _merged(before: JsonObject, changes: JsonObject) -> JsonObject:
    """Merge the changes; another type of key resets the size and the usages, unless these are among the changes."""
    merged = {**before, **changes}
    if merged["keyType"] != before["keyType"]:
        for name in ("minimumKeySize", "keyUsage"):
            if name not in changes:
                del merged[name]
    return merged


def _ask_again(tx: Transaction, *changed: Template) -> None:
    """Have unanswered and refused requests for these templates asked again, by the templates of now."""
    names = {name.lower() for template in changed for name in (template.name, template.display_name)}
    for profile_id, name in authority_queries.templates_named_by_profiles(tx.connection, tx.tenant.id).items():
        if name.lower() in names:
            request_queries.forget_unanswered(tx.connection, tx.tenant.id, item_key=pkcs_key(profile_id))
            assignments.wake_profile(tx, profile_id)


def _documents(tx: Transaction, authority_name: str) -> dict[str, JsonObject]:
    name = keeper(authority_name)
    return tx.known(
        ("templates", name),
        lambda: authority_queries.template_documents(tx.connection, tx.tenant.id, authority_name=name),
    )


def keeper(authority_name: str) -> str:
    """Return the authority whose templates these are: all keys of the enterprise CA share those of `issuing`."""
    return "issuing" if authority_name.startswith("issuing-") else authority_name


def note(
    tx: Transaction,
    certificate: x509.Certificate,
    *,
    authority_name: str,
    template: str | None = None,
    key_usage: Sequence[str] = (),
    user_id: UserId | None = None,
    enrollment_id: EnrollmentId | None = None,
    item_key: ItemKey | None = None,
    profile_id: ProfileId | None = None,
) -> None:
    """Write a certificate into the register of the authority that issued it."""
    row = CertificateRow(
        tenant_id=tx.tenant.id,
        authority=authority_name,
        serial=serial_hex(certificate),
        thumbprint=thumbprint(certificate),
        certificate=certificate.public_bytes(Encoding.DER),
        template=template,
        subject=subject_text(certificate.subject),
        issuer=subject_text(certificate.issuer),
        key_usage=list(key_usage),
        extended_key_usages=_extended_usages(certificate),
        key_length=_key_length(certificate),
        user_id=user_id,
        enrollment_id=enrollment_id,
        item_key=item_key,
        profile_id=profile_id,
        not_before=certificate.not_valid_before_utc,
        not_after=certificate.not_valid_after_utc,
        revoked_at=None,
        reason=None,
        revocation_state=None,
        revocation_asked_at=None,
    )
    certificate_queries.add_certificate(tx.connection, row)


def _key_length(certificate: x509.Certificate) -> int | None:
    length: int | None = getattr(certificate.public_key(), "key_size", None)
    return length


def _extended_usages(certificate: x509.Certificate) -> str | None:
    try:
        usages = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except x509.ExtensionNotFound:
        return None
    return ",".join(usage.dotted_string for usage in usages)


def pem_chain(certificates: tuple[x509.Certificate, ...]) -> str:
    """Return certificates as PEM, one after the other."""
    return "".join(certificate.public_bytes(Encoding.PEM).decode() for certificate in certificates)


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """An application for one certificate: its contents, and the authority that is to sign it."""

    authority: Authority
    template: Template
    subject: x509.Name
    alternative_names: tuple[x509.GeneralName, ...]
    serial: int
    not_before: datetime
    not_after: datetime
    extra_extended_key_usages: tuple[str, ...] = ()

    def certify(self, csr: x509.CertificateSigningRequest) -> tuple[x509.Certificate, ...]:
        """Issue the certificate for the request's key; return it with its issuers, nearest first. Raises what
        `check_template` raises, KeyRefused, or AuthorityRefused.
        """
        return self._certify(lambda: request_key(csr))

    def certify_key(self, key: NewKey) -> tuple[x509.Certificate, ...]:
        """Do what `certify` does, for a key that was made in this process."""
        return self._certify(lambda: key.public_key)

    def _certify(self, public_key: Callable[[], PublicKey]) -> tuple[x509.Certificate, ...]:
        check_template(self.template)
        with refusals(self.template):
            certificate = issue(
                authority=self.authority,
                public_key=public_key(),
                subject=self.subject,
                alternative_names=self.alternative_names,
                template=self.template,
                serial=self.serial,
                not_before=self.not_before,
                not_after=self.not_after,
                extra_extended_key_usages=self.extra_extended_key_usages,
            )
        return (certificate, self.authority.certificate, *self.authority.chain)


@contextmanager
def refusals(template: Template) -> Iterator[None]:
    """Let what keeps an authority from issuing be its refusal: raises KeyRefused or AuthorityRefused."""
    try:
        yield
    except KeyUnfit as error:
        raise KeyRefused(error.message) from None
    except Invalid as error:
        raise AuthorityRefused(
            f"No certificate could be issued by the template {template.name}: {error.message}"
        ) from None


def check_enrolment(template: Template) -> None:
    """Raise a ConnectorRefused for a template by which the connector cannot request certificates for devices."""
    if not template.connector_may_enroll:
        raise TemplateRefused(
            f"The certificate template {template.name} does not let the connector enrol (connectorMayEnroll)."
        )
    if not template.subject_in_request:
        raise SubjectRefused(
            f"The certificate template {template.name} does not take the subject from the request (subjectInRequest)."
        )


def check_template(template: Template) -> None:
    """Raise a ConnectorRefused for a template by which the connector cannot make keys and hand them to devices."""
    check_enrolment(template)
    if not template.exportable:
        raise KeyNotExportable(
            f"The certificate template {template.name} does not let the private key be exported (exportable): the "
            "connector cannot hand it over to the device."
        )
