"""E-mail accounts on a device: its certificates first, whatever the order; an error that names who is missing."""

from __future__ import annotations

from typing import Any

import pytest

from fauxtune.core.errors import Invalid
from fauxtune.core.model.states import Source
from fauxtune.core.profiles.catalog import kind
from fauxtune.operations.devices import actions as device_actions
from fauxtune.operations.directory import users_and_groups
from fauxtune.operations.profiles import profiles
from tests.support.devices.android import AndroidInProcess
from tests.support.tenant import Contoso

GMAIL = "androidWorkProfileGmailEasConfiguration"
SETTINGS = {"hostName": "mail.contoso.example", "authenticationMethod": "certificate", "requireSsl": True}


async def gmail(contoso: Contoso, identity: str | None, *groups: str, **changes: Any) -> str:
    references = None if identity is None else {"identityCertificate": identity}
    return await contoso.profile(GMAIL, *(groups or ("All Staff",)), references=references, **{**SETTINGS, **changes})


async def status(contoso: Contoso, phone: AndroidInProcess, profile: str) -> tuple[str, str]:
    result = await contoso.status(phone, profile)
    assert result is not None
    return str(result.status), str(result.message)


@pytest.mark.parametrize("mail_first", [True, False])
async def test_the_account_follows_its_certificate_whichever_is_assigned_first(
    contoso: Contoso, mail_first: bool
) -> None:
    await contoso.root_profile()
    pkcs = await contoso.pkcs_profile("SMIME Pilot", displayName="Signing")
    phone = await contoso.enroll("alice")
    if mail_first:
        await contoso.assign(pkcs)
        mail = await gmail(contoso, pkcs)
        await phone.settle()
        why = "identityCertificate refers to the profile 'Signing', which does not reach this device"
        assert await status(contoso, phone, mail) == ("error", f"{why}: assign it to the same group.")
        await contoso.assign(pkcs, "SMIME Pilot")
    else:
        await phone.settle()
        mail = await gmail(contoso, pkcs)
    await phone.settle()
    assert (await status(contoso, phone, mail))[0] == "compliant"
    own = await phone.item()
    ((key, (fingerprint, account)),) = phone.accounts.items()
    assert (key, fingerprint) == (f"email/{mail}", (await phone.item(Source.EMAIL)).fingerprint)
    assert (account.address, account.host) == (contoso.upn("alice"), "mail.contoso.example")
    assert account.certificates["identityCertificate"].thumbprint == own.thumbprint


async def test_unassigning_the_certificate_is_an_error_of_the_account_until_it_is_assigned_again(
    contoso: Contoso,
) -> None:
    await contoso.root_profile()
    pkcs = await contoso.pkcs_profile(displayName="Signing")
    mail = await gmail(contoso, pkcs)
    phone = await contoso.enroll("alice")
    await phone.settle()
    await contoso.assign(pkcs)
    await phone.settle()
    state, why = await status(contoso, phone, mail)
    assert (state, "'Signing'" in why, phone.accounts) == ("error", True, {})
    await contoso.assign(pkcs, "All Staff")
    await phone.settle()
    assert (await status(contoso, phone, mail))[0] == "compliant"
    assert list(phone.accounts) == [f"email/{mail}"]


async def test_a_waiting_account_says_for_what_and_delivers_nothing(contoso: Contoso) -> None:
    await contoso.connector(state="offline")
    await contoso.root_profile()
    pkcs = await contoso.pkcs_profile(displayName="Signing")
    mail = await gmail(contoso, pkcs)
    phone = await contoso.enroll("alice")
    await phone.settle()
    row = await phone.item(Source.EMAIL)
    assert (row.state, row.waits_for) == (
        "wanted",
        "the certificate of the profile 'Signing' (identityCertificate) to be installed first",
    )
    assert ((await status(contoso, phone, mail))[0], phone.accounts) == ("unknown", {})
    await contoso.connector(state="online")
    await phone.settle()
    assert (await status(contoso, phone, mail))[0] == "compliant"


async def test_a_user_without_a_mail_address_has_an_error_until_there_is_one(contoso: Contoso) -> None:
    mail = await gmail(contoso, None, authenticationMethod="usernameAndPassword")
    await contoso.do(users_and_groups.update_user, contoso.upn("alice"), changes={"mail": None})
    phone = await contoso.enroll("alice")
    await phone.settle()
    state, why = await status(contoso, phone, mail)
    assert (state, "property mail" in why) == ("error", True)
    await contoso.do(users_and_groups.update_user, contoso.upn("alice"), changes={"mail": "alice@mail.example"})
    await phone.settle()
    assert (await status(contoso, phone, mail))[0] == "compliant"


