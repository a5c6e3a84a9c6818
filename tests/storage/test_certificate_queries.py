"""Authorities, issued and imported certificates, connectors and their requests."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from fauxtune.core.model.ids import ConnectorId, EnrollmentId, ItemKey, RequestId, TenantId, UserId
from fauxtune.core.model.items import AccountOrder, ImportedCertificateOrder, Order, RequestOrder
from fauxtune.core.model.mail_accounts import Account, NamedCertificate
from fauxtune.core.pki.crl import Revoked
from fauxtune.storage.queries import authorities as authority_queries
from fauxtune.storage.queries import certificates as queries
from fauxtune.storage.queries import connectors as connector_queries
from fauxtune.storage.queries import imported_pfx as pfx_queries
from fauxtune.storage.rows.certificates import RequestChanges, TemplateRow
from tests.support.certificate_rows import (
    authority_row,
    certificate_row,
    connector_key_row,
    connector_row,
    pfx_row,
    request_row,
)

if TYPE_CHECKING:
    from tests.storage.conftest import Filler

OTHER = TenantId("other")
ALICE, BOB = UserId("alice"), UserId("bob")
A = ConnectorId("a")


def issue(fill: Filler, serial: str, *, authority: str = "issuing", user: str | None = "alice", day: int = 0) -> None:
    row = certificate_row(
        fill.tenant_id,
        authority=authority,
        serial=serial,
        thumbprint=f"t{serial}",
        subject=f"CN={serial}",
        user_id=user,
        not_before=fill.now + timedelta(days=day),
        not_after=fill.now + timedelta(days=day + 365),
    )
    queries.add_certificate(fill.connection, row)


def import_pfx(fill: Filler, thumbprint: str, *, user: UserId = ALICE, pfx: bytes = b"pfx") -> None:
    row = pfx_row(
        fill.tenant_id,
        user_id=user,
        thumbprint=thumbprint,
        pfx=pfx,
        fingerprint=f"f-{thumbprint}",
        not_after=fill.now,
    )
    pfx_queries.add_pfx(fill.connection, row)


def request(fill: Filler, name: str, **columns: Any) -> None:
    asked = request_row(fill.tenant_id, id=name, **columns)
    connector_queries.put_requests(fill.connection, [(asked, {})], replaced=())


def asked(fill: Filler, enrollment: str = "e") -> list[str]:
    return sorted(row.id for row in connector_queries.requests_of(fill.connection, [EnrollmentId(enrollment)]))


# ----------------------------------------------------------------------------------------------------------- the CA


def test_a_certificate_is_found_by_serial_and_by_thumbprint_in_its_tenant(fill: Filler) -> None:
    issue(fill, "0a")
    for key in ("0a", "0A", "t0a", "T0A"):
        certificate = queries.certificate(fill.connection, fill.tenant_id, key=key)
        assert certificate is not None
        assert certificate.subject == "CN=0a"
    assert queries.certificate(fill.connection, OTHER, key="0a") is None
    assert queries.certificate(fill.connection, fill.tenant_id, key="ff") is None


def test_two_authorities_may_use_the_same_number(fill: Filler) -> None:
    issue(fill, "01")
    issue(fill, "01", authority="devices", user=None)
    for authority, user in (("issuing", "alice"), ("devices", None)):
        certificate_by_serial = queries.certificate_by_serial(
            fill.connection, fill.tenant_id, authority_name=authority, serial="01"
        )
        assert certificate_by_serial is not None
        assert certificate_by_serial.user_id == user


def test_what_was_issued_comes_newest_first_and_says_what_is_imported(fill: Filler) -> None:
    for serial, day in (("01", 0), ("02", 5), ("03", 2)):
        issue(fill, serial, day=day)
    issue(fill, "04", user="bob")
    import_pfx(fill, "t03")
    issued = queries.issued(fill.connection, fill.tenant_id, user_id=ALICE)
    assert [(row.serial, row.imported) for row in issued] == [("02", False), ("03", True), ("01", False)]
    assert len(queries.issued(fill.connection, fill.tenant_id)) == 4
    assert queries.issued(fill.connection, OTHER) == []


def test_a_revocation_keeps_its_first_date_and_reason(fill: Filler) -> None:
    issue(fill, "01")
    issue(fill, "02")
    where = {"authority_name": "issuing", "serial": "01"}
    later = fill.now + timedelta(days=1)
    assert queries.revoke(fill.connection, fill.tenant_id, **where, at=fill.now, reason="keyCompromise")
    assert not queries.revoke(fill.connection, fill.tenant_id, **where, at=later, reason="superseded")
    unknown = {**where, "serial": "99"}
    assert not queries.revoke(fill.connection, fill.tenant_id, **unknown, at=later, reason="superseded")
    assert not queries.revoke(fill.connection, OTHER, **{**where, "serial": "02"}, at=later, reason="superseded")
    assert queries.revoked(fill.connection, fill.tenant_id, authority_name="issuing") == [
        Revoked(1, fill.now, "keyCompromise")
    ]


def test_a_crl_is_kept_until_something_changes_and_its_number_rises(fill: Filler) -> None:
    authority_queries.add_authorities(fill.connection, authority_row(fill.tenant_id))
    for number in (1, 2):
        authority_queries.keep_crl(
            fill.connection, fill.tenant_id, name="issuing", crl=bytes([number]), next_update=fill.now
        )
        row = authority_queries.authority(fill.connection, fill.tenant_id, name="issuing")
        assert row is not None
        assert (row.crl, row.crl_number, row.crl_next_update) == (bytes([number]), number, fill.now)
    authority_queries.forget_crl(fill.connection, fill.tenant_id, name="issuing")
    row = authority_queries.authority(fill.connection, fill.tenant_id, name="issuing")
    assert row is not None
    assert (row.crl, row.crl_number) == (None, 2)


def test_templates_are_replaced_by_name(fill: Filler) -> None:
    for name, text in (("B", "one"), ("A", "two"), ("B", "three")):
        row = TemplateRow(fill.tenant_id, "issuing", name, {"text": text})
        authority_queries.put_templates(fill.connection, row)
    template_documents = authority_queries.template_documents(fill.connection, fill.tenant_id, authority_name="issuing")
    assert list(template_documents.items()) == [("A", {"text": "two"}), ("B", {"text": "three"})]


# --------------------------------------------------------------------------------------------------------- imported


def test_a_user_has_its_own_imported_certificates(fill: Filler) -> None:
    import_pfx(fill, "bb")
    import_pfx(fill, "aa")
    import_pfx(fill, "aa", user=BOB)
    imported_of_user = pfx_queries.imported_of_users(fill.connection, fill.tenant_id, user_ids=[ALICE])[ALICE]
    assert [
        (certificate.thumbprint, certificate.purpose, certificate.fingerprint, certificate.not_after)
        for certificate in imported_of_user
    ] == [
        ("aa", "smimeEncryption", "f-aa", fill.now),
        ("bb", "smimeEncryption", "f-bb", fill.now),
    ]
    pfx_queries.delete_pfx(fill.connection, fill.tenant_id, user_id=ALICE, thumbprint="aa")
    assert pfx_queries.pfx(fill.connection, fill.tenant_id, user_id=ALICE, thumbprint="aa") is None
    assert pfx_queries.pfx(fill.connection, fill.tenant_id, user_id=BOB, thumbprint="aa") is not None


def test_a_certificate_is_imported_once_for_a_user(fill: Filler) -> None:
    import_pfx(fill, "aa")
    with pytest.raises(IntegrityError):
        import_pfx(fill, "aa")


def test_files_are_found_by_pair_and_never_crosswise(fill: Filler) -> None:
    import_pfx(fill, "aa", pfx=b"1")
    import_pfx(fill, "bb", user=BOB, pfx=b"2")
    import_pfx(fill, "bb", pfx=b"3")
    pairs = [(ALICE, "aa"), (BOB, "bb"), (BOB, "aa")]
    pfx_files = pfx_queries.pfx_files(fill.connection, fill.tenant_id, pairs=pairs)
    assert pfx_files == {(ALICE, "aa"): b"1", (BOB, "bb"): b"2"}
    assert pfx_queries.pfx_files(fill.connection, fill.tenant_id, pairs=[]) == {}


# --------------------------------------------------------------------------------------------------------- requests


def test_the_same_request_again_takes_the_place_of_the_first(fill: Filler) -> None:
    request(fill, "r1")
    request(fill, "r3", fingerprint="after/01")
    request(fill, "r4", enrollment_id="other")
    again = request_row(fill.tenant_id, id="r2")
    connector_queries.put_requests(fill.connection, [(again, {})], replaced=[RequestId("r1")])
    assert asked(fill) == ["r2", "r3"]
    assert asked(fill, "other") == ["r4"]


def test_a_request_is_answered_once(fill: Filler) -> None:
    request(fill, "r1")
    first: RequestChanges = {
        "state": "answered",
        "pfx": b"1",
        "sealed": b"2",
        "serial": "01",
        "answered_at": fill.now,
    }
    second: RequestChanges = {**first, "pfx": b"other"}
    assert connector_queries.answer_request(fill.connection, RequestId("r1"), **first)
    assert not connector_queries.answer_request(fill.connection, RequestId("r1"), **second)
    assert not connector_queries.answer_request(fill.connection, RequestId("gone"), **first)
    (row,) = connector_queries.answers(fill.connection, EnrollmentId("e"))
    assert (row.pfx, row.sealed, row.serial) == (b"1", b"2", "01")


ORDERS: list[RequestOrder] = [
    Order("ca.example", "CA", "User", "CN=a", (("upn", "a@b"), ("dns", "c")), ("1.2.3",), None, 20),
    Order("ca.example", "CA", "User", "CN=a", (), (), 365, 20, authority=None),
    ImportedCertificateOrder(ALICE, "aa"),
    AccountOrder(None, Account("kind", "mail.example", "a@b", "a", {"useSsl": True})),
    AccountOrder(ALICE, Account("k", "h", "a", "u", {}, {"n": NamedCertificate(ItemKey("pkcs/p"), "f", "t")})),
]


@pytest.mark.parametrize("order", ORDERS)
def test_an_order_is_read_as_it_was_written(fill: Filler, order: RequestOrder) -> None:
    request(fill, "r1", order=order)
    (row,) = connector_queries.requests_of(fill.connection, [EnrollmentId("e")])
    assert row.order == order


@pytest.mark.parametrize(
    ("which", "left"),
    [
        ({}, ["answered", "open"]),
        ({"item_key": "pkcs/p"}, ["answered", "failed-q", "open"]),
        ({"role": "imported-pfx"}, ["answered", "failed-p", "failed-q", "open"]),
    ],
)
def test_forgetting_refusals_leaves_answers_and_open_requests(
    fill: Filler, which: dict[str, Any], left: list[str]
) -> None:
    for name, state, key in (
        ("open", "open", "pkcs/a"),
        ("answered", "answered", "pkcs/b"),
        ("failed-p", "failed", "pkcs/p"),
        ("failed-q", "failed", "pkcs/q"),
    ):
        request(fill, name, state=state, item_key=key)
    connector_queries.forget_refusals(fill.connection, OTHER)
    connector_queries.forget_refusals(fill.connection, fill.tenant_id, **which)
    assert asked(fill) == left


def test_forgetting_what_is_unanswered_leaves_answers_and_other_items(fill: Filler) -> None:
    for number, state in enumerate(("open", "failed", "answered")):
        request(fill, state, state=state, fingerprint=str(number))
    request(fill, "another", item_key="pkcs/q")
    connector_queries.forget_unanswered(fill.connection, fill.tenant_id, item_key=ItemKey("pkcs/p"))
    assert asked(fill) == ["another", "answered"]


# -------------------------------------------------------------------------------------------------------- connectors


def test_connectors_come_oldest_first_with_their_keys(connection: Connection, fill: Filler) -> None:
    for number, name in enumerate(("b", "a")):
        connector = connector_row(fill.tenant_id, id=name, name=name, created_at=fill.now + timedelta(seconds=number))
        connector_queries.add_connector(connection, connector)
        key = connector_key_row(fill.tenant_id, connector_id=name, file=f"file-{name}")
        connector_queries.add_connector_keys(connection, key)
    connector_queries.change_connector(connection, fill.tenant_id, connector_id=A, state="offline")
    connector_rows = connector_queries.connector_rows(connection, fill.tenant_id)
    assert [(row.id, row.state, row.roles) for row in connector_rows] == [
        ("b", "online", ["pkcs"]),
        ("a", "offline", ["pkcs"]),
    ]
    assert len(connector_queries.connector_key_rows(connection, fill.tenant_id)) == 2
    connector_queries.delete_connector_key(connection, fill.tenant_id, connector_id=A, provider="P", key_name="K")
    assert [row.file for row in connector_queries.connector_key_rows(connection, fill.tenant_id)] == ["file-b"]
    assert connector_queries.connector_key_rows(connection, fill.tenant_id, connector_id=A) == []
