"""Header fields in their plain form are read without the standard library, and mean what it reads in them."""

from __future__ import annotations

from contextlib import suppress
from email.message import Message
from email.policy import compat32
from email.utils import collapse_rfc2231_value, getaddresses

from hypothesis import given, settings
from hypothesis import strategies as st

from fauxtune_sim.mail.mime import Entity, addresses_in

NAMES = st.sampled_from(["name", "Charset", "boundary", "a-b", "NAME", "x"])
VALUES = st.text("ab.9/=-", min_size=1, max_size=4) | st.text("ab.9 +/:=!#$&^`{|}~-_'*%<>()@,;?[]\\\"\t", max_size=6)
FIELDS = st.lists(st.tuples(st.sampled_from([";", "; ", ";\r\n\t", " ;"]), NAMES, VALUES, st.booleans()), max_size=3)
WORDS = st.text("aB9.-_+'=?", min_size=1, max_size=4)
ADDRESSES = st.lists(
    st.one_of(st.tuples(WORDS, st.just("@"), WORDS).map("".join), st.text('aé.@,-"<>() \t[]:;', max_size=4)), max_size=3
)


@settings(max_examples=300, deadline=None)
@given(FIELDS)
def test_parameters_are_those_that_the_standard_library_reads(field: list[tuple[str, str, str, bool]]) -> None:
    text = "text/plain" + "".join(
        f'{mark}{name}="{value}"' if is_quoted else f"{mark}{name}={value}" for mark, name, value, is_quoted in field
    )
    entity = Entity(f"Content-Type: {text}\r\n\r\n".encode())
    message = Message(policy=compat32)
    message.set_raw("content-type", entity.field("content-type"))
    expected: dict[str, str] = {}
    for name, value in message.get_params([]):
        # As forms that are not plain are read: in damaged ones get_param would differ.
        with suppress(ValueError, LookupError, TypeError):
            # A plain value has lost its quotation marks already: those within it, as of `"<>"`, are its own.
            expected.setdefault(name.lower(), value if isinstance(value, str) else collapse_rfc2231_value(value))
    for name in ("name", "charset", "boundary", "a-b", "x"):
        assert entity._parameter("content-type", name) == expected.get(name, ""), text


@settings(max_examples=300, deadline=None)
@given(ADDRESSES, st.sampled_from([",", ", ", " ,"]))
def test_addresses_are_those_that_the_standard_library_reads(addresses: list[str], mark: str) -> None:
    text = mark.join(addresses)
    assert list(addresses_in(text)) == [address for _, address in getaddresses([text]) if address]
