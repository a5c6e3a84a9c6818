"""The address book: what is published, and what a sender who looks is told about it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from fauxtune.core.errors import Conflict, FauxtuneError, Invalid, NotFound
from fauxtune.core.model.mail_accounts import MOST_PUBLISHED
from fauxtune.operations.connectors import revocation
from fauxtune.operations.directory import users_and_groups
from fauxtune.operations.mail import address_book
from fauxtune.operations.mail.address_book import Published
from fauxtune.operations.tenants import deletion
from fauxtune.storage.queries import certificates as certificate_queries
from tests.support.certificates import issued_elsewhere, self_signed, thumbprint
from tests.support.tenant import START, Contoso

YEAR = timedelta(days=365)


def der(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(Encoding.DER)


async def publish(contoso: Contoso, certificate: x509.Certificate, *, name: str = "alice") -> Published:
    address = name if "@" in name else contoso.upn(name)
    return await contoso.do(address_book.publish, address, certificate=der(certificate))


async def lookup(contoso: Contoso, name: str = "alice") -> list[Published]:
    return await contoso.do(address_book.lookup, name if "@" in name else contoso.upn(name))


def outside(
    contoso: Contoso, *, begin: timedelta = -timedelta(days=1), signs: bool = False, mail: bool = True
) -> x509.Certificate:
    """A certificate of another authority for Alice, with an RSA key."""
    key = contoso.device_keys[0]
    return issued_elsewhere(key, contoso.upn("alice"), begin=START + begin, signs=signs, mail=mail)


def faults(published: Published) -> list[str]:
    return [remark.fault.value for remark in published.remarks]


@pytest.mark.both_databases
async def test_what_is_published_is_found_in_any_case_until_it_is_withdrawn(contoso: Contoso) -> None:
    certificate = outside(contoso)
    published = await publish(contoso, certificate, name=contoso.upn("ALICE"))
    assert (published.address, published.owner) == (contoso.upn("alice"), await contoso.user_id("alice"))
    assert (faults(published), published.is_usable) == ([], True)
    assert await lookup(contoso) == [published]
    assert await publish(contoso, certificate) == published, "published again, it stays"
    await contoso.do(address_book.withdraw, contoso.upn("Alice"), mark=thumbprint(certificate).upper())
    assert await lookup(contoso) == []
    with pytest.raises(NotFound):
        await contoso.do(address_book.withdraw, contoso.upn("alice"), mark=thumbprint(certificate))
    types = [event.type for event in await contoso.events("certificatePublished", "certificateWithdrawn")]
    assert types == ["certificatePublished", "certificateWithdrawn"]


async def test_importing_publishes_nothing(contoso: Contoso) -> None:
    await contoso.import_pfx("alice")
    assert await lookup(contoso) == []
    sentence = await contoso.do(address_book.nothing_published, contoso.upn("alice"))
    assert sentence.startswith(f"No certificate is published for {contoso.upn('alice')}. A certificate that was issued")
    sentence = await contoso.do(address_book.nothing_published, "nobody@contoso.example")
    assert sentence == (
        "No user of this tenant has the address nobody@contoso.example, and no certificate is published for it."
    )


async def test_each_state_of_an_entry_says_what_it_is(contoso: Contoso) -> None:
    key = contoso.device_keys[0]
    two = self_signed(key, emails=(contoso.upn("alice"), "adams@contoso.example"), begin=START)
    for certificate, expected in (
        (outside(contoso, begin=-2 * YEAR), ["expired"]),
        (outside(contoso, begin=YEAR), ["notYetValid"]),
        (outside(contoso, signs=True), ["notForEncryption"]),
        (outside(contoso, mail=False), ["notForMail"]),
        (issued_elsewhere(key, "eve@contoso.example", begin=START), ["wrongAddress"]),
        (self_signed(key, begin=START), ["wrongAddress"]),
        (two, ["otherAddresses"]),
    ):
        published = await publish(contoso, certificate)
        assert faults(published) == expected
        assert published.is_usable == (expected == ["otherAddresses"])
        assert all(remark.sentence.endswith(".") for remark in published.remarks)
    assert faults(await publish(contoso, two, name="adams@contoso.example")) == ["otherAddresses", "nobodysAddress"]


async def test_an_entry_goes_stale_with_the_clock_and_by_revocation(contoso: Contoso) -> None:
    mark, _file = await contoso.pfx("alice", not_after=START + YEAR)
    row = await contoso.look(certificate_queries.certificate, contoso.tenant.id, key=mark)
    assert row is not None
    await contoso.do(address_book.publish, contoso.upn("alice"), certificate=row.certificate)
    assert [faults(publication) for publication in await lookup(contoso)] == [[]]
    await contoso.do(revocation.revoke, row.serial, reason="keyCompromise", authority_name=row.authority)
    assert [faults(publication) for publication in await lookup(contoso)] == [["revoked"]]
    contoso.clock.forward(days=730)
    assert [faults(publication) for publication in await lookup(contoso)] == [["revoked", "expired"]]


async def test_a_sender_gets_the_newest_usable_certificate_of_each_address(contoso: Contoso) -> None:
    old, new, future = (outside(contoso, begin=timedelta(days=days)) for days in (-20, -10, 10))
    for certificate in (old, new, future):
        await publish(contoso, certificate)
    await publish(contoso, new, name="bob")
    chosen = await contoso.do(address_book.recipients_of, [contoso.upn("ALICE"), contoso.upn("alice")])
    assert chosen == [new]
    with pytest.raises(Invalid, match="is not in it: it is for"):
        await contoso.do(address_book.recipients_of, [contoso.upn("alice"), contoso.upn("bob")])
    with pytest.raises(Invalid, match="No certificate is published for carol"):
        await contoso.do(address_book.recipients_of, [contoso.upn("carol")])


async def test_the_server_says_that_it_cannot_encrypt_for_an_elliptic_curve(contoso: Contoso) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    await publish(contoso, self_signed(key, emails=[contoso.upn("alice")], begin=START))
    with pytest.raises(Invalid, match="encrypts for RSA keys only"):
        await contoso.do(address_book.recipients_of, [contoso.upn("alice")])


async def test_what_is_no_certificate_or_no_address_is_refused(contoso: Contoso) -> None:
    certificate = der(outside(contoso))
    for address, data in (
        (contoso.upn("alice"), b"\x30\x03abc"),
        (contoso.upn("alice"), b""),
        ("alice", certificate),
        ("alice@x\r\nBcc: eve@evil.example", certificate),
        (f"{'a' * 400}@contoso.example", certificate),
    ):
        with pytest.raises(FauxtuneError):
            await contoso.do(address_book.publish, address, certificate=data)
    assert await contoso.do(address_book.count) == 0


async def test_an_address_has_a_bound_of_certificates(contoso: Contoso) -> None:
    for number in range(MOST_PUBLISHED):
        await publish(contoso, self_signed(contoso.device_keys[0], serial=number + 1))
    with pytest.raises(Conflict, match="withdraw an old one first"):
        await publish(contoso, outside(contoso))
    assert await contoso.do(address_book.count, text="ALICE") == MOST_PUBLISHED
    assert await contoso.do(address_book.count, text="bob%") == 0
    page = await contoso.do(address_book.entries, offset=MOST_PUBLISHED - 1, limit=5)
    assert len(page) == 1


@pytest.mark.both_databases
async def test_deleting_a_user_or_a_tenant_withdraws_what_was_published(contoso: Contoso) -> None:
    team = "smtp:team@contoso.example"
    for name, proxies in (("alice", [team, "smtp:Adams@contoso.example"]), ("carol", [team])):
        await contoso.do(users_and_groups.update_user, contoso.upn(name), changes={"proxyAddresses": proxies})
    for name in ("alice", "adams@contoso.example", "team@contoso.example", "bob"):
        await publish(contoso, outside(contoso), name=name)
    await contoso.do(users_and_groups.delete_user, contoso.upn("alice"))
    left = [publication.address for publication in await contoso.do(address_book.entries, limit=10)]
    assert left == [contoso.upn("bob"), "team@contoso.example"], "Carol has the team's address too"
    await deletion.dissolve_tenant(contoso.emulator, contoso.tenant)
    assert await contoso.do(address_book.count) == 0
