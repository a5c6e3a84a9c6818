"""The nodes of a Windows device, from the tables `node_rules.txt` and `policy_nodes.txt`: one line a node, whatever
kind of device, scope and place the tables leave open.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cache

from fauxtune_sim.platforms import Platform
from fauxtune_sim.tables import Line, Mistake, sections, text_of
from fauxtune_sim.windows.variants import has_scopes, is_phone

#: The certificate stores.
_STORES_WINDOWS_10 = (
    "./Vendor/MSFT/RootCATrustedCertificates/Root",
    "*/Vendor/MSFT/RootCATrustedCertificates/CA",
    "*/Vendor/MSFT/RootCATrustedCertificates/TrustedPublisher",
    "*/Vendor/MSFT/RootCATrustedCertificates/TrustedPeople",
    "*/Vendor/MSFT/RootCATrustedCertificates/UntrustedCertificates",
    "*/Vendor/MSFT/RootCATrustedCertificates/OemEsim",
)
_STORES_PHONE_81 = ("./Vendor/MSFT/CertificateStore/Root/System", "./Vendor/MSFT/CertificateStore/CA/System")
_FIREWALL_PROFILES = ("DomainProfile", "PrivateProfile", "PublicProfile")
_NODE = re.compile(r"(?:@|[.*@]/\S+) +[ADGRUX]+ +(?:node|null|chr|int|bool|b64|bin|xml)(?: +(?:=\S*|<\S+))?")
_NODES, _POLICIES = "node_rules.txt", "policy_nodes.txt"
#: The sections whose lines are areas and their policies.
_OF_POLICIES = ("device", "user")


@cache
def _sections(file: str) -> Mapping[str, tuple[str, ...]]:
    return read_nodes(text_of(__package__ or "", file), file=file)


def read_nodes(text: str, *, file: str) -> Mapping[str, tuple[str, ...]]:
    """Return the lines of each section of a table. Raises Mistake for a line that is no node."""
    by_name = sections(text, file=f"windows/{file}")
    for name, lines in by_name.items():
        _check(() if file == _POLICIES and name in _OF_POLICIES else lines, file=file)
    return {name: tuple(line for _, line in lines) for name, lines in by_name.items()}


def _check(lines: Iterable[Line], *, file: str) -> None:
    for number, line in lines:
        if not _NODE.fullmatch(line):
            right = "./PATH COMMANDS FORMAT, and =DEFAULT or <FACT, with the words that the head of the file names"
            raise Mistake(f"windows/{file}, line {number}: {line.strip()[:60]!r} is not {right}")


def _at(place: str, *names: str) -> list[str]:
    """The lines of sections, with `@` at the begin of a path replaced by a place."""
    lines = (line for name in names for line in _sections(_NODES)[name])
    return [line.replace("@", place, 1) if line.startswith("@") else line for line in lines]


def _scopes(lines: list[str]) -> list[str]:
    """Replace each line for both scopes by two lines."""
    expanded: list[str] = []
    for line in lines:
        expanded += [f".{line[1:]}", f"./User{line[1:]}"] if line.startswith("*") else [line]
    return expanded


def table(platform: Platform) -> list[str]:
    """All lines of one platform."""
    lines = _at("", "everywhere")
    if not has_scopes(platform):
        # Unverified: that Windows Phone 8.1 installs PFX files by these nodes; the documents disagree.
        lines += _at(".", "phone81", "pfx", "mail") + _at("./Vendor/MSFT/CertificateStore/My/SCEP", "scep")
        stores: tuple[str, ...] = _STORES_PHONE_81
    else:
        lines += _at("*", "windows10", "pfx") + _at("./User", "mail")
        lines += _at("*/Vendor/MSFT/ClientCertificateInstall/SCEP", "scep") + _at("*", "apps")
        lines += [] if is_phone(platform) else _at("*", "desktop-apps")
        stores = _STORES_WINDOWS_10
    for store in stores:
        lines += _at(store, "store")
    lines += _at("", "phones") if is_phone(platform) else [*_at("", "computers"), *_settings()]
    return _scopes(lines)


def _settings() -> list[str]:
    """The lines of a PC's settings: policies, those of other providers, and those of each profile of the firewall."""
    known = _sections(_POLICIES)
    return [
        *_policies("./Vendor/MSFT/Policy", known["device"]),
        *_policies("./User/Vendor/MSFT/Policy", known["user"]),
        *known["others"],
        *(line.replace("{profile}", profile) for profile in _FIREWALL_PROFILES for line in known["firewall"]),
    ]


def _policies(root: str, areas: Iterable[str]) -> list[str]:
    expanded = [f"{root} G node", f"{root}/Config G node"]
    for line in areas:
        area, *names = line.split()
        expanded.append(f"{root}/Config/{area} G node")
        expanded += [
            f"{root}/Config/{area}/{name.rstrip('$')} AGRDU {'chr' if name.endswith('$') else 'int'}" for name in names
        ]
    return expanded
