"""Query options of OData in words, filters among them. OData URL Conventions 4.01, 5.1; Graph: "Use query parameters".

The filter "platform eq 'ios'" is "whose platform is 'ios'".
"""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import parse_qsl

from fauxtune.core.errors import Invalid
from fauxtune.core.formats.secret_names import is_hidden, not_shown, secret_kind
from fauxtune.core.odata.query.options import split_outside
from fauxtune.core.odata.query.tokens import Kind, Reader, Token
from fauxtune_wire.decoding.addresses import decoded
from fauxtune_wire.decoding.expressions import OPTIONS, mask_expression
from fauxtune_wire.decoding.masking import Masking, mask_text
from fauxtune_wire.decoding.parts import Part, shortened

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
_LONGEST = 8 * 1024
_LONGEST_LINE = 500
_MOST = 50


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


def describe_query(query: str) -> list[str]:
    """Describe a query string (without its `?`), one line for each parameter: `$top=5` is "the first 5"."""
    lines = []
    try:
        pairs = parse_qsl(query[:_LONGEST], keep_blank_values=True, max_num_fields=_MOST)
    except ValueError:
        return [f"more than {_MOST} parameters"]
    for name, value in pairs:
        option = name.strip().lower()
        value = mask_expression(value) if option.removeprefix("$") in OPTIONS else value
        line = _WORDS[option](value.strip()) if option in _WORDS else _parameter(name, value)
        lines.append(shortened(line, _LONGEST_LINE))
    return lines


def query_part(query: str) -> Part:
    """Return a query string (without its `?`) in words, as a part without a text."""
    return Part("Query, in words", facts=tuple(("Query", line) for line in describe_query(query)))


def _parameter(name: str, value: str) -> str:
    text = Masking().text(decoded(name), value, in_form=True)
    return f"{shortened(mask_text(name), 100)}: {text}" if value else shortened(mask_text(name), 100)


def _filter(value: str) -> str:
    try:
        return f"only those {filter_words(value)}"
    except Invalid:
        return f"only those that match: {mask_text(value)}"


def _orderby(value: str) -> str:
    keys = []
    for item in split_outside(value, ","):
        words = item.split()
        keys.append(f"{words[0]}, descending" if words[1:] and words[1].lower() == "desc" else words[0])
    return f"sorted by {mask_text(', then '.join(keys))}" if keys else "sorted by nothing"


def _expand(value: str) -> str:
    parts = []
    for item in split_outside(value, ","):
        name, _, options = item.partition("(")
        inner = [_inner(option) for option in split_outside(options.removesuffix(")"), ";")]
        parts.append(f"{name} ({'; '.join(inner)})" if inner else name)
    return f"together with {_listed(parts)}" if parts else "together with nothing"


def _inner(option: str) -> str:
    name, _, value = option.partition("=")
    known = name.strip().lower()
    known = known if known.startswith("$") else f"${known}"
    return _WORDS[known](value.strip()) if known in _WORDS and known != "$expand" else mask_text(option)


def _listed(names: list[str]) -> str:
    listed = [mask_text(name) for name in names[:_MOST]]
    more = [f"{len(names) - _MOST} more"] if len(names) > _MOST else []
    *first, last = [*listed, *more]
    return f"{', '.join(first)} and {last}" if first else last


def _select(value: str) -> str:
    names = [name.strip() for name in value.split(",") if name.strip()]
    return f"of each only {_listed(names)}" if names and "*" not in names else "of each everything"


def _top(value: str) -> str:
    return f"the first {mask_text(value)}" if value != "1" else "the first one"


_WORDS: dict[str, Callable[[str], str]] = {
    "$filter": _filter,
    "$select": _select,
    "$orderby": _orderby,
    "$expand": _expand,
    "$top": _top,
    "$skip": lambda value: f"after leaving out the first {mask_text(value)}",
    "$skiptoken": lambda _value: "the next page: after the last object of the page before ($skiptoken)",
    "$count": lambda value: "with the number of all" if value.lower() == "true" else "without the number of all",
    "$search": lambda value: f"only those in which {mask_text(value)} stands",
    "$format": lambda value: f"as {mask_text(value)}",
}
