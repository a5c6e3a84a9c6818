"""A tenant of the test library: people, profiles, certificates, devices, time and history, and its end."""

from __future__ import annotations

import asyncio
import gc
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.hashes import SHA256

from fauxtune.testing import NotReached, Refused, Server, Tenant, Waiting
from fauxtune_client.endpoints import ClientError
from fauxtune_sim.errors import NotFoundHere


def test_the_profile_of_a_group_reaches_its_members_device_and_a_retired_device_loses_it(tenant: Tenant) -> None:
    alice = tenant.user("alice")
    phone = tenant.devices.enroll(alice, "ios")
    assert phone.trusted, "the enrolment profile brings the root of the server's TLS certificate"
    assert not phone.holds("root"), "only what a profile gives counts, as on other platforms"
    tenant.profiles.pkcs("Signing", platforms="all").assign("All Staff")
    assert tenant.settle() == []
    assert phone.holds("pkcs")
    assert phone.holds("root")
    (key,) = phone.keys
    signature = key.key.sign(b"text", padding.PKCS1v15(), SHA256())  # type: ignore[call-arg, arg-type]
    key.certificate.public_key().verify(signature, b"text", padding.PKCS1v15(), SHA256())  # type: ignore[call-arg, union-attr, arg-type]
    assert tenant.graph.post(f"/v1.0/deviceManagement/managedDevices/{phone.id}/retire").status_code == 204
    (event,) = [tenant.journal.wait("retired", device=phone)]
    assert (event.device_name, event.user) == (phone.name, alice.name)
    assert tenant.journal.events("retired", device=phone) == [event]
    tenant.wait(lambda: not phone.enrolled)
    assert not phone.holds("pkcs")
    assert phone.ended is not None


def test_a_guarded_wipe_is_done_once_another_administrator_approves(tenant: Tenant) -> None:
    phone = tenant.devices.enroll("alice", "ios")
    tenant.approvals.require("deviceWipe", approvers=["bob"])
    wipe = f"/beta/deviceManagement/managedDevices/{phone.id}/wipe"
    codes = []
    for decide in (tenant.approvals.reject, tenant.approvals.approve):
        answer = tenant.graph.post(wipe, headers={"x-msft-approval-justification": "VGlja2V0IDQ3MTE="})
        assert answer.status_code == 403
        codes.append(answer.headers["x-msft-approval-code"])
        assert [row["id"] for row in tenant.approvals.waiting()] == codes[-1:]
        with pytest.raises(Refused, match="Only direct members of a group"):
            decide(codes[-1], by="alice")
        decide(codes[-1], by="bob", justification="Seen")
        assert tenant.approvals.waiting() == []
    answers = [tenant.graph.post(wipe, headers={"x-msft-approval-code": code}).status_code for code in codes]
    assert answers == [400, 204]
    tenant.wait(lambda: not phone.enrolled)


def test_each_tenant_has_its_own_ids_and_secret_and_sees_no_other(server: Server) -> None:
    with server.tenant() as first, server.tenant(seed="none") as second:
        assert first.domain != second.domain
        assert first.client_secret != second.client_secret or first.client_id != second.client_id
        assert first.user("alice").id
        names = [row["userPrincipalName"] for row in second.graph.get("/v1.0/users").json()["value"]]
        assert names == []
        token = first.token()
    answer = httpx.get(
        f"{server.url}/v1.0/users",
        headers={"Authorization": f"Bearer {token}"},
        verify=ssl.create_default_context(cafile=server.ca_file),
    )
    assert answer.status_code in {401, 404}


def test_a_tenant_is_made_from_a_document_or_its_file(server: Server, tmp_path: Path) -> None:
    seed = {"users": [{"userPrincipalName": "zoe", "displayName": "Zoe"}]}
    (tmp_path / "seed.json").write_text('{"users": [{"userPrincipalName": "yan", "displayName": "Yan"}]}')
    with server.tenant(seed) as tenant:
        assert tenant.graph.get("/v1.0/users?$select=displayName").json()["value"][0]["displayName"] == "Zoe"
    with server.tenant(tmp_path / "seed.json", edition="2020-04", keys=None) as tenant:
        assert tenant.graph.get("/v1.0/users?$select=displayName").json()["value"][0]["displayName"] == "Yan"
    with pytest.raises(Refused, match="seed must be"):
        server.tenant("nosuch")


