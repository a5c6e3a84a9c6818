"""What a PC escrows: the recovery password of its BitLocker volume, and the password of its local administrator (LAPS).

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
from dataclasses import asdict, dataclass, field
from typing import Any

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
