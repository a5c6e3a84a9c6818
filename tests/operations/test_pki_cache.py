"""The caches of CRLs, OCSP answers and Graph answers: emptied by writes, and bounded in bytes, keys included."""

from __future__ import annotations

import gc
import tracemalloc
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from fauxtune.operations.runtime.kept_answers import AnswerCache, PkiCache, Timed
from fauxtune.storage.database import Database

NOW = datetime(2026, 11, 24, tzinfo=UTC)
_MOST = 24 * 1024 * 1024


@pytest.fixture
def database(sqlite_url: str) -> Iterator[Database]:
    opened = Database(sqlite_url)
    yield opened
    opened.close()


def _timed(value: object) -> Timed[object]:
    return Timed(value, NOW, NOW + timedelta(days=1))


@pytest.mark.parametrize(
    ("value", "key"),
    [(3_000, 32), (10, 60_000), (1_000_000, 32), (0, 32)],
    ids=["answers", "long keys", "large answers", "empty answers"],
)
def test_what_is_published_takes_no_more_than_so_many_bytes(database: Database, value: int, key: int) -> None:
    published = PkiCache(database)
    gc.collect()
    tracemalloc.start()
    try:
        for number in range(32_000_000 // (value + key + 600)):
            name = number.to_bytes(4) + bytes(key)
            published.put(("answer", "t", "issuing", name), _timed(bytes(value)), state=database.state)
        used, _peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert used < _MOST
    assert published.get(("answer", "t", "issuing", name), at=NOW) is not None


def test_what_is_published_again_counts_once(database: Database) -> None:
    published = PkiCache(database)
    for number in range(100):
        published.put(("crl", "t", "issuing", None), _timed(bytes(1_000_000)), state=database.state)
        published.put(("crl", "t", "root", number), _timed(b"small"), state=database.state)
    assert all(published.get(("crl", "t", "root", number), at=NOW) for number in range(100))


def test_answers_to_reads_take_no_more_than_so_many_bytes(database: Database) -> None:
    kept = AnswerCache(database)
    gc.collect()
    tracemalloc.start()
    try:
        for number in range(2_000):
            kept.put((f"/{number}", "\u20ac" * 20_000, None), b"answer", state=database.state)
        used, _peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert used < _MOST
