"""Connectors that are offline, poll, or refuse: what devices are told meanwhile, and how it heals."""

from __future__ import annotations

import base64
from collections.abc import Callable, Coroutine
from datetime import timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import PrivateFormat, pkcs12

from fauxtune.connector.refusals import (
    KeyMissing,
    PaddingUnsupported,
    PasswordUndecryptable,
    PfxBroken,
    PfxKeyMissing,
    PfxNotOpened,
    ThumbprintDiffers,
)
from fauxtune.core.errors import Conflict, Invalid, NotFound
from fauxtune.core.model.items import imported_key
from fauxtune.core.model.states import ItemState, Source
from fauxtune.core.pki.pfx import read_pfx
from fauxtune.core.profiles.catalog import kind
from fauxtune.operations.ca import imported_pfx
from fauxtune.operations.connectors import registry as connector_registry
from fauxtune.operations.directory import users_and_groups
from fauxtune.operations.profiles import profiles
from fauxtune.storage.queries import authorities as template_queries
from fauxtune.storage.queries import connectors as connector_queries
from fauxtune.storage.queries import imported_pfx as pfx_queries
from fauxtune.storage.rows.certificates import TemplateRow
from tests.support.devices.android import AndroidInProcess
from tests.support.tenant import Contoso


async def both_kinds(contoso: Contoso) -> tuple[AndroidInProcess, str, str]:
    """A device of alice's that should get a PKCS and an imported certificate: it, the profile, the thumbprint."""
    await contoso.switch(requireTrustedRoot=False)
    profile = await contoso.pkcs_profile()
    await contoso.imported_profile()
    mark = await contoso.import_pfx("alice")
    return await contoso.enroll("alice"), profile, mark


# ------------------------------------------------------------------------------------------------- offline, polling


@pytest.mark.both_databases
async def test_what_an_offline_connector_should_answer_waits_and_says_so_and_comes_when_it_is_back(
    contoso: Contoso,
) -> None:
    phone, profile, mark = await both_kinds(contoso)
    await contoso.connector(state="offline")
    await phone.settle()
    assert await phone.states() == {"pkcs": "wanted", f"imported/{mark}": "wanted"}
    for row in (await phone.ledger()).values():
        assert row.waits_for == "the connector 'Certificate Connector 1', which is off line"
    assert (await contoso.profile_state(phone, profile)).status == "unknown"
    assert phone.holds == {}
    plans = await phone.plans()
    await phone.check_in()
    assert await phone.plans() == plans, "a device that waits for a connector is quiet"
    await contoso.connector(state="online")
    await phone.settle()
    assert await phone.states() == {"pkcs": "installed", f"imported/{mark}": "installed"}
    assert len([row for row in await contoso.issued() if row.enrollment_id]) == 1


async def test_items_that_are_still_with_the_connector_are_left_out_of_the_policy(contoso: Contoso) -> None:
    await contoso.root_profile()
    phone, _, _ = await both_kinds(contoso)
    await contoso.connector(state="offline")
    await phone.settle()
    assert [deliverable.row.source for deliverable in await phone.policy()] == [Source.ROOT]
    version = phone.applied
    await contoso.connector(state="online")
    await phone.settle()
    assert phone.applied > version
    assert len(await phone.policy()) == 3


async def test_a_role_that_no_connector_has_is_named(contoso: Contoso) -> None:
    phone, _, mark = await both_kinds(contoso)
    await contoso.connector(roles=["pkcs"])
    await phone.settle()
    assert await phone.states() == {"pkcs": "installed", f"imported/{mark}": "wanted"}
    assert "imported PFX" in str((await phone.item(Source.IMPORTED)).waits_for)
    await contoso.do(connector_registry.add_connector, "PFX Connector", roles=["imported-pfx"])
    await phone.settle()
    assert (await phone.item(Source.IMPORTED)).state is ItemState.FAILED, "the new one has no key"


async def test_a_polling_connector_answers_after_thirty_emulated_seconds(contoso: Contoso) -> None:
    phone, _, mark = await both_kinds(contoso)
    await contoso.connector(mode="polling")
    await phone.settle()
    assert await phone.states() == {"pkcs": "wanted", f"imported/{mark}": "wanted"}
    assert (await phone.row()).due_at == contoso.clock.now() + timedelta(seconds=30)
    contoso.clock.forward(seconds=29)
    plans = await phone.plans()
    await phone.settle()
    assert (await phone.plans(), phone.holds) == (plans, {})
    contoso.clock.forward(seconds=1)
    await phone.settle()
    assert set((await phone.states()).values()) == {"installed"}


