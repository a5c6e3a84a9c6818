"""Microsoft's own clients, as anybody sets them up for a host of their own: azure-identity and both Graph SDKs.

They are given the address, the CA file and the credentials, which all are documented ways of using them. Nothing of
what they send or read is changed; imports of theirs that nothing uses are left out, for they take most of the time.
`through_the_proxy.py` is a program that runs with the SDK as it is.
"""

from __future__ import annotations

import importlib
import inspect
import re
import ssl
import textwrap
import time
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import httpx
import msgraph
import msgraph_beta
import pytest
from azure.core.credentials import AccessToken, TokenCredential
from azure.identity import ClientSecretCredential
from kiota_abstractions.base_request_configuration import RequestConfiguration
from kiota_abstractions.headers_collection import HeadersCollection
from kiota_authentication_azure.azure_identity_authentication_provider import AzureIdentityAuthenticationProvider
from msgraph import GraphServiceClient as V1Client
from msgraph import graph_request_adapter as v1_adapter
from msgraph_beta import GraphServiceClient
from msgraph_beta import graph_request_adapter as beta_adapter
from msgraph_core import GraphClientFactory
from msgraph_core.tasks.page_iterator import PageIterator

from tests.support.running_server import EDITION, Running

SCOPE = "https://graph.microsoft.com/.default"

#: For the modules that use the SDKs: warnings of theirs, as they load.
WARNINGS = [
    # kiota declares a class of its own deprecated, and loads it with every request builder.
    pytest.mark.filterwarnings("ignore:GetQueryParameters is deprecated:DeprecationWarning"),
    # The SDK's generator declares a class inside every request builder deprecated, and so warns as it is imported.
    pytest.mark.filterwarnings("ignore:This class is deprecated. Please use the generic:DeprecationWarning"),
]


def leave_out_imports(package: ModuleType) -> None:
    """Let the base of all models read an object without importing every model there is, as it does each time.

    These are thousands of statements, whose names the function never uses: 6 ms an object with v1.0, 14 with beta.
    """
    module = importlib.import_module(f"{package.__name__}.generated.models.entity")
    kind = module.Entity
    lines = textwrap.dedent(inspect.getsource(kind.get_field_deserializers)).splitlines()
    source = "\n".join(line for line in lines if not re.fullmatch(r"\s+from \.\S+ import \w+", line))
    exec(compile(source, module.__file__ or "", "exec"), vars(module))
    kind.get_field_deserializers = vars(module)["get_field_deserializers"]


for each in (msgraph, msgraph_beta):
    leave_out_imports(each)


@dataclass(frozen=True, slots=True)
class ServedTenant:
    """A tenant of a running server, and an application in it that has every permission."""

    server: Running
    tenant: str
    name: str
    domain: str
    client_id: str
    secret: str

    def upn(self, name: str) -> str:
        """Return the sign-in name of a user."""
        return f"{name}@{self.domain}"


def contoso(server: Running) -> ServedTenant:
    """Return the tenant that every server begins with."""
    known = server.endpoints
    return ServedTenant(
        server, known["tenantId"], "contoso", "contoso.example", known["clientId"], secret=known["clientSecret"]
    )


@contextmanager
def new_tenant(server: Running, *, seed: str = "contoso", edition: str = EDITION) -> Iterator[ServedTenant]:
    """Create a tenant for one test, and delete it after the block."""
    with server.client() as http:
        body = {"seed": seed, "edition": edition}
        document = http.post("/_fauxtune/v1/tenants", json=body).raise_for_status().json()
        name, secret = document["name"], document["clientSecret"]
        yield ServedTenant(server, document["id"], name, document["domain"], document["clientId"], secret=secret)
        http.delete(f"/_fauxtune/v1/tenants/{name}").raise_for_status()


def credential(served_tenant: ServedTenant, *, secret: str | None = None) -> ClientSecretCredential:
    """The application's credential; another secret makes it a wrong one."""
    known = served_tenant.server.endpoints
    return ClientSecretCredential(
        served_tenant.tenant,
        served_tenant.client_id,
        secret or served_tenant.secret,
        authority=known["https"],
        disable_instance_discovery=True,
        connection_verify=known["caFile"],
    )


class PasswordCredential:
    """A user's, by the password grant: azure-identity has one, but for authorities on port 443 alone.

    Whatever has these two methods is a credential (azure.core.credentials.TokenCredential).
    """

    def __init__(self, served_tenant: ServedTenant, name: str, *, password: str = "Fauxtune1!") -> None:
        self._office, self._upn, self._password = served_tenant, served_tenant.upn(name), password

    def get_token(self, *scopes: str, **_: Any) -> AccessToken:
        """A token, asked for each time."""
        form = {
            "grant_type": "password",
            "client_id": self._office.client_id,
            "client_secret": self._office.secret,
            "username": self._upn,
            "password": self._password,
            "scope": " ".join(scopes),
        }
        with self._office.server.client() as http:
            answer = http.post(f"/{self._office.tenant}/oauth2/v2.0/token", data=form).raise_for_status().json()
        return AccessToken(answer["access_token"], int(time.time()) + answer["expires_in"])

    def close(self) -> None:
        """Nothing is kept open."""


