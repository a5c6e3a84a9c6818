"""Issue certificates for requests of connectors, where the template allows it.

The connector proves with a PKCS#10 request that it has the key. Subject and usages come from the order, never from the
request itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from cryptography import x509

from fauxtune.connector.refusals import (
    AuthorityRefused,
    KeyNotExportable,
    KeyRefused,
    SubjectRefused,
    TemplateRefused,
)
from fauxtune.core.errors import Invalid, KeyUnfit
from fauxtune.core.pki.authority import Authority
from fauxtune.core.pki.issuance import issue, request_key
from fauxtune.core.pki.template import Template


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
        check_template(self.template)
        try:
            certificate = issue(
                authority=self.authority,
                public_key=request_key(csr),
                subject=self.subject,
                alternative_names=self.alternative_names,
                template=self.template,
                serial=self.serial,
                not_before=self.not_before,
                not_after=self.not_after,
                extra_extended_key_usages=self.extra_extended_key_usages,
            )
        except KeyUnfit as error:
            raise KeyRefused(error.message) from None
        except Invalid as error:
            raise AuthorityRefused(
                f"No certificate could be issued by the template {self.template.name}: {error.message}"
            ) from None
        return (certificate, self.authority.certificate, *self.authority.chain)


def check_template(template: Template) -> None:
    """Raise a ConnectorRefused for a template that does not allow certificates for devices."""
    if not template.connector_may_enroll:
        raise TemplateRefused(
            f"The certificate template {template.name} does not let the connector enrol (connectorMayEnroll)."
        )
    if not template.subject_in_request:
        raise SubjectRefused(
            f"The certificate template {template.name} does not take the subject from the request (subjectInRequest)."
        )
    if not template.exportable:
        raise KeyNotExportable(
            f"The certificate template {template.name} does not let the private key be exported (exportable): the "
            "connector cannot hand it over to the device."
        )
