"""The Apple MDM messages as typed values: property lists in, property lists out, nothing else.

Apple: "Device Management", Check-in, Commands and Queries, and Error Responses. Lenient where programs that exist are:
NanoMDM prefers the UDID where a message has an EnrollmentID too, Fleet's test client says a flag as text, mdmb leaves
out what it knows of its system.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

from fauxtune.core.errors import Invalid
from fauxtune.surfaces.devices.apple.plist import LONGEST_TEXT, Plist, dictionaries, flag, parse, text, typed, write


class Status(StrEnum):
    """How a command went; Idle: the device asks for work."""

    IDLE = "Idle"
    ACKNOWLEDGED = "Acknowledged"
    ERROR = "Error"
    FORMAT_ERROR = "CommandFormatError"
    NOT_NOW = "NotNow"


@dataclass(frozen=True, slots=True)
class Sender:
    """Who says it: a device, or the channel of one of its users. `id` is the UDID, else the EnrollmentID."""

    id: str
    user: str | None = None


@dataclass(frozen=True, slots=True)
class Authenticate:
    """The device begins to enrol. What it does not say of itself is empty."""

    sender: Sender
    topic: str
    device_name: str = ""
    model: str = ""
    model_name: str = ""
    product_name: str = ""
    os_version: str = ""
    build_version: str = ""
    serial_number: str = ""
    imei: str = ""
    meid: str = ""


@dataclass(frozen=True, slots=True)
class TokenUpdate:
    """The device can be pushed: the first one completes the enrolment. `unlock_token`: None if there is no new one."""

    sender: Sender
    topic: str
    token: bytes = field(repr=False)
    push_magic: str = field(repr=False)
    unlock_token: bytes | None = field(default=None, repr=False)
    awaiting_configuration: bool = False
    not_on_console: bool = False


@dataclass(frozen=True, slots=True)
class CheckOut:
    """The device has left."""

    sender: Sender
    topic: str = ""


@dataclass(frozen=True, slots=True)
class SetBootstrapToken:
    """A Mac escrows its bootstrap token; None deletes it."""

    sender: Sender
    token: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class GetBootstrapToken:
    """A Mac asks for the token that it escrowed."""

    sender: Sender


@dataclass(frozen=True, slots=True)
class UserAuthenticate:
    """A user of a Mac or a shared iPad would like a channel of their own."""

    sender: Sender


@dataclass(frozen=True, slots=True)
class Unsupported:
    """A check-in message that is not served: DeclarativeManagement, GetToken, or a newer one. `detail` says of what."""

    sender: Sender
    type: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class ErrorLink:
    """One link of an ErrorChain."""

    code: int
    domain: str = ""
    words: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a command went, with the keys that answer it. `errors`: outermost first. `command` is None when idle."""

    sender: Sender
    status: Status
    command: str | None = None
    errors: tuple[ErrorLink, ...] = ()
    answer: Plist = field(default_factory=dict, repr=False)
    not_on_console: bool = False


CheckIn = Authenticate | TokenUpdate | CheckOut | SetBootstrapToken | GetBootstrapToken | UserAuthenticate | Unsupported
Message = CheckIn | Outcome


def read(body: bytes) -> Message:
    """A message of a device: `MessageType` makes it a check-in, `Status` a report. Invalid, with the key, otherwise."""
    values = parse(body)
    if "MessageType" in values:
        kind = text(values, "MessageType")
        reader = _READERS.get(kind)
        return reader(values) if reader else Unsupported(_sender(values), type=kind, detail=_detail(values))
    if "Status" in values:
        return _outcome(values)
    raise Invalid("A message has a MessageType (check-in) or a Status (report); this one has neither.")


def command(uuid: str, request: Plist) -> bytes:
    """What a device is told: one command."""
    return write({"CommandUUID": uuid, "Command": request})


def bootstrap_token(token: bytes) -> bytes:
    """The answer to GetBootstrapToken."""
    return write({"BootstrapToken": token})


def unrecognized(description: str, *, message: str) -> Plist:
    """Apple: ErrorUnrecognizedDevice: with status 403 the device unenrols itself. `message` is shown to the user."""
    return {"code": "com.apple.unrecognized.device", "description": description, "message": message}


@dataclass(frozen=True, slots=True)
class InstalledProfile:
    """A profile as ProfileList names it. What is in it is never told."""

    identifier: str
    uuid: str


@dataclass(frozen=True, slots=True)
class InstalledCertificate:
    """A certificate as CertificateList has it: DER, and whether its key is there too."""

    der: bytes = field(repr=False)
    is_identity: bool


