"""SCEP: one certificate for this device alone, its key made on the device.

Graph: iosScepCertificateProfile and its siblings; Intune: "Create and assign SCEP certificate profiles". Profiles are
kept and checked. Differs from Intune: no device is given a SCEP certificate, and the profile's status there says so.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from fauxtune.core.errors import Invalid
from fauxtune.core.model.items import REMEDIATION_FAILED, Item, Problem, scep_key
from fauxtune.core.model.states import Source
from fauxtune.core.profiles.certificate_settings import check_settings
from fauxtune.core.profiles.world import Family, Profile, World

_NOT_BUILT = "SCEP delivery is not built yet: the profile is kept, but no device is given a certificate by it."
#: What the key needs to be told; iOS alone has no choice of `hashAlgorithm`.
_KEY_SETTINGS = ("keySize", "keyUsage", "hashAlgorithm")


def _check(document: dict[str, Any]) -> None:
    urls = document.get("scepServerUrls") or ()
    if not urls:
        raise Invalid(
            "scepServerUrls is required: at least one address, such as 'https://ndes.contoso.example/certsrv/mscep'.",
            target="scepServerUrls",
        )
    for url in urls:
        _check_url(url)
    # Unverified: that the service insists on these; its portal does.
    for name in _KEY_SETTINGS:
        if name in document and not document[name]:
            raise Invalid(f"{name} is required: it says how the device makes its key and request.", target=name)
    check_settings(document)


def _check_url(url: str) -> None:
    try:
        parts = urlsplit(url)
        ours = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        ours = False
    if not ours or any(char.isspace() for char in url):
        raise Invalid(
            f"scepServerUrls: {url!r} is no absolute http or https address, such as "
            "'https://ndes.contoso.example/certsrv/mscep/mscep.dll'.",
            target="scepServerUrls",
        )


def _items(profile: Profile, _world: World) -> tuple[Item, ...]:
    problem = Problem(REMEDIATION_FAILED, _NOT_BUILT)
    return (Item(key=scep_key(profile.id), source=Source.SCEP, claims=(profile.claim,), problem=problem),)


FAMILY = Family(name="SCEP", check=_check, items=_items, source=Source.SCEP)
