"""The column type of connectors' orders: JSON in the database, `core.model.items` outside of it."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from sqlalchemy import JSON, Dialect
from sqlalchemy.types import TypeDecorator

from fauxtune.core.model.items import AccountOrder, ImportedCertificateOrder, Order, RequestOrder
from fauxtune.core.model.mail_accounts import Account


class OrderDocument(TypeDecorator[RequestOrder]):
    """An order, kept as JSON."""

    impl = JSON
    cache_ok = True

    def process_bind_param(self, value: RequestOrder | None, dialect: Dialect) -> dict[str, Any] | None:
        """The order's JSON."""
        return None if value is None else _document(value)

    @staticmethod
    def read(document: dict[str, Any]) -> RequestOrder:
        """Return the order that the JSON describes. Raises an error for JSON that describes none."""
        return _order(document)

    def process_result_value(self, value: dict[str, Any] | None, dialect: Dialect) -> RequestOrder | None:
        """The order that the JSON describes."""
        return None if value is None else _order(value)


def _document(order: RequestOrder) -> dict[str, Any]:
    match order:
        case Order():
            return asdict(order)
        case AccountOrder():
            return {"account": order.account.encode().decode(), "userId": order.user_id}
        case ImportedCertificateOrder():
            return {"thumbprint": order.thumbprint, "userId": order.user_id}


def _order(document: dict[str, Any]) -> RequestOrder:
    if "account" in document:
        return AccountOrder(document["userId"], Account.decode(document["account"].encode()))
    if "thumbprint" in document:
        return ImportedCertificateOrder(document["userId"], document["thumbprint"])
    # An order for a certificate named the user too in databases of earlier versions.
    fields = {name: value for name, value in document.items() if name != "userId"}
    names = tuple((kind, value) for kind, value in fields.pop("names"))
    usages = tuple(fields.pop("extended_key_usages"))
    return Order(**fields, names=names, extended_key_usages=usages)
