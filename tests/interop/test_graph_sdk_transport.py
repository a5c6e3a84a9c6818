"""How Microsoft's SDKs speak: batches, retries, odd addresses, and every refusal as a typed error."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import httpx
import pytest
from azure.core.credentials import AccessToken
from kiota_abstractions.api_error import APIError
from msgraph_beta.generated.models.device_category import DeviceCategory
from msgraph_core.requests.batch_request_content import BatchRequestContent
from msgraph_core.requests.batch_request_content_collection import BatchRequestContentCollection
from msgraph_core.requests.batch_request_item import BatchRequestItem
from msgraph_core.tasks.page_iterator import PageIterator

from tests.interop.sdk import WARNINGS, Sdk, ServedTenant, asking, both, client, names, new_tenant, refusal, v1_client

pytestmark = WARNINGS

ONLY_POST = {"surface": "graph", "method": "POST"}


class Watched(httpx.AsyncBaseTransport):
    """Notes each call, and passes it on."""

    def __init__(self, served_tenant: ServedTenant) -> None:
        self._inner = httpx.AsyncHTTPTransport(verify=served_tenant.server.trusting())
        self.seen: list[tuple[str, str, str | None]] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Note the call, and which attempt it is."""
        self.seen.append((request.method, request.url.path, request.headers.get("Retry-Attempt")))
        return await self._inner.handle_async_request(request)

    async def aclose(self) -> None:
        """With the client."""
        await self._inner.aclose()


@contextmanager
def fault(served_tenant: ServedTenant, effect: dict[str, Any], **rule: Any) -> Iterator[None]:
    """Let something go wrong in the tenant until the block ends."""
    faults = f"/_fauxtune/v1/tenants/{served_tenant.name}/faults"
    with served_tenant.server.client() as control:
        control.post(faults, json={"effect": effect, **rule}).raise_for_status()
        yield
        control.delete(faults).raise_for_status()


@pytest.mark.parametrize("status", [429, 503, 504])
async def test_the_sdk_tries_again_when_it_is_told_to_wait(served_tenant: ServedTenant, status: int) -> None:
    # Who comes back too early is failed again: the SDK waits long enough, and needs one attempt.
    effect = {"status": status, "retryAfter": 1, "punishEarly": True}
    watched = Watched(served_tenant)
    with fault(served_tenant, effect, match={"path": "/users"}, when={"nth": 1}):
        async with v1_client(served_tenant, through=watched) as graph:
            answer = await graph.users.get()
    assert answer is not None
    assert len(answer.value or ()) == 3
    assert watched.seen == [("GET", "/v1.0/users", None), ("GET", "/v1.0/users", "1")]


@pytest.mark.parametrize("status", [500, 502, 401, 403, 404, 412])
async def test_the_sdk_reads_the_error_of_a_fault_and_does_not_try_again(
    served_tenant: ServedTenant, status: int
) -> None:
    watched = Watched(served_tenant)
    with fault(served_tenant, {"status": status}, match={"surface": "graph"}):
        async with v1_client(served_tenant, through=watched) as graph:
            for builder in (graph.users, graph.device_management.managed_devices):
                with pytest.raises(APIError) as error:
                    await builder.get()
                number, code = refusal(error.value)
                assert number == status
                assert code
    assert len(watched.seen) == 2


async def test_a_body_is_sent_again_as_well(served_tenant: ServedTenant) -> None:
    watched = Watched(served_tenant)
    with fault(served_tenant, {"status": 429, "retryAfter": 1}, match=ONLY_POST, when={"nth": 1}):
        async with client(served_tenant, through=watched) as graph:
            answer = await graph.device_management.device_categories.post(DeviceCategory(display_name="Again"))
            assert answer is not None
            assert answer.display_name == "Again"
            await graph.device_management.device_categories.by_device_category_id(str(answer.id)).delete()
    assert [method for method, _, _ in watched.seen] == ["POST", "POST", "DELETE"]


