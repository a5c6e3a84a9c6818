"""The stored records of a Windows device: its enrolment, the values of its nodes, and what it escrows: the recovery
password of its BitLocker volume, and the password of its local administrator (LAPS).

Microsoft: BitLocker CSP (RotateRecoveryPasswords), LAPS CSP (Actions/ResetPassword). Differs from Windows, which sends
both to Entra ID by messages that are not documented: a simulated PC sends them to an address of the emulator, and to no
other server.
"""

from __future__ import annotations

import json
import re
import secrets
import string
import uuid
from dataclasses import asdict, dataclass, field, replace
from enum import IntEnum
from typing import Any, Self

from cryptography import x509

from fauxtune_sim.device.enrollment import Enrollment
from fauxtune_sim.keys.keystore import DeviceIdentity, key_from_der
from fauxtune_sim.platforms import Platform
from fauxtune_sim.windows.nodes import Path
from fauxtune_sim.windows.tree import is_setting, uri_of

_ADDRESS = re.compile(r"(https?://[^?]+/mdm/[^/?]+/windows)/ManagementServer/MDM\.svc(\?.*)?", re.IGNORECASE)
_GROUPS, _LARGEST_GROUP, _ELEVEN = 8, 1 << 16, 11
_LENGTH, _LETTERS = 14, string.ascii_letters + string.digits + "!#%+:=?@"
ADMINISTRATOR, _RID = "Administrator", 500


@dataclass(slots=True)
class RecoveryPassword:
    """A protector of the system volume: its id, and its recovery password. `escrowed`: the service has it."""

    id: str
    password: str = field(repr=False)
    escrowed: bool = False

    @classmethod
    def new(cls) -> RecoveryPassword:
        """Generate one: eight groups of six digits, each a multiple of 11."""
        groups = (f"{secrets.randbelow(_LARGEST_GROUP) * _ELEVEN:06d}" for _ in range(_GROUPS))
        return cls(str(uuid.uuid4()), "-".join(groups))


@dataclass(slots=True)
class LocalPassword:
    """The password of the local administrator that LAPS has set. `escrowed`: the service has it."""

    password: str = field(repr=False)
    sid: str
    escrowed: bool = False

    @classmethod
    def new(cls, before: LocalPassword | None) -> LocalPassword:
        """Generate one for the same account as before."""
        own = "-".join(str(secrets.randbelow(1 << 32)) for _ in range(3))
        sid = f"S-1-5-21-{own}-{_RID}" if before is None else before.sid
        return cls("".join(secrets.choice(_LETTERS) for _ in range(_LENGTH)), sid)


@dataclass(slots=True)
class Secrets:
    """The secrets of a PC that it escrows."""

    recovery: RecoveryPassword | None = None
    administrator: LocalPassword | None = None

    def document(self) -> dict[str, Any]:
        """The secrets as JSON."""
        return asdict(self)

    @classmethod
    def from_document(cls, document: dict[str, Any] | None) -> Secrets:
        """Read the JSON of `document`; None, in state folders of earlier versions, gives no secrets."""
        recovery, administrator = (document or {}).get("recovery"), (document or {}).get("administrator")
        return cls(
            None if recovery is None else RecoveryPassword(**recovery),
            None if administrator is None else LocalPassword(**administrator),
        )

    def due(self) -> list[tuple[RecoveryPassword | LocalPassword, bytes]]:
        """The secrets that the service does not have yet, each with its message."""
        messages: list[tuple[RecoveryPassword | LocalPassword, bytes]] = []
        if self.recovery is not None and not self.recovery.escrowed:
            members = {
                "id": self.recovery.id,
                "password": self.recovery.password,
                "volumeType": "operatingSystemVolume",
            }
            messages.append((self.recovery, json.dumps({"recoveryPassword": members}).encode()))
        own = self.administrator
        if own is not None and not own.escrowed:
            account = {"accountName": ADMINISTRATOR, "accountSid": own.sid, "password": own.password}
            messages.append((own, json.dumps({"localAdministrator": account}).encode()))
        return messages


def address_of(management: str) -> str | None:
    """Return the address for escrow of the emulator with this management address; None for other servers."""
    match = _ADDRESS.fullmatch(management)
    return None if match is None else f"{match[1]}/escrow"


