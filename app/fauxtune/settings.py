"""The settings of the server, in one typed class. Each is also an environment variable with the prefix FAUXTUNE_.

A plain class: pydantic, which only requests need, was a sixth of an idle server (docs/decisions/0077).
"""

from __future__ import annotations

import ipaddress
import os
import re
from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Any, Generic, Self, TypeVar, overload

from fauxtune.core.chance import LARGEST_NUMBER
from fauxtune.core.errors import Invalid
from fauxtune.core.model.addresses import is_host_name
from fauxtune.core.model.mail_accounts import MAIL_PORTS
from fauxtune.core.model.permissions import Permissions
from fauxtune.core.model.tenants import Edition

T = TypeVar("T")
W = TypeVar("W", bound=StrEnum)

#: The fewest characters of a control token. Shorter ones can be guessed, and an empty variable is a mistake.
SHORTEST_CONTROL_TOKEN = 16
_LARGEST_PORT = 65535
_SWITCH = {
    **dict.fromkeys(("true", "t", "yes", "y", "on", "1"), True),
    **dict.fromkeys(("false", "f", "no", "n", "off", "0"), False),
}
_HEADER = re.compile(r"[A-Za-z0-9-]{1,64}")
_LOG_LEVELS = ("debug", "info", "warning", "error", "critical")


# ---------------------------------------------------------------- readers: from the text of a variable, or from a value


def _switch(value: object) -> bool:
    word = str(value).strip().lower()
    if word not in _SWITCH:
        raise ValueError(f"'{value}' is neither true nor false")
    return _SWITCH[word]


def _number(least: int, most: int | None = None) -> Callable[[object], int]:
    def read(value: object) -> int:
        try:
            number = int(str(value))
        except ValueError:
            raise ValueError(f"'{value}' is not a whole number") from None
        if number < least or (most is not None and number > most):
            raise ValueError(f"{number} is not " + (f"{least} or more" if most is None else f"from {least} to {most}"))
        return number

    return read


_port = _number(0, _LARGEST_PORT)


def _word(words: type[W]) -> Callable[[object], W]:
    def read(value: object) -> W:
        return words(_one_of(list(words), str(value)))

    return read


def _log_level(value: object) -> str:
    return _one_of(_LOG_LEVELS, str(value).lower())


def _one_of(words: Sequence[str], word: str) -> str:
    if word not in words:
        raise ValueError(f"'{word}' is not one of {', '.join(words)}")
    return word


def _words(value: object) -> list[str]:
    """The words of a text with commas between them, or of a list."""
    parts = value.split(",") if isinstance(value, str) else value if isinstance(value, list | tuple) else [value]
    return [word for part in parts if (word := str(part).strip())]


def _control_token(value: object) -> str:
    token = str(value)
    if len(token.strip()) < SHORTEST_CONTROL_TOKEN:
        raise ValueError(
            f"a control token must have at least {SHORTEST_CONTROL_TOKEN} characters; make one with: "
            'python -c "import secrets; print(secrets.token_urlsafe(24))"'
        )
    return token


def _host_name(value: object) -> str:
    name = str(value)
    if not is_host_name(name):
        raise ValueError(f"'{name[:80]}' is no name of a machine, such as trainer.local; no scheme, no port")
    return name.lower()


def _header(value: object) -> str:
    name = str(value)
    if not _HEADER.fullmatch(name):
        raise ValueError(f"'{name[:80]}' is no name of a header: letters, digits and hyphens, at most 64")
    return name


def _folder_of_labs(value: object) -> Path:
    folder = Path(str(value))
    if not folder.is_dir():
        raise ValueError(f"there is no folder {folder}: `fauxtune lab new NAME --labs {folder}` makes one with a lab")
    return folder


def _mail_ports(value: object) -> Mapping[str, int]:
    """All ports; `value` has the ones to change."""
    parts = _words(value)
    if parts == ["0"]:
        return dict.fromkeys(MAIL_PORTS, 0)
    pairs = [part.partition("=") for part in parts]
    if not pairs or any(
        not number.isdigit() or int(number) > _LARGEST_PORT or kind not in MAIL_PORTS for kind, _, number in pairs
    ):
        raise ValueError(f"write a port as KIND=NUMBER, with one of the kinds {', '.join(MAIL_PORTS)}; or 0 alone")
    return MAIL_PORTS | {kind: int(number) for kind, _, number in pairs}


