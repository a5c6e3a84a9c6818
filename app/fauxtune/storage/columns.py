"""How a table is declared: by a class that names its columns, which is the type of its rows, too.

    @dataclass(frozen=True, slots=True)
    class SeatRow:
        tenant_id: Key[TenantId]
        number: Annotated[int, "of the seat, from 1"]
        left_at: datetime | None


    seats = table("seats", SeatRow)

The type of a field is that of its column, which may be null if the field may be None. What the database has to know
beyond that stands around the type: `Key`, `Unique` and `Indexed`, and in `Annotated` a comment, `Older` and a type of
SQLAlchemy where the field's own does not say it.

Text compares by code point on both databases (SQLite does by nature; PostgreSQL is told so), so that lists come in one
order everywhere. Times are text of fixed width (`core.clock.iso`): text order is time order, in columns and in JSON.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import Enum, StrEnum, auto
from inspect import get_annotations
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, NewType, TypeVar, Union, get_args, get_origin

from sqlalchemy import JSON, Boolean, Column, Dialect, Integer, LargeBinary, MetaData, String, Table
from sqlalchemy.schema import SchemaItem
from sqlalchemy.types import TypeDecorator, TypeEngine

from fauxtune.core.clock import from_iso, iso
from fauxtune.core.model.items import AccountOrder, ImportedCertificateOrder, Order, RequestOrder
from fauxtune.core.model.mail_accounts import Account
from fauxtune.internals.sqlalchemy_guard import GUARDED

T = TypeVar("T")

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    },
    info=GUARDED,
)

#: Text compared by code point.
Word = String().with_variant(String(collation="C"), "postgresql")
Document = JSON(none_as_null=True)


class Moment(TypeDecorator[datetime]):
    """A point in time, kept as text of fixed width."""

    impl = Word
    cache_ok = True

    def process_bind_param(self, value: datetime | str | None, dialect: Dialect) -> str | None:
        """Filters compare with text that is in this form already."""
        return iso(value) if isinstance(value, datetime) else value

    def process_result_value(self, value: str | None, dialect: Dialect) -> datetime | None:
        """Aware, UTC."""
        return None if value is None else from_iso(value)


class Choice(TypeDecorator[StrEnum]):
    """One of an enumeration's values, kept as its text."""

    impl = Word
    cache_ok = True

    def __init__(self, enumeration: type[StrEnum]) -> None:
        """`enumeration`: the values that the column can have."""
        super().__init__()
        self.enumeration = enumeration
        self._members = {member.value: member for member in enumeration}

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """The text of a member; filters compare with any text."""
        return None if value is None else str(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> StrEnum | None:
        """The member. Raises KeyError for a text that no member has."""
        return None if value is None else self._members[value]


class _Mark(Enum):
    KEY = auto()
    UNIQUE = auto()
    INDEXED = auto()


#: A column of the primary key; one whose value no two rows of any tenants have; one with an index of its own.
Key = Annotated[T, _Mark.KEY]
Unique = Annotated[T, _Mark.UNIQUE]
Indexed = Annotated[T, _Mark.INDEXED]


@dataclass(frozen=True, slots=True)
class Older:
    """What rows and exported documents have that are older than the column: the text of a `server_default`."""

    value: str


def table(name: str, row: type, *parts: SchemaItem, beside: type | None = None, after: str = "") -> Table:
    """Return the table `name` with a column for each field of `row`, in their order, and with these indices and
    constraints. `beside`: the row type of large columns, which are read on their own: those of its fields that `row`
    does not have come after the column `after`.
    """
    return Table(name, metadata, *_columns(row, beside=beside, after=after), *parts)


def _columns(row: type, *, beside: type | None, after: str) -> Iterator[Column[Any]]:
    hints = get_annotations(row, eval_str=True)
    more = {} if beside is None else get_annotations(beside, eval_str=True)
    for field, hint in hints.items():
        yield _column(field, hint)
        if field == after:
            yield from (_column(name, other) for name, other in more.items() if name not in hints)


def _column(name: str, hint: Any) -> Column[Any]:
    """Return the column of a field with this type, with what `Annotated` says of it."""
    marks: tuple[Any, ...] = ()
    if get_origin(hint) is Annotated:
        hint, marks = hint.__origin__, hint.__metadata__
    members = get_args(hint) if get_origin(hint) in (Union, UnionType) else (hint,)
    values = [_plain(member) for member in members if member is not NoneType]
    options: dict[str, Any] = {}
    if _Mark.KEY in marks and values == [int]:
        options["autoincrement"] = False
    if get_origin(values[0]) is Literal:
        # Documents from outside are held against it.
        options["info"] = {"choices": frozenset(get_args(values[0]))}
    return Column(
        name,
        _first(marks, TypeEngine) or _type_of(values[0]),
        primary_key=_Mark.KEY in marks,
        nullable=NoneType in members,
        unique=_Mark.UNIQUE in marks or None,
        index=_Mark.INDEXED in marks or None,
        comment=_first(marks, str),
        server_default=getattr(_first(marks, Older), "value", None),
        **options,
    )


def _first(marks: tuple[Any, ...], kind: type[T]) -> T | None:
    return next((mark for mark in marks if isinstance(mark, kind)), None)


def _plain(hint: Any) -> Any:
    """Return the type without what `Annotated`, `NewType` and parameters add to it."""
    if get_origin(hint) is Annotated:
        return _plain(get_args(hint)[0])
    if isinstance(hint, NewType):
        return _plain(hint.__supertype__)
    return get_origin(hint) if get_origin(hint) in (dict, list) else hint


def _type_of(plain: Any) -> TypeEngine[Any]:
    """Return the column type of a field's type. KeyError for one that no column has."""
    if get_origin(plain) is Literal:
        return Word
    if issubclass(plain, StrEnum):
        return Choice(plain)
    return _TYPES[plain]


_TYPES: dict[type, TypeEngine[Any]] = {
    str: Word,
    int: Integer(),
    bool: Boolean(),
    bytes: LargeBinary(),
    datetime: Moment(),
    dict: Document,
    list: Document,
}


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
