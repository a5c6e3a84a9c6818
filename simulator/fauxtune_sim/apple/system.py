"""The differences between Apple systems and their versions that matter here."""

from __future__ import annotations

from dataclasses import dataclass

from fauxtune_sim.platforms import Platform


@dataclass(frozen=True, slots=True)
class System:
    """A platform with the numbers of its version."""

    platform: Platform
    version: tuple[int, ...]

    @classmethod
    def of(cls, platform: Platform, os_version: str) -> System:
        """The system with this version, written as "17.5.1"."""
        return cls(platform, tuple(int(part) for part in os_version.split(".") if part.isdigit()))

    @property
    def is_mac(self) -> bool:
        """Whether this is macOS."""
        return self.platform is Platform.MACOS

    @property
    def reads_modern_pkcs12(self) -> bool:
        """Whether the system reads PKCS#12 files with PBES2 and a SHA-256 MAC.

        Unverified: that it does from iOS 16 and macOS 13 on.
        """
        return self.version >= ((13,) if self.is_mac else (16,))

    @property
    def has_exchange_accounts(self) -> bool:
        """Whether com.apple.eas.account creates a mail account (Apple: not on macOS)."""
        return not self.is_mac

    @property
    def lists_certificates_before_unlock(self) -> bool:
        """Whether CertificateList is answered before the first unlock since the device started (Apple, "Certificate
        List": from iOS 15.4 on it is deferred).
        """
        return self.is_mac or self.version < (15, 4)