def _networks(value: object) -> tuple[IPv4Network | IPv6Network, ...]:
    networks = tuple(ipaddress.ip_network(word) for word in _words(value))
    if any(network.prefixlen == 0 for network in networks):
        raise ValueError("a network of all addresses would trust every caller: name the networks of the proxies")
    return networks


def _hosts(value: object) -> tuple[str, ...]:
    return tuple(word.lower() for word in _words(value))


# ------------------------------------------------------------------------------------------------------------- settings


class Setting(Generic[T]):
    """A setting: what it is, its value if nobody gives one, and what reads a value that somebody gives, which raises
    ValueError with the reason if it cannot be one.
    """

    def __init__(self, why: str, *, default: T, read: Callable[[Any], T]) -> None:
        self.why = why
        self.default = default
        self.name = ""
        self._read = read

    def __set_name__(self, _owner: type[Settings], name: str) -> None:
        self.name = name

    @property
    def variable(self) -> str:
        """The environment variable."""
        return f"FAUXTUNE_{self.name.upper()}"

    def value(self, given: object) -> T:
        """Return the value that was given, or the default for None. Raises Invalid, whose target is the setting."""
        try:
            return self.default if given is None else self._read(given)
        except ValueError as error:
            raise Invalid(str(error), target=self.name) from None

    @overload
    def __get__(self, settings: None, _owner: type[Settings]) -> Self: ...

    @overload
    def __get__(self, settings: Settings, _owner: type[Settings]) -> T: ...

    def __get__(self, settings: Settings | None, _owner: type[Settings]) -> Self | T:
        if settings is None:
            return self
        value: T = settings.values[self.name]
        return value


