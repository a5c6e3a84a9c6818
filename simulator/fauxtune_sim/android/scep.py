"""Request the certificates of a policy by SCEP, and renew them (`is_due`): the device makes the key and keeps it under
the entry's alias. How it talks to the authority is in `scep/enroller.py`.

An entry has a revision, which changes when the device is to request another certificate; one without a request keeps
what is there. Android has no such wire: this is the emulator's own, as all key pairs of a policy are.
"""

from __future__ import annotations

from typing import Any

from fauxtune_sim.android.messages import KeyPair
from fauxtune_sim.device.device import Device
from fauxtune_sim.errors import AnswerBroken
from fauxtune_sim.scep.csr import ENCRYPTION, SIGNING, RequestSettings, ScepSettings, read_subject
from fauxtune_sim.scep.enroller import Enroller, present_identity

_KEY_USAGES = {"digitalSignature": SIGNING, "keyEncipherment": ENCRYPTION}
_EMAIL, _PRINCIPAL = "emailAddress", "userPrincipalName"
_DNS, _URI = "domainNameService", "universalResourceIdentifier"


def is_due(pair: KeyPair, device: Device) -> bool:
    """Whether the device is to request a certificate that it does not have yet."""
    present = device.keystore.entries.get(pair.alias)
    return pair.scep is not None and (present is None or present.digest != _revision(pair))


async def install(pair: KeyPair, device: Device, *, enroller: Enroller) -> None:
    """Request the certificate of an entry, and install it. Raises ScepFailed, or AnswerBroken for a broken entry."""
    request = pair.scep or {}
    renews = present_identity(device.keystore, pair.alias) if request.get("renews") is True else None
    issued = await enroller.enroll(read_settings(request), renews=renews)
    device.keystore.install(issued.entry(pair.alias, digest=_revision(pair), profile_id=pair.profile_id))


def identifier(pair: KeyPair) -> str:
    """The name of the request of an entry; empty if it has none that can be read."""
    try:
        return "" if pair.scep is None else read_settings(pair.scep).identifier
    except AnswerBroken:
        return ""


def read_settings(request: dict[str, Any]) -> ScepSettings:
    """Read the request of an entry. Raises AnswerBroken if its form is wrong."""
    try:
        names = [(str(name["type"]), str(name["name"])) for name in request["subjectAlternativeNames"]]
        thumbprint = request.get("caThumbprint")
        return ScepSettings(
            url=str(request["serverUrl"]),
            other_urls=tuple(str(server_url) for server_url in request.get("otherServerUrls", ())),
            request=RequestSettings(
                subject=read_subject(str(request["subject"])),
                challenge=str(request["challenge"]),
                key_size=int(request["keySize"]),
                key_usages=tuple(_KEY_USAGES[word] for word in request["keyUsages"]),
                extended_key_usages=tuple(str(oid) for oid in request["extendedKeyUsages"]),
                mail_names=tuple(name for kind, name in names if kind == _EMAIL),
                principal_names=tuple(name for kind, name in names if kind == _PRINCIPAL),
                dns_names=tuple(name for kind, name in names if kind == _DNS),
                uris=tuple(name for kind, name in names if kind == _URI),
                digest="sha256" if "sha2" in request["hashAlgorithms"] else "sha1",
            ),
            fingerprint=None if thumbprint is None else bytes.fromhex(thumbprint),
            retries=int(request["retryCount"]),
            retry_delay=float(request["retryDelaySeconds"]),
            waits=False,
        )
    except (KeyError, TypeError, ValueError) as broken:
        raise AnswerBroken(f"the certificate cannot be requested: its entry is broken ({broken!r})") from broken


def _revision(pair: KeyPair) -> str:
    return str((pair.scep or {}).get("revision", ""))
