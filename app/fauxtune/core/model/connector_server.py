"""What the server of a certificate connector must be before the connector is installed on it.

Ruled by "Prerequisites for the Certificate Connector for Microsoft Intune" (2024-10-09) and its overview (2025-08-04),
and in the edition of 2020 by "Configure infrastructure to support SCEP with Intune" (2019-11-07), "Configure and use
PKCS certificates with Intune" (2020-02-25) and "Configure and use imported PKCS certificates with Intune" (2020-03-04).
In 2020 TLS 1.2 is no requirement (the connector then uses 1.1), and the PFX Certificate Connector installs .NET itself.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Any

from fauxtune.core.errors import Invalid
from fauxtune.core.model.connectors import PROGRAMS, Program
from fauxtune.core.model.network import ENDPOINTS, blocked_host

#: Versions of Windows Server, oldest first; the first that a connector runs on, and the last without Microsoft Edge.
_SERVERS = ("2008 R2", "2012", "2012 R2", "2016", "2019", "2022", "2025")
_OLDEST, _LAST_WITHOUT_EDGE = "2012 R2", "2019"
SYSTEM = "SYSTEM"
RIGHTS = ("administrator", "logOnAsService", "readAndEnroll", "issueAndManage", "keyStorageProvider")
SERVER_ROLES = ("certificationAuthority", "ndes", "iis", "certificateConnector", "intuneConnectorForActiveDirectory")
_ADMINISTRATORS = ("Global Administrator", "Intune Administrator")


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerFacts:
    """A server as its owner describes it; what is left out is as it should be. The members of the JSON document have
    these names in camel case.
    """

    name: str = "PKI01"
    windows_server: str = "2022"
    domain_joined: bool = True
    desktop_experience: bool = True
    edge: bool = True
    dot_net: str = "4.8"
    tls: tuple[str, ...] = ("1.2",)
    enhanced_security: bool = False
    #: Of SERVER_ROLES.
    roles: tuple[str, ...] = ("ndes", "iis")
    installed_by_administrator: bool = True
    service_account: str = SYSTEM
    #: Of RIGHTS.
    service_account_rights: tuple[str, ...] = RIGHTS
    #: Who signs in at the connector: a user principal name (None: nobody is looked up), and the directory role.
    administrator: str | None = None
    administrator_role: str = "Intune Administrator"
    proxy: str | None = None
    #: Hosts that the server cannot reach; `*.` in front for all below.
    blocked_hosts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Checked:
    """A requirement, and whether the server meets it. `why`: what is wrong and would be right."""

    requirement: str
    met: bool
    why: str
    source: str


_NEW = "Prerequisites for the Certificate Connector for Microsoft Intune, 2024-10-09"
_OVERVIEW = "Certificate Connector for Microsoft Intune, 2025-08-04"
_SCEP, _PKCS = "Configure infrastructure to support SCEP, 2019-11-07", "Configure and use PKCS certificates, 2020-02-25"
_PFX = "Configure and use imported PKCS certificates, 2020-03-04"

_Holds = Callable[[ServerFacts, Collection[str]], bool]
_NOW, _OLD, _OLD_PFX = (Program.CERTIFICATE,), (Program.INTUNE,), (Program.PFX,)


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split(".") if part.isdigit())


def _may(right: str) -> _Holds:
    return lambda facts, _roles: facts.service_account == SYSTEM or right in facts.service_account_rights


def _for(role: str, holds: _Holds) -> _Holds:
    return lambda facts, roles: role not in roles or holds(facts, roles)


def _has(*wanted: str) -> _Holds:
    return lambda facts, _roles: all(each in facts.roles for each in wanted)


def _lacks(unwanted: str) -> _Holds:
    return lambda facts, _roles: unwanted not in facts.roles


#: data. Requirement, the programs that have it, whether a server meets it, what is wrong otherwise, and the document.
_REQUIREMENTS: tuple[tuple[str, tuple[Program, ...], _Holds, str, str], ...] = (
    ("Windows Server", _NOW, lambda f, _: f.windows_server in _SERVERS[_SERVERS.index(_OLDEST) :],
     "It runs Windows Server {windows_server}: Windows Server 2012 R2 or later is needed.", _NEW),
    ("Windows Server", _OLD, lambda f, _: f.windows_server in _SERVERS[_SERVERS.index(_OLDEST) :],
     "It runs Windows Server {windows_server}: Windows Server 2012 R2 or later is needed.", _SCEP),
    ("Domain", _OLD, lambda f, _: f.domain_joined,
     "It has not joined a domain: join it to the domain of the certification authority.", _PKCS),
    ("Desktop Experience", _NOW, lambda f, _: f.desktop_experience,
     "It is Server Core: install Windows Server with the Desktop Experience.", _NEW),
    ("Microsoft Edge", _NOW,
     lambda f, _: f.edge or f.windows_server in _SERVERS[_SERVERS.index(_LAST_WITHOUT_EDGE) + 1 :],
     "Microsoft Edge is missing: Windows Server 2019 and earlier need it before the wizard starts.", _NEW),
    (".NET Framework", _NOW, lambda f, _: _numbers(f.dot_net) >= (4, 7, 2),
     "It has .NET Framework {dot_net}: 4.7.2 or later is needed.", _NEW),
    (".NET Framework", _OLD, lambda f, _: _numbers(f.dot_net) >= (4, 5),
     "It has .NET Framework {dot_net}: 4.5 or later is needed.", _PKCS),
    ("TLS 1.2", _NOW, lambda f, _: "1.2" in f.tls,
     "TLS 1.2 is off: switch it on for the server and for .NET.", _NEW),
    ("Enhanced Security Configuration", _NOW, lambda f, _: not f.enhanced_security,
     "Internet Explorer's Enhanced Security Configuration is on, so that the sign-in fails: turn it off.", _NEW),
    ("Enhanced Security Configuration", _OLD, lambda f, _: not f.enhanced_security,
     "Internet Explorer's Enhanced Security Configuration is on: turn it off.", _SCEP),
    ("Enhanced Security Configuration", _OLD_PFX, lambda f, _: not f.enhanced_security,
     "Internet Explorer's Enhanced Security Configuration is on, so that the sign-in fails: turn it off.", _PFX),
    ("Local administrator", _NOW, lambda f, _: f.installed_by_administrator,
     "Who installs it is no local administrator: use an account that is one.", _NEW),
    ("Service account", _NOW, _may("administrator"),
     "The service account {service_account} is no administrator of the server: use SYSTEM, or a domain user who is.",
     _NEW),
    ("Log on as a service", _NOW, _may("logOnAsService"),
     "The service account {service_account} may not log on as a service: give it that right.", _NEW),
    ("Certificate templates", _NOW, _for("pkcs", _may("readAndEnroll")),
     "The service account {service_account} lacks Read and Enroll on the certificate templates: grant both.", _NEW),
    ("Revocation", _NOW, _for("revocation", _may("issueAndManage")),
     "The service account {service_account} lacks Issue and Manage Certificates: it could not revoke.", _NEW),
    ("Key storage provider", _NOW, _for("imported-pfx", _may("keyStorageProvider")),
     "The service account {service_account} cannot read the key storage provider with the keys of imports.", _NEW),
    ("NDES and IIS", _NOW, _for("scep", _has("ndes", "iis")),
     "SCEP needs the roles Web Server (IIS) and Network Device Enrollment Service on this server.", _NEW),
    ("NDES", _OLD, _for("scep", _has("ndes")),
     "The connector must run on the server with the role Network Device Enrollment Service (NDES) for SCEP.", _SCEP),
    ("Not the issuing authority", _NOW, _for("scep", _lacks("certificationAuthority")),
     "It is the issuing certification authority: the connector is not supported there.", _NEW),
    ("Not the issuing authority", _OLD, _lacks("certificationAuthority"),
     "It is the issuing certification authority: install the connector on another server.", _PKCS),
    ("One instance", _NOW, _lacks("certificateConnector"),
     "A certificate connector is installed on it: each instance needs a server of its own.", _OVERVIEW),
    ("One instance", _OLD, _lacks("certificateConnector"),
     "A Microsoft Intune Certificate Connector is installed on it: each instance needs a server of its own.", _PKCS),
    ("No Intune Connector for Active Directory", _NOW, _lacks("intuneConnectorForActiveDirectory"),
     "The Intune Connector for Active Directory runs on it: install this one on another server.", _OVERVIEW),
    ("Administrator's role", (*_NOW, *_OLD, *_OLD_PFX), lambda f, _: f.administrator_role in _ADMINISTRATORS,
     "Who signs in is {administrator_role}: a Global Administrator or an Intune Administrator must sign in.",
     f"{_NEW}; {_SCEP}; {_PFX}"),
    ("Proxy", _NOW, lambda f, _: f.proxy is None or f.proxy.lower().startswith(("http://", "https://")),
     "The proxy {proxy} lacks http:// or https:// in front.", "Install the Certificate Connector, 2024-10-09"),
)  # fmt: skip


def check(
    facts: ServerFacts, program: Program, *, roles: Collection[str], is_licensed: bool | None
) -> Iterator[Checked]:
    """Check each requirement of the program with these roles. `is_licensed`: whether the administrator who signs in has
    an Intune licence; None if nobody is named. Hosts that cannot be reached are a requirement each.
    """
    values = {field.name: getattr(facts, field.name) for field in fields(facts)}
    for requirement, programs, holds, lack, source in _REQUIREMENTS:
        if program in programs:
            met = holds(facts, roles)
            yield Checked(requirement, met, "" if met else lack.format(**values), source)
    if is_licensed is not None and program is not Program.PFX:
        why = "" if is_licensed else f"{facts.administrator} has no Intune licence: the connector gets no certificate."
        yield Checked("Administrator's licence", is_licensed, why, f"{_NEW}; {_SCEP}")
    yield from _network(facts, program)


def _network(facts: ServerFacts, program: Program) -> Iterator[Checked]:
    stated = ENDPOINTS.stated[PROGRAMS[program].edition]
    for endpoint in stated.value:
        if not endpoint.by.endswith("connectors") or (program is Program.INTUNE and endpoint.by == "connectors"):
            continue
        hosts = [host.replace("*.", "r.") if host.startswith("*.") else host for host in endpoint.hosts]
        host = blocked_host(facts.blocked_hosts, hosts)
        why = "" if host is None else f"It cannot reach {host}:{endpoint.ports[-1]}; devices need the same."
        if endpoint.by == "connectors" and host is not None:
            why = f"It cannot reach {host}:{endpoint.ports[-1]}: the connector would not update itself."
        yield Checked(f"Network: {endpoint.purpose}", host is None, why, stated.source)


def read_facts(document: Mapping[str, Any]) -> ServerFacts:
    """Return the facts of a JSON document. Raises Invalid that names every mistake, and what there is."""
    known = {_camel(field.name): field for field in fields(ServerFacts)}
    given: dict[str, Any] = {}
    mistakes = []
    for name, value in document.items():
        if name not in known:
            mistakes.append(f"'{name[:60]}' is unknown: there are {', '.join(known)}")
            continue
        field = known[name]
        wanted = _wanted(field.default)
        value = tuple(value) if isinstance(value, list) and wanted == "a list of texts" else value
        if not _fits(value, field.default):
            mistakes.append(f"{name} must be {wanted}")
        elif name in _WORDS and not set(_each(value)) <= set(_WORDS[name]):
            mistakes.append(f"{name} is of {', '.join(_WORDS[name])}")
        else:
            given[field.name] = value
    if mistakes:
        raise Invalid(f"The facts of the server cannot be used: {'; '.join(mistakes)}.")
    return ServerFacts(**given)


#: data. The words that a member may have.
_WORDS = {"windowsServer": _SERVERS, "roles": SERVER_ROLES, "serviceAccountRights": RIGHTS}


def _each(value: object) -> tuple[Any, ...]:
    return value if isinstance(value, tuple) else (value,)


def _fits(value: object, usual: object) -> bool:
    if isinstance(usual, bool):
        return isinstance(value, bool)
    if isinstance(usual, tuple):
        return isinstance(value, tuple) and all(isinstance(each, str) for each in value)
    return isinstance(value, str) or (usual is None and value is None)


def _wanted(usual: object) -> str:
    if isinstance(usual, bool):
        return "true or false"
    return "a list of texts" if isinstance(usual, tuple) else "a text"


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(part.title() for part in rest)
