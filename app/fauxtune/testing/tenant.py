"""A tenant for a test, and the second administrator who approves there.

A tenant for a test: its people, its profiles, its devices, its clock, and what happened in it.

Multi Admin Approval in a test: what needs another administrator, and that administrator's decision.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, TypeVar
from urllib.parse import quote

from fauxtune.core.administration import approvals as tasks
from fauxtune.core.administration import directory
from fauxtune.core.administration.approvals import Decision
from fauxtune.testing.certificates import Connector, Pfx, import_pfx, issue, opened
from fauxtune.testing.clock import Clock
from fauxtune.testing.devices import Devices, SavedDevices
from fauxtune.testing.faults import Faults
from fauxtune.testing.graph import Graph
from fauxtune.testing.history import Journal, Wire
from fauxtune.testing.parts import Calls, Group, NotReached, Serving, Tenancy, User, Waiting
from fauxtune.testing.profiles import Profiles
from fauxtune.testing.promises import Promises
from fauxtune_client.endpoints import Refused
from fauxtune_client.endpoints import User as SignedIn

if TYPE_CHECKING:
    from azure.identity import ClientSecretCredential


T = TypeVar("T")
_INTERVAL = 0.05
_NOT_FOUND = 404


class Tenant:
    """One tenant, isolated from all others. `with` deletes it at the end of the block.

    `graph_url` and `authority` are origins, in place of https://graph.microsoft.com and
    https://login.microsoftonline.com; `client_id` and `client_secret` are those of an application with all permissions
    that Intune's administration needs.
    """

    def __init__(self, server: Serving, document: Mapping[str, Any]) -> None:
        """Use `Server.tenant`. `document` is the tenant as the control surface shows it."""
        self.server = server
        self.id = str(document["id"])
        self.name = str(document["name"])
        self.domain = str(document["domain"])
        self.client_id = str(document["clientId"])
        self.client_secret = str(document["clientSecret"])
        self.user_password = str(document["userPassword"])
        self.graph_url = self.authority = server.url
        self._authority = (
            str(document["certificationAuthority"]),
            str(document["certificationAuthorityName"]),
        )
        self._client = server.client(tenant=self.id, client_id=self.client_id, client_secret=self.client_secret)
        self._calls = Calls(self._client)
        self._users: dict[str, User] = {}
        self._snapshots: dict[str, SavedDevices] = {}
        self._deleted = False

    @classmethod
    def create(
        cls,
        server: Serving,
        *,
        seed: str | Path | Mapping[str, Any] | None = None,
        edition: str | None = None,
        keys: str | None = "shared",
        state: str | Sequence[str] | None = None,
        params: Mapping[str, Any] | None = None,
        deterministic: int | None = None,
    ) -> Tenant:
        """Create a tenant: see `Server.tenant`."""
        body = {"seed": _seed(seed), "edition": edition, "keys": keys, "deterministic": deterministic}
        answer = server.client(tenant="").emulator(
            "POST", "/tenants", json={name: value for name, value in body.items() if value is not None}
        )
        tenant = cls(server, answer)
        try:
            for sentence in (state,) if isinstance(state, str) else state or ():
                tenant.state(sentence, **(params or {}))
        except BaseException:
            tenant.delete()
            raise
        return tenant

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.delete()

    def __repr__(self) -> str:
        return f"<tenant {self.name}>"

    def delete(self) -> None:
        """Delete the tenant with all of its data, and disconnect its simulated devices."""
        if self._deleted:
            return
        self._deleted = True
        if "graph" in self.__dict__:
            self.graph.close()
        if "devices" in self.__dict__:
            self.devices.forget()
        try:
            self._client.emulator("DELETE", f"/tenants/{quote(self.id, safe='')}")
        except Refused as refused:
            if refused.status != _NOT_FOUND:
                raise

    # Sign-in

    @property
    def ca_file(self) -> Path | None:
        """The PEM file with the authority of the server's certificate; None if the system trusts it."""
        return self.server.ca_file

    def token(self) -> str:
        """Return an access token for Graph, of the tenant's application."""
        return self._client.token()

    @cached_property
    def credential(self) -> ClientSecretCredential:
        """A credential of azure-identity for the tenant's application. ImportError if azure-identity is missing."""
        from azure.identity import ClientSecretCredential

        options: dict[str, Any] = {} if self.ca_file is None else {"connection_verify": str(self.ca_file)}
        return ClientSecretCredential(
            self.id,
            self.client_id,
            self.client_secret,
            authority=self.authority,
            # Else the library asks login.microsoftonline.com first.
            disable_instance_discovery=True,
            **options,
        )

    @cached_property
    def graph(self) -> Graph:
        """An httpx client of Graph with a token: `tenant.graph.get("/v1.0/users")`."""

        return Graph(self)

    # People

    def user(self, name: str, **properties: Any) -> User:
        """Return a user, who is made, with a licence, if no user has this name.

        `name` is a userPrincipalName, or its part before the @. `properties` are Graph's, of a new user: displayName,
        givenName, surname, mail.
        """
        principal = name if "@" in name else f"{name}@{self.domain}"
        known = self._users.get(principal.casefold())
        if known is None:
            known = self._users[principal.casefold()] = self._user(principal, properties)
        return known

    def group(self, name: str, members: Iterable[str | User] = ()) -> Group:
        """Return the group of this name, which is made if missing, with these members added."""
        literal = name.replace("'", "''")
        rows = self._client.graph_list("/groups", params={"$filter": f"displayName eq '{literal}'"})
        people = [member if isinstance(member, User) else self.user(member) for member in members]
        if not rows:
            row = self._calls.send(directory.create_group(name, members=[person.id for person in people]))
            return Group(row["id"], row["displayName"])
        present = (
            {row["id"] for row in self._client.graph_list(f"/groups/{rows[0]['id']}/members")} if people else set()
        )
        self._calls.send_all(
            directory.add_member(rows[0]["id"], member=person.id) for person in people if person.id not in present
        )
        return Group(rows[0]["id"], rows[0]["displayName"])

    def _user(self, principal: str, properties: Mapping[str, Any]) -> User:
        literal = principal.replace("'", "''")
        rows = self._client.graph_list("/users", params={"$filter": f"userPrincipalName eq '{literal}'"})
        if rows:
            row = rows[0]
        else:
            request = directory.create_user(principal)
            body = {**(request.body or {}), **properties}
            row = self._client.graph(request.method, request.path, json=body)
            self._calls.send(directory.license_user(row["id"]))
        return User(row["id"], row["userPrincipalName"], row.get("mail") or row["userPrincipalName"])

    # Profiles, certificates, devices

    @cached_property
    def profiles(self) -> Profiles:
        """Makes profiles: `tenant.profiles.pkcs("Signing").assign("All Staff")`."""

        return Profiles(self._calls, authority=self._authority)

    @cached_property
    def devices(self) -> Devices:
        """The tenant's simulated devices: `tenant.devices.enroll("alice", "ios")`."""

        return Devices(self, self._calls)

    @cached_property
    def connector(self) -> Connector:
        """The tenant's certificate connectors: taken off line and brought back, and their public key."""

        return Connector(self._calls)

    def issue(self, user: str | User, *, template: str = "SmimeEncryption", **order: Any) -> Pfx:
        """Return a PFX file for a user, with a certificate of the tenant's authority and its key.

        `order` may have `not_before` and `not_after` (ISO 8601), `subject`, `email`, `pfx_password`.
        """

        return issue(self._calls, self.person(user), template=template, order=order)

    def pfx(
        self,
        user: str | User,
        *,
        file: Pfx | Path | bytes | None = None,
        password: str = "",
        purpose: str = "encryption",
        template: str = "SmimeEncryption",
        **order: Any,
    ) -> Pfx:
        """Import a PFX file for a user, as an administrator does, and return it with the id of its record.

        `file` is one of yours with its `password`; without it a certificate is issued as by `issue`. `purpose` is
        "encryption", "signing", "vpn" or "wifi".
        """

        person = self.person(user)
        chosen = self.issue(person, template=template, **order) if file is None else opened(file, password=password)
        return import_pfx(self._calls, chosen, user=person, purpose=purpose, key=self.connector.key())

    def person(self, user: str | User) -> User:
        """Return the user of this name, as `user` does; a user is returned as it is."""
        return user if isinstance(user, User) else self.user(user)

    # Waiting

    def settle(self, timeout: float = 30.0) -> list[Waiting]:
        """Push all connected devices and wait until they have settled.

        Return the devices that have not: those that are off line, or wait for something that does not come by itself,
        such as a connector that is off line. `assert tenant.settle() == []` demands that all have.
        """
        seconds = max(1, round(timeout))
        answer = self._calls.control("POST", "/settle", json={"timeout": seconds}, waits=seconds)
        self._finish_check_ins()
        return [Waiting(row["name"] or row["device"], row["why"]) for row in answer["waiting"]]

    def _finish_check_ins(self) -> None:
        if "devices" in self.__dict__:
            self.devices.finish_check_ins()

    async def asettle(self, timeout: float = 30.0) -> list[Waiting]:
        """Do what `settle` does, without blocking the event loop of the test."""
        return await asyncio.to_thread(self.settle, timeout)

    def wait(self, predicate: Callable[[], T], timeout: float = 10.0) -> T:
        """Call the predicate until its result is true, and return that. Raises NotReached after `timeout` seconds."""
        ends = time.monotonic() + timeout
        while not (result := predicate()):
            if time.monotonic() >= ends:
                raise NotReached(f"it was not so after {timeout:g} seconds; the last result was {result!r}")
            time.sleep(_INTERVAL)
        return result

    async def await_(self, predicate: Callable[[], T], timeout: float = 10.0) -> T:
        """Do what `wait` does, without blocking the event loop; the predicate is called in a thread."""
        return await asyncio.to_thread(self.wait, predicate, timeout)

    # Time, history, faults

    @cached_property
    def clock(self) -> Clock:
        """The tenant's clock."""
        return Clock(self._calls, after_settling=self._finish_check_ins)

    @cached_property
    def journal(self) -> Journal:
        """What happened in the tenant."""
        return Journal(self._calls)

    @cached_property
    def wire(self) -> Wire:
        """The last requests to the tenant, with their answers."""
        return Wire(self._calls)

    @cached_property
    def faults(self) -> Faults:
        """Rules by which requests and devices fail."""

        return Faults(self._calls)

    @cached_property
    def promises(self) -> Promises:
        """What holds in every tenant: `tenant.promises.check()` raises BrokenPromise where it does not."""

        return Promises(self._calls, devices=self.devices, settle=self.settle)

    @cached_property
    def approvals(self) -> Approvals:
        """Multi Admin Approval: `tenant.approvals.require("deviceWipe", approvers=["bob"])`."""

        return Approvals(self, self._calls)

    def diagnose(
        self, *, user: str | User | None = None, device: str | None = None, profile: str | None = None
    ) -> dict[str, Any]:
        """Return where the way of profiles to devices breaks, and why; one of the three must be named."""
        given = {"user": None if user is None else str(user), "device": device, "profile": profile}
        params = {name: str(value) for name, value in given.items() if value is not None}
        answer: dict[str, Any] = self._calls.control("GET", "/diagnose", params=params)
        return answer

    def settings(self, **changes: Any) -> None:
        """Change settings of the tenant, such as `requireTrustedRoot=False`."""
        self._client.emulator("PATCH", f"/tenants/{quote(self.id, safe='')}", json={"settings": changes})

    # State

    def state(self, sentence: str, **params: Any) -> dict[str, Any]:
        """Bring the tenant into a state that a sentence names, such as "alice has an iPhone", and return what it made.

        An unknown sentence raises Refused, which names the nearest ones; `fauxtune state list` shows all.
        """
        answer = self._calls.control("PUT", "/states", json={"state": sentence, "params": params}, waits=30)
        return answer or {}

    def snapshot(self, name: str) -> None:
        """Keep the present state of the tenant, and of its devices in this process, under a name."""
        self._calls.control("POST", "/snapshots", json={"name": name}, waits=30)
        self._snapshots[name] = self.devices.saved()

    def restore(self, name: str) -> None:
        """Bring back a state that `snapshot` of this object kept: devices enrolled since then are gone."""
        before = self.devices.saved()
        # While the server is at work no device may check in: it would see half of each state.
        self.devices.forget()
        try:
            self._calls.control("POST", f"/snapshots/{quote(name, safe='')}/restore", waits=30)
        except BaseException:
            self.devices.bring_back(before)
            raise
        self.devices.bring_back(self._snapshots.get(name))
        self._forget()

    def export(self) -> dict[str, Any]:
        """Return the whole tenant as one JSON document."""
        document: dict[str, Any] = self._calls.control("GET", "/export", waits=30)
        return document

    def import_(self, document: Mapping[str, Any]) -> None:
        """Replace the tenant's content by a document that `export` returned."""
        self._calls.control("PUT", "/import", json=dict(document), waits=30)
        self._forget()

    def reset(self) -> None:
        """Bring the tenant back to its seed; simulated devices are forgotten."""
        if "devices" in self.__dict__:
            self.devices.forget()
        self._calls.control("POST", "/reset", waits=30)
        self._forget()

    def _forget(self) -> None:
        """Forget what was known of the tenant before all of it was replaced."""
        self._users.clear()
        self.promises.forget()