@dataclass(slots=True, kw_only=True)
class WindowsEnrollment(Enrollment):
    """`name` is EntDMID, the server's name for the device; `device_id` is the device's own id in this enrolment.

    `provider` is the management server's name in the tree, `address` its address, `enrollment_url` the address for
    renewals of the identity certificate (`renew_days` before its end, if `renews`; not again for `retry_days` after
    the attempt at `renewal_tried_at`, an ISO text on the tenant's clock). `sessions` is the number of the last session.
    The identity before the last renewal still decrypts what was encrypted to it.
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

    def decryption_identities(self) -> list[DeviceIdentity]:
        """The identities that may decrypt for this device: the present one and the one before."""
        identities = [self.identity()]
        if self.former_certificate is not None and self.former_key is not None:
            former = x509.load_der_x509_certificate(self.former_certificate)
            identities.append(DeviceIdentity(certificate=former, key=key_from_der(self.former_key)))
        return identities

    def renew(self, certificate: bytes, *, key: bytes) -> None:
        """Replace the identity, and keep the old one for decryption."""
        self.former_certificate, self.former_key = self.identity_certificate, self.identity_key
        self.renew_identity(certificate, key=key)


@dataclass(frozen=True, slots=True)
class KeyPlace:
    """The storage of a private key: the key storage provider, and whether the key may be exported from it."""

    alias: str
    provider: str
    exportable: bool


class RequestStatus(IntEnum):
    """The status of a request by SCEP, as the CSP has it."""

    FINISHED = 1
    PENDING = 2
    FAILED = 16
    UNKNOWN = 32


@dataclass(frozen=True, slots=True)
class ScepRequest:
    """A request by SCEP whose Enroll was executed: its status, the Windows error number of a failure, and the server
    that answered. `is_new`: it was not sent yet; its challenge is kept until then.
    """

    status: int
    error: int = 0
    server: str = ""
    challenge: str = field(default="", repr=False)
    is_new: bool = False


@dataclass(frozen=True, slots=True)
class AppJob:
    """The last job that installs an app. `store`: below which node its package is, empty for an MSI file; `status` and
    `error` as the nodes have them. `is_new`: it was not carried out yet.
    """

    store: str
    address: str = field(default="", repr=False)
    digest: str = ""
    version: str = ""
    status: int = 10
    error: int = 0
    is_new: bool = False

    def ended(self, status: int, error: int) -> AppJob:
        """The job after its end. Its address is not kept."""
        return replace(self, address="", status=status, error=error, is_new=False)


@dataclass(slots=True)
class WindowsState:
    """The created nodes and their values; by the path of their node the keys, the Windows error numbers of failed
    imports, the requests by SCEP, and the jobs that install apps; whether the enrolled user is logged in; and the
    secrets that it escrows.
    """

    nodes: dict[Path, str | None] = field(default_factory=dict)
    keys: dict[Path, KeyPlace] = field(default_factory=dict)
    failed_imports: dict[Path, int] = field(default_factory=dict)
    requests: dict[Path, ScepRequest] = field(default_factory=dict)
    apps: dict[Path, AppJob] = field(default_factory=dict)
    logged_in: bool = True
    secrets: Secrets = field(default_factory=Secrets)

    def document(self) -> dict[str, Any]:
        """The state as JSON, with the passwords of PFX files as they were delivered."""
        return {
            "nodes": [[list(path), value] for path, value in self.nodes.items()],
            "keys": [[list(path), asdict(place)] for path, place in self.keys.items()],
            "failedImports": [[list(path), number] for path, number in self.failed_imports.items()],
            "requests": [[list(path), asdict(request)] for path, request in self.requests.items()],
            "apps": [[list(path), asdict(job)] for path, job in self.apps.items()],
            "loggedIn": self.logged_in,
            "secrets": self.secrets.document(),
        }

    def settings(self) -> dict[str, Any]:
        """The settings that management has set, by address."""
        return {
            uri_of(path): value
            for path, value in self.nodes.items()
            if value is not None and is_setting(path, Platform.WINDOWS)
        }

    @classmethod
    def from_document(cls, document: dict[str, Any]) -> Self:
        """Read the JSON of `document`."""
        return cls(
            nodes={tuple(path): value for path, value in document["nodes"]},
            keys={tuple(path): KeyPlace(**place) for path, place in document["keys"]},
            failed_imports={tuple(path): int(number) for path, number in document["failedImports"]},
            requests={tuple(path): ScepRequest(**request) for path, request in document.get("requests", ())},
            apps={tuple(path): AppJob(**job) for path, job in document.get("apps", ())},
            logged_in=bool(document["loggedIn"]),
            secrets=Secrets.from_document(document.get("secrets")),
        )