def test_users_and_groups_are_made_once(tenant: Tenant) -> None:
    alice, dora = tenant.user("alice"), tenant.user("dora", displayName="Dora Day")
    assert tenant.user(f"dora@{tenant.domain}") == dora
    assert tenant.graph.get(f"/v1.0/users/{dora.id}").json()["displayName"] == "Dora Day"
    group = tenant.group("Sales", members=["dora"])
    assert tenant.group("Sales", members=[alice, dora]) == group
    members = tenant.graph.get(f"/v1.0/groups/{group.id}/members").json()["value"]
    assert {row["id"] for row in members} == {alice.id, dora.id}
    phone = tenant.devices.enroll(dora, "android")
    tenant.profiles.root("Root", "android").assign(group)
    tenant.settle()
    assert phone.holds("root")


def test_an_imported_certificate_reaches_each_kind_of_device_of_its_user(tenant: Tenant) -> None:
    kinds = ("ios", "macos", "windows", "android", "android/fully-managed")
    devices = [tenant.devices.enroll("alice", kind) for kind in kinds]
    tenant.profiles.imported("Encryption").assign(all_users=True)
    pfx = tenant.pfx("alice")
    assert pfx.record_id is not None
    assert tenant.settle() == []
    assert [device.holds("imported", thumbprint=pfx.thumbprint) for device in devices] == [True] * 5
    assert not devices[0].holds("imported", thumbprint="00" * 20)
    assert [device.platform for device in tenant.devices] == [*kinds[:3], "android/work-profile", kinds[4]]


def test_a_pfx_of_ones_own_is_imported(tenant: Tenant, tmp_path: Path) -> None:
    other = tenant.issue("bob", pfx_password="s3cret", not_after="2031-01-01T00:00:00Z")
    assert other.certificate.not_valid_after_utc == datetime(2031, 1, 1, tzinfo=UTC)
    (tmp_path / "mine.pfx").write_bytes(other.data)
    pfx = tenant.pfx("alice", file=tmp_path / "mine.pfx", password="s3cret", purpose="signing")
    assert pfx.thumbprint.lower() == other.thumbprint.lower()
    row = tenant.graph.get("/beta/deviceManagement/userPfxCertificates").json()["value"][0]
    assert (row["intendedPurpose"], row["keyName"]) == ("smimeSigning", tenant.connector.key_name)
    assert "BEGIN PUBLIC KEY" in tenant.connector.public_key


def test_what_a_device_refuses_is_an_error_in_graph_and_the_next_one_installs_it(tenant: Tenant) -> None:
    profile = tenant.profiles.imported("Encryption", ["ios", "android", "windows"])
    profile.assign("All Staff")
    codes = {"ios": 9006, "android": None, "windows": 0x8007000D}
    phones = {kind: tenant.devices.enroll("alice", kind) for kind in codes}
    for kind, code in codes.items():
        phones[kind].refuse("imported", code)
    tenant.pfx("alice")
    tenant.settle()
    assert not any(phone.holds("imported") for phone in phones.values())
    for kind, words in {"ios": "9006", "android": "owner", "windows": "0x8007000D"}.items():
        (failed,) = tenant.journal.events("failed", device=phones[kind])
        assert words in str(failed.detail)
        status = tenant.graph.get(f"/beta/deviceManagement/deviceConfigurations/{profile.ids[kind]}/deviceStatuses")
        assert {row["status"] for row in status.json()["value"]} == {"error"}
        phones[kind].accept()
    second = tenant.pfx("alice")
    tenant.settle()
    assert all(phone.holds("imported", thumbprint=second.thumbprint) for phone in phones.values())


