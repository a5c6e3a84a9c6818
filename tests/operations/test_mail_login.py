"""Logging in to a mailbox: what opens it, and why something else does not."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from cryptography import x509

from fauxtune.core.pki.crl import HOLD, RELEASE
from fauxtune.core.pki.names import serial_hex
from fauxtune.operations.ca import counter
from fauxtune.operations.connectors import revocation
from fauxtune.operations.devices import actions as device_actions
from fauxtune.operations.directory import users_and_groups
from fauxtune.operations.mail import login
from fauxtune.operations.mail.login import Login, Refusal, Why
from fauxtune.storage.queries import certificates as certificate_queries
from tests.support.certificates import self_signed
from tests.support.tenant import Contoso

PASSWORD = "Fauxtune1!"


async def issue(
    contoso: Contoso, name: str | None = "alice", *, template: str = "User", **more: Any
) -> x509.Certificate:
    """Issue a certificate at the counter."""
    upn = None if name is None else contoso.upn(name)
    request = counter.CounterRequest(template, user_principal_name=upn, **more)
    key = contoso.emulator.key_source.take()
    answer = await contoso.do(counter.issue_at_counter, request, key=key, keys=contoso.emulator.keys)
    return answer.certificate


async def attempt(contoso: Contoso, certificate: x509.Certificate, *, name: str = "alice") -> Login | Refusal:
    return await contoso.do(login.by_certificate, certificate, name=contoso.upn(name))


async def refused(contoso: Contoso, certificate: x509.Certificate, *, name: str = "alice") -> tuple[Why, str]:
    result = await attempt(contoso, certificate, name=name)
    assert isinstance(result, Refusal)
    return result.why, result.text


async def revoke(contoso: Contoso, certificate: x509.Certificate, reason: str) -> None:
    await contoso.do(revocation.revoke, serial_hex(certificate), reason=reason, authority_name="issuing")


async def test_a_password_opens_the_mailbox_under_each_address_of_the_user(contoso: Contoso) -> None:
    await contoso.do(users_and_groups.update_user, contoso.upn("alice"), changes={"mail": f"a.{contoso.upn('alice')}"})
    for name in (contoso.upn("alice"), contoso.upn("alice").upper(), f"a.{contoso.upn('alice')}"):
        result = await contoso.do(login.by_password, name, password=PASSWORD)
        assert result == Login(await contoso.user_id("alice"), contoso.upn("alice"))


@pytest.mark.parametrize(("name", "password"), [("alice", "wrong"), ("alice", ""), ("nobody", PASSWORD)])
async def test_nothing_else_opens_it_and_the_answer_does_not_tell_which_mailboxes_exist(
    contoso: Contoso, name: str, password: str
) -> None:
    result = await contoso.do(login.by_password, contoso.upn(name), password=password)
    assert result == Refusal(Why.WRONG_PASSWORD, "the name or the password is wrong")


async def test_a_certificate_opens_the_mailbox_of_its_user_alone(contoso: Contoso) -> None:
    certificate = await issue(contoso)
    assert await attempt(contoso, certificate) == Login(await contoso.user_id("alice"), contoso.upn("alice"))
    assert await refused(contoso, certificate, name="bob") == (
        Why.OTHER_USER,
        f"the certificate is not one of {contoso.upn('bob')}",
    )
    assert (await refused(contoso, certificate, name="nobody"))[0] is Why.NO_MAILBOX
    # An address of somebody else in it changes nothing: the register decides.
    borrowed = await issue(contoso, "bob", email=contoso.upn("alice"))
    assert isinstance(await attempt(contoso, borrowed, name="bob"), Login)
    assert (await refused(contoso, borrowed, name="alice"))[0] is Why.OTHER_USER
    # The register names no user: the addresses in the certificate decide.
    nameless = await issue(contoso, None, subject="CN=Alice", email=contoso.upn("alice"))
    assert isinstance(await attempt(contoso, nameless), Login)
    assert (await refused(contoso, nameless, name="bob"))[0] is Why.OTHER_USER


async def test_a_certificate_that_is_not_of_the_tenants_ca_opens_nothing(contoso: Contoso) -> None:
    foreign = self_signed(contoso.device_keys[0], emails=[contoso.upn("alice")])
    assert await refused(contoso, foreign) == (
        Why.NOT_OURS,
        f"the certificate was not issued by the CA of {contoso.tenant.domain}",
    )
    phone = await contoso.enroll("alice")
    identity = x509.load_der_x509_certificate((await phone.row()).identity_certificate)
    assert (await refused(contoso, identity))[0] is Why.NOT_OURS


async def test_the_tenants_clock_decides_about_validity(contoso: Contoso) -> None:
    now = contoso.emulator.runner.now(contoso.tenant)
    later = await issue(contoso, not_before=now + timedelta(days=1), not_after=now + timedelta(days=3))
    why, text = await refused(contoso, later)
    assert (why, "is not valid before" in text) == (Why.NOT_YET_VALID, True)
    contoso.clock.forward(days=2)
    assert isinstance(await attempt(contoso, later), Login)
    contoso.clock.forward(days=2)
    why, text = await refused(contoso, later)
    assert (why, text.startswith("the certificate expired at")) == (Why.EXPIRED, True)


@pytest.mark.both_databases
async def test_a_revoked_certificate_opens_nothing_and_one_on_hold_until_it_is_released(contoso: Contoso) -> None:
    certificate = await issue(contoso)
    await revoke(contoso, certificate, HOLD)
    why, text = await refused(contoso, certificate)
    assert (why, "is on hold since" in text) == (Why.REVOKED, True)
    await revoke(contoso, certificate, RELEASE)
    assert isinstance(await attempt(contoso, certificate), Login)
    await revoke(contoso, certificate, "keyCompromise")
    why, text = await refused(contoso, certificate)
    assert (why, text.endswith("(the key fell into other hands)")) == (Why.REVOKED, True)
    events = await contoso.events("mailLoginRefused")
    assert [event.detail["code"] for event in events] == ["revoked", "revoked"]
    assert events[0].user == contoso.upn("alice")


async def test_a_certificate_that_is_not_for_clients_of_tls_opens_nothing(contoso: Contoso) -> None:
    assert (await refused(contoso, await issue(contoso, template="SmimeSigning")))[0] is Why.NOT_FOR_CLIENTS


async def test_a_disabled_account_opens_by_nothing(contoso: Contoso) -> None:
    certificate = await issue(contoso)
    await contoso.do(users_and_groups.update_user, contoso.upn("alice"), changes={"accountEnabled": False})
    assert (await refused(contoso, certificate))[0] is Why.DISABLED
    result = await contoso.do(login.by_password, contoso.upn("alice"), password=PASSWORD)
    assert isinstance(result, Refusal)
    assert result.why is Why.DISABLED


@pytest.mark.parametrize(("action", "word"), [(device_actions.wipe, "wiped"), (device_actions.retire, "retired")])
async def test_the_certificate_of_a_device_that_was_wiped_or_retired_opens_nothing(
    contoso: Contoso, action: Any, word: str
) -> None:
    # A work profile cannot be wiped.
    owned = word == "wiped"
    await contoso.root_profile(owned=owned)
    await contoso.pkcs_profile(owned=owned, certificateTemplateName="User")
    phone = await contoso.enroll("alice", mode="fully-managed" if owned else "work-profile")
    await phone.settle_completely()
    item = await phone.item()
    row = await contoso.get(certificate_queries.certificate, contoso.tenant.id, key=str(item.serial))
    certificate = x509.load_der_x509_certificate(row.certificate)
    assert isinstance(await attempt(contoso, certificate), Login)
    await contoso.action(phone, action)
    why, text = await refused(contoso, certificate)
    assert (why, f"is being {word}, and the certificate was revoked at" in text) == (Why.DEVICE_ENDED, True)
    await phone.settle_completely()
    why, text = await refused(contoso, certificate)
    assert (why, f"the device that the certificate was issued for was {word}, and" in text) == (Why.DEVICE_ENDED, True)
    # Another certificate of hers still opens it.
    assert isinstance(await attempt(contoso, await issue(contoso)), Login)


async def test_a_certificate_names_mailboxes_by_addresses_and_by_principal_names(contoso: Contoso) -> None:
    assert login.addresses(await issue(contoso)) == [contoso.upn("alice")]
    await contoso.root_profile()
    await contoso.pkcs_profile(certificateTemplateName="User", subjectAlternativeNameType="userPrincipalName")
    phone = await contoso.enroll("alice")
    await phone.settle_completely()
    row = await contoso.get(certificate_queries.certificate, contoso.tenant.id, key=str((await phone.item()).serial))
    assert login.addresses(x509.load_der_x509_certificate(row.certificate)) == [contoso.upn("alice")]
    assert login.addresses(self_signed(contoso.device_keys[0])) == []