class Settings:
    """The settings of the command line and the environment; the command line overrides the environment."""

    __slots__ = ("given", "values")

    host = Setting(
        "the name or address to listen on; localhost means 127.0.0.1 and [::1]", default="localhost", read=str
    )
    name = Setting[str | None](
        "the name by which other machines call this one, with a --host for them: it is in the server's certificate, "
        "and in the addresses that certificates name (CRL, OCSP)",
        read=_host_name,
        default=None,
    )
    port = Setting("the HTTPS port; 0 takes a free one", default=8443, read=_port)
    http_port = Setting("the HTTP port (CRL, OCSP, CA certificates); 0 takes a free one", default=8080, read=_port)
    intercept = Setting(
        "answer for Microsoft's hosts, for clients that use proxy_port as HTTPS proxy", default=False, read=_switch
    )
    proxy_port = Setting(
        "the port of the intercepting proxy, always on localhost; 0 takes a free one", default=8888, read=_port
    )
    mail = Setting(
        "let mail programs on this machine read (POP3) and send (SMTP) the tenants' mail", default=False, read=_switch
    )
    mail_port = Setting[Mapping[str, int]](
        "the ports of smtp, smtps, pop3 and pop3s, such as smtp=2525,pop3s=9995, always on localhost; 0 takes a free "
        "one, and 0 alone takes free ones for all",
        default=MAIL_PORTS,
        read=_mail_ports,
    )
    data_dir = Setting(
        "the folder of keys, TLS files, endpoints.json and the SQLite file", default=Path(".fauxtune"), read=Path
    )
    database_url = Setting[str | None](
        "postgresql+psycopg://...; default: a SQLite file in data_dir", default=None, read=str
    )
    workers = Setting(
        "the number of processes on this machine; more than one need PostgreSQL", default=1, read=_number(1, 64)
    )
    shared = Setting[Path | None](
        "the folder that all processes of the database share, on whichever machine: private keys, the root of TLS, "
        "contents of apps; data_dir is then this machine's own. It needs PostgreSQL",
        read=Path,
        default=None,
    )
    ephemeral = Setting("use a temporary data_dir, deleted at the end", default=False, read=_switch)
    seed = Setting("the content of an empty database: contoso, none, or a JSON file", default="contoso", read=str)
    deterministic = Setting[int | None](
        "a number from 0 to 2^63-1 that all chance of the first tenant comes from; it needs an empty database",
        read=_number(0, LARGEST_NUMBER),
        default=None,
    )
    edition = Setting(
        "the state of Microsoft's documentation that new tenants follow: 2020-04 or current",
        default=Edition.CURRENT,
        read=_word(Edition),
    )
    labs = Setting[Path | None](
        "a folder with labs of one's own, each in a folder with its name: docs/labs.md",
        read=_folder_of_labs,
        default=None,
    )
    public_url = Setting[str | None](
        "the HTTPS origin that clients use, if it is not in the Host header", default=None, read=str
    )
    public_http_url = Setting[str | None](
        "the HTTP origin that certificates name (CRL, OCSP, AIA)", default=None, read=str
    )
    control_token = Setting[str | None](
        "the bearer token that /_fauxtune/v1 demands", read=_control_token, default=None
    )
    published_secrets = Setting(
        "with a control token too, let the client secret and the password of people be good that the documentation has",
        default=False,
        read=_switch,
    )
    permissions = Setting(
        "Graph's permissions: enforce (403 without one), warn (a line in the log) or off",
        default=Permissions.ENFORCE,
        read=_word(Permissions),
    )
    wire_exchanges = Setting(
        "requests of each tenant that are kept in memory with their answers, to be looked at; 0: none",
        default=500,
        read=_number(0, 100_000),
    )
    client_certificates = Setting("ask TLS clients for a certificate", default=True, read=_switch)
    trusted_proxy = Setting[tuple[IPv4Network | IPv6Network, ...]](
        "networks (CIDR, separated by commas) of proxies that end TLS in front of this server. Their HTTPS requests "
        "may name the device's certificate (client_certificate_header) and the address that the client called "
        "(X-Forwarded-Host, X-Forwarded-Proto); they must remove these headers from what clients send. From all other "
        "callers the headers are ignored",
        default=(),
        read=_networks,
    )
    client_certificate_header = Setting(
        "the header in which trusted proxies pass on a device's certificate: as :base64: of its DER (RFC 9440), or as "
        "a URL-encoded PEM",
        default="Client-Cert",
        read=_header,
    )
    notification_hosts = Setting[tuple[str, ...]](
        "hosts, separated by commas, that receivers of change notifications may have; they are called by HTTPS. "
        "localhost is one of them unless other machines can reach the server",
        default=(),
        read=_hosts,
    )
    arc_tokens = Setting(
        "the folder of the challenges of Azure Arc, which its clients must be able to read; on Linux they look nowhere "
        "else",
        default=Path("/var/opt/azcmagent/tokens"),
        read=Path,
    )
    key_pool_size = Setting("the number of RSA keys made in advance", default=8, read=_number(0))
    key_pool_threads = Setting[int | None](
        "the threads that make them; default: one less than there are cores, for the event loop needs one, of which "
        "each of several processes has its part",
        read=_number(1),
        default=None,
    )
    log_level = Setting("the log level: debug, info, warning, error or critical", default="warning", read=_log_level)

    def __init__(self, **options: Any) -> None:
        """Take the options, and the variables of the environment for those that are missing or None.

        Raises Invalid, whose target is the setting's name, for a value that it cannot have.
        """
        known = self.known()
        if unknown := options.keys() - known.keys():
            raise TypeError(f"There are no settings {', '.join(sorted(unknown))}.")
        texts = {name: os.environ.get(setting.variable) for name, setting in known.items()}
        given = {name: options[name] if options.get(name) is not None else text for name, text in texts.items()}
        self.values = {name: setting.value(given[name]) for name, setting in known.items()}
        #: The names of the settings that were given, by an option or by a variable.
        self.given = frozenset(name for name, value in given.items() if value is not None)

    @classmethod
    def known(cls) -> dict[str, Setting[Any]]:
        """Return all settings by their names."""
        return {name: var for name, var in vars(cls).items() if isinstance(var, Setting)}

    @property
    def shares_database(self) -> bool:
        """Whether several processes use the database."""
        return self.workers > 1 or self.shared is not None

    @property
    def key_threads(self) -> int:
        """The threads of one process that make keys in advance."""
        return self.key_pool_threads or max(1, ((os.cpu_count() or 1) - 1) // self.workers)

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can reach the listeners."""
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False
