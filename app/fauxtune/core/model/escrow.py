"""What devices escrow: recovery keys of their disks, and passwords of their local administrators.

Graph: bitlockerRecoveryKey, managedDevice: getFileVaultKey, deviceLocalCredentialInfo.
"""

from __future__ import annotations

import re
from enum import StrEnum

_BITLOCKER = re.compile(r"[0-9]{6}(-[0-9]{6}){7}")
_FILE_VAULT = re.compile(r"[0-9A-Z]{4}(-[0-9A-Z]{4}){5}")
_ELEVEN, _LARGEST = 11, 1 << 16
_LONGEST_PASSWORD = 128


class EscrowKind(StrEnum):
    """The kinds of secrets."""

    BITLOCKER = "bitlocker"
    FILE_VAULT = "fileVault"
    LOCAL_ADMINISTRATOR = "localAdministrator"


#: What Entra ID keeps, and what Intune does.
OF_DIRECTORY = (EscrowKind.BITLOCKER, EscrowKind.LOCAL_ADMINISTRATOR)
OF_INTUNE = (EscrowKind.FILE_VAULT,)
#: How many of a kind are kept of one device: the newest. Differs from Entra ID: that keeps up to 200 recovery keys of a
#: device. Unverified: how many passwords.
KEPT = {EscrowKind.BITLOCKER: 20, EscrowKind.FILE_VAULT: 1, EscrowKind.LOCAL_ADMINISTRATOR: 4}


def is_recovery_password(text: str) -> bool:
    """Whether this is a recovery password of BitLocker: eight groups, each a multiple of 11 below 11 * 2^16.

    Microsoft: "BitLocker recovery overview" (numerical password).
    """
    if not _BITLOCKER.fullmatch(text):
        return False
    return all(int(group) % _ELEVEN == 0 and int(group) < _ELEVEN * _LARGEST for group in text.split("-"))


def is_file_vault_key(text: str) -> bool:
    """Whether this is a personal recovery key of FileVault: six groups of four letters and digits."""
    return _FILE_VAULT.fullmatch(text) is not None


def is_local_password(text: str) -> bool:
    """Whether this can be the password of a local administrator."""
    return 0 < len(text) <= _LONGEST_PASSWORD and text.isprintable()
