"""The document that enrolment gives: certificates, the management server, first values of nodes (MS-MDE2 3.6, OMA CP).

Sibling characteristics of one type are one: Windows takes a document with two CertificateStores as if there were one.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass, field

from fauxtune_sim.errors import AnswerBroken
from fauxtune_sim.windows.markup import Element, read

_XML_ENCODING = "application/vnd.syncml.dm+xml"


@dataclass(slots=True)
class Characteristic:
    """A node of the document; names are compared without regard to case."""

    parms: dict[str, str] = field(default_factory=dict)
    children: dict[str, Characteristic] = field(default_factory=dict)

    def below(self, *path: str) -> Characteristic:
        """What stands at a path; an empty one if nothing does."""
        here = self
        for name in path:
            found = next((one for key, one in here.children.items() if key.lower() == name.lower()), None)
            if found is None:
                return Characteristic()
            here = found
        return here

    def parm(self, name: str) -> str:
        """A parm's value, "" if it is not there."""
        return next((value for key, value in self.parms.items() if key.lower() == name.lower()), "")


@dataclass(frozen=True, slots=True)
class Provisioned:
    """What the device makes of the document.

    `settings` are the values below DMClient/Provider/{provider}, by their path there. `renew_days` is how long before
    its end the certificate is renewed without the user, None if it is not; `retry_days` how long after an attempt it is
    not tried again.
    """

    identity: bytes
    provider: str
    address: str
    settings: dict[tuple[str, ...], str]
    renew_days: int | None
    retry_days: int


def provisioned(data: bytes) -> Provisioned:
    """Read the document; AnswerBroken if it does not bring a certificate and a management server that speaks XML."""
    root = read(data, what="the provisioning document")
    if root.name != "wap-provisioningdoc":
        raise AnswerBroken(f"the provisioning document begins with {root.name}, not wap-provisioningdoc")
    document = _merged([root])
    application = document.below("APPLICATION")
    provider, address = application.parm("PROVIDER-ID"), application.parm("ADDR")
    if application.parm("APPID").lower() != "w7" or not provider or not address:
        raise AnswerBroken("the provisioning document names no management server (APPLICATION w7, PROVIDER-ID, ADDR)")
    encoding = application.parm("DEFAULTENCODING")
    if encoding != _XML_ENCODING:
        raise AnswerBroken(
            f"DEFAULTENCODING is {encoding or 'not set'}: only {_XML_ENCODING} is spoken here, not WBXML"
        )
    renewal = document.below("CertificateStore", "My", "WSTEP", "Renew")
    return Provisioned(
        identity=identity_certificate(document),
        provider=provider,
        address=address,
        settings=_settings(document.below("DMClient", "Provider", provider)),
        renew_days=_days(renewal, "RenewPeriod", usual=42) if renewal.parm("ROBOSupport").lower() == "true" else None,
        retry_days=_days(renewal, "RetryInterval", usual=7),
    )


def renewed(data: bytes) -> bytes:
    """The certificate (DER) of a document that answers a renewal."""
    return identity_certificate(_merged([read(data, what="the provisioning document")]))


def identity_certificate(document: Characteristic) -> bytes:
    """The certificate for the device's key: the one in `My`, of the user or of the system."""
    mine = document.below("CertificateStore", "My")
    for store in ("User", "System"):
        for one in mine.below(store).children.values():
            encoded = "".join(one.parm("EncodedCertificate").split())
            if encoded:
                try:
                    return base64.b64decode(encoded, validate=True)
                except ValueError as broken:
                    raise AnswerBroken("the provisioning document's certificate is not base64") from broken
    raise AnswerBroken("the provisioning document brings no certificate in CertificateStore/My")


def _merged(elements: list[Element]) -> Characteristic:
    found = Characteristic()
    siblings: dict[str, list[Element]] = {}
    for element in elements:
        for parm in element.each("parm"):
            found.parms[parm.attributes.get("name", "")] = parm.attributes.get("value", "").strip()
        for one in element.each("characteristic"):
            siblings.setdefault(one.attributes.get("type", ""), []).append(one)
    found.children = {name: _merged(ones) for name, ones in siblings.items()}
    return found


def _settings(here: Characteristic, path: tuple[str, ...] = ()) -> dict[tuple[str, ...], str]:
    found = {(*path, name): value for name, value in here.parms.items()}
    for name, one in here.children.items():
        found |= _settings(one, (*path, name))
    return found


def _days(renewal: Characteristic, name: str, *, usual: int) -> int:
    """A number of days of CertificateStore/My/WSTEP/Renew; what stands for it if it is not given is Windows'."""
    days = renewal.parm(name)
    return int(days) if days.isdecimal() else usual
