"""The scene that is arranged: a tenant, its administrator's requests to Graph, and what became of them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Concatenate, ParamSpec, TypeVar
from urllib.parse import quote

from fauxtune.core.administration import directory
from fauxtune.core.administration.assignments import Target, to_all_devices, to_all_users, to_group
from fauxtune.core.administration.requests import AdminRequest, Service
from fauxtune.core.errors import GraphRefused
from fauxtune.core.model.ids import UserId
from fauxtune.core.model.tenants import Tenant
from fauxtune.core.model.text import JsonObject
from fauxtune.operations.runtime.emulator import Emulator, ProposedRequest
from fauxtune.operations.runtime.transaction import Transaction
from fauxtune.storage.database import Connection
from fauxtune.storage.queries import applications

P = ParamSpec("P")
T = TypeVar("T")

_NOT_FOUND = 404
#: The groups that Intune has without their being groups.
_EVERYBODY: dict[str, Callable[[], Target]] = {"all users": to_all_users, "all devices": to_all_devices}


@dataclass(slots=True)
class Scene:
    """A tenant. `changed`: whether anything was changed; `values`: the ids and names of what a sentence speaks of;
    `seen`: Graph's answers to each GET, of a scene that is only looked at. None: it changes, so each is asked again.
    """

    emulator: Emulator
    tenant: Tenant
    client: str
    changed: bool = False
    values: dict[str, str] = field(default_factory=dict)
    seen: dict[str, JsonObject] | None = None

    @property
    def now(self) -> datetime:
        """The tenant's time."""
        return self.emulator.runner.now(self.tenant)

    async def send(self, request: AdminRequest) -> JsonObject:
        """Send an administrator's request to Graph. Raises GraphRefused if Graph refuses it."""
        assert request.service is Service.GRAPH, "operations do what Graph has no request for"
        self.changed = True
        return await self._graph(request.method, request.path, body=request.body)

    async def propose(self, request: AdminRequest, *, by: UserId | None) -> JsonObject:
        """Send a request as the tenant's application, or as a user; an approval policy may hold it up. Raises
        GraphRefused, also where it waits for an approval: then its headers have the code.
        """
        self.changed = True
        application = await self.read(applications.first_application, self.tenant.id)
        proposed = ProposedRequest(
            request.method,
            f"/beta{request.path}",
            body=request.body,
            client=self.client if application is None else application.client_id,
            user=by,
            headers=request.headers,
            needs_approval=True,
        )
        return await self.emulator.graph(self.emulator.for_administrator(), self.tenant, request=proposed) or {}

    async def get(self, path: str) -> JsonObject:
        """Return Graph's answer to a GET; the path's query is quoted already."""
        if self.seen is None:
            return await self._graph("GET", path)
        if path not in self.seen:
            self.seen[path] = await self._graph("GET", path)
        return self.seen[path]

    async def ask(self, request: AdminRequest) -> JsonObject:
        """Return Graph's answer to a request that changes nothing, such as one for a report."""
        return await self._graph(request.method, request.path, body=request.body)

    async def listed(self, path: str, **equal: str) -> list[JsonObject]:
        """Return the members of a collection, those whose properties are `equal` to these texts."""
        conditions = [f"{name} eq '{text.replace(chr(39), chr(39) * 2)}'" for name, text in equal.items()]
        query = f"?$filter={quote(' and '.join(conditions))}" if conditions else ""
        members: list[JsonObject] = []
        link: str | None = path + query
        while link is not None:
            page = await self.get(link)
            members += page["value"]
            link = page.get("@odata.nextLink")
        return members

    async def found(self, path: str) -> JsonObject | None:
        """Return one thing; None if it does not exist."""
        try:
            return await self.get(path)
        except GraphRefused as refused:
            if refused.status == _NOT_FOUND:
                return None
            raise

    async def run(self, operation: Callable[Concatenate[Transaction, P], T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Run an operation that changes something."""
        self.changed = True
        return await self.emulator.runner.run(self.tenant, operation, *args, **kwargs)

    async def look(
        self, operation: Callable[Concatenate[Transaction, P], T], /, *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run an operation that changes nothing."""
        return await self.emulator.runner.run(self.tenant, operation, *args, **kwargs)

    async def read(self, query: Callable[Concatenate[Connection, P], T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a named query."""
        return await self.emulator.runner.read(query, *args, **kwargs)

    async def do(self, work: Awaitable[T]) -> T:
        """Await work that changes something."""
        self.changed = True
        return await work

    # --------------------------------------------------------------------------------------------------- directory

    def principal_name(self, name: str) -> str:
        """Return the userPrincipalName of a name, which may lack the tenant's domain."""
        return (name if "@" in name else f"{name}@{self.tenant.domain}").lower()

    async def find_user(self, name: str) -> JsonObject | None:
        """Return the user of this name; None if no such user exists."""
        user = await self.found(f"{directory.USERS}/{quote(self.principal_name(name), safe='@')}")
        if user is not None:
            self.values |= {"userId": user["id"], "userPrincipalName": user["userPrincipalName"]}
        return user

    async def user(self, name: str) -> JsonObject:
        """Return the user of this name, who is created, with a licence, if missing."""
        user = await self.find_user(name)
        if user is None:
            upn = self.principal_name(name)
            local = upn.partition("@")[0]
            user = await self.send(directory.create_user(upn, display_name=local.title()))
            await self.send(directory.license_user(user["id"]))
            self.values |= {"userId": user["id"], "userPrincipalName": upn}
        return user

    async def find_group(self, name: str) -> JsonObject | None:
        """Return the first group of this name; None if no such group exists."""
        groups = await self.listed(directory.GROUPS, displayName=name)
        if groups:
            self.values["groupId"] = groups[0]["id"]
        return groups[0] if groups else None

    async def group(self, name: str) -> JsonObject:
        """Return the group of this name, which is created if missing."""
        group = await self.find_group(name)
        if group is None:
            group = await self.send(directory.create_group(name))
            self.values["groupId"] = group["id"]
        return group

    async def target(self, name: str) -> Target:
        """Return whom a profile is assigned to: all users, all devices, or a group, which is created."""
        everybody = _EVERYBODY.get(name.lower())
        return to_group((await self.group(name))["id"]) if everybody is None else everybody()

    async def _graph(self, method: str, path: str, *, body: Any = None) -> JsonObject:
        url = path if path.startswith("http") else f"/beta{path}"
        request = ProposedRequest(method, url, body=body, client=self.client)
        answer = await self.emulator.graph(self.emulator.for_administrator(), self.tenant, request=request)
        return answer or {}


def scene_of(emulator: Emulator, tenant: Tenant, *, client: str) -> Scene:
    """Return the scene of a tenant as it is now. `client`: the name of the application in the audit log."""
    return Scene(emulator, replace(emulator.runner.current(tenant)), client=client)
