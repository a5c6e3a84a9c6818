"""S/MIME mail (RFC 8551): written and read with the keys of a device."""

from fauxtune_sim.mail.reading import Reading, read_mail
from fauxtune_sim.mail.writing import MailMessage, signing_identity, write_mail

__all__ = ["MailMessage", "Reading", "read_mail", "signing_identity", "write_mail"]