def _seed(seed: str | Path | Mapping[str, Any] | None) -> Any:
    """The seed as the control surface takes it: a name, or a document."""
    if isinstance(seed, Mapping):
        return dict(seed)
    if isinstance(seed, Path) or (isinstance(seed, str) and seed.endswith(".json")):
        return json.loads(Path(seed).read_text(encoding="utf-8"))
    return seed


class Approvals:
    """The approval policies of a tenant, and the requests that wait for a decision."""

    def __init__(self, tenant: Tenancy, calls: Calls) -> None:
        """Use `tenant.approvals`."""
        self._tenant = tenant
        self._calls = calls

    def require(self, policy_type: str, *, approvers: Iterable[str | User]) -> None:
        """Let operations of a type wait for one of these users, from now on.

        `policy_type` is Graph's: "deviceWipe", "deviceRetire", "deviceDelete", "app", "script", "role" or
        "tenantConfiguration". Such an operation is answered 403, with the code in the header x-msft-approval-code. The
        tenant gets a group of the approvers; what this library itself asks for is guarded too.
        """
        group = self._tenant.group(f"Approvers: {policy_type}", members=approvers)
        self._calls.send(tasks.create_policy(group.name, policy_type=policy_type, approvers=[group.id]))

    def waiting(self) -> list[dict[str, Any]]:
        """Return the requests that wait for a decision, as Graph's operationApprovalRequest, the oldest first."""
        rows = self._calls.client.graph_list(tasks.REQUESTS)
        return sorted(
            (row for row in rows if row["status"] == "needsApproval"), key=lambda row: str(row["requestDateTime"])
        )

    def approve(self, code: str, *, by: str | User, justification: str = "") -> None:
        """Approve a request as a user who is an approver: who asked for it can do it now, once, with this code."""
        self._decide(code, Decision.APPROVE, by=by, justification=justification)

    def reject(self, code: str, *, by: str | User, justification: str = "") -> None:
        """Reject a request as a user who is an approver: what was asked for is not done."""
        self._decide(code, Decision.REJECT, by=by, justification=justification)

    def _decide(self, code: str, decision: Decision, *, by: str | User, justification: str) -> None:
        approver = SignedIn(self._tenant.person(by).name, self._tenant.user_password, tenant=self._tenant.id)
        request = tasks.decide(code, decision, justification=justification or None)
        Calls(self._calls.client.signed_in_as(approver)).send(request)
