"""The errors of Apple devices: codes and domains, as in an ErrorChain; and typed access to the keys of a profile or a
payload: a missing key or a wrong type raises a Fault that names it.

The codes are those that Intune's documentation lists for iOS ("Troubleshoot policies and profiles", list of error
codes); the domains are ManagedConfiguration's. The texts are Fauxtune's. Unverified: which domain goes with which code,
except MCMDMErrorDomain and MCSCEPErrorDomain.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from typing import Any, TypeVar

from fauxtune_sim.device.device import Device
from fauxtune_sim.device.state_folder import Delivery
from fauxtune_sim.scep.csr import Failure, ScepFailed

_Value = TypeVar("_Value")


class Domain(StrEnum):
    """The domain of an error."""

    PROFILE = "MCProfileErrorDomain"
    PAYLOAD = "MCPayloadErrorDomain"
    INSTALLATION = "MCInstallationErrorDomain"
    EMAIL = "MCEmailErrorDomain"
    CERTIFICATE = "MCCertificateErrorDomain"
    MDM = "MCMDMErrorDomain"
    EAS = "MCEASErrorDomain"
    SCEP = "MCSCEPErrorDomain"


class Code(IntEnum):
    """The errors that are simulated."""

    PROFILE_MALFORMED = 1000
    PROFILE_VERSION = 1001
    PROFILE_FIELD_MISSING = 1002
    PROFILE_FIELD_TYPE = 1003
    PROFILE_SIGNATURE = 1004
    PROFILE_EMPTY = 1005
    PROFILE_CANNOT_DECRYPT = 1006
    PROFILE_SAME_UUIDS = 1007
    PROFILE_SAME_IDENTIFIERS = 1008
    PROFILE_VALUE = 1010
    PAYLOAD_MALFORMED = 2000
    PAYLOAD_VERSION = 2001
    PAYLOAD_FIELD_MISSING = 2002
    PAYLOAD_FIELD_TYPE = 2003
    PAYLOAD_VALUE = 2004
    INSTALL_FAILED = 4001
    NO_IDENTITY = 4014
    REPLACEMENT_WITHOUT_MDM = 4015
    SMIME_CERTIFICATE_NOT_FOUND = 7003
    SMIME_CERTIFICATE_BAD = 7004
    PKCS12_PASSWORD = 9000
    CERTIFICATE_MALFORMED = 9005
    NOT_AN_IDENTITY = 9006
    ACCESS_RIGHTS = 12000
    MULTIPLE_MDM = 12001
    NOT_AUTHORIZED = 12007
    REQUEST_MALFORMED = 12008
    REPLACEMENT_INVALID = 12009
    REPLACEMENT_MISMATCH = 12012
    NOT_MANAGED = 12013
    MDM_IDENTITY_MISSING = 12016
    REQUEST_UNKNOWN = 12021
    TOPIC_INVALID = 12022
    #: Unverified: the number for the configuration of an app that is not managed.
    APP_NOT_MANAGED = 12026
    #: Unverified: the numbers for a command to a device that is not supervised, not in lost mode, or without several
    #: users, and for a wrong token.
    NOT_SUPERVISED = 12067
    NOT_LOST = 12069
    NO_USERS = 12071
    WRONG_TOKEN = 12078
    ACCOUNT_NOT_UNIQUE = 21005
    ACCOUNT_CERTIFICATE = 21006
    SCEP_CA_ANSWER = 22002
    SCEP_NETWORK = 22005
    SCEP_CERTIFICATE = 22007
    SCEP_CA_CERTIFICATE = 22012
    SCEP_ANSWER = 22013


#: The thousands of a code -> its domain.
_DOMAINS = {
    1: Domain.PROFILE,
    2: Domain.PAYLOAD,
    4: Domain.INSTALLATION,
    7: Domain.EMAIL,
    9: Domain.CERTIFICATE,
    12: Domain.MDM,
    21: Domain.EAS,
    22: Domain.SCEP,
}


#: The code of a refused delivery, unless the owner names another.
_REFUSED = {
    Delivery.ROOT: Code.CERTIFICATE_MALFORMED,
    Delivery.PKCS: Code.PKCS12_PASSWORD,
    Delivery.IMPORTED: Code.PKCS12_PASSWORD,
    Delivery.SCEP: Code.SCEP_ANSWER,
    Delivery.SETTING: Code.PAYLOAD_VALUE,
    Delivery.EMAIL: Code.ACCOUNT_CERTIFICATE,
    Delivery.APP: Code.INSTALL_FAILED,
}


#: Unverified: which code goes with which failure; the codes are those of MCSCEPErrorDomain.
_SCEP = {
    Failure.NETWORK: Code.SCEP_NETWORK,
    Failure.CA_CERTIFICATE: Code.SCEP_CA_ANSWER,
    Failure.FINGERPRINT: Code.SCEP_CA_CERTIFICATE,
    Failure.SETTINGS: Code.PAYLOAD_VALUE,
    Failure.ANSWER: Code.SCEP_ANSWER,
    Failure.REFUSED: Code.SCEP_ANSWER,
    Failure.PENDING: Code.SCEP_ANSWER,
    Failure.TOO_LATE: Code.SCEP_ANSWER,
    Failure.OTHER_KEY: Code.SCEP_CERTIFICATE,
}


class Fault(Exception):
    """One error, with the error that caused it."""

    def __init__(self, code: int, text: str, *, cause: Fault | None = None) -> None:
        super().__init__(text)
        self.code = code
        self.cause = cause

    @property
    def domain(self) -> Domain:
        """The domain of the code."""
        return _DOMAINS.get(self.code // 1000, Domain.INSTALLATION)

    @classmethod
    def refusal(cls, device: Device, kind: str) -> Fault | None:
        """The fault of a delivery that the device's owner has set it to refuse; None if it is not refused."""
        reason = device.refusals.reason(kind)
        if reason is None:
            return None
        return cls(device.refusals[Delivery(kind)] or _REFUSED[Delivery(kind)], reason)

    @classmethod
    def of_scep(cls, failed: ScepFailed) -> Fault:
        """The fault of a scep payload for which no certificate was issued."""
        return cls(_SCEP[failed.failure], str(failed))

    def links(self) -> Iterator[Fault]:
        """The errors of the chain, outermost first."""
        link: Fault | None = self
        while link is not None:
            yield link
            link = link.cause

    def chain(self) -> list[dict[str, Any]]:
        """The chain in the form of an ErrorChain."""
        return [
            {
                "ErrorCode": int(link.code),
                "ErrorDomain": str(link.domain),
                "LocalizedDescription": str(link),
                "USEnglishDescription": str(link),
            }
            for link in self.links()
        ]

    def summary(self) -> str:
        """The chain in one line of text."""
        return ": ".join(f"{link} ({link.domain} {int(link.code)})" for link in self.links())


