"""What a Windows device keeps: the record of its enrolment, and what its nodes hold."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, Self

from cryptography import x509

from fauxtune_sim.enrollment import Enrollment
from fauxtune_sim.identity import DeviceIdentity, key_from_der
from fauxtune_sim.windows.tree import Path


@dataclass(slots=True, kw_only=True)
class WindowsEnrollment(Enrollment):
    """`name` is EntDMID, what the server calls the device; `device_id` is what the device calls itself in this
    enrolment.

    `provider` names the management server in the tree, `address` is where it listens, `enrollment_url` where the
    identity certificate is renewed (`renew_days` before it ends, if `renews`; not again for `retry_days` after it was
    tried at `renewal_tried_at`, an ISO text on the tenant's clock). `sessions` counts up. The identity before the last
    renewal still opens what was sealed for it.
    """

    device_id: str
    provider: str
    address: str
    enrollment_url: str
    renews: bool = False
    renew_days: int = 42
    retry_days: int = 7
    renewal_tried_at: str | None = None
    sessions: int = 0
    former_certificate: bytes | None = None
    former_key: bytes | None = None

    def openers(self) -> list[DeviceIdentity]:
        """What may open an envelope for this device: its identity, and the one before."""
        found = [self.identity()]
        if self.former_certificate is not None and self.former_key is not None:
            former = x509.load_der_x509_certificate(self.former_certificate)
            found.append(DeviceIdentity(certificate=former, key=key_from_der(self.former_key)))
        return found

    def renew(self, certificate: bytes, *, key: bytes) -> None:
        """Take a new identity, and keep the old one for opening."""
        self.former_certificate, self.former_key = self.identity_certificate, self.identity_key
        self.renew_identity(certificate, key=key)


@dataclass(frozen=True, slots=True)
class KeyPlace:
    """Where a private key is: `provider` is the key storage provider, `exportable` whether it may leave it."""

    alias: str
    provider: str
    exportable: bool


@dataclass(slots=True)
class WindowsState:
    """The nodes that were made and the values that were set; where the keys are, by the path of their node; the Windows
    error numbers of imports that failed, by the same; and whether the enrolled user is logged in.
    """

    nodes: dict[Path, str | None] = field(default_factory=dict)
    keys: dict[Path, KeyPlace] = field(default_factory=dict)
    failed_imports: dict[Path, int] = field(default_factory=dict)
    logged_in: bool = True

    def document(self) -> dict[str, Any]:
        """As JSON; passwords of PFX files are in it as they came."""
        return {
            "nodes": [[list(path), value] for path, value in self.nodes.items()],
            "keys": [[list(path), asdict(place)] for path, place in self.keys.items()],
            "failedImports": [[list(path), number] for path, number in self.failed_imports.items()],
            "loggedIn": self.logged_in,
        }

    @classmethod
    def from_document(cls, document: dict[str, Any]) -> Self:
        """The reverse of `document`."""
        return cls(
            nodes={tuple(path): value for path, value in document["nodes"]},
            keys={tuple(path): KeyPlace(**place) for path, place in document["keys"]},
            failed_imports={tuple(path): int(number) for path, number in document["failedImports"]},
            logged_in=bool(document["loggedIn"]),
        )