async def test_a_polling_connector_answers_the_later_request_later(contoso: Contoso) -> None:
    """The first request's answer must not make the second one's moment be forgotten."""
    phone, _, mark = await both_kinds(contoso)
    await contoso.connector(mode="polling")
    await phone.settle()
    contoso.clock.forward(seconds=20)
    second = await contoso.import_pfx("alice")
    await phone.settle()
    contoso.clock.forward(seconds=10)
    await phone.settle()
    assert await phone.states() == {
        "pkcs": "installed",
        f"imported/{mark}": "installed",
        f"imported/{second}": "wanted",
    }
    assert (await phone.row()).due_at == contoso.clock.now() + timedelta(seconds=20)
    contoso.clock.forward(seconds=20)
    await phone.settle()
    assert set((await phone.states()).values()) == {"installed"}


@pytest.mark.both_databases
async def test_two_connectors_take_turns_and_only_the_key_of_the_one_at_work_helps(contoso: Contoso) -> None:
    phone, _, mark = await both_kinds(contoso)
    contoso.clock.forward(seconds=1)
    await contoso.do(connector_registry.add_connector, "Second", roles=["pkcs", "imported-pfx"])
    await phone.settle()
    devices = [phone]
    for _turn in range(3):
        devices.append(await contoso.enroll("alice"))
        await devices[-1].settle()
    states = [(await device.states())[f"imported/{mark}"] for device in devices]
    assert states == ["installed", "failed", "installed", "failed"], "the second has no key"
    assert {(await device.states())["pkcs"] for device in devices} == {"installed"}
    problem = (await devices[1].item(Source.IMPORTED)).problem
    assert problem is not None
    assert problem.code == KeyMissing.number
    await contoso.do(connector_registry.change_connector, "Second", state="offline")
    for device in devices:
        await device.settle()
    assert {(await device.states())[f"imported/{mark}"] for device in devices} == {"installed"}
    await contoso.do(connector_registry.change_connector, "Second", state="online")
    await contoso.do(connector_registry.change_connector, "Certificate Connector 1", state="offline")
    last = await contoso.enroll("alice")
    await last.settle()
    assert await last.states() == {"pkcs": "installed", f"imported/{mark}": "failed"}


# ----------------------------------------------------------------------------------------------------------- refusals


def bare_certificate(pfx: bytes, password: bytes) -> bytes:
    """The same certificate in a PFX without its key."""
    certificate = read_pfx(pfx, password).certificate
    encryption = PrivateFormat.PKCS12.encryption_builder().kdf_rounds(2048).build(password)
    return pkcs12.serialize_key_and_certificates(b"x", None, certificate, None, encryption)


async def wrong_key(_office: Contoso, _pfx: bytes) -> dict[str, Any]:
    return {"keyName": "NoSuchKey"}


async def wrong_hash(_office: Contoso, _pfx: bytes) -> dict[str, Any]:
    return {"paddingScheme": "oaepSha512"}


async def old_padding(_office: Contoso, _pfx: bytes) -> dict[str, Any]:
    return {"paddingScheme": "pkcs1"}


async def wrong_password(contoso: Contoso, _pfx: bytes) -> dict[str, Any]:
    return {"encryptedPfxPassword": await contoso.encrypted("not the password")}


async def no_private_key(_office: Contoso, pfx: bytes) -> dict[str, Any]:
    return {"encryptedPfxBlob": base64.b64encode(bare_certificate(pfx, b"geheim-42")).decode()}


async def another_certificate(_office: Contoso, _pfx: bytes) -> dict[str, Any]:
    return {"thumbprint": "ab" * 20}


async def damaged_file(_office: Contoso, pfx: bytes) -> dict[str, Any]:
    """Damaged inside, which is not read before a connector opens the file."""
    return {"encryptedPfxBlob": base64.b64encode(pfx[:200] + bytes(30) + pfx[230:]).decode()}


Spoil = Callable[[Contoso, bytes], Coroutine[Any, Any, dict[str, Any]]]
SPOILT: list[tuple[Spoil, tuple[int, ...], str]] = [
    (wrong_key, (KeyMissing.number,), "'NoSuchKey'"),
    (wrong_hash, (PasswordUndecryptable.number,), "another key or another hash"),
    (old_padding, (PaddingUnsupported.number,), "'pkcs1'"),
    (wrong_password, (PfxNotOpened.number,), "cannot be opened with the password"),
    (no_private_key, (PfxKeyMissing.number,), "has no private key"),
    (another_certificate, (ThumbprintDiffers.number, PfxKeyMissing.number), "ab" * 20),
    (damaged_file, (PfxBroken.number, PfxNotOpened.number), ""),
]


