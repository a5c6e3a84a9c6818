"""The options that say which service is meant, and as whom: one dataclass, whose fields are the options.

A command takes `service: Emulator` (or `Graph`) and is decorated with `with_service`; its own options come first.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Annotated, Any, get_type_hints

import typer

from fauxtune.cli.options import DATA_DIR, CaOption, DataDirOption, UrlOption, fail

if TYPE_CHECKING:
    from fauxtune.client.endpoints import Server
    from fauxtune.client.http import Client


@dataclass(frozen=True, slots=True, kw_only=True)
class Emulator:
    """One of ours, and its control surface."""

    data_dir: DataDirOption = DATA_DIR
    url: UrlOption = None
    ca: CaOption = None
    tenant_id: Annotated[str | None, typer.Option(envvar="FAUXTUNE_TENANT", help="id, name or domain")] = None
    control_token: Annotated[str | None, typer.Option(envvar="FAUXTUNE_CONTROL_TOKEN")] = None

    def server(self) -> Server:
        """The server that is meant."""
        from fauxtune.client.endpoints import find

        return find(data_dir=self.data_dir, url=self.url, ca=self.ca).signing_in_as(tenant=self.tenant_id)

    def client(self) -> Client:
        """A client of it."""
        from fauxtune.client.http import Client

        return Client(self.server(), control_token=self.control_token)


@dataclass(frozen=True, slots=True, kw_only=True)
class Graph(Emulator):
    """Any Graph: ours unless --graph-uri and --auth-uri name others. The names are those of the cmdlets' settings."""

    client_id: Annotated[str | None, typer.Option(envvar="FAUXTUNE_CLIENT_ID")] = None
    client_secret: Annotated[str | None, typer.Option(envvar="FAUXTUNE_CLIENT_SECRET")] = None
    graph_uri: Annotated[str | None, typer.Option(help="another Graph (default: the server)")] = None
    auth_uri: Annotated[str | None, typer.Option(help="another authority (default: the server)")] = None
    schema_version: Annotated[str, typer.Option(help="the Graph version")] = "beta"
    admin_user_name: Annotated[str | None, typer.Option(help="sign in as a user, not as the application")] = None
    admin_password: Annotated[str | None, typer.Option(envvar="FAUXTUNE_ADMIN_PASSWORD")] = None

    def client(self) -> Client:
        """A client of it."""
        from fauxtune.client.http import Client

        if (self.admin_user_name is None) != (self.admin_password is None):
            fail("--admin-user-name and --admin-password go together.")
        server = self._foreign() or Emulator.server(self)
        base = (self.graph_uri or server.https).rstrip("/")
        authority = self.auth_uri
        return Client(
            server.signing_in_as(client_id=self.client_id, client_secret=self.client_secret),
            authority=authority if authority is None or "://" in authority else f"https://{authority}",
            graph=f"{base}/{self.schema_version}",
            user=None if self.admin_user_name is None else (self.admin_user_name, self.admin_password or ""),
            control_token=self.control_token,
        )

    def _foreign(self) -> Server | None:
        """When nothing of ours is asked, none of ours needs to run."""
        if self.graph_uri is None or self.auth_uri is None or self.url is not None:
            return None
        if self.tenant_id is None or self.client_id is None:
            fail("Another service needs --tenant-id, --client-id and --client-secret.")
        from fauxtune.client.endpoints import Server

        return Server(
            https=self.graph_uri,
            http=None,
            control=self.graph_uri,
            ca_file=self.ca,
            tenant=self.tenant_id,
            tenant_id=None,
            client_id=self.client_id,
            client_secret=self.client_secret or "",
        )


def with_service(kind: type[Emulator]) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Give a command the options of `kind`, and hand it one as `service`."""

    def decorate(command: Callable[..., None]) -> Callable[..., None]:
        own = [each for each in inspect.signature(command, eval_str=True).parameters.values() if each.name != "service"]
        hints = get_type_hints(kind, include_extras=True)
        shared = [
            inspect.Parameter(
                each.name, inspect.Parameter.KEYWORD_ONLY, default=each.default, annotation=hints[each.name]
            )
            for each in fields(kind)
        ]

        @functools.wraps(command)
        def run(**given: Any) -> None:
            service = kind(**{each.name: given.pop(each.name) for each in shared})
            command(service=service, **given)

        parameters = [*own, *shared]
        run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        run.__annotations__ = {each.name: each.annotation for each in parameters}
        return run

    return decorate
