"""Connectors that are offline, poll, or refuse: what devices are told meanwhile, and how it heals."""

from __future__ import annotations

import base64
from collections.abc import Callable, Coroutine
from datetime import timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
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
from fauxtune.storage.queries import connectors as connector_queries
from fauxtune.storage.queries import imported_pfx as pfx_queries
from fauxtune.storage.queries import templates as template_queries
from tests.operations.office import Office
from tests.support.devices.android import AndroidInProcess


async def both_kinds(office: Office) -> tuple[AndroidInProcess, str, str]:
    """A device of alice's that should get a PKCS and an imported certificate: it, the profile, the thumbprint."""
    await office.switch(requireTrustedRoot=False)
    profile = await office.pkcs_profile()
    await office.imported_profile()
    mark = await office.import_pfx("alice")
    return await office.enroll("alice"), profile, mark


# ------------------------------------------------------------------------------------------------- offline, polling


async def test_what_an_offline_connector_should_answer_waits_and_says_so_and_comes_when_it_is_back(
    office: Office,
) -> None:
    phone, profile, mark = await both_kinds(office)
    await office.connector(state="offline")
    await phone.settle()
    assert await phone.states() == {"pkcs": "wanted", f"imported/{mark}": "wanted"}
    for row in (await phone.ledger()).values():
        assert row.waits_for == "the connector 'Certificate Connector 1', which is offline"
    assert (await office.status(phone, profile) or {})["status"] == "unknown"
    assert phone.holds == {}
    plans = await phone.plans()
    await phone.check_in()
    assert await phone.plans() == plans, "a device that waits for a connector is quiet"
    await office.connector(state="online")
    await phone.settle()
    assert await phone.states() == {"pkcs": "installed", f"imported/{mark}": "installed"}
    assert len([row for row in await office.issued() if row["enrollment_id"]]) == 1


async def test_items_that_are_still_with_the_connector_are_left_out_of_the_policy(office: Office) -> None:
    await office.root_profile()
    phone, _, _ = await both_kinds(office)
    await office.connector(state="offline")
    await phone.settle()
    assert [each.row.source for each in await phone.policy()] == [Source.ROOT]
    version = phone.applied
    await office.connector(state="online")
    await phone.settle()
    assert phone.applied > version
    assert len(await phone.policy()) == 3


async def test_a_role_that_no_connector_has_is_named(office: Office) -> None:
    phone, _, mark = await both_kinds(office)
    await office.connector(roles=["pkcs"])
    await phone.settle()
    assert await phone.states() == {"pkcs": "installed", f"imported/{mark}": "wanted"}
    assert "imported-pfx" in str((await phone.item(Source.IMPORTED)).waits_for)
    await office.do(connector_registry.add_connector, "PFX Connector", roles=["imported-pfx"])
    await phone.settle()
    assert (await phone.item(Source.IMPORTED)).state is ItemState.FAILED, "the new one has no key"


async def test_a_polling_connector_answers_after_thirty_emulated_seconds(office: Office) -> None:
    phone, _, mark = await both_kinds(office)
    await office.connector(mode="polling")
    await phone.settle()
    assert await phone.states() == {"pkcs": "wanted", f"imported/{mark}": "wanted"}
    assert (await phone.row())["due_at"] == office.clock.now() + timedelta(seconds=30)
    office.clock.forward(seconds=29)
    plans = await phone.plans()
    await phone.settle()
    assert (await phone.plans(), phone.holds) == (plans, {})
    office.clock.forward(seconds=1)
    await phone.settle()
    assert set((await phone.states()).values()) == {"installed"}