async def test_a_batch_has_a_throttled_item(served_tenant: ServedTenant) -> None:
    throttled = fault(served_tenant, {"status": 429, "retryAfter": 1}, match={"path": "/users"}, when={"nth": 1})
    async with both("v1.0", served_tenant) as sdk:
        graph = sdk.graph
        items = [BatchRequestItem(builder.to_get_request_information()) for builder in (graph.users, graph.groups)]
        with throttled:
            answer = await graph.batch.post(BatchRequestContent({item.id: item for item in items}))
        assert [answer.get_response_status_codes()[item.id] for item in items] == [429, 200]


async def test_the_plain_http_address_will_do_on_this_machine(served_tenant: ServedTenant) -> None:
    async with v1_client(served_tenant, base=f"{served_tenant.server.endpoints['http']}/v1.0") as graph:
        answer = await graph.users.get(asking(graph.users, top=1, orderby=["displayName"]))
        assert answer is not None
        link = str(answer.odata_next_link)
        assert link.startswith(f"{served_tenant.server.endpoints['http']}/v1.0/users?")
        following = await graph.users.with_url(link).get()
        assert following is not None
        assert names(following.value or ()) == ["Bob Brown"]


async def test_a_slash_too_many_does_not_matter(served_tenant: ServedTenant) -> None:
    # An adapter that takes its address from httpx's base_url has a slash at its end, and the SDK adds another.
    watched = Watched(served_tenant)
    async with client(served_tenant, base=f"{served_tenant.server.https}/beta/", through=watched) as graph:
        assert await graph.device_management.managed_devices.count.get() == 0
        answer = await graph.users.get(asking(graph.users, top=1))
        assert answer is not None
        assert len(answer.value or ()) == 1
    assert [path for _, path, _ in watched.seen] == ["/beta//deviceManagement/managedDevices/$count", "/beta//users"]


async def test_an_iteration_is_paused_and_goes_on(sdk: Sdk) -> None:
    users, seen = sdk.graph.users, list[str]()

    def until_bob(each: Any) -> bool:
        seen.append(each.display_name)
        return str(each.display_name) != "Bob Brown"

    first = await users.get(asking(users, top=1, orderby=["displayName"]))
    iterator = PageIterator(first, sdk.graph.request_adapter)
    await iterator.iterate(until_bob)
    assert seen == ["Alice Adams", "Bob Brown"]
    iterator.current_page = await iterator.next()
    iterator.pause_index = 0
    await iterator.iterate(until_bob)
    assert seen == ["Alice Adams", "Bob Brown", "Carol Clark"]


# --------------------------------------------------------------------------------------------------------- batches


async def test_a_batch_is_answered_request_by_request(served_tenant: ServedTenant) -> None:
    async with both("v1.0", served_tenant) as sdk:
        graph = sdk.graph
        for whole in (False, True):  # the SDK writes a relative address before its first list, a whole one afterwards
            user, nobody = [graph.users.by_user_id(served_tenant.upn(name)) for name in ("alice", "nobody")]
            right = BatchRequestItem(user.to_get_request_information())
            wrong = BatchRequestItem(nobody.to_get_request_information())
            assert right.url.startswith(served_tenant.server.https) == whole
            answer = await graph.batch.post(BatchRequestContent({right.id: right, wrong.id: wrong}))
            assert answer.get_response_status_codes() == {right.id: 200, wrong.id: 404}
            # The SDK reads a body that is base64, and loses one that is JSON.
            assert answer.get_response_by_id(right.id).content_type.startswith("application/json")
            await graph.users.get()


async def test_a_batch_keeps_the_order_that_is_asked_for(served_tenant: ServedTenant) -> None:
    async with both("v1.0", served_tenant) as sdk:
        categories, kind = sdk.graph.device_management.device_categories, sdk.model("DeviceCategory")
        first = BatchRequestItem(categories.to_post_request_information(kind(display_name="First")))
        second = BatchRequestItem(categories.to_post_request_information(kind(display_name="Second")))
        second.set_depends_on([first])
        bad = BatchRequestItem(categories.to_post_request_information(kind(description="no name")))
        orphan = BatchRequestItem(categories.to_post_request_information(kind(display_name="Orphan")))
        orphan.set_depends_on([bad])
        items = {each.id: each for each in (first, second, bad, orphan)}
        answer = await sdk.graph.batch.post(BatchRequestContent(items))
        statuses = answer.get_response_status_codes()
        assert [statuses[item] for item in items] == [201, 201, 400, 424]
        value = (await categories.get()).value
        assert sorted(names(value)) == ["First", "Second"]
        gone = [
            BatchRequestItem(categories.by_device_category_id(each.id).to_delete_request_information())
            for each in value
        ]
        answer = await sdk.graph.batch.post(BatchRequestContent({each.id: each for each in gone}))
        assert set(answer.get_response_status_codes().values()) == {204}


