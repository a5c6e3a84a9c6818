"""Apple's MDM messages as typed values, read from and written as property lists.

Apple: "Device Management", Check-in, Commands and Queries, and Error Responses. Lenient where existing programs are:
NanoMDM prefers the UDID where a message has an EnrollmentID too, Fleet's test client writes a flag as text, mdmb leaves
out properties of its system.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

from fauxtune.core.errors import Invalid
from fauxtune.core.formats.plist import Plist, dictionaries, flag, parse, text, typed, write


class Status(StrEnum):
    """The status of a command; Idle: the device asks for the next one."""

    IDLE = "Idle"
    ACKNOWLEDGED = "Acknowledged"
    ERROR = "Error"
    FORMAT_ERROR = "CommandFormatError"
    NOT_NOW = "NotNow"


@dataclass(frozen=True, slots=True)
class Sender:
    """The sender: a device, or the channel of one of its users. `id` is the UDID, else the EnrollmentID."""

    id: str
    user: str | None = None


@dataclass(frozen=True, slots=True)
class Authenticate:
    """The device begins to enrol. Properties that it leaves out are empty. `by_user`: a User Enrollment, whose messages
    have an EnrollmentID and no UDID.
    """

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
    by_user: bool = False


@dataclass(frozen=True, slots=True)
class TokenUpdate:
    """The device can be pushed. The first one completes the enrolment. `unlock_token`: None if it has not changed."""

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
    """A user of a Mac or a shared iPad asks for a channel of their own."""

    sender: Sender


@dataclass(frozen=True, slots=True)
class Unsupported:
    """A check-in message that is not served: DeclarativeManagement, GetToken, or a newer one. `detail`: its endpoint or
    service.
    """

    sender: Sender
    type: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class ErrorLink:
    """One link of an ErrorChain."""

    code: int
    domain: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class CommandResults:
    """The report of a command. `command` is its CommandUUID (None for Idle), `errors` the ErrorChain, outermost first,
    `response` the keys that answer the command.
    """

    sender: Sender
    status: Status
    command: str | None = None
    errors: tuple[ErrorLink, ...] = ()
    response: Plist = field(default_factory=dict, repr=False)
    not_on_console: bool = False


CheckIn = Authenticate | TokenUpdate | CheckOut | SetBootstrapToken | GetBootstrapToken | UserAuthenticate | Unsupported
Message = CheckIn | CommandResults


def read(body: bytes) -> Message:
    """Read a message of a device: `MessageType` makes it a check-in, `Status` a report. Raises Invalid for any
    other.
    """
    values = parse(body)
    if "MessageType" in values:
        kind = text(values, "MessageType")
        reader = _READERS.get(kind)
        return reader(values) if reader else Unsupported(_sender(values), type=kind, detail=_detail(values))
    if "Status" in values:
        return _command_results(values)
    raise Invalid("A message has a MessageType (check-in) or a Status (report); this one has neither.")


def command(uuid: str, request: Plist) -> bytes:
    """Write the answer that gives the device a command."""
    return write({"CommandUUID": uuid, "Command": request})


def bootstrap_token(token: bytes) -> bytes:
    """Write the answer to GetBootstrapToken."""
    return write({"BootstrapToken": token})


def unrecognized(description: str, *, message: str) -> Plist:
    """Return Apple's ErrorUnrecognizedDevice: with status 403 the device unenrols itself. `message` is for the user."""
    return {"code": "com.apple.unrecognized.device", "description": description, "message": message}


@dataclass(frozen=True, slots=True)
class InstalledProfile:
    """A profile as ProfileList names it, without its content."""

    identifier: str
    uuid: str


@dataclass(frozen=True, slots=True)
class InstalledCertificate:
    """A certificate as CertificateList has it: DER, and whether the device has its key."""

    der: bytes = field(repr=False)
    is_identity: bool


def profile_list(response: Plist) -> tuple[InstalledProfile, ...]:
    """Read the response to ProfileList."""
    return tuple(
        InstalledProfile(text(profile, "PayloadIdentifier"), text(profile, "PayloadUUID", required=False).upper())
        for profile in dictionaries(response, "ProfileList")
    )


def certificate_list(response: Plist) -> tuple[InstalledCertificate, ...]:
    """Read the response to CertificateList."""
    return tuple(
        InstalledCertificate(typed(entry, "Data", kind=bytes, required=True) or b"", flag(entry, "IsIdentity"))
        for entry in dictionaries(response, "CertificateList")
    )


def _authenticate(values: Plist) -> Authenticate:
    def optional(key: str) -> str:
        return text(values, key, required=False)

    return Authenticate(
        _sender(values),
        topic=text(values, "Topic"),
        device_name=optional("DeviceName"),
        model=optional("Model"),
        model_name=optional("ModelName"),
        product_name=optional("ProductName"),
        os_version=optional("OSVersion"),
        build_version=optional("BuildVersion"),
        serial_number=optional("SerialNumber"),
        imei=optional("IMEI"),
        meid=optional("MEID"),
        by_user=not optional("UDID"),
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


def errors_of(values: Plist) -> tuple[ErrorLink, ...]:
    """Return the ErrorChain of an answer, or of one setting in it."""
    return tuple(
        ErrorLink(
            code=typed(link, "ErrorCode", kind=int, required=True) or 0,
            domain=text(link, "ErrorDomain", required=False),
            text=text(link, "USEnglishDescription", required=False)
            or text(link, "LocalizedDescription", required=False),
        )
        for link in dictionaries(values, "ErrorChain")
    )


def _command_results(values: Plist) -> CommandResults:
    word = text(values, "Status")
    if word not in Status.__members__.values():
        known = ", ".join(Status)
        raise Invalid(f"Status is one of {known}, not '{word[:40]}'.", target="Status")
    status = Status(word)
    uuid = text(values, "CommandUUID", required=False) or None
    if uuid is None and status is not Status.IDLE:
        raise Invalid(
            f"A report with the Status {status} must name the command: CommandUUID is missing.", target="CommandUUID"
        )
    return CommandResults(
        _sender(values),
        status=status,
        command=None if status is Status.IDLE else uuid,
        errors=errors_of(values),
        response={key: value for key, value in values.items() if key not in _ENVELOPE},
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
        raise Invalid("The message has neither a UDID nor an EnrollmentID.", target="UDID")
    user = text(values, "UserID", required=False) or text(values, "EnrollmentUserID", required=False)
    return Sender(device, user or None)


def _detail(values: Plist) -> str:
    return text(values, "Endpoint", required=False) or text(values, "TokenServiceType", required=False)