async def test_a_polling_connector_answers_the_later_request_later(office: Office) -> None:
    """The first request's answer must not make the second one's moment be forgotten."""
    phone, _, mark = await both_kinds(office)
    await office.connector(mode="polling")
    await phone.settle()
    office.clock.forward(seconds=20)
    second = await office.import_pfx("alice")
    await phone.settle()
    office.clock.forward(seconds=10)
    await phone.settle()
    assert await phone.states() == {
        "pkcs": "installed",
        f"imported/{mark}": "installed",
        f"imported/{second}": "wanted",
    }
    assert (await phone.row())["due_at"] == office.clock.now() + timedelta(seconds=20)
    office.clock.forward(seconds=20)
    await phone.settle()
    assert set((await phone.states()).values()) == {"installed"}


async def test_with_two_connectors_one_that_is_online_answers_and_only_its_keys_help(office: Office) -> None:
    phone, _, mark = await both_kinds(office)
    roles = ["pkcs", "imported-pfx"]
    await office.do(connector_registry.add_connector, "Second", roles=roles)
    await phone.settle()
    assert set((await phone.states()).values()) == {"installed"}, "one of the two has the key"
    await office.do(connector_registry.change_connector, "Certificate Connector 1", state="offline")
    other = await office.enroll("alice")
    await other.settle()
    assert await other.states() == {"pkcs": "installed", f"imported/{mark}": "failed"}
    problem = (await other.item(Source.IMPORTED)).problem
    assert problem is not None
    assert problem.code == KeyMissing.number


# ----------------------------------------------------------------------------------------------------------- refusals


def bare_certificate(pfx: bytes, password: bytes) -> bytes:
    """The same certificate in a PFX without its key."""
    certificate = read_pfx(pfx, password).certificate
    encryption = PrivateFormat.PKCS12.encryption_builder().kdf_rounds(2048).build(password)
    return pkcs12.serialize_key_and_certificates(b"x", None, certificate, None, encryption)


async def wrong_key(_office: Office, _pfx: bytes) -> dict[str, Any]:
    return {"keyName": "NoSuchKey"}


async def wrong_hash(_office: Office, _pfx: bytes) -> dict[str, Any]:
    return {"paddingScheme": "oaepSha512"}


async def old_padding(_office: Office, _pfx: bytes) -> dict[str, Any]:
    return {"paddingScheme": "pkcs1"}


async def wrong_password(office: Office, _pfx: bytes) -> dict[str, Any]:
    return {"encryptedPfxPassword": await office.encrypted("not the password")}


async def no_private_key(_office: Office, pfx: bytes) -> dict[str, Any]:
    return {"encryptedPfxBlob": base64.b64encode(bare_certificate(pfx, b"geheim-42")).decode()}


async def another_certificate(_office: Office, _pfx: bytes) -> dict[str, Any]:
    return {"thumbprint": "ab" * 20}


async def damaged_file(_office: Office, pfx: bytes) -> dict[str, Any]:
    """Damaged inside, which is not read before a connector opens the file."""
    return {"encryptedPfxBlob": base64.b64encode(pfx[:200] + bytes(30) + pfx[230:]).decode()}


Spoil = Callable[[Office, bytes], Coroutine[Any, Any, dict[str, Any]]]
SPOILT: list[tuple[Spoil, tuple[int, ...], str]] = [
    (wrong_key, (KeyMissing.number,), "'NoSuchKey'"),
    (wrong_hash, (PasswordUndecryptable.number,), "another key or another hash"),
    (old_padding, (PaddingUnsupported.number,), "'pkcs1'"),
    (wrong_password, (PfxNotOpened.number,), "does not open with the password"),
    (no_private_key, (PfxKeyMissing.number,), "no identity"),
    (another_certificate, (ThumbprintDiffers.number, PfxKeyMissing.number), "ab" * 20),
    (damaged_file, (PfxBroken.number, PfxNotOpened.number), ""),
]


async def spoilt_import(office: Office, spoil: Spoil) -> str:
    mark, pfx = await office.pfx("alice")
    changes = await spoil(office, pfx)
    document = {"thumbprint": mark, "encryptedPfxBlob": base64.b64encode(pfx).decode(), **changes}
    return await office.import_pfx("alice", **document)


