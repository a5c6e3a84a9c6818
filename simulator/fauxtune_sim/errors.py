"""Everything that can go wrong on a device, on one screen.

    SimulatorError
      NotFoundHere          a file, a certificate or a server that was named is not there
      NotAllowedHere        the device itself refuses (a fully managed device cannot be unenrolled by its user)
      StateBroken           the state folder cannot be used
      ServerUnreachable     no answer: refused connection, broken TLS, timeout
      ServerRefused         an answer that says no; `status`, `code` and `message` are the server's
        EnrollmentOver      the service does not know this device (any more)
      AnswerBroken          an answer that does not say what the protocol promises
      PfxRefused            a PKCS#12 file that cannot be opened
        PfxPasswordWrong    the password is not this file's
        PfxWithoutIdentity  it opens, but holds no key with a certificate of its own
      CmsRefused            a CMS message that cannot be opened or does not verify
      ProfileRefused        a configuration profile that the device does not install
      MailRefused           a mail that cannot be built or read
      Interrupted           the user ended it before it was done

Messages say what was wrong and, where it is known, what would be right.
"""

from __future__ import annotations


class SimulatorError(Exception):
    """Base of all; the text is for the person at the keyboard."""


class NotFoundHere(SimulatorError):
    """What was named is not there."""


class NotAllowedHere(SimulatorError):
    """The device itself refuses."""


class StateBroken(SimulatorError):
    """The state folder cannot be used."""


class ServerUnreachable(SimulatorError):
    """No answer came."""


class ServerRefused(SimulatorError):
    """The server answered, and said no."""

    def __init__(self, message: str, *, status: int, code: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.code = code


class EnrollmentOver(ServerRefused):
    """The service does not know this device (any more): it must forget what it was given."""


class AnswerBroken(SimulatorError):
    """The answer does not say what the protocol promises."""


class PfxRefused(SimulatorError):
    """A PKCS#12 file that cannot be opened."""


class PfxPasswordWrong(PfxRefused):
    """The password is not this file's."""


class PfxWithoutIdentity(PfxRefused):
    """The file opens, but holds no key with a certificate of its own."""


class CmsRefused(SimulatorError):
    """A CMS message that cannot be opened, or that does not verify."""


class ProfileRefused(SimulatorError):
    """A configuration profile that the device does not install."""


class MailRefused(SimulatorError):
    """A mail that cannot be built or read."""


class Interrupted(SimulatorError):
    """The user ended it (Ctrl-C) before it was done."""
