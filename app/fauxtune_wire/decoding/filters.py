"""`$filter` in words: "platform eq 'ios'" is "whose platform is 'ios'". OData URL Conventions 4.01, 5.1.1."""

from __future__ import annotations

from collections.abc import Callable

from fauxtune.core.formats.secret_names import is_hidden, not_shown, secret_kind
from fauxtune.core.odata.query.tokens import Kind, Reader, Token
from fauxtune_wire.decoding.masking import mask_text

_DEEPEST = 20
_MOST_LISTED = 20
_COMPARISONS = {
    "eq": "is",
    "ne": "is not",
    "gt": "is more than",
    "ge": "is at least",
    "lt": "is less than",
    "le": "is at most",
}
_OF_MOMENTS = {"gt": "is after", "ge": "is not before", "lt": "is before", "le": "is not after"}
_TESTS = {"contains": "contains", "startswith": "begins with", "endswith": "ends with"}
_CASES = {"tolower": "in lower case", "toupper": "in upper case"}
_EMPTY = "null"
_LAMBDAS = {"any": "with at least one of {}", "all": "with all of {} such"}


def filter_words(text: str) -> str:
    """Say a filter in words. Raises Invalid for one that cannot be read."""
    reader = Reader(text)
    words = _either(reader)
    if reader.peek().kind is not Kind.END:
        raise reader.error("expected the end")
    return words


def _either(reader: Reader) -> str:
    return _joined(reader, read=_both, word="or")


def _both(reader: Reader) -> str:
    return _joined(reader, read=_term, word="and")


def _joined(reader: Reader, *, read: Callable[[Reader], str], word: str) -> str:
    words = [read(reader)]
    while reader.skip(word):
        words.append(read(reader))
    return f" {word} ".join(words)


def _term(reader: Reader) -> str:
    reader.depth += 1
    if reader.depth > _DEEPEST:
        raise reader.error("expected a filter that is nested less deep")
    try:
        if reader.skip("not"):
            return f"not ({_term(reader).removeprefix('(').removesuffix(')')})"
        if reader.skip("("):
            inner = _either(reader)
            reader.expect(")")
            return f"({inner})"
        return _comparison(reader)
    finally:
        reader.depth -= 1


def _comparison(reader: Reader) -> str:
    name = reader.peek().text.lower()
    if reader.peek(1).text == "(":
        if name in _TESTS:
            return _test(reader)
        if name == "isof":
            return f"that are of the type {_type(reader)}"
    subject = _operand(reader)
    if reader.skip("("):
        return _lambda(reader, subject)
    word = reader.peek().text.lower()
    if word == "in":
        reader.take()
        return f"whose {subject} is one of {_list(reader, subject)}"
    if word not in _COMPARISONS:
        return f"whose {subject} is true"
    reader.take()
    moment = reader.peek().kind is Kind.MOMENT
    words = _OF_MOMENTS.get(word, _COMPARISONS[word]) if moment else _COMPARISONS[word]
    return f"whose {subject} {words} {_value(reader, subject)}"


def _test(reader: Reader) -> str:
    words = _TESTS[reader.take().text.lower()]
    reader.expect("(")
    subject = _operand(reader)
    reader.expect(",")
    value = _value(reader, subject)
    reader.expect(")")
    # "contains(a,'b') eq true" is the same as "contains(a,'b')".
    if reader.skip("eq"):
        value += "" if reader.skip("true") else f" or not: {_value(reader, subject)}"
    return f"whose {subject} {words} {value}"


def _type(reader: Reader) -> str:
    reader.take()
    reader.expect("(")
    name = reader.take().text.removeprefix("microsoft.graph.")
    reader.expect(")")
    return name


def _lambda(reader: Reader, subject: str) -> str:
    path, _, word = subject.rpartition("/")
    if word not in _LAMBDAS or not path:
        raise reader.error("expected a comparison")
    if reader.skip(")"):
        return _LAMBDAS[word].format(path)
    variable = reader.take().text
    reader.expect(":")
    inner = _either(reader)
    reader.expect(")")
    return f"{_LAMBDAS[word].format(path)} ({inner.replace(f'{variable}/', '')})"


def _operand(reader: Reader) -> str:
    token = reader.take()
    if token.kind is not Kind.NAME:
        raise reader.error("expected a property")
    case = _CASES.get(token.text.lower())
    if case and reader.skip("("):
        inner = _operand(reader)
        reader.expect(")")
        return f"{inner} ({case})"
    path = [token.text]
    while reader.skip("/"):
        path.append(reader.take().text)
    return "/".join(path)


def _list(reader: Reader, subject: str) -> str:
    reader.expect("(")
    values = [_value(reader, subject)]
    while reader.skip(","):
        values.append(_value(reader, subject))
    reader.expect(")")
    more = [f"{len(values) - _MOST_LISTED} more"] if len(values) > _MOST_LISTED else []
    return ", ".join(values[:_MOST_LISTED] + more)


def _value(reader: Reader, subject: str) -> str:
    token = reader.peek()
    if token.kind is Kind.NAME and token.text.lower() in _CASES:
        return _operand(reader)
    reader.take()
    if token.kind in (Kind.MARK, Kind.END):
        raise reader.error("expected a value")
    return _shown(token, subject)


def _shown(token: Token, subject: str) -> str:
    kind = secret_kind(subject.rpartition("/")[2])
    if kind is not None:
        return not_shown(kind)
    if is_hidden(token.text):
        return token.text
    if token.kind is Kind.TEXT:
        return f"'{mask_text(token.text)}'"
    return "empty" if token.text.lower() == _EMPTY else mask_text(token.text)