def profile_list(answer: Plist) -> tuple[InstalledProfile, ...]:
    """What ProfileList was answered."""
    return tuple(
        InstalledProfile(text(each, "PayloadIdentifier"), text(each, "PayloadUUID", required=False).upper())
        for each in dictionaries(answer, "ProfileList")
    )


def certificate_list(answer: Plist) -> tuple[InstalledCertificate, ...]:
    """What CertificateList was answered."""
    return tuple(
        InstalledCertificate(typed(each, "Data", kind=bytes, required=True) or b"", flag(each, "IsIdentity"))
        for each in dictionaries(answer, "CertificateList")
    )


def simple_values(answer: Plist, key: str) -> dict[str, str | int | float | bool]:
    """The texts, numbers and flags of an answer's dictionary: QueryResponses, SecurityInfo. Texts of no device's length
    are left out.
    """
    found = typed(answer, key, kind=dict, required=True) or {}
    simple = {name: value for name, value in found.items() if isinstance(value, str | int | float | bool)}
    return {name: value for name, value in simple.items() if not isinstance(value, str) or len(value) <= LONGEST_TEXT}


def _authenticate(values: Plist) -> Authenticate:
    def said(key: str) -> str:
        return text(values, key, required=False)

    return Authenticate(
        _sender(values),
        topic=text(values, "Topic"),
        device_name=said("DeviceName"),
        model=said("Model"),
        model_name=said("ModelName"),
        product_name=said("ProductName"),
        os_version=said("OSVersion"),
        build_version=said("BuildVersion"),
        serial_number=said("SerialNumber"),
        imei=said("IMEI"),
        meid=said("MEID"),
    )


def _token_update(values: Plist) -> TokenUpdate:
    token = typed(values, "Token", kind=bytes, required=True)
    return TokenUpdate(
        _sender(values),
        topic=text(values, "Topic"),
        token=token or b"",
        push_magic=text(values, "PushMagic"),
        unlock_token=typed(values, "UnlockToken", kind=bytes) or None,
        awaiting_configuration=flag(values, "AwaitingConfiguration"),
        not_on_console=flag(values, "NotOnConsole"),
    )


def _check_out(values: Plist) -> CheckOut:
    return CheckOut(_sender(values), topic=text(values, "Topic", required=False))


def _set_bootstrap_token(values: Plist) -> SetBootstrapToken:
    return SetBootstrapToken(_sender(values), token=typed(values, "BootstrapToken", kind=bytes) or None)


def _errors(values: Plist) -> tuple[ErrorLink, ...]:
    return tuple(
        ErrorLink(
            code=typed(link, "ErrorCode", kind=int, required=True) or 0,
            domain=text(link, "ErrorDomain", required=False),
            words=text(link, "USEnglishDescription", required=False)
            or text(link, "LocalizedDescription", required=False),
        )
        for link in dictionaries(values, "ErrorChain")
    )


def _outcome(values: Plist) -> Outcome:
    said = text(values, "Status")
    if said not in Status.__members__.values():
        known = ", ".join(Status)
        raise Invalid(f"Status is one of {known}, not '{said[:40]}'.", target="Status")
    status = Status(said)
    uuid = text(values, "CommandUUID", required=False) or None
    if uuid is None and status is not Status.IDLE:
        raise Invalid(f"A report with the Status {status} names the command: CommandUUID.", target="CommandUUID")
    return Outcome(
        _sender(values),
        status=status,
        command=None if status is Status.IDLE else uuid,
        errors=_errors(values),
        answer={key: value for key, value in values.items() if key not in _ENVELOPE},
        not_on_console=flag(values, "NotOnConsole"),
    )


_ENVELOPE = frozenset({"UDID", "EnrollmentID", "UserID", "Status", "CommandUUID", "ErrorChain"})
_READERS: dict[str, Callable[[Plist], CheckIn]] = {
    "Authenticate": _authenticate,
    "TokenUpdate": _token_update,
    "CheckOut": _check_out,
    "SetBootstrapToken": _set_bootstrap_token,
    "GetBootstrapToken": lambda values: GetBootstrapToken(_sender(values)),
    "UserAuthenticate": lambda values: UserAuthenticate(_sender(values)),
}


def _sender(values: Plist) -> Sender:
    device = text(values, "UDID", required=False) or text(values, "EnrollmentID", required=False)
    if not device:
        raise Invalid("The message says neither a UDID nor an EnrollmentID.", target="UDID")
    user = text(values, "UserID", required=False) or text(values, "EnrollmentUserID", required=False)
    return Sender(device, user or None)


def _detail(values: Plist) -> str:
    return text(values, "Endpoint", required=False) or text(values, "TokenServiceType", required=False)