async def spoilt_import(contoso: Contoso, spoil: Spoil) -> str:
    mark, pfx = await contoso.pfx("alice")
    changes = await spoil(contoso, pfx)
    document = {"thumbprint": mark, "encryptedPfxBlob": base64.b64encode(pfx).decode(), **changes}
    return await contoso.import_pfx("alice", **document)


@pytest.mark.parametrize(("spoil", "codes", "words"), SPOILT, ids=[spoil.__name__ for spoil, _, _ in SPOILT])
async def test_what_the_connector_cannot_use_fails_that_item_on_that_device_and_leaves_the_record(
    contoso: Contoso, spoil: Spoil, codes: tuple[int, ...], words: str
) -> None:
    profile = await contoso.imported_profile()
    good, bad = await contoso.import_pfx("alice"), await spoilt_import(contoso, spoil)
    where: dict[str, Any] = {"user_id": await contoso.user_id("alice"), "thumbprint": bad}
    before = await contoso.look(pfx_queries.pfx, contoso.tenant.id, **where)
    phone, bobs = await contoso.enroll("alice"), await contoso.enroll("bob")
    for process in (phone, bobs):
        await process.settle()
    assert await phone.states() == {f"imported/{good}": "installed", f"imported/{bad}": "failed"}
    assert await bobs.states() == {}
    problem = (await phone.ledger())[imported_key(bad)].problem
    assert problem is not None
    assert problem.code in codes
    assert words in problem.message
    status = await contoso.profile_state(phone, profile)
    assert (status.status, status.error_code, status.message) == ("error", problem.code, problem.message)
    assert await contoso.look(pfx_queries.pfx, contoso.tenant.id, **where) == before
    assert list(phone.holds.values()) == [good]
    plans = await phone.plans()
    await phone.check_in()
    assert await phone.plans() == plans


async def test_a_refused_request_is_tried_again_after_an_hour_and_says_the_same_again(contoso: Contoso) -> None:
    await contoso.imported_profile()
    bad = await spoilt_import(contoso, wrong_password)
    phone = await contoso.enroll("alice")
    await phone.settle()
    assert (await phone.row()).due_at == contoso.clock.now() + timedelta(hours=1)
    contoso.clock.forward(hours=1)
    await phone.settle()
    assert await phone.states() == {f"imported/{bad}": "failed"}
    assert (await phone.row()).due_at == contoso.clock.now() + timedelta(hours=1)


async def test_a_corrected_record_is_tried_again_at_once(contoso: Contoso) -> None:
    profile = await contoso.imported_profile()
    bad = await spoilt_import(contoso, wrong_password)
    phone = await contoso.enroll("alice")
    await phone.settle()
    changes = {"encryptedPfxPassword": await contoso.encrypted("geheim-42"), "encryptedPfxBlob": "AA=="}
    await contoso.do(imported_pfx.update_pfx, await contoso.record_id("alice", bad), changes=changes)
    await phone.settle()
    assert await phone.states() == {f"imported/{bad}": "installed"}
    assert (await contoso.profile_state(phone, profile)).status == "compliant"


async def test_a_key_that_the_connector_is_given_later_heals_what_missed_it(contoso: Contoso) -> None:
    await contoso.imported_profile()
    (row,) = await contoso.look(connector_queries.connector_key_rows, contoso.tenant.id)
    where = {"provider": row.provider, "key_name": row.key_name}
    await contoso.do(connector_registry.delete_key, row.connector_id, **where)
    mark = await contoso.import_pfx("alice", encryptedPfxPassword=base64.b64encode(bytes(256)).decode())
    phone = await contoso.enroll("alice")
    await phone.settle()
    assert await phone.states() == {f"imported/{mark}": "failed"}
    key = contoso.emulator.connector_keys.load(row.file)
    assert isinstance(key, RSAPrivateKey)
    await contoso.do(connector_registry.add_key, row.connector_id, **where, key=key.public_key(), file=row.file)
    changes = {"encryptedPfxPassword": await contoso.encrypted("geheim-42")}
    await contoso.do(imported_pfx.update_pfx, await contoso.record_id("alice", mark), changes=changes)
    await phone.settle()
    assert await phone.states() == {f"imported/{mark}": "installed"}


