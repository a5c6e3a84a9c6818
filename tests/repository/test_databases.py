"""The two databases that the tests run on sort and keep text alike, and start empty."""

from __future__ import annotations

import socket

import pytest
from sqlalchemy import Engine, inspect, text


def test_a_database_starts_empty(engine: Engine) -> None:
    assert inspect(engine).get_table_names() == []


def test_text_sorts_by_code_point_and_keeps_every_character(engine: Engine) -> None:
    words = ["Zoë", "alice", "Ärger", "zebra", "\N{GRINNING FACE}", "a%_b"]
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE words (word TEXT)"))
        connection.execute(text("INSERT INTO words VALUES (:word)"), [{"word": word} for word in words])
        assert list(connection.scalars(text("SELECT word FROM words ORDER BY word"))) == sorted(words)


def test_no_test_leaves_this_machine() -> None:
    with socket.socket() as plug, pytest.raises(AssertionError, match="leave this machine"):
        plug.connect(("192.0.2.1", 80))
