"""Work and its results as JSON, between the service and a connector that is a process of its own.

Nobody who reads it can open a PFX file: passwords are encrypted for the connector on the way in, and for the device on
the way out. Bytes are base64, certificates DER.
"""

from __future__ import annotations

import base64
import binascii

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from fauxtune.connector.issue import PkcsOrder
from fauxtune.connector.passwords import ImportedOrder
from fauxtune.connector.work import Done, Sealing, Work
from fauxtune.connector.wrapping import Wrapping
from fauxtune.core.errors import Invalid
from fauxtune.core.model.text import JsonObject
from fauxtune.core.pki.names import parse_subject, subject_text


def text(data: bytes) -> str:
    """Write bytes as base64."""
    return base64.b64encode(data).decode()


def data(value: object) -> bytes:
    """Read base64. Raises Invalid for anything else."""
    try:
        if not isinstance(value, str):
            raise ValueError("not a text")
        return base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        raise Invalid("Bytes must be written as base64 text.") from None


def work_document(work: Work) -> JsonObject:
    """Write an order for the connector."""
    if isinstance(work, Sealing):
        return {
            "kind": "sealing",
            "parts": [_part(part) for part in work.parts],
            "wrapping": _wrapping(work.wrapping),
            "recipient": text(work.recipient.public_bytes(Encoding.DER)),
        }
    return {
        "kind": "pkcs",
        "subject": subject_text(work.subject),
        "template": work.template,
        "keyType": work.key_type,
        "keySize": work.key_size,
        "friendlyName": work.friendly_name,
        "legacy": work.legacy,
        "keeps": work.keeps,
        "wrapping": _wrapping(work.wrapping),
        "recipient": text(work.recipient.public_bytes(Encoding.DER)),
    }


def read_work(document: JsonObject) -> Work:
    """Read an order. Raises KeyError, ValueError or Invalid for a document that the service does not write."""
    recipient = x509.load_der_x509_certificate(data(document["recipient"]))
    wrapping = Wrapping(data(document["wrapping"]["body"]), xml=bool(document["wrapping"]["xml"]))
    if document["kind"] == "sealing":
        return Sealing(tuple(_read_part(part) for part in document["parts"]), wrapping, recipient)
    return PkcsOrder(
        subject=parse_subject(document["subject"]),
        template=document["template"],
        key_type=document["keyType"],
        key_size=document["keySize"],
        recipient=recipient,
        friendly_name=document["friendlyName"],
        legacy=document["legacy"],
        keeps=document["keeps"],
        wrapping=wrapping,
    )


def done_document(done: Done) -> JsonObject:
    """Write the result of a request for the service."""
    if done.issued is not None:
        escrowed = done.issued.kept_password
        return {
            "certificate": text(done.issued.certificate.public_bytes(Encoding.DER)),
            "pfx": text(done.issued.pfx),
            "sealed": text(done.issued.sealed),
            "keptPassword": None if escrowed is None else text(escrowed),
        }
    if done.sealed is not None:
        opened = [text(certificate.public_bytes(Encoding.DER)) for certificate in done.opened]
        return {"sealed": text(done.sealed), "opened": opened}
    assert done.refusal is not None
    refusal = done.refusal
    return {"refusal": {"code": refusal.code, "message": refusal.message, "diagnostic": refusal.diagnostic}}


def _wrapping(wrapping: Wrapping) -> JsonObject:
    return {"body": text(wrapping.body), "xml": wrapping.xml}


def _part(part: ImportedOrder) -> JsonObject:
    return {
        "encryptedPassword": text(part.encrypted_password),
        "pfx": text(part.pfx),
        "padding": part.padding,
        "thumbprint": part.thumbprint,
        "alreadyVerified": part.already_verified,
        "providerName": part.provider_name,
        "keyName": part.key_name,
    }


def _read_part(document: JsonObject) -> ImportedOrder:
    return ImportedOrder(
        encrypted_password=data(document["encryptedPassword"]),
        pfx=data(document["pfx"]),
        padding=document["padding"],
        thumbprint=document["thumbprint"],
        already_verified=document["alreadyVerified"],
        provider_name=document["providerName"],
        key_name=document["keyName"],
    )
