"""The options that name a service and the account to sign in with: a dataclass whose fields are the options.

A command takes `service: Emulator` (or `Graph`) and is decorated with `with_service` below its own options, which come
first.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import Field, dataclass, field, fields
from inspect import signature
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from fauxtune_cli import completion
from fauxtune_cli.options import ca_option, data_dir_option, fail, url_option
from fauxtune_client.endpoints import Refused, Server, User, find

if TYPE_CHECKING:
    from fauxtune_client.http import Client


def from_option(option: Callable[[Callable[..., None]], Callable[..., None]], **more: Any) -> Any:
    """Return a field of a class of options: it has the value of this option."""
    return field(metadata={"option": option}, **more)


@dataclass(frozen=True, slots=True, kw_only=True)
class Emulator:
    """A Fauxtune server and its control surface."""

    data_dir: Path = from_option(data_dir_option)
    url: str | None = from_option(url_option)
    ca: Path | None = from_option(ca_option)
    tenant: str | None = from_option(
        click.option(
            "--tenant",
            "--tenant-id",
            envvar="FAUXTUNE_TENANT",
            show_envvar=True,
            shell_complete=completion.tenant,
            help="the tenant: id, name or domain",
        )
    )
    control_token: str | None = from_option(
        click.option(
            "--control-token",
            envvar="FAUXTUNE_CONTROL_TOKEN",
            show_envvar=True,
            help="the control token, if the server has one (better in the variable)",
        )
    )

    def server(self) -> Server:
        """Return the server that the options name."""
        return find(data_dir=self.data_dir, url=self.url, ca=self.ca).signing_in_as(tenant=self.tenant)

    def client(self) -> Client:
        """Return a client of the server."""
        return _client_of(self.server(), control_token=self.control_token)

    def sign_in(self, client: Client) -> None:
        """Use the application of the tenant that --tenant names; without it that of the first tenant, whose published
        secret is not good where there is a control token: the server tells which one is.
        """
        if self.tenant is not None:
            client.sign_in_to_tenant()
        elif self.control_token and client.server.has_seeded_secret:
            with suppress(Refused):
                client.sign_in_to_tenant()


@dataclass(frozen=True, slots=True, kw_only=True)
class Graph(Emulator):
    """A Graph service: Fauxtune's, unless --authority names another sign-in. Second names of options are the
    cmdlets'.
    """

    authority: str | None = from_option(
        click.option(
            "--authority",
            "--auth-uri",
            envvar="FAUXTUNE_AUTHORITY",
            show_envvar=True,
            help="the sign-in address of another service",
        )
    )
    graph_uri: str | None = from_option(click.option("--graph-uri", help="the address of Graph, if it is not --url"))
    schema_version: str = from_option(click.option("--schema-version", default="beta", help="the version of Graph"))
    client_id: str | None = from_option(
        click.option("--client-id", envvar="FAUXTUNE_CLIENT_ID", show_envvar=True, help="the application's client id")
    )
    client_secret: str | None = from_option(
        click.option(
            "--client-secret",
            envvar="FAUXTUNE_CLIENT_SECRET",
            show_envvar=True,
            help="the application's secret (better in the variable)",
        )
    )
    admin_user_name: str | None = from_option(
        click.option(
            "--admin-user-name",
            envvar="FAUXTUNE_ADMIN_USER_NAME",
            show_envvar=True,
            help="sign in as this user, not as the application",
        )
    )
    admin_password: str | None = from_option(
        click.option(
            "--admin-password",
            envvar="FAUXTUNE_ADMIN_PASSWORD",
            show_envvar=True,
            help="the user's password (better in the variable)",
        )
    )

    @property
    def is_foreign(self) -> bool:
        """Whether it is another service than Fauxtune, without a control surface."""
        base = self.graph_uri or self.url
        return self.authority is not None and (base is None or _address(self.authority) != _address(base))

    def client(self) -> Client:
        """Return a client of the server."""
        if (self.admin_user_name is None) != (self.admin_password is None):
            fail("--admin-user-name and --admin-password must be given together.")
        server = self._foreign() if self.is_foreign else Emulator.server(self)
        base = server.https if self.graph_uri is None else _address(self.graph_uri)
        user = None
        if self.admin_user_name is not None:
            user = User(self.admin_user_name, self.admin_password or "", tenant=self.tenant or "organizations")
        client = _client_of(
            server.signing_in_as(client_id=self.client_id, client_secret=self.client_secret),
            authority=None if self.authority is None else _address(self.authority),
            graph=f"{base}/{self.schema_version}",
            user=user,
            control_token=None if self.is_foreign else self.control_token,
            log=lambda line: print(line, file=sys.stderr),
        )
        if not self._names_credentials:
            self.sign_in(client)
        return client

    @property
    def _names_credentials(self) -> bool:
        """Whether an application, a user or another service is named: a tenant's own application is known there."""
        return any((self.client_id, self.client_secret, self.admin_user_name, self.authority, self.graph_uri))

    def _foreign(self) -> Server:
        """The other service. No Fauxtune server needs to run, and its credentials are not sent there."""
        base = self.graph_uri or self.url
        if base is None:
            fail("--authority names the sign-in of another service; --url must name the Graph of that service.")
        if not (self.tenant and self.client_id and (self.client_secret or self.admin_password)):
            fail(
                "For another service, --tenant and --client-id are required, and either --client-secret or "
                "--admin-user-name and --admin-password."
            )
        return Server(
            https=_address(base),
            http=None,
            control=_address(base),
            ca_file=self.ca,
            tenant=self.tenant,
            tenant_id=None,
            client_id=self.client_id,
            client_secret=self.client_secret or "",
        )


def _client_of(server: Server, **options: Any) -> Client:
    """A client of a server, with the options of `Client`. The help of a command needs none."""
    from fauxtune_client.http import Client

    return Client(server, **options)


def _address(text: str) -> str:
    """The address with a scheme: the cmdlets' AuthURI has none."""
    return (text if "://" in text else f"https://{text}").rstrip("/")


def with_service(kind: type[Emulator]) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Return a decorator that adds the options of `kind` to a command and passes them as its argument `service`."""

    def decorate(command: Callable[..., None]) -> Callable[..., None]:
        own = signature(command).parameters
        shared = [option for option in _options(kind) if option.name not in own]  # such as a --lang of the command's

        @functools.wraps(command)
        def run(**arguments: Any) -> None:
            service = kind(**{option.name: arguments.pop(option.name) for option in shared})
            command(service=service, **arguments)

        for option in reversed(shared):
            run = option.metadata["option"](run)
        return run

    return decorate


def _options(kind: type[Emulator]) -> list[Field[Any]]:
    """The options of a class, its own before those that it inherits: help begins with what the command is about."""
    place = {name: index for index, each in enumerate(kind.__mro__) for name in vars(each).get("__annotations__", ())}
    return sorted(fields(kind), key=lambda option: place[option.name])
