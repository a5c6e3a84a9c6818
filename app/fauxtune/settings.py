"""The settings of the server, in one typed class. Each is also an environment variable with the prefix FAUXTUNE_."""

from __future__ import annotations

import ipaddress
import os
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Annotated

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from fauxtune.core.model.editions import Edition
from fauxtune.core.model.mail import MAIL_PORTS
from fauxtune.core.model.permissions import Permissions

#: The fewest characters of a control token. Shorter ones can be guessed, and an empty variable is a mistake.
SHORTEST_CONTROL_TOKEN = 16
_LARGEST_PORT = 65535


class Settings(BaseSettings):
    """The settings of the command line and the environment; the command line overrides the environment."""

    model_config = SettingsConfigDict(env_prefix="FAUXTUNE_", frozen=True)

    host: str = Field(
        default="localhost", description="the name or address to listen on; localhost means 127.0.0.1 and [::1]"
    )
    port: int = Field(default=8443, ge=0, le=65535, description="the HTTPS port; 0 takes a free one")
    http_port: int = Field(
        default=8080, ge=0, le=65535, description="the HTTP port (CRL, OCSP, CA certificates); 0 takes a free one"
    )
    intercept: bool = Field(
        default=False,
        description="answer for Microsoft's hosts, for clients that use proxy_port as HTTPS proxy",
    )
    proxy_port: int = Field(
        default=8888,
        ge=0,
        le=65535,
        description="the port of the intercepting proxy, always on localhost; 0 takes a free one",
    )
    mail: bool = Field(
        default=False, description="let mail programs on this machine read (POP3) and send (SMTP) the tenants' mail"
    )
    mail_port: Annotated[dict[str, int], NoDecode] = Field(
        default=MAIL_PORTS,
        description="the ports of smtp, smtps, pop3 and pop3s, such as smtp=2525,pop3s=9995, always on localhost; 0 "
        "takes a free one, and 0 alone takes free ones for all",
    )
    data_dir: Path = Field(
        default=Path(".fauxtune"), description="the folder of keys, TLS files, endpoints.json and the SQLite file"
    )
    database_url: str | None = Field(
        default=None, description="postgresql+psycopg://...; default: a SQLite file in data_dir"
    )
    workers: int = Field(
        default=1, ge=1, le=64, description="the number of processes on this machine; more than one need PostgreSQL"
    )
    shared: Path | None = Field(
        default=None,
        description="the folder that all processes of the database share, on whichever machine: private keys, the root "
        "of TLS, contents of apps; data_dir is then this machine's own. It needs PostgreSQL",
    )
    ephemeral: bool = Field(default=False, description="use a temporary data_dir, deleted at the end")
    seed: str = Field(default="contoso", description="the content of an empty database: contoso, none, or a JSON file")
    edition: Edition = Field(
        default=Edition.CURRENT,
        description="the state of Microsoft's documentation that new tenants follow: 2020-04 or current",
    )
    labs: Path | None = Field(
        default=None, description="a folder with labs of one's own, each in a folder with its name: docs/labs.md"
    )
    public_url: str | None = Field(
        default=None, description="the HTTPS origin that clients use, if it is not in the Host header"
    )
    public_http_url: str | None = Field(
        default=None, description="the HTTP origin that certificates name (CRL, OCSP, AIA)"
    )
    control_token: SecretStr | None = Field(default=None, description="the bearer token that /_fauxtune/v1 demands")
    permissions: Permissions = Field(
        default=Permissions.ENFORCE,
        description="Graph's permissions: enforce (403 without one), warn (a line in the log) or off",
    )
    wire_exchanges: int = Field(
        default=500,
        ge=0,
        le=100_000,
        description="requests of each tenant that are kept in memory with their answers, to be looked at; 0: none",
    )
    client_certificates: bool = Field(default=True, description="ask TLS clients for a certificate")
    trusted_proxy: Annotated[list[IPv4Network | IPv6Network], NoDecode] = Field(
        default=[],
        description="networks (CIDR, separated by commas) of proxies that end TLS in front of this server. Their HTTPS "
        "requests may name the device's certificate (client_certificate_header) and the address that the client "
        "called (X-Forwarded-Host, X-Forwarded-Proto); they must remove these headers from what clients send. From "
        "all other callers the headers are ignored",
    )
    client_certificate_header: str = Field(
        default="Client-Cert",
        pattern=r"^[A-Za-z0-9-]{1,64}$",
        description="the header in which trusted proxies pass on a device's certificate: as :base64: of its DER (RFC "
        "9440), or as a URL-encoded PEM",
    )
    notification_hosts: Annotated[list[str], NoDecode] = Field(
        default=[],
        description="hosts, separated by commas, that receivers of change notifications may have beside localhost; "
        "they are called by HTTPS",
    )
    key_pool_size: int = Field(default=8, ge=0, description="the number of RSA keys made in advance")
    key_pool_threads: int = Field(
        default_factory=lambda: max(1, (os.cpu_count() or 1) - 1),
        ge=1,
        description="the threads that make them; default: one less than there are cores, for the event loop needs one",
    )
    log_level: str = Field(default="warning", description="the log level: debug, info, warning or error")

    @field_validator("control_token")
    @classmethod
    def _long_enough(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and len(value.get_secret_value().strip()) < SHORTEST_CONTROL_TOKEN:
            raise ValueError(
                f"a control token must have at least {SHORTEST_CONTROL_TOKEN} characters; make one with: "
                'python -c "import secrets; print(secrets.token_urlsafe(24))"'
            )
        return value

    @field_validator("labs")
    @classmethod
    def _is_folder(cls, value: Path | None) -> Path | None:
        if value is not None and not value.is_dir():
            raise ValueError(f"there is no folder {value}: `fauxtune lab new NAME --labs {value}` makes one with a lab")
        return value

    @field_validator("mail_port", mode="before")
    @classmethod
    def _ports_by_kind(cls, value: object) -> object:
        """Return all ports; `value` has the ones to change."""
        if isinstance(value, dict):
            return MAIL_PORTS | value
        parts = value.split(",") if isinstance(value, str) else list(value) if isinstance(value, list | tuple) else []
        if parts == ["0"]:
            return dict.fromkeys(MAIL_PORTS, 0)
        pairs = [part.strip().partition("=") for part in parts]
        if any(
            not number.isdigit() or int(number) > _LARGEST_PORT or kind not in MAIL_PORTS for kind, _, number in pairs
        ):
            raise ValueError(f"write a port as KIND=NUMBER, with one of the kinds {', '.join(MAIL_PORTS)}; or 0 alone")
        return MAIL_PORTS | {kind: int(number) for kind, _, number in pairs}

    @field_validator("trusted_proxy", mode="before")
    @classmethod
    def _separated(cls, value: object) -> object:
        return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value

    @field_validator("notification_hosts", mode="before")
    @classmethod
    def _names(cls, value: object) -> object:
        parts = value.split(",") if isinstance(value, str) else value
        return [str(part).strip().lower() for part in parts if str(part).strip()] if isinstance(parts, list) else parts

    @field_validator("trusted_proxy")
    @classmethod
    def _not_everybody(cls, value: list[IPv4Network | IPv6Network]) -> list[IPv4Network | IPv6Network]:
        if any(network.prefixlen == 0 for network in value):
            raise ValueError("a network of all addresses would trust every caller: name the networks of the proxies")
        return value

    @property
    def shares_database(self) -> bool:
        """Whether several processes use the database."""
        return self.workers > 1 or self.shared is not None

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can reach the listeners."""
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False
