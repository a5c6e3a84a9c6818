"""building.py's ground: both of Microsoft's SDKs set up for a host, and short words for what they offer."""

from __future__ import annotations

import argparse
import asyncio
import importlib
import re
import ssl
import warnings
from collections import Counter
from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
from azure.identity import ClientSecretCredential
from kiota_abstractions.base_request_configuration import RequestConfiguration
from kiota_abstractions.headers_collection import HeadersCollection
from kiota_abstractions.request_information import RequestInformation
from kiota_authentication_azure.azure_identity_authentication_provider import AzureIdentityAuthenticationProvider

# The SDKs' own, of classes of their own.
warnings.filterwarnings("ignore", category=DeprecationWarning)

from msgraph import GraphServiceClient as V1Client  # noqa: E402
from msgraph import graph_request_adapter as v1_adapter  # noqa: E402
from msgraph_beta import GraphServiceClient as BetaClient  # noqa: E402
from msgraph_beta import graph_request_adapter as beta_adapter  # noqa: E402
from msgraph_core import GraphClientFactory  # noqa: E402
from msgraph_core.requests.batch_request_content_collection import BatchRequestContentCollection  # noqa: E402
from msgraph_core.requests.batch_request_item import BatchRequestItem  # noqa: E402
from msgraph_core.tasks.page_iterator import PageIterator  # noqa: E402

#: How many requests are under way at the same time.
AT_ONCE = 8


def model(name: str, *, sdk: str = "msgraph_beta", folder: str = "models") -> Any:
    """A class of the SDKs, which have a module for each of thousands."""
    module = re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()
    return getattr(importlib.import_module(f"{sdk}.generated.{folder}.{module}"), name)


def v1(name: str) -> Any:
    """The same of v1.0."""
    return model(name, sdk="msgraph")


@dataclass(slots=True)
class Tenant:
    """Both clients, and what was made of each kind: its id by its name."""

    v1: V1Client
    beta: BetaClient
    domain: str
    users: dict[str, str] = field(default_factory=dict)
    groups: dict[str, str] = field(default_factory=dict)
    devices: dict[str, str] = field(default_factory=dict)
    filters: dict[str, str] = field(default_factory=dict)
    profiles: dict[str, str] = field(default_factory=dict)
    requests: Counter[str] = field(default_factory=Counter)


@asynccontextmanager
async def connected(arguments: argparse.Namespace) -> AsyncIterator[Tenant]:
    """Both clients, signed in as an application of the tenant."""
    secret = ClientSecretCredential(
        arguments.tenant_id,
        arguments.client_id,
        arguments.client_secret,
        authority=arguments.url,
        disable_instance_discovery=True,
        connection_verify=arguments.ca,
    )
    requests: Counter[str] = Counter()

    async def count(request: httpx.Request) -> None:
        requests["batches" if request.url.path.endswith("$batch") else "requests"] += 1

    provider = AzureIdentityAuthenticationProvider(secret, scopes=["https://graph.microsoft.com/.default"])
    adapters = []
    trust = ssl.create_default_context(cafile=arguments.ca)
    async with AsyncExitStack() as closing:
        closing.enter_context(secret)
        for module, version in ((v1_adapter, "v1.0"), (beta_adapter, "beta")):
            # The factory puts a transport of its own around this one, and does not close it.
            transport = httpx.AsyncHTTPTransport(verify=trust)
            closing.push_async_callback(transport.aclose)
            http = httpx.AsyncClient(transport=transport, timeout=60, event_hooks={"request": [count]})
            http = GraphClientFactory.create_with_default_middleware(client=http, options=module.options)
            adapters.append(module.GraphRequestAdapter(provider, client=http))
            adapters[-1].base_url = f"{arguments.url}/{version}"
        v1_client, beta_client = V1Client(request_adapter=adapters[0]), BetaClient(request_adapter=adapters[1])
        organization = await v1_client.organization.get()
        assert organization is not None
        domains = (organization.value or [])[0].verified_domains or []
        domain = next(str(domain.name) for domain in domains if domain.is_default)
        yield Tenant(v1_client, beta_client, domain, requests=requests)


def asking(builder: Any, *, eventual: bool = False, **options: Any) -> RequestConfiguration[Any]:
    """Query options; `eventual` is what advanced queries on the directory want."""
    headers = HeadersCollection()
    if eventual:
        headers.add("ConsistencyLevel", "eventual")
    parameters = getattr(builder, f"{type(builder).__name__}GetQueryParameters", dict)
    return RequestConfiguration(query_parameters=parameters(**options) if options else None, headers=headers)


async def everything(graph: V1Client | BetaClient, builder: Any, **options: Any) -> list[Any]:
    """All pages."""
    results: list[Any] = []

    def note(each: Any) -> bool:
        results.append(each)
        return True

    first = await builder.get(asking(builder, **options))
    await PageIterator(first, graph.request_adapter).iterate(note)
    return results


async def in_batches(tenant: Tenant, wanted: Iterable[RequestInformation]) -> None:
    """Twenty a batch; all must succeed.

    The SDK reads the status of each answer and loses a body that is JSON: what was made is listed afterwards.
    """
    items = [BatchRequestItem(information) for information in wanted]
    collection = BatchRequestContentCollection()
    for item in items:
        collection.add_batch_request_item(item)
    answered = await tenant.v1.batch.post(collection)
    statuses: dict[str, int] = {}
    for content in answered.get_responses():
        statuses |= content.get_response_status_codes()
    failed = [
        f"{item.method} {item.url}: {statuses.get(item.id)}" for item in items if statuses.get(item.id, 500) >= 300
    ]
    assert not failed, failed[:3]


async def at_once(wanted: Iterable[Any]) -> list[Any]:
    """Several coroutines under way together, not all of them."""
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(each: Any) -> Any:
        async with gate:
            return await each

    return await asyncio.gather(*map(one, wanted))
