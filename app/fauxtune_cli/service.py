"""The options that name a service and the account to sign in with: a dataclass whose fields are the options.

A command takes `service: Emulator` (or `Graph`) and is decorated with `with_service`; its own options come first.
"""

from __future__ import annotations

import functools
import inspect
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import Field, dataclass, fields
from typing import TYPE_CHECKING, Annotated, Any, get_type_hints

import typer

from fauxtune_cli import completion
from fauxtune_cli.options import DATA_DIR, CaOption, DataDirOption, UrlOption, fail
from fauxtune_client.endpoints import Refused, Server, User, find

if TYPE_CHECKING:
    from fauxtune_client.http import Client


@dataclass(frozen=True, slots=True, kw_only=True)
class Emulator:
    """A Fauxtune server and its control surface."""

    data_dir: DataDirOption = DATA_DIR
    url: UrlOption = None
    ca: CaOption = None
    tenant: Annotated[
        str | None,
        typer.Option(
            "--tenant",
            "--tenant-id",
            envvar="FAUXTUNE_TENANT",
            help="the tenant: id, name or domain",
            autocompletion=completion.tenant,
        ),
    ] = None
    control_token: Annotated[
        str | None,
        typer.Option(
            envvar="FAUXTUNE_CONTROL_TOKEN", help="the control token, if the server has one (better in the variable)"
        ),
    ] = None

    def server(self) -> Server:
        """Return the server that the options name."""
        return find(data_dir=self.data_dir, url=self.url, ca=self.ca).signing_in_as(tenant=self.tenant)

    def client(self) -> Client:
        """Return a client of the server."""
        from fauxtune_client.http import Client

        return Client(self.server(), control_token=self.control_token)

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

    authority: Annotated[
        str | None,
        typer.Option(
            "--authority", "--auth-uri", envvar="FAUXTUNE_AUTHORITY", help="the sign-in address of another service"
        ),
    ] = None
    graph_uri: Annotated[str | None, typer.Option(help="the address of Graph, if it is not --url")] = None
    schema_version: Annotated[str, typer.Option(help="the version of Graph")] = "beta"
    client_id: Annotated[str | None, typer.Option(envvar="FAUXTUNE_CLIENT_ID", help="the application's client id")] = (
        None
    )
    client_secret: Annotated[
        str | None,
        typer.Option(envvar="FAUXTUNE_CLIENT_SECRET", help="the application's secret (better in the variable)"),
    ] = None
    admin_user_name: Annotated[
        str | None,
        typer.Option(envvar="FAUXTUNE_ADMIN_USER_NAME", help="sign in as this user, not as the application"),
    ] = None
    admin_password: Annotated[
        str | None,
        typer.Option(envvar="FAUXTUNE_ADMIN_PASSWORD", help="the user's password (better in the variable)"),
    ] = None

    @property
    def is_foreign(self) -> bool:
        """Whether it is another service than Fauxtune, without a control surface."""
        base = self.graph_uri or self.url
        return self.authority is not None and (base is None or _address(self.authority) != _address(base))

    def client(self) -> Client:
        """Return a client of the server."""
        from fauxtune_client.http import Client

        if (self.admin_user_name is None) != (self.admin_password is None):
            fail("--admin-user-name and --admin-password must be given together.")
        server = self._foreign() if self.is_foreign else Emulator.server(self)
        base = server.https if self.graph_uri is None else _address(self.graph_uri)
        user = None
        if self.admin_user_name is not None:
            user = User(self.admin_user_name, self.admin_password or "", tenant=self.tenant or "organizations")
        client = Client(
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


def _address(text: str) -> str:
    """The address with a scheme: the cmdlets' AuthURI has none."""
    return (text if "://" in text else f"https://{text}").rstrip("/")


def with_service(kind: type[Emulator]) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Return a decorator that adds the options of `kind` to a command and passes them as its argument `service`."""

    def decorate(command: Callable[..., None]) -> Callable[..., None]:
        declared = inspect.signature(command, eval_str=True).parameters.values()
        own = [parameter for parameter in declared if parameter.name != "service"]
        hints = get_type_hints(kind, include_extras=True)
        shared = [
            inspect.Parameter(
                option.name, inspect.Parameter.KEYWORD_ONLY, default=option.default, annotation=hints[option.name]
            )
            for option in _options(kind)
            if option.name not in {each.name for each in own}  # such as a --lang that the command itself has
        ]

        @functools.wraps(command)
        def run(**arguments: Any) -> None:
            service = kind(**{option.name: arguments.pop(option.name) for option in shared})
            command(service=service, **arguments)

        parameters = [*own, *shared]
        run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        run.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
        return run

    return decorate


def _options(kind: type[Emulator]) -> list[Field[Any]]:
    """The options of a class, its own before those that it inherits: help begins with what the command is about."""
    place = {name: index for index, each in enumerate(kind.__mro__) for name in vars(each).get("__annotations__", ())}
    return sorted(fields(kind), key=lambda option: place[option.name])
