"""The promises of a tenant: the check notices each fault that is planted, and the state machine finds it by itself."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from fauxtune.connector.shared_keys import KeysInTurn
from fauxtune.core.engine.planning.desired import desired_items
from fauxtune.core.mail.readability import not_encrypted
from fauxtune.core.model.ids import ItemKey
from fauxtune.core.model.items import Item
from fauxtune.core.model.states import Source
from fauxtune.core.profiles.family import Profile, Recipient
from fauxtune.operations.insight import readability
from fauxtune.operations.visits import situations
from fauxtune.testing import Server, Tenant
from fauxtune.testing.promises import BrokenPromise, Promise
from fauxtune.testing.strategies import TenantMachine
from fauxtune_sim.keys.keystore import KeyStore
from fauxtune_sim.mail.writing import MailMessage, Protection, write_mail
from tests.support.server_here import serving_here
from tests.support.soak import SOAK

Plant = Callable[[pytest.MonkeyPatch, Tenant], None]


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server in this process, in which faults can be planted."""
    folder = tmp_path_factory.mktemp("here")
    with serving_here(data_dir=folder) as served, Server.at(served.https, ca_file=served.endpoints["caFile"]) as server:
        yield server


def same_key_for_all(patch: pytest.MonkeyPatch, _tenant: Tenant) -> None:
    """The connector takes the same key for each certificate."""
    take = KeysInTurn.take

    def first(keys: KeysInTurn, tenant: str) -> RSAPrivateKey:
        keys.begin(tenant)
        return take(keys, tenant)

    patch.setattr(KeysInTurn, "take", first)
    patch.setattr(KeysInTurn, "take_ready", lambda keys, tenant, count: [first(keys, tenant)] * count)


def only_the_newest(patch: pytest.MonkeyPatch, _tenant: Tenant) -> None:
    """Devices get one imported certificate, and not the history."""

    def first_of_them(profiles: Iterable[Profile], recipient: Recipient) -> dict[ItemKey, Item]:
        items = desired_items(profiles, recipient)
        imported = [key for key, item in items.items() if item.source is Source.IMPORTED]
        return {key: item for key, item in items.items() if key not in imported[1:]}

    patch.setattr(situations, "desired_items", first_of_them)


def imported_survive(patch: pytest.MonkeyPatch, _tenant: Tenant) -> None:
    """A device that is reset keeps its imported certificates."""

    def clear(store: KeyStore) -> None:
        store.trusted.clear()
        store.entries = {alias: entry for alias, entry in store.entries.items() if entry.source == Source.IMPORTED}

    patch.setattr(KeyStore, "clear", clear)


def revoked_by_hand(_patch: pytest.MonkeyPatch, tenant: Tenant) -> None:
    """Somebody revokes what was imported."""
    client = tenant.server.client(tenant=tenant.id)
    (imported,) = {key.thumbprint for device in tenant.devices for key in device.keys if key.source == Source.IMPORTED}
    client.control("POST", f"/certificates/{imported}/revoke", json={"reason": "keyCompromise"})


def all_read_all(patch: pytest.MonkeyPatch, _tenant: Tenant) -> None:
    """The server takes every mail for one in the clear."""
    patch.setattr(readability, "decide", lambda *_given, **_more: not_encrypted())


PLANTED = {
    Promise.OWN_CERTIFICATES: same_key_for_all,
    Promise.SAME_IMPORTED: only_the_newest,
    Promise.NOTHING_LEFT: imported_survive,
    Promise.NEVER_REVOKED: revoked_by_hand,
    Promise.MAIL: all_read_all,
}


@pytest.mark.parametrize("promise", Promise)
def test_each_promise_is_checked(promise: Promise, here: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    with here.tenant() as tenant:
        tenant.profiles.pkcs("Signing").assign(all_devices=True)
        tenant.profiles.imported("Encryption").assign(all_users=True)
        leaver = tenant.devices.enroll("alice", "ios", name="the leaver")
        first = tenant.pfx("alice")
        tenant.promises.check()
        PLANTED[promise](monkeypatch, tenant)
        message = MailMessage("b@example.org", ("alice@example.org",), "Lunch", "At noon.", date=tenant.clock.now())
        raw = write_mail(message, Protection(encrypt_to=[first.certificate]))
        to = {"to": tenant.user("alice").mail}
        tenant.server.client(tenant=tenant.id).control("POST", "/messages", params=to, message=raw)
        tenant.pfx("alice")
        for kind in ("android", "windows"):
            tenant.devices.enroll("alice", kind)
        tenant.settle()
        tenant.graph.post(f"/v1.0/deviceManagement/managedDevices/{leaver.id}/wipe").raise_for_status()
        with pytest.raises(BrokenPromise, match=promise) as broken:
            tenant.promises.check()
        assert broken.value.promise is promise


#: The same examples in each run; `make soak` tries others, and more of them, and shrinks what it finds.
_FEW = settings(
    deadline=None,
    derandomize=not SOAK,
    database=None,
    suppress_health_check=[*HealthCheck],
    report_multiple_bugs=False,
    phases=[Phase.generate, Phase.shrink] if SOAK else [Phase.generate],
    max_examples=100 if SOAK else 8,
    stateful_step_count=20 if SOAK else 10,
)


@pytest.mark.timeout(3600 if SOAK else 300)
def test_a_tenant_keeps_its_promises_whatever_happens(here: Server) -> None:
    with here.lent_to_process():
        run_state_machine_as_test(TenantMachine, settings=_FEW)


@pytest.mark.timeout(3600 if SOAK else 300)
@pytest.mark.parametrize("promise", [Promise.NOTHING_LEFT, Promise.SAME_IMPORTED])
def test_the_machine_finds_a_planted_fault(promise: Promise, here: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    with here.tenant() as tenant, here.lent_to_process():
        PLANTED[promise](monkeypatch, tenant)
        with pytest.raises(BrokenPromise, match=promise) as broken:
            run_state_machine_as_test(TenantMachine, settings=settings(_FEW, max_examples=50))
    notes = broken.value.__notes__
    assert any(note.startswith("Fauxtune: last events in") for note in notes)
    steps = [note for note in notes if "state." in note and "first_" not in note and "promises" not in note]
    assert not SOAK or len(steps) <= 2, "shrunk to one step, and the end of the example"