def test_a_device_that_is_off_line_waits_and_a_locked_iphone_puts_off(tenant: Tenant) -> None:
    phone, other = tenant.devices.enroll("alice", "ios", name="phone"), tenant.devices.enroll("alice", "ios", name="b")
    phone.offline()
    other.lock()
    tenant.profiles.pkcs("Signing", "ios").assign("All Staff")
    waiting = {each.device: each.why for each in tenant.settle()}
    assert "not connected" in waiting["phone"]
    assert "put off" in waiting["b"]
    assert (phone.is_online, phone.holds("pkcs"), other.holds("pkcs")) == (False, False, False)
    phone.online()
    other.unlock()
    assert tenant.settle() == []
    assert phone.holds("pkcs")
    assert other.holds("pkcs")


def test_a_connector_that_is_off_line_keeps_certificates_waiting(tenant: Tenant) -> None:
    phone = tenant.devices.enroll("alice", "android")
    tenant.connector.offline()
    tenant.profiles.pkcs("Signing", "android").assign("All Staff")
    (waiting,) = tenant.settle()
    assert isinstance(waiting, Waiting)
    assert "connector" in waiting.why
    tenant.connector.online()
    assert tenant.settle() == []
    assert phone.holds("pkcs")
    tenant.profiles.pkcs("Signing 2", "android", with_root=False).assign(all_devices=True).unassign().delete()


def test_the_keys_of_test_tenants_are_shared_between_them_but_never_within_one(server: Server) -> None:
    held: dict[str, set[int]] = {}
    for name, keys in {"first": "shared", "second": "shared", "own": None}.items():
        with server.tenant(keys=keys) as tenant:
            tenant.profiles.pkcs("Signing", "android").assign("All Staff")
            phones = [tenant.devices.enroll("alice", "android") for _ in range(2)]
            assert tenant.settle() == []
            held[name] = {key.certificate.public_key().public_numbers().n for phone in phones for key in phone.keys}  # type: ignore[union-attr]
    assert [len(numbers) for numbers in held.values()] == [2, 2, 2]
    assert held["first"] == held["second"]
    assert not held["first"] & held["own"]


def test_the_clock_stands_still_moves_and_is_the_computers_again(tenant: Tenant) -> None:
    frozen = tenant.clock.freeze(datetime(2030, 1, 1, tzinfo=UTC))
    assert tenant.clock.now() == frozen
    assert tenant.clock.advance("P30D") == frozen + timedelta(days=30)
    assert tenant.clock.advance(timedelta(hours=1, milliseconds=5)) == frozen + timedelta(
        days=30, hours=1, milliseconds=5
    )
    assert tenant.clock.set("2031-01-01T00:00:00Z").year == 2031
    assert abs(tenant.clock.reset() - datetime.now(UTC)) < timedelta(hours=1)
    with pytest.raises(ValueError, match="time zone"):
        tenant.clock.freeze(datetime(2030, 1, 1))


def test_certificates_are_renewed_when_the_clock_moves(tenant: Tenant) -> None:
    phone = tenant.devices.enroll("alice", "android")
    tenant.profiles.pkcs("Signing", "android").assign("All Staff")
    tenant.settle()
    (first,) = phone.keys
    tenant.clock.advance(timedelta(days=330), settle=True)
    assert phone.keys[0].thumbprint != first.thumbprint
    assert phone.trusted


def test_a_device_makes_its_key_itself_and_another_one_when_the_certificate_is_renewed(tenant: Tenant) -> None:
    phone = tenant.devices.enroll("alice", "ios")
    tenant.profiles.scep("Wi-Fi", "ios", key_size=2048).assign("All Staff")
    assert tenant.settle() == []
    (first,) = [key for key in phone.keys if key.source == "scep"]
    assert first.key.public_key() == first.certificate.public_key()
    tenant.clock.advance("P300D", settle=True)
    (second,) = [key for key in phone.keys if key.source == "scep"]
    assert second.certificate.public_key() != first.certificate.public_key()