@dataclass(frozen=True, slots=True)
class Transport:
    """Where a client sends, and through what."""

    trust: ssl.SSLContext
    base: str
    through: httpx.AsyncBaseTransport | None = None


@asynccontextmanager
async def _adapter(
    module: ModuleType, azure: TokenCredential, *, transport: Transport
) -> AsyncIterator[v1_adapter.GraphRequestAdapter | beta_adapter.GraphRequestAdapter]:
    # The factory puts a transport of its own around this one, and nobody closes what is inside.
    inner = transport.through or httpx.AsyncHTTPTransport(verify=transport.trust)
    provider = AzureIdentityAuthenticationProvider(azure, scopes=[SCOPE], allowed_hosts=["localhost", "127.0.0.1"])
    async with httpx.AsyncClient(transport=inner, timeout=60) as plain:
        http = GraphClientFactory.create_with_default_middleware(client=plain, options=module.options)
        adapter = module.GraphRequestAdapter(provider, client=http)
        adapter.base_url = transport.base
        yield adapter
    await inner.aclose()


@asynccontextmanager
async def client(
    served_tenant: ServedTenant,
    *,
    azure: TokenCredential | None = None,
    base: str | None = None,
    through: httpx.AsyncBaseTransport | None = None,
) -> AsyncIterator[GraphServiceClient]:
    """A client of the server's beta: the application's, unless another credential is given."""
    transport = Transport(served_tenant.server.trusting(), base or f"{served_tenant.server.https}/beta", through)
    with credential(served_tenant) as own:
        async with _adapter(beta_adapter, azure or own, transport=transport) as adapter:
            yield GraphServiceClient(request_adapter=adapter)


@asynccontextmanager
async def v1_client(
    served_tenant: ServedTenant,
    *,
    azure: TokenCredential | None = None,
    base: str | None = None,
    through: httpx.AsyncBaseTransport | None = None,
) -> AsyncIterator[V1Client]:
    """The same for v1.0."""
    transport = Transport(served_tenant.server.trusting(), base or f"{served_tenant.server.https}/v1.0", through)
    with credential(served_tenant) as own:
        async with _adapter(v1_adapter, azure or own, transport=transport) as adapter:
            yield V1Client(request_adapter=adapter)


@dataclass(frozen=True, slots=True)
class Sdk:
    """One of the two SDKs: what both can do is tested with both, and they share no type."""

    package: ModuleType
    graph: Any
    served_tenant: ServedTenant

    @property
    def beta(self) -> bool:
        """Whether this is the beta's."""
        return self.package is msgraph_beta

    def model(self, name: str) -> Any:
        """The class of a model or of an action's body, by its module below `generated` or by its name alone."""
        folder, _, file = name.rpartition(".")
        module = importlib.import_module(f"{self.package.__name__}.generated.{folder or 'models'}.{snake(file)}")
        plain = snake(file).replace("_", "")
        return next(value for key, value in vars(module).items() if key.lower() == plain)

    def me(self) -> Any:
        """`/me`: a property of one client and a method of the other."""
        return self.graph.me() if self.beta else self.graph.me


@asynccontextmanager
async def both(
    version: str, served_tenant: ServedTenant, *, azure: TokenCredential | None = None
) -> AsyncIterator[Sdk]:
    """The SDK of a version: for tests that run with each."""
    if version == "beta":
        async with client(served_tenant, azure=azure) as beta:
            yield Sdk(msgraph_beta, beta, served_tenant)
    else:
        async with v1_client(served_tenant, azure=azure) as v1:
            yield Sdk(msgraph, v1, served_tenant)


def snake(name: str) -> str:
    """A model's module: every capital begins a word."""
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


def asking(builder: Any, *, verb: str = "Get", eventual: bool = False, **options: Any) -> RequestConfiguration[Any]:
    """Query options for a builder, by the class that the builder has for them."""
    headers = HeadersCollection()
    if eventual:
        headers.add("ConsistencyLevel", "eventual")
    kind = getattr(builder, f"{type(builder).__name__}{verb}QueryParameters", None)
    return RequestConfiguration(query_parameters=kind(**options) if kind else None, headers=headers)


async def everything(graph: Any, first: Any) -> list[Any]:
    """All pages, in order."""
    results: list[Any] = []

    def note(each: Any) -> bool:
        results.append(each)
        return True

    await PageIterator(first, graph.request_adapter).iterate(note)
    return results


def names(found: Iterable[Any]) -> list[str]:
    """Their display names."""
    return [str(each.display_name) for each in found]


def refusal(error: Any) -> tuple[int | None, str | None]:
    """Status and code of a typed error."""
    return error.response_status_code, error.error.code if error.error else None
