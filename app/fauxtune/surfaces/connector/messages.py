"""The bodies of a connector's requests."""

from __future__ import annotations

from typing import Annotated

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, model_validator
from pydantic.alias_generators import to_camel

from fauxtune.connector import wire
from fauxtune.connector.issue import PkcsAnswer
from fauxtune.connector.work import Done
from fauxtune.core.errors import ConnectorRefused, Invalid
from fauxtune.core.model.text import STORABLE, Text
from fauxtune.core.pki.foreign import certificate_from

#: A request is waited for no longer than this, in seconds.
LONGEST_WAIT = 25.0


def _bytes(value: object) -> bytes:
    try:
        return wire.data(value)
    except Invalid as error:
        raise ValueError(error.message) from None


Bytes = Annotated[bytes, BeforeValidator(_bytes), Field(json_schema_extra={"type": "string", "format": "byte"})]
#: A certificate: much larger than any that is in use.
SmallBytes = Annotated[Bytes, Field(max_length=1 << 16)]
Word = Annotated[str, StringConstraints(min_length=1, max_length=256), STORABLE]


class _Body(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="forbid", frozen=True)


class Key(_Body):
    """The public key (PEM) of a key of the connector."""

    provider_name: Word
    key_name: Word
    public_key: Text

    def rsa(self) -> RSAPublicKey:
        """Return the key. Raises Invalid if it is not an RSA key of 2048 bits or more."""
        try:
            key = load_pem_public_key(self.public_key.encode())
        except (ValueError, UnsupportedAlgorithm):
            raise Invalid("publicKey is PEM (SubjectPublicKeyInfo).", target="publicKey") from None
        if not isinstance(key, RSAPublicKey) or not 2048 <= key.key_size <= 16384:
            raise Invalid("A connector's key is an RSA key of 2048 bits or more.", target="publicKey")
        return key


class Greeting(_Body):
    """The first request of a connector."""

    version: Word = Field(examples=["6.2406.0.1001"])
    machine_name: Word
    keys: list[Key] = Field(default=[], max_length=100)


class Ask(_Body):
    """At most `most` requests; waits up to `wait` seconds for the first."""

    most: int = Field(default=8, ge=1, le=16)
    wait: float = Field(default=0, ge=0, le=LONGEST_WAIT)


class CertificateRequest(_Body):
    """PKCS#10, DER; for DigiCert's CA with the signature of the RA key over it (RSA PKCS#1 v1.5, SHA-256)."""

    csr: Bytes
    proof: Bytes | None = None


class Refusal(_Body):
    """The reason of a refusal: Graph's error code and a text."""

    code: int = Field(ge=-(2**31), le=2**31 - 1)
    message: Annotated[str, StringConstraints(min_length=1, max_length=4096), STORABLE]
    diagnostic: int | None = Field(default=None, ge=0, le=0x0FFFFFFF)


class Result(_Body):
    """The result of a request: a certificate with its files, encrypted content, or a refusal. `opened`: the
    certificates (DER) of the imported files that had to be opened for it.
    """

    certificate: Bytes | None = None
    pfx: Bytes | None = Field(default=None, repr=False)
    sealed: Bytes | None = Field(default=None, repr=False)
    kept_password: Bytes | None = Field(default=None, repr=False)
    refusal: Refusal | None = None
    opened: list[SmallBytes] = Field(default=[], max_length=8)

    @model_validator(mode="after")
    def _is_one(self) -> Result:
        if (self.refusal is None) == (self.sealed is None):
            raise ValueError("a result is something sealed, or a refusal")
        if (self.certificate is None) != (self.pfx is None):
            raise ValueError("certificate and pfx go together")
        if self.certificate is not None and self.sealed is None:
            raise ValueError("a certificate comes with its sealed password")
        return self

    def done(self) -> Done:
        """Return the result as operations use it."""
        if self.refusal is not None:
            refusal = ConnectorRefused(self.refusal.message, code=self.refusal.code)
            if self.refusal.diagnostic is not None:
                refusal.diagnostic = self.refusal.diagnostic
            return Done(refusal=refusal)
        if self.certificate is None:
            opened = tuple(certificate_from(each, target="opened") for each in self.opened)
            return Done(sealed=self.sealed, opened=opened)
        assert self.pfx is not None
        assert self.sealed is not None
        certificate = certificate_from(self.certificate, target="certificate")
        return Done(issued=PkcsAnswer(certificate, self.pfx, self.sealed, kept_password=self.kept_password))
