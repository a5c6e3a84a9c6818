"""Every fact that can stop an operation, on one screen.

    FauxtuneError
      NotFound        the thing named does not exist (in this tenant)
      Conflict        it exists already, or changed meanwhile
      Invalid         the request says something impossible
        PfxUnreadable, PfxPasswordWrong, PfxWithoutKey, UnsupportedAction, UnknownAlgorithm, KeyUnfit
        GraphRefused    Graph would refuse the request that is only being considered
      NotAllowed      the caller may not do this
        Unauthenticated   nobody, or nobody valid, is calling
        NotLicensed       the user has no licence
        EnrollmentEnded   the device's enrolment is over: it must forget what it was given
      Unavailable     it cannot be done now; later it may
        DatabaseUnavailable   the database is away, locked or full
        ConnectorRefused  the connector could not answer a request; `code` is the number that Graph reports
      NotEmulated     the real service does this, this one does not

No status codes here: each surface maps these facts to its own envelope in one file. Messages say what was wrong and
what would be right.
"""

from __future__ import annotations


def writable(text: str) -> str:
    """The text as UTF-8 can carry it: refusals repeat what came, and JSON can bring halves of surrogate pairs."""
    return text.encode("utf-8", "replace").decode()


class FauxtuneError(Exception):
    """Base of all. `message` is for the caller to read; `target` names the property or argument, where there is one."""

    def __init__(self, message: str, *, target: str | None = None) -> None:
        self.message = writable(message)
        self.target = None if target is None else writable(target)
        super().__init__(self.message)


class NotFound(FauxtuneError):
    """What was named does not exist in this tenant."""


class Conflict(FauxtuneError):
    """It exists already, or it was changed by somebody else meanwhile."""


class Invalid(FauxtuneError):
    """The request says something impossible; nothing was changed."""


class PfxUnreadable(Invalid):
    """These bytes are not a PKCS#12 file that can be read."""


class PfxPasswordWrong(Invalid):
    """The PKCS#12 file does not open with this password."""


class PfxWithoutKey(Invalid):
    """The PKCS#12 file holds no private key that belongs to a certificate in it."""


class UnsupportedAction(Invalid):
    """This kind of device does not support the action."""


class UnknownAlgorithm(Invalid):
    """The message was signed or sealed with an algorithm that is not known here; one that is known may be tried."""


class GraphRefused(Invalid):
    """Graph would refuse the request that is only being considered: `status` and `document` are its own answer."""

    def __init__(self, message: str, *, status: int, document: dict[str, object]) -> None:
        super().__init__(message)
        self.status = status
        self.document = document


class KeyUnfit(Invalid):
    """The key is not of the kind or the size that the certificate template asks for."""


class NotAllowed(FauxtuneError):
    """The caller is known and may not do this."""


class Unauthenticated(NotAllowed):
    """Nobody, or nobody valid, is calling."""


class NotLicensed(NotAllowed):
    """The user has no licence for device management."""


class EnrollmentEnded(NotAllowed):
    """The enrolment is over: the device must forget what it was given."""


class Unavailable(FauxtuneError):
    """It cannot be done now; later it may."""


class DatabaseUnavailable(Unavailable):
    """The database cannot be reached, is locked by somebody else, or has no room. Nothing was changed."""


class ConnectorRefused(Unavailable):
    """The certificate connector could not answer a request.

    `code` is the signed 32-bit number that Graph shows as `errorCode` for the item; `diagnostic` what the connector of
    2020 writes into its log beside it (0x0FFFFFFF: an unknown error).
    """

    diagnostic: int = 0x0FFFFFFF

    def __init__(self, message: str, *, code: int) -> None:
        super().__init__(message)
        self.code = code


class NotEmulated(FauxtuneError):
    """The real service does this; this emulator does not."""
