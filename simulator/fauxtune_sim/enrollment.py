"""The relation between a device and the service, as far as it is the same on every platform.

Each platform keeps more (a credential, addresses, nonces): its own dataclass, derived from this one.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass, field, fields
from typing import Any, Self

from cryptography import x509

from fauxtune_sim.identity import DeviceIdentity, key_from_der

#: What a field of bytes is annotated with.
_BYTES = frozenset({"bytes", "bytes | None"})


@dataclass(frozen=True, slots=True)
class Refusal:
    """Something that the device was given and could not apply: what it is, where it stands, and why."""

    setting: str
    path: str
    why: str


@dataclass(slots=True, kw_only=True)
class Enrollment:
    """Where the service is and who we are there.

    `server` has no trailing slash; `name` is what the service calls this device on the platform's wire; `push_token`
    is the last segment of its address at the push service, empty while it has none; times are ISO texts on the
    tenant's clock, None while the device has not been told the time. Certificate (DER) and key (PKCS#8) are the
    identity.
    """

    server: str
    tenant: str
    name: str
    user_principal_name: str
    push_token: str
    identity_certificate: bytes
    identity_key: bytes
    enrolled_at: str | None = None
    checked_in_at: str | None = None
    _identity: DeviceIdentity | None = field(default=None, init=False, repr=False, compare=False)

    def identity(self) -> DeviceIdentity:
        """The identity certificate with its key, opened once."""
        if self._identity is None:
            self._identity = DeviceIdentity(
                certificate=x509.load_der_x509_certificate(self.identity_certificate),
                key=key_from_der(self.identity_key),
            )
        return self._identity

    def renew_identity(self, certificate: bytes, *, key: bytes) -> None:
        """From now on the device proves itself with this certificate (DER) and key (PKCS#8)."""
        self.identity_certificate, self.identity_key, self._identity = certificate, key, None

    def document(self) -> dict[str, Any]:
        """The enrolment as JSON, secrets included; bytes as base64. A platform with richer fields overrides both."""
        document = {one.name: getattr(self, one.name) for one in fields(self) if one.init}
        for one in fields(self):
            if one.type in _BYTES and document[one.name] is not None:
                document[one.name] = base64.b64encode(document[one.name]).decode()
        return document

    @classmethod
    def from_document(cls, document: dict[str, Any]) -> Self:
        """The reverse of `document`; TypeError or ValueError if it is none."""
        values = dict(document)
        for one in fields(cls):
            if one.type in _BYTES and isinstance(values.get(one.name), str):
                values[one.name] = base64.b64decode(values[one.name])
        return cls(**values)
