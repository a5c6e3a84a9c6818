"""Which server a device asks by SCEP (RFC 8894), and for which certificate; and what can fail then, in the words of no
platform. Each platform reads the settings from its own messages.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from enum import StrEnum

from fauxtune_sim.errors import SimulatorError

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


class Failure(StrEnum):
    """Why a device has no certificate."""

    #: The server gives no answer, or the answer is an HTTP error.
    NETWORK = "network"
    #: The answer to GetCACert has no certificates, or none to which a request can be encrypted.
    CA_CERTIFICATE = "caCertificate"
    #: No certificate of the server has the fingerprint that the settings name.
    FINGERPRINT = "fingerprint"
    #: The settings make no certificate request.
    SETTINGS = "settings"
    #: The answer to PKIOperation cannot be read, or it is not the answer to the request.
    ANSWER = "answer"
    #: The server refused: pkiStatus FAILURE.
    REFUSED = "refused"
    #: The server has not decided yet: pkiStatus PENDING. The same request later asks again.
    PENDING = "pending"
    #: The server had not decided when the device gave up.
    TOO_LATE = "tooLate"
    #: The certificate is for another key.
    OTHER_KEY = "otherKey"


class ScepFailed(SimulatorError):
    """The device has no certificate; `fail_info` is the reason of a refusal (RFC 8894 3.2.1.4.1, such as badRequest),
    `fail_info_text` what the server says about it.
    """

    def __init__(self, failure: Failure, text: str, *, fail_info: str = "", fail_info_text: str = "") -> None:
        super().__init__(text)
        self.failure = failure
        self.fail_info = fail_info
        self.fail_info_text = fail_info_text
