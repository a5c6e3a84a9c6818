"""Mailboxes: who gets a message, what stays of it, and what is refused."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import func, select

from fauxtune.core.errors import Invalid, NotFound
from fauxtune.core.model.ids import UserId
from fauxtune.operations.directory import users_and_groups
from fauxtune.operations.mail import mailboxes
from fauxtune.operations.mail.mailboxes import Delivery, MailLine
from fauxtune.operations.tenants import deletion
from fauxtune.operations.tenants.creation import found_tenant
from fauxtune.operations.tenants.seeds import BUILT_IN, parse_seed
from fauxtune.storage.database import Connection
from fauxtune.storage.tables import mail_messages, mailbox_entries, metadata
from fauxtune.storage.tenancy import of_tenant
from tests.support.tenant import Contoso

_NOBODY = "no user of this tenant has this address"


def mail(subject: str = "The plan", *, sender: str = "bob@contoso.example", text: str = "At noon.") -> bytes:
    return f"From: Bob <{sender}>\r\nTo: alice@contoso.example\r\nSubject: {subject}\r\n\r\n{text}\r\n".encode()


async def deliver(contoso: Contoso, *names: str, raw: bytes = b"") -> Delivery:
    recipients = [name if "@" in name else contoso.upn(name) for name in names]
    return await contoso.do(mailboxes.deliver, raw or mail(), recipients=recipients)


async def mailbox(contoso: Contoso, name: str) -> list[MailLine]:
    return await contoso.do(mailboxes.messages, await contoso.user_id(name))


async def kept(contoso: Contoso) -> int:
    """How many messages of the tenant are stored."""

    def count(connection: Connection) -> int:
        statement = select(func.count()).where(of_tenant(mail_messages, contoso.tenant.id))
        return int(connection.execute(statement).scalar_one())

    return await contoso.look(count)


async def test_a_message_to_several_people_is_in_each_mailbox_and_kept_once(contoso: Contoso) -> None:
    delivery = await deliver(contoso, "alice", "bob")
    assert (delivery.accepted, delivery.refused) == ((contoso.upn("alice"), contoso.upn("bob")), {})
    (of_alice,), (of_bob,) = await mailbox(contoso, "alice"), await mailbox(contoso, "bob")
    assert of_alice == of_bob
    assert (of_alice.uid, of_alice.seen, of_alice.description.subject) == (1, False, "The plan")
    assert await kept(contoso) == 1
    stored = await contoso.do(mailboxes.message, await contoso.user_id("bob"), uid=1)
    assert stored.raw == mail()
    events = await contoso.events("mailDelivered")
    assert [event.user for event in events] == [contoso.upn("alice"), contoso.upn("bob")]
    assert {event.detail["message"] for event in events} == {delivery.message_id}


@pytest.mark.both_databases
async def test_a_message_goes_with_its_last_copy(contoso: Contoso) -> None:
    await deliver(contoso, "alice", "bob")
    await contoso.do(mailboxes.delete_message, await contoso.user_id("alice"), uid=1)
    assert [len(await mailbox(contoso, name)) for name in ("alice", "bob")] == [0, 1]
    assert await kept(contoso) == 1
    await contoso.do(mailboxes.delete_message, await contoso.user_id("bob"), uid=1)
    assert await kept(contoso) == 0
    with pytest.raises(NotFound):
        await contoso.do(mailboxes.delete_message, await contoso.user_id("bob"), uid=1)


async def test_a_user_has_every_address_of_the_directory_in_any_case(contoso: Contoso) -> None:
    proxies = ["SMTP:primary@contoso.example", "smtp:Old.Alice@Fabrikam.example", "X500:/o=first@contoso.example"]
    changes = {"mail": "Alice.Adams@contoso.example", "proxyAddresses": proxies}
    await contoso.do(users_and_groups.update_user, contoso.upn("alice"), changes=changes)
    alice = await contoso.user_id("alice")
    for address in (contoso.upn("ALICE"), "alice.adams@CONTOSO.example", "old.alice@fabrikam.example"):
        assert await contoso.do(mailboxes.owner_of, address) == alice, address
    for address in ("alice.fabrikam.example", "lice.adams@contoso.example", "/o=first@contoso.example", "%"):
        assert await contoso.do(mailboxes.owner_of, address) is None, address
    delivery = await deliver(contoso, "old.alice@fabrikam.example", "alice.adams@contoso.example")
    assert len(delivery.accepted) == 2
    assert len(await mailbox(contoso, "alice")) == 1, "one mailbox gets a message once"


async def test_a_message_for_nobody_here_is_refused_with_the_reason_and_not_kept(contoso: Contoso) -> None:
    delivery = await deliver(contoso, "nobody@contoso.example", "not an @ddress")
    assert delivery.message_id is None
    assert delivery.refused["nobody@contoso.example"] == _NOBODY
    assert "is not an e-mail address" in delivery.refused["not an @ddress"]
    some = await deliver(contoso, "alice", "nobody@contoso.example")
    assert (some.accepted, some.refused) == ((contoso.upn("alice"),), {"nobody@contoso.example": _NOBODY})
    assert await kept(contoso) == 1


async def test_a_message_that_nobody_can_take_is_refused(contoso: Contoso) -> None:
    for recipients in ([], ["alice@contoso.example"] * 101):
        with pytest.raises(Invalid, match="1 to 100 recipients"):
            await contoso.do(mailboxes.deliver, mail(), recipients=recipients)
    with pytest.raises(Invalid, match="MB are taken"):
        await deliver(contoso, "alice", raw=mail() + b"x" * (50 * 1024 * 1024))
    assert await kept(contoso) == 0


async def test_a_full_mailbox_takes_nothing_and_others_do(contoso: Contoso, monkeypatch: pytest.MonkeyPatch) -> None:
    await deliver(contoso, "alice")
    monkeypatch.setattr(mailboxes, "MOST_MESSAGES", 1)
    delivery = await deliver(contoso, "alice", "bob")
    assert delivery.accepted == (contoso.upn("bob"),)
    assert "the mailbox is full: it has 1 messages" in delivery.refused[contoso.upn("alice")]
    monkeypatch.setattr(mailboxes, "MOST_MESSAGES", 100)
    monkeypatch.setattr(mailboxes, "LARGEST_MAILBOX", 2 * len(mail()) - 1)
    assert "bytes" in (await deliver(contoso, "alice")).refused[contoso.upn("alice")]


async def test_a_header_with_line_breaks_and_characters_that_cannot_be_stored_stays_one_line(contoso: Contoso) -> None:
    subject = "=?utf-8?q?one=0D=0ABcc:_eve@evil.example=00=ED=A0=80?="
    await deliver(contoso, "alice", raw=mail(subject))
    (line,) = await mailbox(contoso, "alice")
    assert line.description.subject.isprintable()
    assert line.description.to == ("alice@contoso.example",)


async def test_lists_have_pages_from_either_end(contoso: Contoso) -> None:
    for number in range(5):
        await deliver(contoso, "alice", raw=mail(f"Number {number}"))
    alice = await contoso.user_id("alice")
    after = await contoso.do(mailboxes.messages, alice, after_uid=2, limit=2)
    assert [line.uid for line in after] == [3, 4]
    newest = await contoso.do(mailboxes.newest, alice, offset=1, limit=2)
    assert [line.description.subject for line in newest] == ["Number 3", "Number 2"]
    await contoso.do(mailboxes.mark_seen, alice, uid=4)
    assert [line.seen for line in await mailbox(contoso, "alice")] == [False, False, False, True, False]
    measure = await contoso.do(mailboxes.measure, alice)
    assert (measure.messages, measure.size, measure.last_uid) == (5, 5 * len(mail("Number 0")), 5)
    with pytest.raises(NotFound):
        await contoso.do(mailboxes.messages, UserId("nobody"))


async def test_messages_that_come_at_once_get_a_number_each_and_leave_nothing_behind(contoso: Contoso) -> None:
    orders = [("alice", "bob"), ("bob", "alice")]
    await asyncio.gather(*(deliver(contoso, *orders[number % 2]) for number in range(8)))
    for name in ("alice", "bob"):
        assert [line.uid for line in await mailbox(contoso, name)] == [*range(1, 9)]
    people = [await contoso.user_id(name) for name in ("alice", "bob")]
    changes = [contoso.do(mailboxes.delete_message, user, uid=uid) for uid in range(1, 9) for user in people]
    await asyncio.gather(*changes)
    assert await kept(contoso) == 0


async def test_a_message_that_comes_while_its_reader_is_deleted_leaves_nothing(contoso: Contoso) -> None:
    alice = await contoso.user_id("alice")
    deliveries = [deliver(contoso, "alice") for _ in range(20)]
    deletion_ = contoso.do(users_and_groups.delete_user, contoso.upn("alice"))
    await asyncio.gather(*deliveries[:5], deletion_, *deliveries[5:])
    assert await contoso.do(mailboxes.newest, alice, limit=10) == []
    assert await kept(contoso) == 0


@pytest.mark.both_databases
async def test_nobody_sees_the_mailbox_of_another_tenant(contoso: Contoso) -> None:
    await deliver(contoso, "alice")
    alice = await contoso.user_id("alice")
    seed = parse_seed({**BUILT_IN, "id": None})
    name = f"{contoso.tenant.name}-other"
    other = await found_tenant(contoso.emulator, seed, name=name, domain=f"{name}.example")
    run = contoso.emulator.runner.run
    assert await run(other, mailboxes.newest, alice, limit=10) == []
    for change in (mailboxes.message, mailboxes.delete_message, mailboxes.mark_seen):
        with pytest.raises(NotFound):
            await run(other, change, alice, uid=1)
    assert len(await mailbox(contoso, "alice")) == 1


@pytest.mark.both_databases
async def test_deleting_a_user_removes_the_mailbox_and_leaves_other_copies(contoso: Contoso) -> None:
    await deliver(contoso, "alice", "bob")
    await deliver(contoso, "alice")
    alice = await contoso.user_id("alice")
    await contoso.do(users_and_groups.delete_user, contoso.upn("alice"))
    assert await contoso.do(mailboxes.newest, alice, limit=10) == []
    assert await kept(contoso) == 1
    assert len(await mailbox(contoso, "bob")) == 1


async def test_deleting_a_tenant_leaves_no_mail(contoso: Contoso) -> None:
    await deliver(contoso, "alice", "bob")
    await deletion.dissolve_tenant(contoso.emulator, contoso.tenant)

    def rows(connection: Connection) -> dict[str, int]:
        counted = {}
        for table in (mail_messages, mailbox_entries, metadata.tables["published_certificates"]):
            statement = select(func.count()).where(of_tenant(table, contoso.tenant.id))
            counted[table.name] = int(connection.execute(statement).scalar_one())
        return counted

    assert set((await contoso.look(rows)).values()) == {0}


async def test_a_name_of_any_letters_has_its_own_mailbox_alone(contoso: Contoso) -> None:
    """Names are unique without regard to case, which maps ß and ss to one; addresses keep the two apart."""
    for name in ("Straße", "K\u00f6nig"):
        document = {"userPrincipalName": f"{name}@contoso.example", "displayName": name}
        await contoso.do(users_and_groups.create_user, {**document, "mailNickname": "x", "accountEnabled": True})
    deliveries = {
        name: await deliver(contoso, f"{name}@contoso.example")
        for name in ("STRASSE", "stra\u00dfe", "K\u00d6NIG", "konig", "\u212a\u00f6nig")
    }
    assert {name: bool(delivery.accepted) for name, delivery in deliveries.items()} == {
        "STRASSE": False,
        "stra\u00dfe": True,
        "K\u00d6NIG": True,
        "konig": False,
        # The sign of kelvin is a K in lower case.
        "\u212a\u00f6nig": True,
    }


async def test_of_two_users_with_one_address_its_namesake_has_it_and_else_the_older_one(contoso: Contoso) -> None:
    for name in ("first", "second"):
        others = ["SMTP:shared@contoso.example", f"smtp:{contoso.upn('bob')}"]
        await contoso.do(
            users_and_groups.create_user,
            {"userPrincipalName": contoso.upn(name), "displayName": name, "proxyAddresses": others},
        )
        contoso.clock.forward(days=1)
    assert (await deliver(contoso, "shared@contoso.example", "bob")).refused == {}
    assert [len(await mailbox(contoso, name)) for name in ("first", "second", "bob")] == [1, 0, 1]
