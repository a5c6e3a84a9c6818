"""Filters as people write them, documents that they may be about, and the text of a tree.

The strategies know three types: a device (all kinds of values), a user (whose texts ignore case), and a profile (whose
documents are of several types).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, assert_never

from hypothesis import strategies as st

from fauxtune.core.graph.index import ENTITIES, derived_from, entity
from fauxtune.core.odata.query.expressions import (
    And,
    AnyElement,
    Compare,
    Condition,
    Element,
    Field,
    Folded,
    In,
    IsOf,
    Literal,
    Not,
    Operand,
    Or,
    Scalar,
    TextMatch,
)
from fauxtune.core.odata.schema.types import Edm, Entity, EnumType, Property

Text = st.SearchStrategy[str]
Document = dict[str, Any]

TEXTS = st.text(alphabet="aAbBéÉ%_'\\ \N{GRINNING FACE}", max_size=3)
STATES = ("unknown", "compliant", "noncompliant")
#: What documents keep, and some of the ways in which a filter may say it.
MOMENTS = {
    "0001-01-01T00:00:00.0000000Z": ("0001-01-01T00:00:00Z", "0001-01-01"),
    "2026-11-24T10:00:00.5000000Z": ("2026-11-24T10:00:00.5Z", "2026-11-24T02:00:00.5-08:00", "2026-11-24T10:00:00.5"),
    "9999-12-31T23:59:59.0000000Z": ("9999-12-31T23:59:59Z",),
}
GUIDS = ("184efa21-98c3-4e5d-95ab-d07053a96e67", "00000000-0000-0000-0000-000000000000")
NUMBERS = st.integers(-2, 3) | st.sampled_from([2**40, 2**63 - 1, -(2**63)])
KINDS = (
    "windows10PkcsCertificateProfile",
    "androidWorkProfilePkcsCertificateProfile",
    "androidDeviceOwnerTrustedRootCertificate",
)
ORDER, EQUALITY = st.sampled_from(["eq", "ne", "gt", "ge", "lt", "le"]), st.sampled_from(["eq", "ne"])


def quoted(text: str) -> str:
    """A text as a constant."""
    return "'" + text.replace("'", "''") + "'"


def _cased(words: Sequence[str]) -> Text:
    """The words as constants, in any casing."""
    return st.sampled_from([quoted(each) for word in words for each in (word, word.upper(), word.title())])


def _spelled(*parts: Text) -> Text:
    return st.tuples(*parts).map(" ".join)


_NULL = st.just("null")
_TEXT = TEXTS.map(quoted)
_MOMENT = st.sampled_from([way for ways in MOMENTS.values() for way in ways])
_GUID = st.sampled_from([*GUIDS, GUIDS[0].upper()])
_WORD = st.sampled_from(["true", "false", "null"])


def _texts(names: Sequence[str]) -> Text:
    """Conditions on texts."""
    plain = st.sampled_from(names)
    one = plain | plain.map("tolower({})".format) | plain.map("toupper({})".format)
    other = _TEXT | one
    tests = st.sampled_from(["contains", "startswith", "endswith"])
    return st.one_of(
        _spelled(one, ORDER, other | _NULL),
        _spelled(_TEXT, ORDER, one),
        st.tuples(tests, one, other).map(lambda parts: f"{parts[0]}({parts[1]}, {parts[2]})"),
        st.tuples(tests, one, other, _WORD.filter("null".__ne__)).map(
            lambda parts: f"{parts[0]}({parts[1]}, {parts[2]}) eq {parts[3]}"
        ),
        _among(one, _TEXT | _NULL),
    )


def _among(one: Text, constants: Text) -> Text:
    return st.tuples(one, st.lists(constants, min_size=1, max_size=3)).map(
        lambda pair: f"{pair[0]} in ({', '.join(pair[1])})"
    )


def _compared(name: str, constants: Text, *, operators: Text = ORDER) -> Text:
    """Conditions on one property that is no text."""
    one = st.just(name)
    return st.one_of(_spelled(one, operators, constants | _NULL), _spelled(constants, operators, one)) | _among(
        one, constants | _NULL
    )


def _any(collection: str, inner: Text) -> Text:
    conditions = inner | inner.map("not ({})".format) | st.tuples(inner, inner).map(" or ".join)
    return st.just(f"{collection}/any()") | conditions.map((collection + "/any(e:{})").format)


def _joined(terms: Text) -> Text:
    """Some of them joined, and negated here and there."""
    joints = st.tuples(st.sampled_from(["({}) and ({})", "({1}) or ({0})", "{} AND ({})", "not ({}) or ({})"]), terms)
    ends = st.sampled_from(["{}", "not ({})"])
    return st.tuples(terms, st.lists(joints, max_size=3), ends).map(lambda parts: parts[2].format(_chain(*parts[:2])))


def _chain(first: str, joints: list[tuple[str, str]]) -> str:
    for shape, term in joints:
        first = shape.format(first, term)
    return first


DEVICE_FILTERS = _joined(
    st.one_of(
        _texts(["deviceName", "serialNumber", "model"]),
        _compared("totalStorageSpaceInBytes", NUMBERS.map(str)),
        st.just("totalStorageSpaceInBytes eq freeStorageSpaceInBytes"),
        _compared("lastSyncDateTime", _MOMENT),
        _spelled(st.just("lastSyncDateTime"), ORDER, st.just("enrolledDateTime")),
        _compared("complianceState", _cased(STATES), operators=EQUALITY),
        _spelled(st.just("isEncrypted"), EQUALITY, _WORD) | st.just("isEncrypted"),
        _any("roleScopeTagIds", _texts(["e"])),
        _any(
            "deviceActionResults",
            st.one_of(
                _texts(["e/actionName", "e/passcode"]),
                _compared("e/actionState", _cased(["pending", "done"]), operators=EQUALITY),
                _compared("e/startDateTime", _MOMENT),
                _compared("e/errorCode", st.integers(-1, 2).map(str)),
            ),
        ),
        _any("chromeOSDeviceInfo", _spelled(st.just("e/updatable"), EQUALITY, _WORD) | st.just("e/updatable")),
    )
)
USER_FILTERS = _joined(
    st.one_of(
        _texts(["displayName", "mail", "onPremisesExtensionAttributes/extensionAttribute1"]),
        _any("proxyAddresses", _texts(["e"])),
        _any("assignedLicenses", _compared("e/skuId", _GUID)),
        _spelled(st.just("accountEnabled"), EQUALITY, _WORD),
    )
)
PROFILE_FILTERS = _joined(
    st.one_of(
        st.sampled_from([each.name for each in ENTITIES if "ertificate" in each.name or each.name in KINDS]).map(
            "isof('microsoft.graph.{}')".format
        ),
        _texts(["displayName", "microsoft.graph.windows10PkcsCertificateProfile/certificationAuthority"]),
        _compared(
            "microsoft.graph.androidWorkProfilePkcsCertificateProfile/renewalThresholdPercentage",
            st.integers(0, 2).map(str),
        ),
        _any(
            "microsoft.graph.windows10PkcsCertificateProfile/extendedKeyUsages",
            _texts(["e/name", "e/objectIdentifier"]),
        ),
    )
)

_MAYBE = TEXTS | st.none()
_WHEN = st.sampled_from(list(MOMENTS)) | st.none()
DEVICES: st.SearchStrategy[Document] = st.fixed_dictionaries(
    {},
    optional={
        "deviceName": _MAYBE,
        "serialNumber": _MAYBE,
        "model": _MAYBE,
        "totalStorageSpaceInBytes": NUMBERS | st.none(),
        "freeStorageSpaceInBytes": NUMBERS | st.none(),
        "lastSyncDateTime": _WHEN,
        "enrolledDateTime": _WHEN,
        "complianceState": st.sampled_from(STATES),
        "isEncrypted": st.booleans() | st.none(),
        "roleScopeTagIds": st.lists(TEXTS, max_size=3) | st.none(),
        "deviceActionResults": st.lists(
            st.fixed_dictionaries(
                {},
                optional={
                    "actionName": _MAYBE,
                    "passcode": _MAYBE,
                    "actionState": st.sampled_from(["pending", "done"]),
                    "startDateTime": _WHEN,
                    "errorCode": st.integers(-1, 2) | st.none(),
                },
            ),
            max_size=3,
        ),
        "chromeOSDeviceInfo": st.lists(st.fixed_dictionaries({}, optional={"updatable": st.booleans() | st.none()})),
    },
)
USERS: st.SearchStrategy[Document] = st.fixed_dictionaries(
    {},
    optional={
        "displayName": _MAYBE,
        "mail": _MAYBE,
        "onPremisesExtensionAttributes": st.none() | st.fixed_dictionaries({"extensionAttribute1": _MAYBE}),
        "proxyAddresses": st.lists(TEXTS, max_size=3),
        "assignedLicenses": st.lists(st.fixed_dictionaries({"skuId": st.sampled_from(GUIDS) | st.none()}), max_size=2),
        "accountEnabled": st.booleans() | st.none(),
    },
)
PROFILES: st.SearchStrategy[Document] = st.fixed_dictionaries(
    {"@odata.type": st.sampled_from(KINDS).map("#microsoft.graph.{}".format)},
    optional={
        "displayName": _MAYBE,
        "certificationAuthority": _MAYBE,
        "renewalThresholdPercentage": st.integers(0, 2) | st.none(),
        "extendedKeyUsages": st.lists(
            st.fixed_dictionaries({"name": _MAYBE}, optional={"objectIdentifier": _MAYBE}), max_size=2
        ),
    },
)
#: A type, filters about it, and documents of it.
ABOUT: dict[str, tuple[Entity, Text, st.SearchStrategy[Document]]] = {
    "managedDevice": (entity("managedDevice"), DEVICE_FILTERS, DEVICES),
    "user": (entity("user"), USER_FILTERS, USERS),
    "deviceConfiguration": (entity("deviceConfiguration"), PROFILE_FILTERS, PROFILES),
}


def unparse(condition: Condition, *, of: Entity) -> str:
    """A filter that means the tree; every part that has parts of its own is in parentheses."""
    match condition:
        case And(conditions) | Or(conditions):
            word = "and" if isinstance(condition, And) else "or"
            parts = [f"({unparse(condition, of=of)})" for condition in conditions]
            return f" {word} ".join(parts) or str(isinstance(condition, And)).lower()
        case Not(inner):
            return f"not ({unparse(inner, of=of)})"
        case IsOf(names):
            return f"isof('microsoft.graph.{_type_of(names)}')"
        case AnyElement(field, inner):
            return f"{_path(field, of)}/any({'' if inner is None else f'e:{unparse(inner, of=of)}'})"
        case Compare(operator, left, right):
            return f"{_operand(left, of)} {operator.value} {_operand(right, of)}"
        case In(operand, values):
            return f"{_operand(operand, of)} in ({', '.join(_constant(value, operand) for value in values)})"
        case TextMatch(test, left, right):
            return f"{test.value}({_operand(left, of)}, {_operand(right, of)})"
        case _:
            assert_never(condition)


def _operand(operand: Operand, of: Entity) -> str:
    match operand:
        case Literal(value, form):
            unquoted = not isinstance(value, str) or form.value in ("moment", "guid")
            return _word(value) if unquoted else quoted(str(value))
        case Folded(inner, upper):
            return f"{'toupper' if upper else 'tolower'}({_operand(inner, of)})"
        case Field():
            return _path(operand, of)
        case Element(path):
            return "/".join(("e", *path))
        case _:
            assert_never(operand)


def _path(field: Field, of: Entity) -> str:
    """With a cast where the property is one of a derived type."""
    first = field.path[0]
    if of.find(first) is not None:
        return "/".join(field.path)
    result = next(each for each in ENTITIES if each.is_a(of) and _is_last(each, field))
    return "/".join((result.full_name, *field.path))


def _is_last(kind: Entity, field: Field) -> bool:
    return kind.find(field.path[0]) is field.property


def _constant(value: Scalar, operand: Operand) -> str:
    prop = None if isinstance(operand, Literal) else _property_of(operand)
    unquoted = prop is not None and not isinstance(prop.type, EnumType) and prop.type is not Edm.STRING
    return _word(value) if unquoted or not isinstance(value, str) else quoted(value)


def _property_of(operand: Field | Element | Folded) -> Property:
    return _property_of(operand.operand) if isinstance(operand, Folded) else operand.property


def _word(value: Scalar) -> str:
    return "null" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def _type_of(names: tuple[str, ...]) -> str:
    """A type that these are the concrete types of."""
    result = set(names)
    return next(each.name for each in ENTITIES if {kind.name for kind in derived_from(each)} == result)
