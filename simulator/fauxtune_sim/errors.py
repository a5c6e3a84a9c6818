"""The errors of the simulator.

    SimulatorError
      NotFoundHere          a file, a certificate or a server that was named does not exist
      NotAllowedHere        the device itself refuses (a fully managed device cannot be unenrolled by its user)
      FactRefused           a device of this kind cannot have this value of a fact
      StateBroken           the state folder cannot be used
      ServerUnreachable     no answer: refused connection, failed TLS, timeout
        OtherServer         another server has the address of the device's own
      ServerRefused         the server refused; `status`, `code` and `message` are the server's
        EnrollmentOver      the service does not know this device (any more)
      AnswerBroken          the server's answer violates the protocol
      PfxRefused            a PKCS#12 file that cannot be opened
        PfxPasswordWrong    the password is wrong
        PfxWithoutIdentity  the file opens, but has no key with its certificate
      CmsRefused            a CMS message that cannot be opened or does not verify
      ProfileRefused        a configuration profile that the device does not install
      MailRefused           a mail that cannot be written or read
      MailboxRefused        the mail server refused a login, a recipient or a mail; the text has its reason
      PartLost              a process of a fleet ended before its devices were done
      Interrupted           the user ended the command before it was done

A message says what was wrong and, if it is known, what would be right.
"""

from __future__ import annotations


class SimulatorError(Exception):
    """Base class; the text is for the user of the command line."""


class NotFoundHere(SimulatorError):
    """A file, a certificate or a server that was named does not exist."""


class NotAllowedHere(SimulatorError):
    """The device itself refuses the action."""


class FactRefused(SimulatorError):
    """A device of this kind cannot have this value of a fact."""


class StateBroken(SimulatorError):
    """The state folder cannot be used."""


class ServerUnreachable(SimulatorError):
    """The server did not answer."""


class OtherServer(ServerUnreachable):
    """Another server answers at the address of the one that is meant."""


class ServerRefused(SimulatorError):
    """The server refused the request."""

    def __init__(self, message: str, *, status: int, code: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.code = code


class EnrollmentOver(ServerRefused):
    """The service does not know this device (any more): the device removes what management installed."""


class AnswerBroken(SimulatorError):
    """The server's answer violates the protocol."""


class PfxRefused(SimulatorError):
    """A PKCS#12 file that cannot be opened."""


class PfxPasswordWrong(PfxRefused):
    """The password of a PKCS#12 file is wrong."""


class PfxWithoutIdentity(PfxRefused):
    """The PKCS#12 file opens, but has no key with its certificate."""


class CmsRefused(SimulatorError):
    """A CMS message that cannot be opened, or that does not verify."""


class ProfileRefused(SimulatorError):
    """A configuration profile that the device does not install."""


class MailRefused(SimulatorError):
    """A mail that cannot be written or read."""


class MailboxRefused(SimulatorError):
    """The mail server refused a login, a recipient or a mail."""


class PartLost(SimulatorError):
    """A process of a fleet ended before its devices were done."""


class Interrupted(SimulatorError):
    """The user ended the command (Ctrl-C) before it was done."""
