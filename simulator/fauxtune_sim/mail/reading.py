"""Read S/MIME mail (RFC 8551 3), also of other programs, with the keys and trusted certificates of a device.

Layers are removed one by one, in any order and wherever they stand: envelopes are decrypted, detached and attached
signatures judged, until text and files are left. Each of these knows which layers it stood in. A signature counts for
the mail only if it covers everything that is shown: otherwise anybody could put text beside it (as EFAIL did, 2018).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from cryptography import x509

from fauxtune_sim.cms.envelope import open_envelope
from fauxtune_sim.cms.messages import ContentType, content_type_of
from fauxtune_sim.cms.signed import Signature, verify
from fauxtune_sim.errors import CmsRefused, MailRefused
from fauxtune_sim.keys.certificates import thumbprint
from fauxtune_sim.keys.keystore import KeyStore
from fauxtune_sim.mail.mime import Entity, addresses_in, date_in, decoded_header
from fauxtune_sim.mail.verdict import OuterHeader, Verdict, broken, judge

_MOST_LAYERS = 8
_MOST_LEAVES = 1_000
#: Every mail and every S/MIME entity has one of these header fields (RFC 5322 3.6, RFC 2045 3).
_FIELDS = {"from", "to", "date", "subject", "mime-version", "content-type"}
_CMS_TYPES = {"application/pkcs7-mime", "application/x-pkcs7-mime"}


@dataclass(frozen=True, slots=True)
class Part:
    """A text or a file in the mail.

    `text` is None for a file, `content` None for a part that cannot be read; `defect` says why. `encrypted` and
    `signatures` say in which layers it stood: whether in an envelope, and the positions in `Reading.verdicts`.
    """

    media_type: str
    name: str | None
    content: bytes | None
    text: str | None = None
    encrypted: bool = False
    signatures: frozenset[int] = frozenset()
    defect: str | None = None

    def document(self) -> dict[str, Any]:
        """`{"type","name","bytes","encrypted","signed","defect"}`."""
        return {
            "type": self.media_type,
            "name": self.name,
            "bytes": None if self.content is None else len(self.content),
            "encrypted": self.encrypted,
            "signed": bool(self.signatures),
            "defect": self.defect,
        }


@dataclass(slots=True)
class Reading:
    """The result of reading a mail.

    `decrypted` is None for a mail that is not encrypted; `recipient` is the SHA-1 (hex) of the certificate whose key
    opened it, `cipher` the content cipher. `verdicts` are those on its signatures, the outermost first. `failure` is
    why something could not be decrypted, or None.
    """

    sender: str = ""
    recipients: tuple[str, ...] = ()
    copies: tuple[str, ...] = ()
    date: datetime | None = None
    subject: str = ""
    decrypted: bool | None = None
    recipient: str | None = None
    cipher: str | None = None
    verdicts: list[Verdict] = field(default_factory=list)
    parts: list[Part] = field(default_factory=list)
    failure: str | None = None

    @property
    def verified(self) -> bool | None:
        """None for a mail that is not signed; True if its signatures hold and cover everything that is shown."""
        if not self.verdicts:
            return None
        return all(verdict.is_verified for verdict in self.verdicts) and not self.parts_outside_signatures

    @property
    def signer(self) -> str | None:
        """The address in the certificate of the innermost signature, or None."""
        return self.verdicts[-1].signer if self.verdicts else None

    @property
    def signer_thumbprint(self) -> str | None:
        """The SHA-1 (hex) of the certificate of the innermost signature, or None."""
        certificate = self.verdicts[-1].certificate if self.verdicts else None
        return None if certificate is None else thumbprint(certificate)

    @property
    def parts_outside_signatures(self) -> list[Part]:
        """The parts that no signature covers, in a mail that has one."""
        return [part for part in self.parts if not part.signatures] if self.verdicts else []

    @property
    def parts_outside_envelopes(self) -> list[Part]:
        """The parts that came in the clear, in a mail that has an envelope: anybody on the way could add them."""
        return [part for part in self.parts if not part.encrypted] if self.decrypted is not None else []

    @property
    def why(self) -> str | None:
        """The first reason for which the mail is not decrypted or not verified, or None."""
        if self.failure is not None:
            return self.failure
        faults = [verdict.sentence for verdict in self.verdicts if not verdict.is_verified]
        if faults:
            return faults[0]
        outside = len(self.parts_outside_signatures)
        return f"{outside} of {len(self.parts)} parts stand outside the signature" if outside else None

    @property
    def text(self) -> str | None:
        """The plain text, else the HTML, or None if nothing can be read.

        A text that the mail's signature and envelope cover comes before one that stands outside.
        """
        outside = (*self.parts_outside_signatures, *self.parts_outside_envelopes)
        texts = [part for part in self.parts if part.text is not None]
        texts = [part for part in texts if part not in outside] or texts
        plain = next((part for part in texts if part.media_type == "text/plain"), None)
        chosen = plain or next(iter(texts), None)
        if chosen is not None:
            return chosen.text
        return "" if self.parts else None

    @property
    def files(self) -> list[Part]:
        """The parts to save as files."""
        return [part for part in self.parts if part.text is None]

    @property
    def is_good(self) -> bool:
        """Whether everything encrypted was decrypted and everything signed was verified."""
        return self.decrypted is not False and self.verified is not False

    def document(self) -> dict[str, Any]:
        """The reading as JSON: header, outcome, verdicts, text, parts. `signer...`: the innermost signature's."""
        innermost = self.verdicts[-1].document() if self.verdicts else {}
        return {
            "from": self.sender,
            "to": list(self.recipients),
            "cc": list(self.copies),
            "date": None if self.date is None else self.date.isoformat(),
            "subject": self.subject,
            "decrypted": self.decrypted,
            "recipient": self.recipient,
            "cipher": self.cipher,
            "signer": self.signer,
            "signerThumbprint": self.signer_thumbprint,
            "signerSubject": innermost.get("subject"),
            "verified": self.verified,
            "why": self.why,
            "signatures": [verdict.document() for verdict in self.verdicts],
            "text": self.text,
            "parts": [part.document() for part in self.parts],
        }


