"""The enrolment of a device: the fields that all platforms share; and which types of records a platform stores.

Each platform adds its own fields (a credential, addresses, nonces) in a dataclass that is derived from `Enrollment`.
Its own state is everything beyond keys, trusted certificates and mail accounts: Apple's profiles, the nodes of Windows.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Protocol, Self

from cryptography import x509

from fauxtune_sim.keys.keystore import DeviceIdentity, key_from_der

#: Names the path at which the management agent asks.
_AGENT_HEADER = "Fauxtune-Agent"
#: The annotations of fields that hold bytes.
_BYTES = frozenset({"bytes", "bytes | None"})


@dataclass(frozen=True, slots=True)
class Refusal:
    """A delivered setting that the device could not apply: its kind, its path, and the reason. `is_pending`: it will be
    applied when another server has decided. `is_unknown`: it was a command that such a device does not know, so nothing
    was to be delivered. Of an app: its `package`, and the protocol's own word for what is wrong.
    """

    setting: str
    path: str
    why: str
    is_pending: bool = False
    is_unknown: bool = False
    package: str = ""
    word: str = ""


@dataclass(slots=True, kw_only=True)
class Enrollment:
    """The service's address and the device's identity there.

    `server` has no trailing slash; `name` is the device's name in the platform's protocol; `push_token` is the last
    segment of its address at the push service, empty while it has none; times are ISO texts on the tenant's clock,
    None until the device knows the time. Certificate (DER) and key (PKCS#8) are the identity.
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
    #: Where the management agent asks for work, as the service says; empty without such work. And when it asks next.
    agent_address: str = ""
    agent_due_at: str | None = None
    #: The id of the server, if it has one: a Fauxtune server at the same address that has another id does not know it.
    server_id: str | None = None
    _identity: DeviceIdentity | None = field(default=None, init=False, repr=False, compare=False)

    def identity(self) -> DeviceIdentity:
        """The identity certificate with its key, parsed once."""
        if self._identity is None:
            self._identity = DeviceIdentity(
                certificate=x509.load_der_x509_certificate(self.identity_certificate),
                key=key_from_der(self.identity_key),
            )
        return self._identity

    def learn_agent(self, headers: Mapping[str, str]) -> None:
        """Learn from an answer to the MDM client whether the management agent has work, and where it asks."""
        path = headers.get(_AGENT_HEADER, "")
        self.agent_address = f"{self.server}{path}" if path.startswith("/") else ""

    def renew_identity(self, certificate: bytes, *, key: bytes) -> None:
        """Replace the identity by this certificate (DER) and key (PKCS#8)."""
        self.identity_certificate, self.identity_key, self._identity = certificate, key, None

    def document(self) -> dict[str, Any]:
        """The enrolment as JSON, secrets included, bytes as base64. A platform with other fields overrides it."""
        document = {item.name: getattr(self, item.name) for item in fields(self) if item.init}
        for item in fields(self):
            if item.type in _BYTES and document[item.name] is not None:
                document[item.name] = base64.b64encode(document[item.name]).decode()
        return document

    @property
    def by_user(self) -> bool:
        """Whether the device is its user's own, and reports less of itself."""
        return False

    @classmethod
    def from_document(cls, document: dict[str, Any]) -> Self:
        """Read the JSON of `document`. Raises TypeError or ValueError if it has another form."""
        values = dict(document)
        for item in fields(cls):
            if item.type in _BYTES and isinstance(values.get(item.name), str):
                values[item.name] = base64.b64decode(values[item.name])
        return cls(**values)


class PlatformState(Protocol):
    """A platform's own state. The class without arguments creates the state of a new device."""

    def __init__(self) -> None: ...

    def document(self) -> dict[str, Any]:
        """The state as JSON, secrets included."""
        ...

    def settings(self) -> dict[str, Any]:
        """The settings that management has set, by their addresses on the wire."""
        ...

    @classmethod
    def from_document(cls, document: dict[str, Any]) -> Self:
        """Read the JSON of `document`. Raises KeyError, TypeError or ValueError if it has another form."""
        ...


@dataclass(frozen=True, slots=True)
class RecordTypes:
    """The classes that read the stored records of one platform."""

    enrollment: type[Enrollment]
    state: type[PlatformState] | None = None