@pytest.mark.parametrize(("spoil", "codes", "words"), SPOILT, ids=[spoil.__name__ for spoil, _, _ in SPOILT])
async def test_what_the_connector_cannot_use_fails_that_item_on_that_device_and_leaves_the_record(
    office: Office, spoil: Spoil, codes: tuple[int, ...], words: str
) -> None:
    profile = await office.imported_profile()
    good, bad = await office.import_pfx("alice"), await spoilt_import(office, spoil)
    where = {"user_id": await office.user_id("alice"), "thumbprint": bad}
    before = await office.look(pfx_queries.pfx, office.tenant.id, **where)
    phone, bobs = await office.enroll("alice"), await office.enroll("bob")
    for each in (phone, bobs):
        await each.settle()
    assert await phone.states() == {f"imported/{good}": "installed", f"imported/{bad}": "failed"}
    assert await bobs.states() == {}
    problem = (await phone.ledger())[imported_key(bad)].problem
    assert problem is not None
    assert problem.code in codes
    assert words in problem.message
    status = await office.status(phone, profile) or {}
    assert (status["status"], status["error_code"], status["message"]) == ("error", problem.code, problem.message)
    assert await office.look(pfx_queries.pfx, office.tenant.id, **where) == before
    assert list(phone.holds.values()) == [good]
    plans = await phone.plans()
    await phone.check_in()
    assert await phone.plans() == plans


async def test_a_refused_request_is_tried_again_after_an_hour_and_says_the_same_again(office: Office) -> None:
    await office.imported_profile()
    bad = await spoilt_import(office, wrong_password)
    phone = await office.enroll("alice")
    await phone.settle()
    assert (await phone.row())["due_at"] == office.clock.now() + timedelta(hours=1)
    office.clock.forward(hours=1)
    await phone.settle()
    assert await phone.states() == {f"imported/{bad}": "failed"}
    assert (await phone.row())["due_at"] == office.clock.now() + timedelta(hours=1)


async def test_a_corrected_record_is_tried_again_at_once(office: Office) -> None:
    profile = await office.imported_profile()
    bad = await spoilt_import(office, wrong_password)
    phone = await office.enroll("alice")
    await phone.settle()
    changes = {"encryptedPfxPassword": await office.encrypted("geheim-42"), "encryptedPfxBlob": "AA=="}
    await office.do(imported_pfx.update_pfx, await office.record_id("alice", bad), changes=changes)
    await phone.settle()
    assert await phone.states() == {f"imported/{bad}": "installed"}
    assert (await office.status(phone, profile) or {})["status"] == "compliant"


async def test_a_key_that_the_connector_is_given_later_heals_what_missed_it(office: Office) -> None:
    await office.imported_profile()
    (row,) = await office.look(connector_queries.connector_key_rows, office.tenant.id)
    where = {"provider": row["provider"], "key_name": row["key_name"]}
    await office.do(connector_registry.delete_key, row["connector_id"], **where)
    mark = await office.import_pfx("alice", encryptedPfxPassword=base64.b64encode(bytes(256)).decode())
    phone = await office.enroll("alice")
    await phone.settle()
    assert await phone.states() == {f"imported/{mark}": "failed"}
    key = office.emulator.connector_keys.load(row["file"])
    await office.do(connector_registry.add_key, row["connector_id"], **where, key=key.public_key(), file=row["file"])
    changes = {"encryptedPfxPassword": await office.encrypted("geheim-42")}
    await office.do(imported_pfx.update_pfx, await office.record_id("alice", mark), changes=changes)
    await phone.settle()
    assert await phone.states() == {f"imported/{mark}": "installed"}


async def test_a_key_whose_file_is_gone_fails_the_item_and_not_the_check_in(office: Office) -> None:
    phone, _, mark = await both_kinds(office)
    (row,) = await office.look(connector_queries.connector_key_rows, office.tenant.id)
    office.emulator.connector_keys.delete(row["file"])
    await phone.settle()
    assert await phone.states() == {"pkcs": "installed", f"imported/{mark}": "failed"}