@dataclass(frozen=True, slots=True)
class Fields:
    """A dictionary; `what` is its name in messages, `missing` and `mistyped` are the codes of the two errors."""

    document: dict[str, Any] = field(repr=False)
    what: str
    missing: Code = Code.PAYLOAD_FIELD_MISSING
    mistyped: Code = Code.PAYLOAD_FIELD_TYPE

    def optional(self, name: str, kind: type[_Value]) -> _Value | None:
        """The value of a key, or None if it is missing. Raises Fault if the type is wrong."""
        value = self.document.get(name)
        if value is None:
            return None
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            raise Fault(self.mistyped, f"{name} of {self.what} is not {kind.__name__}")
        return value

    def required(self, name: str, kind: type[_Value]) -> _Value:
        """The value of a key. Raises Fault if it is missing or empty, or if the type is wrong."""
        value = self.optional(name, kind)
        if value is None or (isinstance(value, str | bytes) and not value):
            raise Fault(self.missing, f"{self.what} has no {name}")
        return value

    def text(self, name: str) -> str:
        """The text of a key. Raises Fault if it is missing or empty, or if the type is wrong."""
        return self.required(name, str)

    def flag(self, name: str) -> bool:
        """A boolean, False if it is missing. Raises Fault if the type is wrong."""
        return bool(self.optional(name, bool))

    def number(self, name: str, default: int) -> int:
        """An integer, or the default if it is missing. Raises Fault if the type is wrong."""
        value = self.optional(name, int)
        return default if value is None else value

    def texts(self, name: str) -> tuple[str, ...]:
        """A text or an array of texts, empty if it is missing. Raises Fault if the type is wrong."""
        value = self.document.get(name)
        values = [value] if isinstance(value, str) else [] if value is None else value
        if not isinstance(values, list) or not all(isinstance(text, str) for text in values):
            raise Fault(self.mistyped, f"{name} of {self.what} is neither a text nor an array of texts")
        return tuple(values)