async def test_more_than_twenty_requests_become_several_batches(served_tenant: ServedTenant) -> None:
    async with both("v1.0", served_tenant) as sdk:
        collection = BatchRequestContentCollection()
        for _ in range(45):
            collection.add_batch_request_item(BatchRequestItem(sdk.graph.groups.to_get_request_information()))
        answered = (await sdk.graph.batch.post(collection)).get_responses()
        assert [len(each.responses) for each in answered] == [20, 20, 5]
        assert {status for each in answered for status in each.get_response_status_codes().values()} == {200}


# --------------------------------------------------------------------------------------------------------- refusals


class Wrong:
    """A credential whose token is not one of ours."""

    def get_token(self, *_: str, **__: Any) -> AccessToken:
        """Nonsense, for an hour."""
        return AccessToken("nonsense", int(time.time()) + 3600)

    def close(self) -> None:
        """Nothing is kept open."""


@pytest.mark.parametrize("version", ["v1.0", "beta"])
async def test_a_token_of_somebody_else_is_refused(served_tenant: ServedTenant, version: str) -> None:
    async with both(version, served_tenant, azure=Wrong()) as sdk:
        for refused in (sdk.graph.users, sdk.graph.device_management.managed_devices):
            with pytest.raises(APIError) as error:
                await refused.get()
            assert refusal(error.value) == (401, "InvalidAuthenticationToken")


@pytest.mark.parametrize("version", ["v1.0", "beta"])
async def test_an_application_may_do_what_its_permissions_say(served_tenant: ServedTenant, version: str) -> None:
    with served_tenant.server.client() as http:
        applications = f"/_fauxtune/v1/tenants/{served_tenant.name}/applications"
        document = http.post(applications, json={"roles": ["User.Read.All"]}).raise_for_status().json()
    reader = replace(served_tenant, client_id=document["clientId"], secret=document["secret"])
    async with both(version, reader) as sdk:
        assert len((await sdk.graph.users.get()).value) == 3
        with pytest.raises(APIError) as denied:
            await sdk.graph.users.by_user_id(served_tenant.upn("alice")).delete()
        assert refusal(denied.value) == (403, "Authorization_RequestDenied")
        with pytest.raises(APIError) as forbidden:
            await sdk.graph.device_management.managed_devices.get()
        assert refusal(forbidden.value) == (403, "Forbidden")


async def test_what_is_not_emulated_is_said_to_be(sdk: Sdk) -> None:
    management = sdk.graph.device_management
    for absent in (management.exchange_connectors.get, sdk.graph.device_app_management.managed_e_books.get):
        with pytest.raises(APIError) as refused:
            await absent()
        error: Any = refused.value  # a class of its own in each SDK
        assert refusal(error)[0] == 501
        assert "not emulated" in str(error.error.message)
        assert error.error.inner_error.request_id


async def test_no_tenant_sees_another(sdk: Sdk) -> None:
    kind = sdk.model("IosCustomConfiguration")
    answer = await sdk.graph.device_management.device_configurations.post(kind(display_name="Secret"))
    with new_tenant(sdk.served_tenant.server) as elsewhere:
        async with both("beta" if sdk.beta else "v1.0", elsewhere) as stranger:
            one = stranger.graph.device_management.device_configurations.by_device_configuration_id(answer.id)
            for attempt in (one.get, one.delete, lambda: one.patch(kind(display_name="Mine"))):
                with pytest.raises(APIError) as refused:
                    await attempt()
                assert refusal(refused.value) == (404, "ResourceNotFound")
            assert (await stranger.graph.device_management.device_configurations.get()).value == []
    await sdk.graph.device_management.device_configurations.by_device_configuration_id(answer.id).delete()
