"""Issue certificates for requests of connectors, where the template allows it.

A connector that is a process of its own proves with a PKCS#10 request that it has the key; one inside the server only
names the key, for nobody else can have made it. Subject and usages come from the order, never from the request itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from cryptography import x509

from fauxtune.connector.issue import NewKey
from fauxtune.connector.refusals import (
    AuthorityRefused,
    KeyNotExportable,
    KeyRefused,
    SubjectRefused,
    TemplateRefused,
)
from fauxtune.core.errors import Invalid, KeyUnfit
from fauxtune.core.pki.authority import Authority, PublicKey
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
