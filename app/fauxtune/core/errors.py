"""Every reason for which an operation can fail, on one screen.

    FauxtuneError
      NotFound        the named thing does not exist (in this tenant)
      Conflict        it exists already, or changed meanwhile
      Invalid         the request asks for something impossible
        PfxUnreadable, PfxPasswordWrong, PfxWithoutKey, UnsupportedAction, UnknownAlgorithm, KeyUnfit
        DocumentRefused a document cannot be imported; each mistake has its place
        GraphRefused    Graph would refuse the request that what-if examines
      NotAllowed      the caller may not do this
        Unauthenticated   the request has no valid credential
        NotLicensed       the user has no licence
        EnrollmentRestricted  an enrolment restriction refuses the device; `ground` is the reason in one word
        EnrollmentEnded   the device's enrolment has ended: it must delete what it was given
      Unavailable     it cannot be done now, but perhaps later
        DatabaseUnavailable   the database is unreachable, locked or full
        ConnectorRefused  the connector could not answer a request; `code` is the number that Graph reports
      NotEmulated     the real service does this, the emulator does not

No status codes here: each surface maps these errors to its own envelope in one file. Messages say what was wrong and
what would be right.
"""

from __future__ import annotations

from collections.abc import Mapping


def writable(text: str) -> str:
    """The text with lone surrogates replaced: messages repeat a client's text, in which JSON can bring these."""
    return text.encode("utf-8", "replace").decode()


class FauxtuneError(Exception):
    """Base of all errors. `message` is for the client to read; `target` names the property or argument, if there is
    one.
    """

    def __init__(self, message: str, *, target: str | None = None) -> None:
        self.message = writable(message)
        self.target = None if target is None else writable(target)
        super().__init__(self.message)


class NotFound(FauxtuneError):
    """The named thing does not exist in this tenant."""


class Conflict(FauxtuneError):
    """The thing exists already, or another request has changed it meanwhile."""


class UnderWay(Conflict):
    """What is asked for is being done already."""


class Invalid(FauxtuneError):
    """The request asks for something impossible; nothing was changed."""


class PfxUnreadable(Invalid):
    """These bytes are not a PKCS#12 file that can be read."""


class PfxPasswordWrong(Invalid):
    """The PKCS#12 file does not open with this password."""


class PfxWithoutKey(Invalid):
    """The PKCS#12 file contains no private key that belongs to a certificate in it."""


class UnsupportedAction(Invalid):
    """This kind of device does not support the action."""


class UnknownAlgorithm(Invalid):
    """The message was signed or encrypted with an unknown algorithm; the sender may try another one."""


class DocumentRefused(Invalid):
    """A document cannot be imported. `mistakes`: the place of each, a JSON pointer (RFC 6901), and what is wrong."""

    def __init__(self, message: str, *, mistakes: tuple[tuple[str, str], ...]) -> None:
        super().__init__(message, target=mistakes[0][0])
        self.mistakes = tuple((writable(place), writable(sentence)) for place, sentence in mistakes)


class GraphRefused(Invalid):
    """Graph refuses a request of the emulator's own: `status`, `document` and `headers` are Graph's answer."""

    def __init__(
        self, message: str, *, status: int, document: dict[str, object], headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.document = document
        self.headers = headers or {}


class KeyUnfit(Invalid):
    """The key does not have the kind or the size that the certificate template requires."""


class NotAllowed(FauxtuneError):
    """The client is known, but may not do this."""


class Unauthenticated(NotAllowed):
    """The request has no credential, or no valid one."""


class NotLicensed(NotAllowed):
    """The user has no licence for device management."""


class EnrollmentRestricted(NotAllowed):
    """An enrolment restriction refuses the device. `ground`: the reason in one word, such as `platformBlocked`."""

    def __init__(self, message: str, *, ground: str) -> None:
        super().__init__(message)
        self.ground = ground


class EnrollmentEnded(NotAllowed):
    """The enrolment has ended: the device must delete what it was given. `device`: the enrolment's id, if known."""

    def __init__(self, message: str, *, device: str | None = None) -> None:
        super().__init__(message)
        self.device = device


class Unavailable(FauxtuneError):
    """It cannot be done now, but perhaps later."""


class TooSoon(Unavailable):
    """It was done a short time ago, and cannot be done again yet."""


class DatabaseUnavailable(Unavailable):
    """The database cannot be reached, is locked by another process, or is full. Nothing was changed."""


class ConnectorRefused(Unavailable):
    """The certificate connector could not answer a request.

    `code` is the signed 32-bit number that Graph shows as `errorCode` for the item; `diagnostic` is the code that the
    connector of 2020 writes into its log with it (0x0FFFFFFF: an unknown error).
    """

    diagnostic: int = 0x0FFFFFFF

    def __init__(self, message: str, *, code: int) -> None:
        super().__init__(message)
        self.code = code


class NotEmulated(FauxtuneError):
    """The real service does this; the emulator does not."""
