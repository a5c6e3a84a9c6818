"""S/MIME mail (RFC 8551): written and read with the keys of a device."""

from fauxtune_sim.mail.reading import Part, Reading, read_mail
from fauxtune_sim.mail.verdict import SignatureCode, Verdict
from fauxtune_sim.mail.writing import Attachment, MailMessage, Protection, signing_identity, write_mail

__all__ = [
    "Attachment",
    "MailMessage",
    "Part",
    "Protection",
    "Reading",
    "SignatureCode",
    "Verdict",
    "read_mail",
    "signing_identity",
    "write_mail",
]
