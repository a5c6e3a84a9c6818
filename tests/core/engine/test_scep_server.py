"""The address of a tenant's own SCEP server, in the spellings in which profiles name it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from fauxtune.core.engine.diagnosis.chain import LINKS, LinkStatus, Subject, chain
from fauxtune.core.engine.diagnosis.facts import Facts
from fauxtune.core.model.connectors import SCEP_ROLE
from fauxtune.core.model.ids import ProfileId
from fauxtune.core.model.scep import server_address
from fauxtune.core.model.tenants import Edition
from fauxtune.core.profiles.family import Profile

OWN = server_address("http://ndes.contoso.example", tenant="contoso & co")
FACTS = Facts(now=datetime(2026, 11, 27, tzinfo=UTC), edition=Edition.CURRENT, scep_server=OWN)


def naming(*urls: str) -> Profile:
    return Profile(ProfileId("p"), "iosScepCertificateProfile", 1, {"scepServerUrls": [*urls]})


@pytest.mark.parametrize(
    ("url", "is_own"),
    [
        (OWN, True),
        ("http://ndes.contoso.example/pki/contoso%20%26%20co/certsrv/mscep", True),
        ("http://NDES.contoso.example:80/pki/Contoso%20%26%20Co/certsrv/MSCEP/mscep.DLL/pkiclient.exe", True),
        ("http://ndes.contoso.example/pki/contoso%20%26%20co/certsrv/mscep/scep/", True),
        ("https://ndes.contoso.example/pki/contoso%20%26%20co/certsrv/mscep/mscep.dll", False),
        ("http://ndes.contoso.example:8080/pki/contoso%20%26%20co/certsrv/mscep/mscep.dll", False),
        ("http://ndes.contoso.example/pki/fabrikam/certsrv/mscep/mscep.dll", False),
        ("http://ndes.contoso.example/PKI/contoso%20%26%20co/certsrv/mscep/mscep.dll", False),
        ("http://ndes.contoso.example/pki/contoso%20%26%20co/certsrv/mscep/mscep.dllx", False),
        ("http://ndes.fabrikam.example/pki/contoso%20%26%20co/certsrv/mscep/mscep.dll", False),
        ("http://ndes.contoso.example/certsrv/mscep/mscep.dll", False),
        ("http://[ndes", False),
        ("http://ndes.contoso.example:x/certsrv/mscep", False),
        ("", False),
    ],
)
def test_the_spellings_of_the_tenants_own_server_need_its_connector(url: str, *, is_own: bool) -> None:
    assert FACTS.is_own_server(url) is is_own
    assert FACTS.role_of(naming(url)) == (SCEP_ROLE if is_own else None)


def test_without_a_server_no_address_is_the_tenants_own() -> None:
    assert not Facts(now=FACTS.now, edition=Edition.CURRENT).is_own_server("")


def test_the_own_server_among_several_addresses_is_recognised_wherever_it_stands() -> None:
    other = "https://ca.fabrikam.example/scep"
    for urls in ((OWN, other), (other, OWN)):
        links = chain(Subject(FACTS, naming(*urls), None), [], links=LINKS).links
        (link,) = [each for each in links if each.name == "scepServer"]
        assert link.status is LinkStatus.OK
        assert link.message == f"The device requests it at the tenant's own SCEP server, {', '.join(urls)}."
