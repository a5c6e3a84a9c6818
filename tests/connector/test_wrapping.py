"""Holes and their filling: what is put in is what comes out, whatever the password looks like."""

from __future__ import annotations

import base64
import plistlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fauxtune.connector.wrapping import BARE, Wrapping
from fauxtune.core.errors import Invalid

ARRAY = Wrapping(
    plistlib.dumps([{"Password": "{{password:0}}", "PayloadContent": b"x"}]).replace(
        base64.b64encode(b"x"), b"{{pfx:0}}"
    ),
    xml=True,
)


def test_the_bare_password_is_any_bytes() -> None:
    assert BARE.filled([(b"file", b"\xff\x00&<")]) == b"\xff\x00&<"


@settings(deadline=None)
@given(
    st.text(
        st.characters(
            codec="utf-8",
            exclude_categories=("Cs", "Cc"),
            include_characters="\t\n\r",
            exclude_characters="\ufffe\uffff",
        )
    ),
    st.binary(),
)
def test_a_plist_gives_password_and_file_back(password: str, file: bytes) -> None:
    (payload,) = plistlib.loads(ARRAY.filled([(file, password.encode())]))
    assert payload == {"Password": password, "PayloadContent": file}


def test_a_password_that_looks_like_a_hole_stays_what_it_is() -> None:
    (payload,) = plistlib.loads(ARRAY.filled([(b"file", b"{{pfx:0}}")]))
    assert payload["Password"] == "{{pfx:0}}"


@pytest.mark.parametrize(
    ("password", "words"),
    [(b"\xff", "UTF-8"), (b"a\x00b", "control"), (b"\x1b", "control"), ("a\uffff".encode(), "control")],
)
def test_what_xml_cannot_carry_is_refused(password: bytes, words: str) -> None:
    with pytest.raises(Invalid, match=words):
        ARRAY.filled([(b"file", password)])


def test_each_hole_has_its_own_file() -> None:
    two = Wrapping(b"{{password:1}} {{password:0}} {{pfx:1}}")
    assert two.filled([(b"a", b"first"), (b"b", b"second")]) == b"second first " + base64.b64encode(b"b")
