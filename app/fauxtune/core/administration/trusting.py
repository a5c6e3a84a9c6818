"""How a program or a machine is made to trust the root of a server's TLS, and how that is undone: text to paste.

Sources: update-ca-certificates(8), update-ca-trust(8), security(1) of macOS, certutil(1) of NSS, Microsoft's PKI
module of PowerShell, Mozilla on certificate authorities in Firefox, Apple on certificate profiles that are installed by
hand.
"""

#: data

from __future__ import annotations

from dataclasses import dataclass

from cryptography import x509
from cryptography.hazmat.primitives import hashes

from fauxtune.core.pki.authority import ROOT_NAME

#: The names under which a server gives its root out: PEM, DER, and a configuration profile for Apple's systems.
PEM, DER, PROFILE = "ca.pem", "ca.crt", "ca.mobileconfig"


@dataclass(frozen=True, slots=True)
class Root:
    """A root as people compare it. `sha256`: hex digits."""

    subject: str
    sha256: str
    not_after: str

    @property
    def fingerprint(self) -> str:
        """The SHA-256 in pairs, as openssl and browsers write it."""
        digits = self.sha256.upper()
        return ":".join(digits[place : place + 2] for place in range(0, len(digits), 2))


@dataclass(frozen=True, slots=True)
class Way:
    """How one system or program is made to trust the root, and how that is undone. Each line is for a shell, or, where
    not `typed`, for a person. `{pem}`, `{crt}`, `{profile}` stand for the files, `{https}` for the server.
    """

    system: str
    install: tuple[str, ...]
    remove: tuple[str, ...] = ()
    typed: bool = True


def root_of(certificate: x509.Certificate) -> Root:
    """Return what people compare of a certificate."""
    return Root(
        certificate.subject.rfc4514_string(),
        certificate.fingerprint(hashes.SHA256()).hex(),
        f"{certificate.not_valid_after_utc:%Y-%m-%dT%H:%M:%SZ}",
    )


#: For only one program: nothing else trusts the root, and nothing has to be undone.
PROGRAMS: tuple[Way, ...] = (
    Way("curl", ("curl --cacert {pem} {https}/readyz",)),
    Way("Python", ('export SSL_CERT_FILE="$PWD/{pem}" REQUESTS_CA_BUNDLE="$PWD/{pem}"',)),
    Way("Node.js", ('export NODE_EXTRA_CA_CERTS="$PWD/{pem}"',)),
)
#: For all that a system or a browser does. The names, and the lines for people, are messages of the domain `trust`.
SYSTEMS: tuple[Way, ...] = (
    Way(
        "Debian, Ubuntu, and these in WSL",
        ("sudo cp {pem} /usr/local/share/ca-certificates/fauxtune.crt && sudo update-ca-certificates",),
        ("sudo rm /usr/local/share/ca-certificates/fauxtune.crt && sudo update-ca-certificates --fresh",),
    ),
    Way(
        "Fedora, RHEL",
        ("sudo cp {pem} /etc/pki/ca-trust/source/anchors/fauxtune.pem && sudo update-ca-trust",),
        ("sudo rm /etc/pki/ca-trust/source/anchors/fauxtune.pem && sudo update-ca-trust",),
    ),
    Way(
        "Chromium, Chrome on Linux (certutil is in libnss3-tools)",
        ("certutil -d sql:$HOME/.pki/nssdb -A -t C,, -n Fauxtune -i {pem}",),
        ("certutil -d sql:$HOME/.pki/nssdb -D -n Fauxtune",),
    ),
    Way(
        "macOS (Safari, Chrome)",
        ("sudo security add-trusted-cert -d -r trustRoot -k /Library/Keychains/System.keychain {pem}",),
        ("sudo security remove-trusted-cert -d {pem}",),
    ),
    Way(
        "Windows, in PowerShell (Edge, Chrome; also beside WSL)",
        (r"Import-Certificate -FilePath {crt} -CertStoreLocation Cert:\CurrentUser\Root",),
        (rf"Get-ChildItem Cert:\CurrentUser\Root | Where-Object Subject -like '*{ROOT_NAME}*' | Remove-Item",),
    ),
    Way(
        "Firefox, on every system",
        (
            "Open Settings, Privacy & Security, Certificates, View Certificates, Authorities, Import.",
            "Choose {pem}, and tick that it identifies websites.",
        ),
        (f"In the same list choose {ROOT_NAME}, and Delete or Distrust.",),
        typed=False,
    ),
    Way(
        "iPhone, iPad, or macOS without a terminal",
        (
            "Open {profile} in Safari, and allow the download.",
            "On a Mac install it in System Settings, General, Device Management.",
            "On an iPhone or iPad install it in Settings, General, VPN & Device Management.",
            "There it is switched on in General, About, Certificate Trust Settings.",
        ),
        ("In the place where it was installed, remove the profile.",),
        typed=False,
    ),
)
