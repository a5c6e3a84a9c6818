"""The options that say which service is meant, and as whom: one dataclass, whose fields are the options.

A command takes `service: Emulator` (or `Graph`) and is decorated with `with_service`; its own options come first.
"""

from __future__ import annotations

import functools
import inspect
import sys
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
    tenant: Annotated[
        str | None, typer.Option("--tenant", "--tenant-id", envvar="FAUXTUNE_TENANT", help="its id, name or domain")
    ] = None
    control_token: Annotated[
        str | None,
        typer.Option(
            envvar="FAUXTUNE_CONTROL_TOKEN", help="if it is guarded; set the variable instead, for others see arguments"
        ),
    ] = None

    def server(self) -> Server:
        """The server that is meant."""
        from fauxtune.client.endpoints import find

        return find(data_dir=self.data_dir, url=self.url, ca=self.ca).signing_in_as(tenant=self.tenant)

    def client(self) -> Client:
        """A client of it."""
        from fauxtune.client.http import Client

        return Client(self.server(), control_token=self.control_token)


@dataclass(frozen=True, slots=True, kw_only=True)
class Graph(Emulator):
    """Any Graph: ours, unless --authority names another sign-in. The second names are the cmdlets' settings."""

    authority: Annotated[
        str | None,
        typer.Option("--authority", "--auth-uri", envvar="FAUXTUNE_AUTHORITY", help="another service's sign-in"),
    ] = None
    graph_uri: Annotated[str | None, typer.Option(help="Graph, where it is not at --url")] = None
    schema_version: Annotated[str, typer.Option(help="the Graph version")] = "beta"
    client_id: Annotated[str | None, typer.Option(envvar="FAUXTUNE_CLIENT_ID", help="the application")] = None
    client_secret: Annotated[
        str | None, typer.Option(envvar="FAUXTUNE_CLIENT_SECRET", help="its secret; the variable is the better place")
    ] = None
    admin_user_name: Annotated[
        str | None,
        typer.Option(envvar="FAUXTUNE_ADMIN_USER_NAME", help="sign in as a user, not as the application"),
    ] = None
    admin_password: Annotated[
        str | None,
        typer.Option(envvar="FAUXTUNE_ADMIN_PASSWORD", help="the user's; the variable is the better place"),
    ] = None

    @property
    def is_foreign(self) -> bool:
        """Is it somebody else's, who has no control surface?"""
        base = self.graph_uri or self.url
        return self.authority is not None and (base is None or _address(self.authority) != _address(base))

    def client(self) -> Client:
        """A client of it."""
        from fauxtune.client.http import Client, User

        if (self.admin_user_name is None) != (self.admin_password is None):
            fail("--admin-user-name and --admin-password go together.")
        server = self._foreign() if self.is_foreign else Emulator.server(self)
        base = server.https if self.graph_uri is None else _address(self.graph_uri)
        user = None
        if self.admin_user_name is not None:
            user = User(self.admin_user_name, self.admin_password or "", tenant=self.tenant or "organizations")
        return Client(
            server.signing_in_as(client_id=self.client_id, client_secret=self.client_secret),
            authority=None if self.authority is None else _address(self.authority),
            graph=f"{base}/{self.schema_version}",
            user=user,
            control_token=None if self.is_foreign else self.control_token,
            told=lambda line: print(line, file=sys.stderr),
        )

    def _foreign(self) -> Server:
        """Nothing of ours is asked, so none of ours needs to run, and our credentials are nobody's business."""
        base = self.graph_uri or self.url
        if base is None:
            fail("--authority names another service's sign-in; name its Graph too, by --url.")
        if not (self.tenant and self.client_id and (self.client_secret or self.admin_password)):
            fail(
                "Another service needs --tenant and --client-id, and either --client-secret or --admin-user-name and "
                "--admin-password."
            )
        from fauxtune.client.endpoints import Server

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
    """The cmdlets' AuthURI has no scheme."""
    return (text if "://" in text else f"https://{text}").rstrip("/")


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