async def test_a_key_whose_file_is_gone_fails_the_item_and_not_the_check_in(contoso: Contoso) -> None:
    phone, _, mark = await both_kinds(contoso)
    (row,) = await contoso.look(connector_queries.connector_key_rows, contoso.tenant.id)
    contoso.emulator.connector_keys.delete(row.file)
    await phone.settle()
    assert await phone.states() == {"pkcs": "installed", f"imported/{mark}": "failed"}


@pytest.mark.both_databases
async def test_other_bytes_for_a_delivered_record_are_delivered_in_their_place(contoso: Contoso) -> None:
    await contoso.imported_profile()
    mark, pfx = await contoso.pfx("alice")
    await contoso.import_pfx("alice", thumbprint=mark, encryptedPfxBlob=base64.b64encode(pfx).decode())
    phone = await contoso.enroll("alice")
    await phone.settle()
    record = await contoso.record_id("alice", mark)
    broken = {"encryptedPfxBlob": base64.b64encode(bare_certificate(pfx, b"geheim-42")).decode()}
    await contoso.do(imported_pfx.update_pfx, record, changes=broken)
    await phone.settle()
    assert await phone.states() == {f"imported/{mark}": "failed"}
    assert phone.holds == {}, "the old file is gone: a password for it must not travel with another file"
    again = {"encryptedPfxBlob": base64.b64encode(pfx).decode()}
    await contoso.do(imported_pfx.update_pfx, record, changes=again)
    await phone.settle()
    assert list(phone.holds.values()) == [mark]


async def test_a_pfx_is_opened_once_however_many_devices_get_it(contoso: Contoso) -> None:
    await contoso.imported_profile()
    mark = await contoso.import_pfx("alice")
    where: dict[str, Any] = {"user_id": await contoso.user_id("alice"), "thumbprint": mark}
    assert not (await contoso.get(pfx_queries.pfx, contoso.tenant.id, **where)).verified
    phones = [await contoso.enroll("alice") for _ in range(2)]
    for phone in phones:
        await phone.settle()
        assert (await contoso.get(pfx_queries.pfx, contoso.tenant.id, **where)).verified
    envelopes = [deliverable.sealed for phone in phones for deliverable in await phone.policy()]
    assert len(set(envelopes)) == 2, "the envelope is each device's own"
    assert len({deliverable.pfx for phone in phones for deliverable in await phone.policy()}) == 1


# --------------------------------------------------------------------------------------------------------- PKCS orders


async def test_a_missing_variable_fails_the_profile_on_that_device_and_heals_with_the_users_data(
    contoso: Contoso,
) -> None:
    await contoso.switch(requireTrustedRoot=False)
    profile = await contoso.pkcs_profile(
        subjectNameFormat="custom", subjectNameFormatString="CN={{OnPremisesSamAccountName}}"
    )
    phone = await contoso.enroll("alice")
    await phone.settle()
    status = await contoso.profile_state(phone, profile)
    assert status.status == "error"
    assert "{{OnPremisesSamAccountName}}" in str(status.message)
    await contoso.do(
        users_and_groups.update_user, contoso.upn("alice"), changes={"onPremisesSamAccountName": "alice, a"}
    )
    await phone.settle()
    (issued,) = await contoso.issued()
    subject = x509.load_der_x509_certificate(issued.certificate).subject
    assert [attribute.value for attribute in subject] == ["alice, a"]


async def test_an_unknown_template_lists_the_known_ones_and_heals_with_the_profile(contoso: Contoso) -> None:
    await contoso.switch(requireTrustedRoot=False)
    profile = await contoso.pkcs_profile(certificateTemplateName="Nothing")
    phone = await contoso.enroll("alice")
    await phone.settle()
    message = (await contoso.profile_state(phone, profile)).message
    assert all(name in str(message) for name in ("'Nothing'", "SmimeSigning", "ExchangeUser"))
    known = kind("androidWorkProfilePkcsCertificateProfile")
    assert known is not None
    changes = {"certificateTemplateName": "SmimeP256"}
    await contoso.do(profiles.update_profile, profile, kind=known, changes=changes)
    await phone.settle()
    assert isinstance(phone.keys[(await phone.item()).key], ec.EllipticCurvePrivateKey)


