"""Responses of SASL: each is read, or refused with a reason."""

from __future__ import annotations

import base64
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fauxtune.surfaces.mail import accounts
from fauxtune.surfaces.mail.accounts import PlainLogin, SaslInvalid

TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=50)


@settings(deadline=None)
@given(TEXTS.filter(bool), TEXTS)
def test_name_and_password_of_plain_are_read_as_they_were_written(name: str, password: str) -> None:
    response = base64.b64encode(f"\0{name}\0{password}".encode()).decode()
    assert accounts.plain(accounts.decoded(response)) == PlainLogin(name, password)


@settings(deadline=None)
@given(st.binary(max_size=80))
def test_other_bytes_are_refused_and_nothing_else_happens(data: bytes) -> None:
    for read in (accounts.plain, accounts.external, accounts.text):
        with suppress(SaslInvalid):
            read(data)
    with suppress(SaslInvalid):
        accounts.decoded(data.decode("latin-1"))


def test_an_empty_response_is_an_equals_sign_and_a_long_one_is_refused() -> None:
    assert accounts.decoded("=") == b""
    assert accounts.external(b"") is None
    assert "secret" not in repr(PlainLogin("alice", "secret"))
    with pytest.raises(SaslInvalid, match="more than 2048 characters"):
        accounts.decoded("A" * 2049)