async def test_other_bytes_for_a_delivered_record_are_delivered_in_their_place(office: Office) -> None:
    await office.imported_profile()
    mark, pfx = await office.pfx("alice")
    await office.import_pfx("alice", thumbprint=mark, encryptedPfxBlob=base64.b64encode(pfx).decode())
    phone = await office.enroll("alice")
    await phone.settle()
    record = await office.record_id("alice", mark)
    broken = {"encryptedPfxBlob": base64.b64encode(bare_certificate(pfx, b"geheim-42")).decode()}
    await office.do(imported_pfx.update_pfx, record, changes=broken)
    await phone.settle()
    assert await phone.states() == {f"imported/{mark}": "failed"}
    assert phone.holds == {}, "the old file is gone: a password for it must not travel with another file"
    again = {"encryptedPfxBlob": base64.b64encode(pfx).decode()}
    await office.do(imported_pfx.update_pfx, record, changes=again)
    await phone.settle()
    assert list(phone.holds.values()) == [mark]


async def test_a_pfx_is_opened_once_however_many_devices_get_it(office: Office) -> None:
    await office.imported_profile()
    mark = await office.import_pfx("alice")
    where = {"user_id": await office.user_id("alice"), "thumbprint": mark}
    assert not (await office.look(pfx_queries.pfx, office.tenant.id, **where))["verified"]
    phones = [await office.enroll("alice") for _ in range(2)]
    for phone in phones:
        await phone.settle()
        assert (await office.look(pfx_queries.pfx, office.tenant.id, **where))["verified"]
    envelopes = [each.sealed for phone in phones for each in await phone.policy()]
    assert len(set(envelopes)) == 2, "the envelope is each device's own"
    assert len({each.pfx for phone in phones for each in await phone.policy()}) == 1


# --------------------------------------------------------------------------------------------------------- PKCS orders


async def test_a_missing_variable_fails_the_profile_on_that_device_and_heals_with_the_users_data(
    office: Office,
) -> None:
    await office.switch(requireTrustedRoot=False)
    profile = await office.pkcs_profile(
        subjectNameFormat="custom", subjectNameFormatString="CN={{OnPremisesSamAccountName}}"
    )
    phone = await office.enroll("alice")
    await phone.settle()
    status = await office.status(phone, profile) or {}
    assert status["status"] == "error"
    assert "{{OnPremisesSamAccountName}}" in status["message"]
    await office.do(users_and_groups.update_user, office.upn("alice"), changes={"onPremisesSamAccountName": "alice, a"})
    await phone.settle()
    (issued,) = await office.issued()
    subject = x509.load_der_x509_certificate(issued["certificate"]).subject
    assert [attribute.value for attribute in subject] == ["alice, a"]


async def test_an_unknown_template_lists_the_known_ones_and_heals_with_the_profile(office: Office) -> None:
    await office.switch(requireTrustedRoot=False)
    profile = await office.pkcs_profile(certificateTemplateName="Nothing")
    phone = await office.enroll("alice")
    await phone.settle()
    message = (await office.status(phone, profile) or {})["message"]
    assert all(name in message for name in ("'Nothing'", "SmimeSigning", "ExchangeUser"))
    known = kind("androidWorkProfilePkcsCertificateProfile")
    changes = {"certificateTemplateName": "SmimeP256"}
    await office.do(profiles.update_profile, profile, kind=known, changes=changes)
    await phone.settle()
    assert isinstance(phone.keys[(await phone.item()).key], ec.EllipticCurvePrivateKey)


