"""Which server a device asks by SCEP, and for which certificate. Each platform reads them from its own messages."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace

#: A subject: relative distinguished names, each of pairs (type, value). A type is a keyword such as CN, or an OID.
Subject = tuple[tuple[tuple[str, str], ...], ...]

SIGNING, ENCRYPTION = "digital_signature", "key_encipherment"


@dataclass(frozen=True, slots=True)
class RequestSettings:
    """What the certificate request has. `key_usages` are attributes of cryptography's KeyUsage.

    `digest` signs the request, and the messages if the server has it. `template` and `validity` (units and their
    number, such as Years and 1) are what Windows adds for an enterprise CA. `is_authority`: CA:TRUE, for which no
    profile asks.
    """

    subject: Subject = ()
    challenge: str = field(default="", repr=False)
    key_size: int = 2048
    key_usages: tuple[str, ...] = ()
    extended_key_usages: tuple[str, ...] = ()
    mail_names: tuple[str, ...] = ()
    principal_names: tuple[str, ...] = ()
    dns_names: tuple[str, ...] = ()
    uris: tuple[str, ...] = ()
    digest: str = "sha256"
    template: str = ""
    validity: tuple[str, int] | None = None
    is_authority: bool = False


@dataclass(frozen=True, slots=True)
class ScepSettings:
    """The server with the name of its CA, the fingerprint of a certificate of it, and how long it may take.

    `retries` are CertPolls after PENDING, `retry_delay` the seconds before each, but for the first one if it comes
    `at_once`. A device that does not wait for them (`waits`) asks at its next check-ins, and gives up when that time
    has passed on the tenant's clock. `other_urls`: servers that are tried in this order if the first cannot be reached.
    """

    url: str
    request: RequestSettings = RequestSettings()
    name: str = ""
    fingerprint: bytes | None = None
    retries: int = 3
    retry_delay: float = 10.0
    waits: bool = True
    at_once: bool = False
    other_urls: tuple[str, ...] = ()

    @property
    def identifier(self) -> str:
        """The digest of what is requested from which server, whatever the challenge."""
        wanted = (self.url, self.name, replace(self.request, challenge=""))
        return hashlib.sha256(repr(wanted).encode()).hexdigest()
