"""The requirements of a connector's server: each one is met by a right server, and is named when only it is not met."""

from __future__ import annotations

import pytest

from fauxtune.core.errors import Invalid
from fauxtune.core.model.connector_server import SERVER_ROLES, check, read_facts
from fauxtune.core.model.connectors import PROGRAMS, Program
from fauxtune.core.model.network import ENDPOINTS, blocked_host, is_known
from fauxtune.core.model.tenants import Edition
from fauxtune.core.model.text import JsonObject

NEW, OLD, PFX = Program.CERTIFICATE, Program.INTUNE, Program.PFX
SERVICE: JsonObject = {"serviceAccount": "CONTOSO\\connector"}
#: Facts that differ from a right server, the programs that refuse them, and the requirement that is then not met.
LACKS: tuple[tuple[JsonObject, tuple[Program, ...], str], ...] = (
    ({"windowsServer": "2012"}, (NEW, OLD), "Windows Server"),
    ({"domainJoined": False}, (OLD,), "Domain"),
    ({"desktopExperience": False}, (NEW,), "Desktop Experience"),
    ({"edge": False, "windowsServer": "2019"}, (NEW,), "Microsoft Edge"),
    ({"dotNet": "4.7.1"}, (NEW,), ".NET Framework"),
    ({"dotNet": "4.0"}, (NEW, OLD), ".NET Framework"),
    ({"tls": ["1.1"]}, (NEW,), "TLS 1.2"),
    ({"enhancedSecurity": True}, (NEW, OLD, PFX), "Enhanced Security Configuration"),
    ({"installedByAdministrator": False}, (NEW,), "Local administrator"),
    ({"roles": ["ndes", "iis", "certificationAuthority"]}, (NEW, OLD), "Not the issuing authority"),
    ({"roles": ["ndes", "iis", "certificateConnector"]}, (NEW, OLD), "One instance"),
    ({"roles": ["ndes", "iis", SERVER_ROLES[-1]]}, (NEW,), "No Intune Connector for Active Directory"),
    ({"roles": ["iis"]}, (NEW,), "NDES and IIS"),
    ({"roles": ["iis"]}, (OLD,), "NDES"),
    ({"administratorRole": "Helpdesk Administrator"}, (NEW, OLD, PFX), "Administrator's role"),
    ({"proxy": "proxy.contoso.example:3128"}, (NEW,), "Proxy"),
    ({"blockedHosts": ["*.manage.microsoft.com"]}, (NEW, OLD, PFX), "Network: Intune"),
    ({"blockedHosts": ["login.microsoftonline.com"]}, (NEW, OLD, PFX), "Network: sign-in"),
    ({"blockedHosts": ["autoupdate.msappproxy.net"]}, (NEW,), "Network: updates of the connector"),
    ({"blockedHosts": ["autoupdate.msappproxy.net"]}, (PFX,), "Network: updates of the PFX Certificate Connector"),
    *(
        ({**SERVICE, "serviceAccountRights": [right for right in RIGHTS if right != lacking]}, (NEW,), requirement)
        for RIGHTS in [("administrator", "logOnAsService", "readAndEnroll", "issueAndManage", "keyStorageProvider")]
        for lacking, requirement in zip(
            RIGHTS,
            ("Service account", "Log on as a service", "Certificate templates", "Revocation", "Key storage provider"),
            strict=True,
        )
    ),
)


def lacking(facts: JsonObject, program: Program, *, is_licensed: bool | None = True) -> list[str]:
    checked = check(read_facts(facts), program, roles=PROGRAMS[program].roles, is_licensed=is_licensed)
    return [each.requirement for each in checked if not each.met and each.why and each.source]


@pytest.mark.parametrize("program", Program)
def test_a_right_server_meets_each_requirement_and_each_lack_is_named_alone(program: Program) -> None:
    assert lacking({}, program) == []
    assert lacking({}, program, is_licensed=False) == ([] if program is PFX else ["Administrator's licence"])
    for facts, _programs, requirement in LACKS:
        of_another = [each for other, refusing, each in LACKS if other == facts and program in refusing]
        assert lacking(facts, program) == of_another, (facts, requirement)


def test_rights_are_asked_for_the_features_that_are_installed() -> None:
    facts = read_facts({**SERVICE, "serviceAccountRights": ["administrator", "logOnAsService"]})
    for role, wanted in (("scep", []), ("pkcs", ["Certificate templates"]), ("imported-pfx", ["Key storage provider"])):
        assert [
            each.requirement for each in check(facts, NEW, roles=[role], is_licensed=None) if not each.met
        ] == wanted


def test_every_mistake_in_the_facts_is_named() -> None:
    with pytest.raises(Invalid) as refused:
        read_facts({"tls": "1.2", "edge": "yes", "name": 7, "windowsServer": "95", "roles": ["dhcp"], "bogus": 1})
    for word in (
        "tls must be a list",
        "edge must be true or false",
        "name must be a text",
        "2012 R2",
        "ndes",
        "'bogus'",
    ):
        assert word in str(refused.value)


def test_hosts_are_named_whole_or_by_what_is_below_and_both_editions_list_those_that_are_emulated() -> None:
    assert blocked_host(["*.manage.microsoft.com"], ["manage.microsoft.com"]) is None
    assert blocked_host(["*.manage.microsoft.com"], ["a.example", "r.manage.microsoft.com"]) == "r.manage.microsoft.com"
    assert (is_known("*.push.apple.com"), is_known("*.wns.windows.com"), is_known("www.example")) == (True, True, False)
    for edition in Edition:
        listed = {host for endpoint in ENDPOINTS.of(edition) for host in endpoint.hosts}
        assert {"manage.microsoft.com", "*.manage.microsoft.com", "autoupdate.msappproxy.net"} <= listed