async def test_a_template_that_the_connector_may_not_use_heals_as_soon_as_the_profile_names_another(
    office: Office,
) -> None:
    await office.switch(requireTrustedRoot=False)
    documents = await office.look(template_queries.template_documents, office.tenant.id, authority_name="issuing")
    closed = {**documents["SmimeBoth"], "connectorMayEnroll": False}
    await office.look(
        template_queries.put_template, office.tenant.id, authority_name="issuing", name="SmimeBoth", document=closed
    )
    profile = await office.pkcs_profile(certificateTemplateName="SmimeBoth")
    phone = await office.enroll("alice")
    await phone.settle()
    assert "SmimeBoth" in (await office.status(phone, profile) or {})["message"]
    known = kind("androidWorkProfilePkcsCertificateProfile")
    changes = {"certificateTemplateName": "SmimeSigning"}
    await office.do(profiles.update_profile, profile, kind=known, changes=changes)
    await phone.settle()
    assert await phone.states() == {"pkcs": "installed"}


async def test_a_certificate_that_is_still_asked_for_follows_an_edited_profile(office: Office) -> None:
    await office.switch(requireTrustedRoot=False)
    profile = await office.pkcs_profile()
    await office.connector(state="offline")
    phone = await office.enroll("alice")
    await phone.settle()
    known = kind("androidWorkProfilePkcsCertificateProfile")
    changes = {"certificateTemplateName": "SmimeEncryption"}
    await office.do(profiles.update_profile, profile, kind=known, changes=changes)
    await office.connector(state="online")
    await phone.settle()
    assert [row["template"] for row in await office.issued()] == ["SmimeEncryption"]


async def test_a_validity_longer_than_the_templates_is_cut_to_it(office: Office) -> None:
    await office.switch(requireTrustedRoot=False)
    await office.pkcs_profile(certificateValidityPeriodValue=2_000_000_000, certificateValidityPeriodScale="years")
    await office.pkcs_profile(certificateValidityPeriodValue=10, certificateValidityPeriodScale="days")
    phone = await office.enroll("alice")
    await phone.settle()
    days = sorted((row["not_after"] - office.clock.now()).days for row in await office.issued())
    assert days == [10, 365]


async def test_without_its_root_a_pkcs_profile_is_an_error_until_the_root_is_assigned(office: Office) -> None:
    profile = await office.pkcs_profile()
    phone = await office.enroll("alice")
    await phone.settle()
    assert (await office.status(phone, profile) or {})["status"] == "error"
    assert office.tenant.ca_name in (await office.status(phone, profile) or {})["message"]
    await office.root_profile()
    await phone.settle()
    assert await phone.states() == {"root": "installed", "pkcs": "installed"}


# ----------------------------------------------------------------------------------------------------------- the nouns


async def test_connectors_and_keys_are_refused_with_what_would_be_right(office: Office) -> None:
    (row,) = await office.look(connector_queries.connector_key_rows, office.tenant.id)
    key = office.emulator.connector_keys.load(row["file"])
    named = {"provider": row["provider"], "key_name": row["key_name"], "key": key.public_key(), "file": "f"}
    with pytest.raises(Conflict, match="exists already"):
        await office.do(connector_registry.add_key, row["connector_id"], **named)
    with pytest.raises(NotFound, match="nobody"):
        await office.do(connector_registry.add_key, "nobody", **named)
    with pytest.raises(Invalid, match="online, offline"):
        await office.connector(state="broken")
    with pytest.raises(Invalid, match="imported-pfx"):
        await office.connector(roles=["everything"])
    with pytest.raises(NotFound):
        await office.do(connector_registry.delete_key, row["connector_id"], provider="P", key_name="K")


async def test_a_refusal_does_not_make_a_polling_connector_forget_what_it_answers_later(office: Office) -> None:
    await office.imported_profile()
    bad = await spoilt_import(office, wrong_password)
    await office.connector(mode="polling")
    phone = await office.enroll("alice")
    await phone.settle()
    office.clock.forward(seconds=20)
    good = await office.import_pfx("alice")
    await phone.settle()
    office.clock.forward(seconds=10)
    await phone.settle()
    assert await phone.states() == {f"imported/{bad}": "failed", f"imported/{good}": "wanted"}
    office.clock.forward(seconds=20)
    await phone.settle()
    assert await phone.states() == {f"imported/{bad}": "failed", f"imported/{good}": "installed"}
