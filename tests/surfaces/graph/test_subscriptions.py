"""Graph: subscription: the handshake, notifications of users, groups and devices, renewal, hostile receivers."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest

from fauxtune.core.model.tenants import Tenant
from fauxtune.operations.directory.subscriptions import Deliveries
from fauxtune.operations.runtime import outbox
from fauxtune.operations.runtime.emulator import Emulator
from fauxtune.server import webhooks
from fauxtune.server.factory import Application
from fauxtune.storage.queries import logs as queries
from tests.support.both_databases import ON_BOTH_DATABASES
from tests.support.clock import FixedClock
from tests.support.graph import ABSENT, TENANT, advance_clock, create, documents, error_message, id_of_group, id_of_user
from tests.support.receivers import Answering, Receiver, always, receiving, refusing, reply
from tests.surfaces.graph.conftest import Enroll

pytestmark = pytest.mark.both_in_soak

Json = dict[str, Any]
SUBSCRIPTIONS = "/subscriptions"
IN_AN_HOUR = "2026-11-24T11:00:00Z"


def wanted(receiver: Receiver, **more: Any) -> Json:
    """A subscription to all users."""
    return {
        "resource": "users",
        "changeType": "created,updated,deleted",
        "notificationUrl": receiver.url,
        "expirationDateTime": IN_AN_HOUR,
        "clientState": "known to us",
        **more,
    }


@pytest.fixture
def deliveries(emulator: Emulator) -> Deliveries:
    """Delivers when a test says so."""
    return Deliveries(emulator)


async def test_a_subscription_is_made_after_the_handshake_and_belongs_to_its_application(
    beta: httpx.AsyncClient, v1: httpx.AsyncClient
) -> None:
    async with receiving() as receiver:
        made = await create(v1, SUBSCRIPTIONS, **wanted(receiver))
    (token,) = receiver.tokens
    assert token.startswith("Validation: Testing client application reachability for subscription Request-Id: ")
    assert "Content-Type: text/plain; charset=utf-8" in receiver.heads[0]
    assert receiver.heads[0].startswith("POST /hook?code=secret&validationToken=Validation%3A%20")
    assert made["@odata.context"] == "https://localhost:8443/v1.0/$metadata#subscriptions/$entity"
    assert made["expirationDateTime"] == IN_AN_HOUR
    assert (made["clientState"], made["changeType"]) == ("known to us", "created,updated,deleted")
    assert made["applicationId"]
    assert made["latestSupportedTlsVersion"] == "v1_2"
    assert [document["id"] for document in await documents(beta, SUBSCRIPTIONS)] == [made["id"]]
    assert (await beta.get(f"{SUBSCRIPTIONS}/{made['id']}")).json()["resource"] == "users"
    assert (await beta.delete(f"{SUBSCRIPTIONS}/{made['id']}")).status_code == 204
    assert (await beta.get(f"{SUBSCRIPTIONS}/{made['id']}")).status_code == 404


async def test_users_groups_and_devices_are_told_of_with_their_ids_alone(
    beta: httpx.AsyncClient, deliveries: Deliveries, tenant: Tenant, enroll: Enroll
) -> None:
    async with receiving() as receiver:
        made = await create(beta, SUBSCRIPTIONS, **wanted(receiver))
        for resource in ("/groups", "devices"):
            await create(beta, SUBSCRIPTIONS, **wanted(receiver, resource=resource))
        user = {"displayName": "Dora", "userPrincipalName": "dora@contoso.example", "mailNickname": "dora"}
        dora = (await create(beta, "/users", **user, accountEnabled=True, passwordProfile={"password": "Fx1!fx1!"}))[
            "id"
        ]
        await beta.patch(f"/users/{dora}", json={"city": "Ghent"})
        await beta.delete(f"/users/{dora}")
        phone = await enroll("alice")
        group = {"displayName": "G", "mailEnabled": False, "mailNickname": "g", "securityEnabled": True}
        await create(beta, "/groups", **group)
        await deliveries.round()
        told = receiver.notifications
    assert [(each["changeType"], each["resource"]) for each in told[:3]] == [
        ("created", f"Users/{dora}"),
        ("updated", f"Users/{dora}"),
        ("deleted", f"Users/{dora}"),
    ]
    assert told[0] == {
        "id": told[0]["id"],
        "subscriptionId": made["id"],
        "subscriptionExpirationDateTime": "2026-11-24T11:00:00.0000000Z",
        "clientState": "known to us",
        "changeType": "created",
        "resource": f"Users/{dora}",
        "tenantId": tenant.id,
        "resourceData": {
            "@odata.type": "#Microsoft.Graph.User",
            "@odata.id": f"Users/{dora}",
            "id": dora,
            "organizationId": tenant.id,
        },
    }
    assert [(each["changeType"], each["resource"].partition("/")[0]) for each in told[3:]] == [
        ("created", "Devices"),
        ("created", "Groups"),
    ]
    assert "Content-Type: application/json" in receiver.heads[-1]
    assert await phone.check_in()


async def test_a_quiet_check_in_writes_no_notification(
    beta: httpx.AsyncClient, deliveries: Deliveries, enroll: Enroll
) -> None:
    phone = await enroll("alice")
    await phone.settle()
    async with receiving() as receiver:
        await create(beta, SUBSCRIPTIONS, **wanted(receiver, resource="devices"))
        await phone.check_in()
        await deliveries.round()
        assert receiver.bodies == []


async def test_who_asks_for_updates_alone_hears_of_creation_and_deletion_too(
    beta: httpx.AsyncClient, deliveries: Deliveries
) -> None:
    alice = await id_of_user(beta, "alice")
    async with receiving() as receiver:
        await create(beta, SUBSCRIPTIONS, **wanted(receiver, changeType="updated", resource=f"/users/{alice}"))
        await create(beta, SUBSCRIPTIONS, **wanted(receiver, changeType="created", resource=f"users('{alice}')"))
        await beta.patch(f"/users/{await id_of_user(beta, 'bob')}", json={"city": "Ghent"})
        await beta.delete(f"/users/{alice}")
        await deliveries.round()
    assert [notification["changeType"] for notification in receiver.notifications] == ["updated"]


async def test_members_of_a_group_come_with_the_group(beta: httpx.AsyncClient, deliveries: Deliveries) -> None:
    alice, staff = await id_of_user(beta, "alice"), await id_of_group(beta, "All Staff")
    async with receiving() as receiver:
        await create(beta, SUBSCRIPTIONS, **wanted(receiver, resource=f"/groups/{staff}/members"))
        await beta.patch(f"/groups/{staff}", json={"description": "d"})
        await beta.delete(f"/groups/{staff}/members/{alice}/$ref")
        await deliveries.round()
    (told,) = receiver.notifications
    assert (told["changeType"], told["resource"]) == ("updated", f"Groups/{staff}")
    assert told["resourceData"]["members@delta"] == [{"id": alice, "@removed": "deleted"}]


@ON_BOTH_DATABASES
async def test_a_subscription_is_renewed_and_ends_by_the_tenants_clock(
    beta: httpx.AsyncClient, http: httpx.AsyncClient, deliveries: Deliveries, emulator: Emulator, tenant: Tenant
) -> None:
    async with receiving() as receiver:
        short = await create(beta, SUBSCRIPTIONS, **wanted(receiver, expirationDateTime="2026-11-24T10:01:00Z"))
        assert short["expirationDateTime"] == "2026-11-24T10:45:00Z", "45 minutes at least"
        renewed = await beta.patch(f"{SUBSCRIPTIONS}/{short['id']}", json={"expirationDateTime": IN_AN_HOUR})
        assert (renewed.status_code, renewed.json()["expirationDateTime"]) == (200, IN_AN_HOUR)
        assert len(receiver.tokens) == 1, "a renewal asks the receiver nothing"
        assert (await beta.post(f"{SUBSCRIPTIONS}/{short['id']}/reauthorize")).status_code == 204
        for change in ({"expirationDateTime": "2026-12-31T00:00:00Z"}, {"resource": "groups"}, {"clientState": "x"}):
            assert (await beta.patch(f"{SUBSCRIPTIONS}/{short['id']}", json=change)).status_code == 400
        async with receiving() as other:
            moved = await beta.patch(f"{SUBSCRIPTIONS}/{short['id']}", json={"notificationUrl": other.url})
            assert moved.status_code == 200
            assert len(other.tokens) == 1
        await advance_clock(http, "PT1H1M")
        assert (await beta.get(f"{SUBSCRIPTIONS}/{short['id']}")).status_code == 404
        assert await documents(beta, SUBSCRIPTIONS) == []
        await beta.patch(f"/users/{await id_of_user(beta, 'bob')}", json={"city": "Ghent"})
        assert await deliveries.round() is None
        assert await emulator.runner.read(queries.subscriptions_of, tenant.id) == []
        assert receiver.bodies == []
    ended = [event["type"] for event in (await http.get(f"{TENANT}/journal")).json()["events"]]
    assert {"subscriptionCreated", "subscriptionEnded"} <= set(ended)


async def test_the_end_of_a_subscription_is_announced_once_to_the_lifecycle_url(
    beta: httpx.AsyncClient, http: httpx.AsyncClient, deliveries: Deliveries, tenant: Tenant
) -> None:
    async with receiving() as receiver, receiving() as lifecycle:
        body = wanted(receiver, lifecycleNotificationUrl=lifecycle.url, expirationDateTime="2026-11-25T10:00:00Z")
        made = await create(beta, SUBSCRIPTIONS, **body)
        assert len(lifecycle.tokens) == len(receiver.tokens) == 1
        assert await deliveries.round() == 3600.0
        assert lifecycle.bodies == []
        await advance_clock(http, "PT21H")
        for _ in range(2):
            await deliveries.round()
    assert lifecycle.notifications == [
        {
            "subscriptionId": made["id"],
            "subscriptionExpirationDateTime": "2026-11-25T10:00:00.0000000Z",
            "clientState": "known to us",
            "tenantId": tenant.id,
            "lifecycleEvent": "reauthorizationRequired",
        }
    ]
    assert receiver.bodies == []


@pytest.mark.parametrize(
    ("body", "status", "says"),
    [
        ({"resource": "deviceManagement/managedDevices"}, 400, "no change notifications of Intune's objects"),
        ({"resource": "me/messages"}, 501, "are not emulated"),
        ({"resource": f"users/{ABSENT}/members"}, 400, "a group has members and owners"),
        ({"resource": f"users/{ABSENT}/messages"}, 501, "are not emulated"),
        ({"resource": f"devices/{ABSENT}/owners"}, 400, "a group has members and owners"),
        ({"resource": "users?$filter=id eq 'x'"}, 400, "is not supported"),
        ({"resource": "colours"}, 400, "is not supported"),
        ({"changeType": "moved"}, 400, "changeType 'moved' is not supported"),
        ({"changeType": ""}, 400, "changeType"),
        ({"expirationDateTime": "2026-11-24T09:00:00Z"}, 400, "must be in the future"),
        ({"expirationDateTime": "2026-12-24T09:00:00Z"}, 400, "can only be 41760 minutes in the future"),
        ({"clientState": "x" * 129}, 400, "128 characters"),
        ({"includeResourceData": True}, 501, "encrypted resource data"),
        ({"notificationQueryOptions": "$filter=x"}, 501, "notificationQueryOptions"),
        ({"notificationUrl": "https://example.org/hook"}, 400, "does not call"),
        ({"notificationUrl": "http://169.254.169.254/latest"}, 400, "does not call"),
        ({"notificationUrl": "https://localhost.example.org/"}, 400, "does not call"),
        ({"notificationUrl": "https://127.0.0.1@example.org/"}, 400, "must be an https URL"),
        ({"notificationUrl": "https://localhost:8443/_fauxtune/v1/tenants"}, 400, "this server itself"),
        ({"notificationUrl": "http://[::1]:8080/"}, 400, "this server itself"),
        ({"notificationUrl": "ftp://localhost/"}, 400, "must be an https URL"),
        ({"notificationUrl": "http://localhost:99999/"}, 400, "must be an https URL"),
        ({"notificationUrl": "http://localhost/\r\nX: y"}, 400, "must be an https URL"),
        ({"notificationUrl": "http://localhost/" + "x" * 2048}, 400, "must be an https URL"),
        ({"lifecycleNotificationUrl": "https://example.org/"}, 400, "does not call"),
    ],
)
async def test_what_cannot_be_subscribed_to_is_refused_and_nobody_is_called(
    beta: httpx.AsyncClient, body: Json, status: int, says: str
) -> None:
    async with receiving() as receiver:
        answer = await beta.post(SUBSCRIPTIONS, json=wanted(receiver, **body))
        assert answer.status_code == status, answer.text
        assert says in error_message(answer)
        assert receiver.heads == []
        assert await documents(beta, SUBSCRIPTIONS) == []


async def _never(_token: str | None) -> bytes:
    await asyncio.sleep(60)
    return b""


def _chunked(token: str) -> bytes:
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n"
    return head + b"%x\r\n" % len(token) + token.encode() + b"\r\n0\r\n\r\n"


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (always(reply("200 OK", b"something else")), "not the decoded validationToken"),
        (always(reply("200 OK", b"x", media="text/html")), "not text/plain"),
        (always(reply("500 Internal Server Error")), "answered 500"),
        (always(reply("302 Found", more="Location: https://example.org/\r\n")), "answered 302"),
        (always(reply("200 OK", b"x" * 10_000_000)), "the answer is too long"),
        (always(b"HTTP/1.1 200 OK\r\nX: " + b"x" * 100_000), "the head of the answer is too long"),
        (always(b"hello\r\n\r\n"), "the answer is no HTTP"),
        (always(b""), "Subscription validation request failed"),
        (_never, "did not answer within 10 seconds"),
    ],
    ids=["body", "media", "500", "redirect", "10 MB", "head", "no HTTP", "closed", "slow"],
)
async def test_a_receiver_that_fails_the_handshake_gets_no_subscription(
    beta: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch, answer: Answering, says: str
) -> None:
    monkeypatch.setattr(webhooks, "HANDSHAKE", 0.5 if answer is _never else 10.0)
    async with receiving(answer) as receiver:
        refused = await beta.post(SUBSCRIPTIONS, json=wanted(receiver))
        assert refused.status_code == 400, refused.text
        assert says in error_message(refused)
        assert len(receiver.tokens) == 1, "a redirect is not followed, nothing is called twice"
    assert await documents(beta, SUBSCRIPTIONS) == []


async def test_a_receiver_may_answer_in_chunks(beta: httpx.AsyncClient) -> None:
    async def answer(token: str | None) -> bytes:
        return reply() if token is None else _chunked(token)

    async with receiving(answer) as receiver:
        await create(beta, SUBSCRIPTIONS, **wanted(receiver))


async def test_a_closed_port_is_no_receiver(beta: httpx.AsyncClient) -> None:
    async with receiving() as receiver:
        pass
    answer = await beta.post(SUBSCRIPTIONS, json=wanted(receiver))
    assert (answer.status_code, "validation request failed" in error_message(answer)) == (400, True)


@pytest.mark.parametrize(
    "content",
    [
        reply("500 Internal Server Error"),
        reply("307 Temporary Redirect", more="Location: http://127.0.0.1:1/\r\n"),
        b"",
        b"HTTP/1.1 200 OK\r\nX: " + b"x" * 100_000,
    ],
    ids=["500", "redirect", "closed", "head"],
)
async def test_what_a_receiver_does_not_take_is_sent_again_after_longer_and_longer_pauses_in_order(
    beta: httpx.AsyncClient, deliveries: Deliveries, clock: FixedClock, content: bytes
) -> None:
    alice = await id_of_user(beta, "alice")
    async with receiving(refusing(content)) as receiver:
        await create(beta, SUBSCRIPTIONS, **wanted(receiver))
        await beta.patch(f"/users/{alice}", json={"city": "Ghent"})
        assert [await deliveries.round() for _ in range(2)] == [1.0, 1.0]
        assert len(receiver.bodies) == 1
        clock.forward(seconds=1)
        assert await deliveries.round() == 2.0
        await beta.delete(f"/users/{alice}")
        assert len(receiver.bodies) == 2
        receiver.answer = refusing(reply())
        clock.forward(seconds=2)
        await deliveries.round()
        assert [item["changeType"] for item in receiver.bodies[-1]["value"]] == ["updated", "deleted"]
        await deliveries.round()
        assert len(receiver.bodies) == 3, "what was taken is not sent again"


async def test_ten_megabytes_of_an_answer_to_a_notification_are_not_read(
    beta: httpx.AsyncClient, deliveries: Deliveries
) -> None:
    async with receiving(refusing(reply("200 OK", b"x" * 10_000_000))) as receiver:
        await create(beta, SUBSCRIPTIONS, **wanted(receiver))
        await beta.patch(f"/users/{await id_of_user(beta, 'alice')}", json={"city": "Ghent"})
        await deliveries.round()
        await deliveries.round()
        assert len(receiver.bodies) == 1


@ON_BOTH_DATABASES
async def test_a_slow_receiver_keeps_no_other_waiting(
    beta: httpx.AsyncClient, deliveries: Deliveries, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhooks, "PATIENCE", 0.5)
    alice = await id_of_user(beta, "alice")

    async def slow(token: str | None) -> bytes:
        return await _never(token) if token is None else reply("200 OK", token.encode())

    async with receiving(slow) as slow_one, receiving() as quick_one:
        for receiver in (slow_one, quick_one):
            await create(beta, SUBSCRIPTIONS, **wanted(receiver))
        await beta.patch(f"/users/{alice}", json={"city": "Ghent"})
        assert await deliveries.round() == 1.0
        assert (len(slow_one.bodies), len(quick_one.bodies)) == (1, 1)


async def test_notifications_wait_through_a_restart_and_are_discarded_after_four_hours(
    beta: httpx.AsyncClient, emulator: Emulator, tenant: Tenant, clock: FixedClock
) -> None:
    alice = await id_of_user(beta, "alice")
    async with receiving(refusing(reply("503 Service Unavailable"))) as receiver:
        body = wanted(receiver, expirationDateTime="2026-11-25T10:00:00Z")
        await create(beta, SUBSCRIPTIONS, **body)
        await beta.patch(f"/users/{alice}", json={"city": "Ghent"})
        await Deliveries(emulator).round()
        clock.forward(seconds=4 * 3600 - 1)
        receiver.answer = refusing(reply())
        await Deliveries(emulator).round()  # as after a restart: pauses are forgotten
        assert [item["changeType"] for item in receiver.bodies[-1]["value"]] == ["updated"]
        await beta.patch(f"/users/{alice}", json={"city": "Bruges"})
        clock.forward(seconds=4 * 3600)
        await Deliveries(emulator).round()
        assert len(receiver.bodies) == 2
        assert await emulator.runner.read(queries.waiting, tenant.id) == (0, 0)


async def test_what_waits_has_a_bound(
    beta: httpx.AsyncClient, emulator: Emulator, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "MOST_WAITING", 3)
    alice = await id_of_user(beta, "alice")
    async with receiving() as receiver:
        await create(beta, SUBSCRIPTIONS, **wanted(receiver))
        for city in "abcde":
            assert (await beta.patch(f"/users/{alice}", json={"city": city})).status_code == 204
        assert (await emulator.runner.read(queries.waiting, tenant.id))[0] == 3
        monkeypatch.setattr(outbox, "MOST_WAITING", 100)
        monkeypatch.setattr(outbox, "MOST_BYTES", 10)
        await beta.patch(f"/users/{alice}", json={"city": "f"})
        assert (await emulator.runner.read(queries.waiting, tenant.id))[0] == 3


async def test_an_application_has_so_many_subscriptions(
    beta: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fauxtune.core.graph.subscriptions.MOST_OF_APPLICATION", 1)
    async with receiving() as receiver:
        await create(beta, SUBSCRIPTIONS, **wanted(receiver))
        answer = await beta.post(SUBSCRIPTIONS, json=wanted(receiver))
        assert (answer.status_code, "which is the limit" in error_message(answer)) == (403, True)
        assert len(receiver.tokens) == 1


async def test_the_permission_that_reads_a_resource_subscribes_to_it_and_others_see_nothing(
    app: Application, http: httpx.AsyncClient, beta: httpx.AsyncClient
) -> None:
    application = {"displayName": "Reader", "roles": ["User.Read.All"], "secret": "reader-secret"}
    client = (await http.post(f"{TENANT}/applications", json=application)).json()["clientId"]
    form = {"grant_type": "client_credentials", "client_id": client, "client_secret": "reader-secret"}
    scope = "https://graph.microsoft.com/.default"
    token = (await http.post("/contoso/oauth2/v2.0/token", data={**form, "scope": scope})).json()["access_token"]
    headers = {"authorization": f"Bearer {token}"}
    transport, base = httpx.ASGITransport(app), "https://localhost:8443/v1.0"
    async with (
        receiving() as receiver,
        httpx.AsyncClient(transport=transport, base_url=base, headers=headers) as reader,
    ):
        assert (await reader.post(SUBSCRIPTIONS, json=wanted(receiver, resource="groups"))).status_code == 403
        made = await create(reader, SUBSCRIPTIONS, **wanted(receiver))
        assert await documents(beta, SUBSCRIPTIONS) == []
        for method in ("GET", "DELETE"):
            assert (await beta.request(method, f"{SUBSCRIPTIONS}/{made['id']}")).status_code == 404