def test_a_fault_strikes_as_often_as_it_says_and_shows_whether_it_did(tenant: Tenant) -> None:
    path = "/deviceManagement/managedDevices"
    rule = tenant.faults.add(match={"path": path}, when={"next": 2}, effect={"status": 429, "retryAfter": 7})
    assert not tenant.faults.all_fired()
    answers = [tenant.graph.get(f"/v1.0{path}") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [429, 429, 200]
    assert answers[0].headers["Retry-After"] == "7"
    assert (rule.hits, rule.fired, rule.warnings) == (2, True, [])
    never = tenant.faults.add(match={"path": "/nowhere"}, effect={"status": 503})
    assert never.warnings
    assert not never.fired
    assert [fault.id for fault in tenant.faults.list()] == [rule.id, never.id]
    assert "0 hits" in repr(never)
    never.remove()
    assert tenant.faults.all_fired()
    tenant.faults.realistic()
    tenant.faults.chaos(seed=7)
    assert len(tenant.faults.list()) > 10
    tenant.faults.clear()
    assert tenant.faults.list() == []
    with pytest.raises(Refused, match="effect"):
        tenant.faults.add(effect={"statos": 429})


def test_a_fault_that_strikes_the_preparations_of_a_test_is_seen_at_once(tenant: Tenant) -> None:
    tenant.faults.add(match={"path": "/users"}, effect={"status": 429, "retryAfter": 60})
    with pytest.raises(Refused) as refusal:
        tenant.user("dora")
    assert refusal.value.status == 429


def test_the_wire_shows_what_the_code_under_test_sent(tenant: Tenant) -> None:
    tenant.wire.clear()
    tenant.graph.get("/v1.0/users/nobody")
    (exchange,) = tenant.wire.exchanges(surface="graph", status="4xx")
    assert (exchange.method, exchange.status) == ("GET", 404)
    assert tenant.wire.whole(exchange)["number"] == exchange.number
    phone = tenant.devices.enroll("alice", "android")
    assert all(each.status == 200 for each in tenant.wire.exchanges(device=phone))


def test_what_is_not_there_is_said(tenant: Tenant) -> None:
    with pytest.raises(ClientError, match=r"There is no group Nobody: tenant\.group"):
        tenant.profiles.root("Root", "ios").assign("Nobody")
    with pytest.raises(ValueError, match="no platform of profiles: use all, or android"):
        tenant.profiles.root("Root", "symbian")
    with pytest.raises(ValueError, match="name a group"):
        tenant.profiles.root("Root", "ios").assign()
    with pytest.raises(ValueError, match="one for each platform: see ids"):
        _ = tenant.profiles.root("Root", ["ios", "macos"]).id
    phone = tenant.devices.enroll("alice", "android", name="phone")
    with pytest.raises(ValueError, match="there is a device phone already"):
        tenant.devices.enroll("alice", "ios", name="phone")
    with pytest.raises(ValueError, match="can hold root, pkcs"):
        phone.holds("pfx")
    with pytest.raises(NotReached, match=r"after 0\.01 seconds; the last result was \[\]"):
        tenant.wait(lambda: tenant.journal.events("wiped"), timeout=0.01)
    with pytest.raises(NotReached, match="no event wiped"):
        tenant.journal.wait("wiped", timeout=0.01)


def test_a_user_unenrols_a_device(tenant: Tenant) -> None:
    phone = tenant.devices.enroll("alice", "android")
    assert phone.unenroll() is None
    assert not phone.enrolled
    assert tenant.journal.events("unenrolled", device=phone)


def test_graph_shows_what_a_device_reports_after_its_check_in_and_not_before(tenant: Tenant) -> None:
    phone = tenant.devices.enroll("alice", "android/fully-managed", name="before", isEncrypted=True)
    path = f"/beta/deviceManagement/managedDevices/{phone.id}"
    assert tenant.graph.get(path).json()["isEncrypted"] is True
    phone.reports(isEncrypted=False, deviceName="after")
    assert phone.facts["isEncrypted"] is False
    assert tenant.graph.get(path).json()["isEncrypted"] is True
    phone.check_in()
    shown = tenant.graph.get(path).json()
    assert (shown["isEncrypted"], shown["deviceName"]) == (False, "after")
    assert phone.id == shown["id"]
    with pytest.raises(NotFoundHere, match="isEncrypted"):
        phone.reports(isEncripted=True)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_azure_identity_and_microsofts_sdk_reach_the_tenant(tenant: Tenant) -> None:
    pytest.importorskip("azure.identity", reason="the extra foreign is not installed")
    assert tenant.credential.get_token("https://graph.microsoft.com/.default").token
    answer = asyncio.run(tenant.graph.sdk().users.get())
    assert tenant.user("alice").name in {user.user_principal_name for user in answer.value}
    tenant.credential.close()
    gc.collect()  # an open connection is a warning here, and not in another test


def test_a_snapshot_brings_back_the_tenant_with_its_devices_and_their_keys(tenant: Tenant) -> None:
    phone = tenant.devices.enroll("alice", "ios")
    tenant.profiles.pkcs("Signing", "ios").assign("All Staff")
    tenant.settle()
    (key,) = phone.keys
    tenant.snapshot("before")
    tenant.graph.post(f"/v1.0/deviceManagement/managedDevices/{phone.id}/wipe")
    second = tenant.devices.enroll("bob", "android")
    tenant.settle()
    assert [device.enrolled for device in tenant.devices] == [False, True]
    tenant.restore("before")
    assert [(device.name, device.enrolled) for device in tenant.devices] == [(phone.name, True)]
    assert [identity.thumbprint for identity in phone.keys] == [key.thumbprint]
    assert not second.is_online
    tenant.profiles.imported("Encryption", "ios").assign("All Staff")
    pfx = tenant.pfx("alice")
    assert tenant.settle() == []
    assert phone.holds("imported", thumbprint=pfx.thumbprint)
    with pytest.raises(Refused, match="no snapshot"):
        tenant.restore("never")
    assert phone.is_online


def test_a_reset_brings_back_the_beginning_without_devices(tenant: Tenant) -> None:
    dora, phone = tenant.user("dora"), tenant.devices.enroll("alice", "ios")
    tenant.reset()
    assert len(tenant.devices) == 0
    assert not phone.is_online
    assert tenant.graph.get(f"/v1.0/users/{dora.id}").status_code == 404
    assert tenant.graph.get("/v1.0/deviceManagement/managedDevices").json()["value"] == []
    assert tenant.user("dora").id != dora.id


def test_an_export_is_the_same_twice_and_is_imported_again(tenant: Tenant) -> None:
    tenant.devices.enroll("alice", "android")
    document = tenant.export()
    assert tenant.export() == document
    tenant.user("dora")
    tenant.import_(document)
    assert tenant.graph.get(f"/v1.0/users/dora@{tenant.domain}").status_code == 404


def test_a_sentence_says_what_is_in_a_tenant(server: Server) -> None:
    with server.tenant(state=["alice has an encryption certificate"]) as tenant:
        assert tenant.graph.get("/beta/deviceManagement/userPfxCertificates").json()["value"]
        with pytest.raises(Refused, match=r"There is no state .alice has a unicorn"):
            tenant.state("alice has a unicorn")


async def test_a_test_that_is_a_coroutine_waits_without_blocking_its_loop(tenant: Tenant) -> None:
    phone = tenant.devices.enroll("alice", "ios")
    tenant.profiles.root("Root", "ios").assign("All Staff")
    turns = 0

    async def count() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0.001)

    counting = asyncio.create_task(count())
    assert await tenant.asettle() == []
    assert await tenant.await_(lambda: phone.holds("root"))
    counting.cancel()
    assert turns > 1
    async with tenant.graph.asynchronous() as graph:
        assert (await graph.get("/v1.0/users")).status_code == 200


def test_a_deleted_tenant_leaves_no_device_and_can_be_deleted_again(server: Server) -> None:
    tenant = server.tenant()
    phone = tenant.devices.enroll("alice", "android")
    tenant.delete()
    tenant.delete()
    assert not phone.is_online
    assert server.pool.agents_of(tenant.id) == ()
    with pytest.raises(Refused):
        server.client(tenant=tenant.id).control("GET", "")