async def test_a_changed_setting_gives_the_account_again_and_a_changed_name_does_not(contoso: Contoso) -> None:
    mail = await gmail(contoso, None, authenticationMethod="usernameAndPassword")
    phone = await contoso.enroll("alice")
    await phone.settle()
    first, version = (await phone.item(Source.EMAIL)).fingerprint, phone.applied
    known = kind(GMAIL)
    assert known is not None
    await contoso.do(profiles.update_profile, mail, kind=known, changes={"displayName": "Post"})
    await phone.settle()
    assert ((await phone.item(Source.EMAIL)).fingerprint, phone.applied) == (first, version)
    await contoso.do(profiles.update_profile, mail, kind=known, changes={"hostName": "other.contoso.example"})
    await phone.settle()
    ((fingerprint, account),) = phone.accounts.values()
    assert (fingerprint != first, account.host, phone.applied) == (True, "other.contoso.example", version + 1)


async def test_an_account_taken_off_by_hand_comes_back_and_an_unassigned_one_goes(contoso: Contoso) -> None:
    mail = await gmail(contoso, None, authenticationMethod="usernameAndPassword")
    phone = await contoso.enroll("alice")
    await phone.settle()
    phone.accounts.clear()
    await phone.settle()
    assert list(phone.accounts) == [f"email/{mail}"]
    await contoso.assign(mail)
    await phone.settle()
    assert phone.accounts == {}
    assert (await phone.item(Source.EMAIL)).state == "removed"


async def test_a_user_who_loses_the_licence_loses_the_account_and_keeps_the_certificate(contoso: Contoso) -> None:
    await contoso.root_profile()
    pkcs = await contoso.pkcs_profile()
    mail = await gmail(contoso, pkcs)
    phone = await contoso.enroll("alice")
    await phone.settle()
    await contoso.take_licence("alice")
    await phone.settle()
    assert (phone.accounts, list(phone.holds)) == ({}, [f"pkcs/{pkcs}"])
    await contoso.give_licence("alice")
    await phone.settle()
    assert list(phone.accounts) == [f"email/{mail}"]


async def test_a_renewed_certificate_is_named_by_the_account_once_the_device_has_it(contoso: Contoso) -> None:
    await contoso.root_profile()
    pkcs = await contoso.pkcs_profile()
    mail = await gmail(contoso, pkcs)
    phone = await contoso.enroll("alice")
    await phone.settle()
    key = next(iter(phone.accounts))
    first = phone.accounts[key]
    contoso.clock.forward(days=330)
    await phone.settle()
    own = await phone.item()
    assert key == f"email/{mail}"
    assert phone.accounts[key][1].certificates["identityCertificate"].fingerprint == own.serial
    assert phone.accounts[key] != first
    assert (await status(contoso, phone, mail))[0] == "compliant"


async def test_a_retired_device_is_done_with_account_and_certificate(contoso: Contoso) -> None:
    await contoso.root_profile()
    pkcs = await contoso.pkcs_profile()
    await gmail(contoso, pkcs)
    phone = await contoso.enroll("alice")
    await phone.settle()
    own = await phone.item()
    await contoso.action(phone, device_actions.retire)
    await phone.settle()
    ((order, _scope),) = await phone.operations()
    await phone.complete(order)
    assert await contoso.certificate_status(str(own.thumbprint)) == "revoked"
    assert {row.state.value for row in (await phone.ledger()).values()} <= {"removed"}


async def test_a_bound_reference_to_what_is_not_there_changes_nothing(contoso: Contoso) -> None:
    mail = await gmail(contoso, None, authenticationMethod="usernameAndPassword")
    known = kind(GMAIL)
    assert known is not None
    with pytest.raises(Invalid, match="does not exist"):
        await contoso.do(
            profiles.update_profile,
            mail,
            kind=known,
            changes={"hostName": "x"},
            navigations={"identityCertificate": ["00000000-0000-4000-8000-000000000000"]},
        )
    phone = await contoso.enroll("alice")
    await phone.settle()
    ((_fingerprint, account),) = phone.accounts.values()
    assert account.host == "mail.contoso.example"