async def test_a_template_that_the_connector_may_not_use_heals_as_soon_as_the_profile_names_another(
    contoso: Contoso,
) -> None:
    await contoso.switch(requireTrustedRoot=False)
    documents = await contoso.look(template_queries.template_documents, contoso.tenant.id, authority_name="issuing")
    closed = {**documents["SmimeBoth"], "connectorMayEnroll": False}
    row = TemplateRow(contoso.tenant.id, "issuing", "SmimeBoth", closed)
    await contoso.look(template_queries.put_templates, row)
    profile = await contoso.pkcs_profile(certificateTemplateName="SmimeBoth")
    phone = await contoso.enroll("alice")
    await phone.settle()
    assert "SmimeBoth" in str((await contoso.profile_state(phone, profile)).message)
    known = kind("androidWorkProfilePkcsCertificateProfile")
    assert known is not None
    changes = {"certificateTemplateName": "SmimeSigning"}
    await contoso.do(profiles.update_profile, profile, kind=known, changes=changes)
    await phone.settle()
    assert await phone.states() == {"pkcs": "installed"}


async def test_a_certificate_that_is_still_asked_for_follows_an_edited_profile(contoso: Contoso) -> None:
    await contoso.switch(requireTrustedRoot=False)
    profile = await contoso.pkcs_profile()
    await contoso.connector(state="offline")
    phone = await contoso.enroll("alice")
    await phone.settle()
    known = kind("androidWorkProfilePkcsCertificateProfile")
    assert known is not None
    changes = {"certificateTemplateName": "SmimeEncryption"}
    await contoso.do(profiles.update_profile, profile, kind=known, changes=changes)
    await contoso.connector(state="online")
    await phone.settle()
    assert [row.template for row in await contoso.issued()] == ["SmimeEncryption"]


async def test_a_validity_longer_than_the_templates_is_cut_to_it(contoso: Contoso) -> None:
    await contoso.switch(requireTrustedRoot=False)
    await contoso.pkcs_profile(certificateValidityPeriodValue=2_000_000_000, certificateValidityPeriodScale="years")
    await contoso.pkcs_profile(certificateValidityPeriodValue=10, certificateValidityPeriodScale="days")
    phone = await contoso.enroll("alice")
    await phone.settle()
    days = sorted((row.not_after - contoso.clock.now()).days for row in await contoso.issued())
    assert days == [10, 365]


async def test_without_its_root_a_pkcs_profile_is_an_error_until_the_root_is_assigned(contoso: Contoso) -> None:
    profile = await contoso.pkcs_profile()
    phone = await contoso.enroll("alice")
    await phone.settle()
    assert (await contoso.profile_state(phone, profile)).status == "error"
    assert contoso.tenant.ca_name in str((await contoso.profile_state(phone, profile)).message)
    await contoso.root_profile()
    await phone.settle()
    assert await phone.states() == {"root": "installed", "pkcs": "installed"}


# ----------------------------------------------------------------------------------------------------------- the nouns


async def test_connectors_and_keys_are_refused_with_what_would_be_right(contoso: Contoso) -> None:
    (row,) = await contoso.look(connector_queries.connector_key_rows, contoso.tenant.id)
    key = contoso.emulator.connector_keys.load(row.file)
    named: dict[str, Any] = {"provider": row.provider, "key_name": row.key_name, "key": key.public_key(), "file": "f"}
    with pytest.raises(Conflict, match="exists already"):
        await contoso.do(connector_registry.add_key, row.connector_id, **named)
    with pytest.raises(NotFound, match="nobody"):
        await contoso.do(connector_registry.add_key, "nobody", **named)
    with pytest.raises(Invalid, match="online, offline"):
        await contoso.connector(state="broken")
    with pytest.raises(Invalid, match="imported-pfx"):
        await contoso.connector(roles=["everything"])
    with pytest.raises(NotFound):
        await contoso.do(connector_registry.delete_key, row.connector_id, provider="P", key_name="K")


@pytest.mark.both_databases
async def test_a_refusal_does_not_make_a_polling_connector_forget_what_it_answers_later(contoso: Contoso) -> None:
    await contoso.imported_profile()
    bad = await spoilt_import(contoso, wrong_password)
    await contoso.connector(mode="polling")
    phone = await contoso.enroll("alice")
    await phone.settle()
    contoso.clock.forward(seconds=20)
    good = await contoso.import_pfx("alice")
    await phone.settle()
    contoso.clock.forward(seconds=10)
    await phone.settle()
    assert await phone.states() == {f"imported/{bad}": "failed", f"imported/{good}": "wanted"}
    contoso.clock.forward(seconds=20)
    await phone.settle()
    assert await phone.states() == {f"imported/{bad}": "failed", f"imported/{good}": "installed"}
