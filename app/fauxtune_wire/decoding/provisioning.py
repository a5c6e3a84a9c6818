"""The provisioning document of Windows: what an enrolled device is given. MS-MDE2 2.2.9.1 and its CSPs."""

from __future__ import annotations

from collections.abc import Iterator

from fauxtune.core.formats.xml import Element, parse
from fauxtune_wire.decoding.body import Body
from fauxtune_wire.decoding.der_kinds import kind_of, summary
from fauxtune_wire.decoding.masking import from_base64
from fauxtune_wire.decoding.parts import Fact, Part
from fauxtune_wire.decoding.xml_text import pretty, root_of

_STORES = {"Root": "Trusted root", "CA": "Authority", "My": "The device's identity"}
_VALUES = {
    "ADDR": "Management server",
    "PROVIDER-ID": "Name of the server",
    "EntDMID": "Id of the device",
    "EntDeviceName": "Name of the device",
    "UPN": "User",
    "RenewPeriod": "Renewal, days before the end",
    "SSLCLIENTCERTSEARCHCRITERIA": "Identity to use",
}
_POLLS = (
    ("NumberOfFirstRetries", "IntervalForFirstSetOfRetries", "at first"),
    ("NumberOfSecondRetries", "IntervalForSecondSetOfRetries", "then"),
    ("NumberOfRemainingScheduledRetries", "IntervalForRemainingScheduledRetries", "after that"),
)


def read(body: Body) -> list[Part] | None:
    """Read a provisioning document; None for anything else."""
    if root_of(body.data) != "wap-provisioningdoc":
        return None
    document = parse(body.data)
    values = dict(_parameters(document))
    text = pretty(body)
    content = body.beside()
    facts = [*_certificates(document)]
    facts += [(words, content.masking.text(name, values[name])) for name, words in _VALUES.items() if values.get(name)]
    facts += _polls(values)
    return [Part("Provisioning document: what the enrolled device is given", "xml", text, tuple(facts))]


def _certificates(document: Element) -> Iterator[Fact]:
    for group in document.all("characteristic"):
        if group.attributes.get("type") == "CertificateStore":
            for store in group.all("characteristic"):
                name = store.attributes.get("type", "")
                for key, value in _parameters(store):
                    if key == "EncodedCertificate":
                        data = from_base64(value) or b""
                        yield _STORES.get(name, name), summary(data, kind_of(data))


def _parameters(element: Element) -> Iterator[tuple[str, str]]:
    for child in element.children:
        if child.name == "parm":
            yield child.attributes.get("name", ""), child.attributes.get("value", "")
        yield from _parameters(child)


def _polls(values: dict[str, str]) -> Iterator[Fact]:
    for number, interval, words in _POLLS:
        if values.get(interval):
            times = values.get(number, "0")
            how_often = "without end" if times == "0" else f"{times} times"
            yield f"Check-in by itself, {words}", f"every {values[interval]} minutes, {how_often}"