@dataclass(frozen=True, slots=True)
class _Layers:
    """The layers in which an entity stands."""

    depth: int = 0
    encrypted: bool = False
    signatures: frozenset[int] = frozenset()


def read_mail(data: bytes, store: KeyStore, *, now: datetime | None = None) -> Reading:
    """Read an .eml file. Raises MailRefused if it is not a mail; failures to decrypt or verify are in the Reading.

    With `now`, a certificate that expired after it signed is told apart from one that is still valid.
    """
    entity = Entity(data)
    if _FIELDS.isdisjoint(entity.fields):
        raise MailRefused("this is not a mail: it has no header field such as From")
    reading = Reading(
        sender=next(iter(addresses_in(entity.field("from"))), ""),
        recipients=addresses_in(entity.field("to")),
        copies=addresses_in(entity.field("cc")),
        date=date_in(entity.field("date")),
        subject=decoded_header(entity.field("subject")),
    )
    _Reader(store, reading, now=now).read(entity, _Layers())
    return reading


class _Reader:
    """Walks through the layers of one mail and writes what it finds into the reading."""

    def __init__(self, store: KeyStore, reading: Reading, *, now: datetime | None) -> None:
        self._store = store
        self._reading = reading
        self._now = now
        self._outer = OuterHeader(sender=reading.sender, date=reading.date)
        self._known: tuple[x509.Certificate, ...] = tuple(one.certificate for one in store.identities())

    def read(self, entity: Entity, layers: _Layers) -> None:
        """Read an entity and everything inside it. Raises MailRefused if it has too many layers or parts."""
        if layers.depth > _MOST_LAYERS:
            raise MailRefused(f"the mail has more than {_MOST_LAYERS} layers")
        inside = replace(layers, depth=layers.depth + 1)
        media_type = entity.media_type
        if media_type == "multipart/signed":
            self._read_detached(entity, inside)
        elif media_type.startswith("multipart/"):
            for part in entity.parts():
                self.read(part, inside)
        elif media_type in _CMS_TYPES or (entity.file_name or "").lower().endswith(".p7m"):
            self._read_cms(entity, inside)
        elif media_type == "message/rfc822" and not entity.is_attachment:
            self.read(Entity(entity.content()), inside)
        else:
            self._add_part(entity, layers)

    def _read_cms(self, entity: Entity, layers: _Layers) -> None:
        data = entity.content()
        if not data:
            raise MailRefused("the S/MIME part is empty")
        try:
            if content_type_of(data) is ContentType.SIGNED:
                signature = verify(data, known=self._known, sender=self._outer.sender)
                self.read(Entity(signature.content), self._signed(layers, signature))
                return
        except CmsRefused as refused:
            self._reading.verdicts.append(broken(str(refused)))
            return
        try:
            opened = open_envelope(data, self._store.identities())
        except CmsRefused as refused:
            self._reading.decrypted, self._reading.failure = False, self._reading.failure or str(refused)
            return
        self._reading.recipient, self._reading.cipher = thumbprint(opened.recipient), opened.cipher
        self._reading.decrypted = self._reading.decrypted is not False
        self.read(Entity(opened.content), replace(layers, encrypted=True))

    def _read_detached(self, entity: Entity, layers: _Layers) -> None:
        parts = entity.parts()
        if len(parts) != 2:
            raise MailRefused("a multipart/signed message has exactly two parts: the content and its signature")
        content, signature = parts
        try:
            verified = self._verify_either_form(signature.content(), content.raw)
        except (CmsRefused, MailRefused) as refused:
            self._reading.verdicts.append(broken(str(refused)))
            # The text is shown all the same, with the verdict on its signature.
            self.read(content, replace(layers, signatures=layers.signatures | {len(self._reading.verdicts) - 1}))
            return
        self.read(content, self._signed(layers, verified))

    def _verify_either_form(self, signature: bytes, content: bytes) -> Signature:
        """Verify over the content as it came, else with the line ends of mail, as it was signed (RFC 8551 3.1.1)."""
        try:
            return verify(signature, detached=content, known=self._known, sender=self._outer.sender)
        except CmsRefused:
            canonical = content.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
            if canonical == content:
                raise
            return verify(signature, detached=canonical, known=self._known, sender=self._outer.sender)

    def _signed(self, layers: _Layers, signature: Signature) -> _Layers:
        """Add the verdict on a signature; returns the layers of what it covers."""
        self._reading.verdicts.append(judge(signature, self._store, outer=self._outer, now=self._now))
        return replace(layers, signatures=layers.signatures | {len(self._reading.verdicts) - 1})

    def _add_part(self, entity: Entity, layers: _Layers) -> None:
        if len(self._reading.parts) >= _MOST_LEAVES:
            raise MailRefused(f"the mail has more than {_MOST_LEAVES} parts")
        media_type, name = entity.media_type, entity.file_name
        content: bytes | None = None
        text = defect = None
        try:
            content = entity.content()
            if media_type.startswith("text/") and not entity.is_attachment:
                text = entity.text(content)
        except MailRefused as refused:
            defect = str(refused)
        self._reading.parts.append(
            Part(
                media_type,
                name,
                content,
                text=text,
                encrypted=layers.encrypted,
                signatures=layers.signatures,
                defect=defect,
            )
        )
