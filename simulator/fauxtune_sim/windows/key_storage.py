"""Where Windows keeps a private key: the key storage provider for a KeyLocation or KeyProtection, which have one table.

Microsoft: ClientCertificateInstall CSP. The errors are Windows error numbers (winerror.h).
"""

from __future__ import annotations

from fauxtune_sim.platforms import Platform
from fauxtune_sim.windows.tree import Path
from fauxtune_sim.windows.variants import has_scopes

ACCESS_DENIED = 0x80070005
INVALID_ARGUMENT = 0x80070057
NOT_SUPPORTED = 0x80090029

TPM, TPM_OR_SOFTWARE, SOFTWARE, HELLO = "1", "2", "3", "4"
PLATFORM_KSP = "Microsoft Platform Crypto Provider"
SOFTWARE_KSP = "Microsoft Software Key Storage Provider"
HELLO_KSP = "Microsoft Passport Key Storage Provider"
#: Bits of the longest key that a TPM makes. Unverified: of all TPMs.
_LONGEST_IN_TPM = 2048


class InstallFailed(Exception):
    """A certificate cannot be installed: the Windows error number, the reason, and the status of the command."""

    def __init__(self, number: int, why: str, *, status: int = 500) -> None:
        super().__init__(why)
        self.number, self.status = number, status


def provider_of(location: str, *, container: str, has_tpm: bool, bits: int = 0) -> str:
    """The key storage provider for a location. Raises InstallFailed if the device cannot provide it.

    `bits`: the length of a key that the device is to make there.
    """
    holds = has_tpm and bits <= _LONGEST_IN_TPM
    if location == SOFTWARE:
        return SOFTWARE_KSP
    if location == TPM_OR_SOFTWARE:
        return PLATFORM_KSP if holds else SOFTWARE_KSP
    if location == TPM:
        if not has_tpm:
            raise InstallFailed(NOT_SUPPORTED, "KeyLocation 1 needs a TPM, which this device does not have")
        if not holds:
            raise InstallFailed(NOT_SUPPORTED, f"the TPM makes no keys of {bits} bits")
        return PLATFORM_KSP
    if location == HELLO:
        if not container:
            raise InstallFailed(INVALID_ARGUMENT, "KeyLocation 4 needs a ContainerName")
        return HELLO_KSP
    raise InstallFailed(INVALID_ARGUMENT, f"KeyLocation must be 1, 2, 3 or 4; it is {location or 'not set'}")


def alias_of(root: Path, platform: Platform) -> str:
    """The alias of the key of a node. The same UniqueID in both scopes means two keys."""
    return root[-1] if root[0] == "User" or not has_scopes(platform) else f"device-{root[-1]}"
