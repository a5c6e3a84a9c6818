"""The brake on guesses of passwords: what waits, what is refused, what is forgotten."""

from __future__ import annotations

from fauxtune.surfaces.mail.accounts import Guesses
from tests.support.mail_programs import ALICE


def test_guesses_at_one_name_get_slower_over_all_connections_and_others_do_not_wait() -> None:
    guesses, now = Guesses(), 1000.0
    for number in range(10):
        assert guesses.wait(ALICE, now=now + number / 10) == 0
        guesses.failed(ALICE.upper(), now=now + number / 10)
    # Ten more at once: one in a second, and who would wait for long is refused.
    now += 1
    assert [guesses.wait(ALICE, now=now) for _ in range(12)] == [*map(float, range(11)), None]
    assert guesses.wait("bob@contoso.example", now=now) == 0
    # A minute later, and with the right password, all is forgotten.
    assert guesses.wait(ALICE, now=now + 61) == 0
    for _ in range(11):
        guesses.failed(ALICE, now=now + 62)
    guesses.succeeded(ALICE)
    assert [guesses.wait(ALICE, now=now + 62) for _ in range(2)] == [0, 0]
    for number in range(3000):
        guesses.failed(f"{number}@contoso.example", now=now)
    assert len(guesses._names) == 1000
