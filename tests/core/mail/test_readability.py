"""Whether a device can read a mail, and the sentence that says why."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from fauxtune.core.mail.publication import Fault
from fauxtune.core.mail.readability import DeviceKeys, Held, KnownKey, Reading, decide
from fauxtune.core.model.certificates import Marks
from fauxtune.core.model.states import Cause, Incident, Source

THEN = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
LATER = THEN + timedelta(hours=3)
MINE, OTHER = "a1" * 20, "b2" * 20
ALICE = frozenset({"17/abc"})
KNOWN = KnownKey(MINE, ALICE, Source.IMPORTED, owner="alice@contoso.example")
BOBS = KnownKey(OTHER, frozenset({"18/abc"}), Source.PKCS, owner="bob-laptop")
MARKS = Marks()
for each in (MINE, OTHER):
    MARKS.decide(each)


def held(**changes: object) -> Held:
    return Held(**{"thumbprint": MINE, "names": ALICE, "since": THEN, **changes})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("key", "code", "words"),
    [
        (held(), Reading.READABLE, "has had the key of certificate {mark} since 2026-11-24 10:00."),
        (held(cause="retire"), Reading.READABLE, "because the device was retired; the device has it still."),
        (
            held(until=LATER, cause=Cause.UNASSIGNED.value),
            Reading.KEY_REMOVED,
            "until 2026-11-24 13:00; it is gone, because the profile is not assigned any more.",
        ),
        (held(until=LATER), Reading.KEY_REMOVED, "it is gone, and the reason was not recorded."),
        (held(until=LATER, cause=Cause.WIPE.value), Reading.DEVICE_WIPED, "was wiped on 2026-11-24 13:00."),
        (
            held(until=LATER, cause=Incident.WIPE_KEEPING_ENROLLMENT.value),
            Reading.DEVICE_WIPED,
            "had the key of certificate {mark}, and was wiped",
        ),
        (held(since=LATER, later=True), Reading.KEY_COMES_LATER, "it got it on 2026-11-24 13:00."),
    ],
)
def test_what_became_of_the_key_decides(key: Held, code: Reading, words: str) -> None:
    cell = decide(ALICE, DeviceKeys("phone", (key,)), known=[KNOWN], marks=MARKS)
    assert cell.reading is code
    assert words.format(mark=MARKS.name(MINE)) in cell.sentence
    assert cell.thumbprint == MINE
    assert cell.reading.can_read == (code is Reading.READABLE)


def test_a_key_that_came_again_counts_and_not_the_time_before() -> None:
    gone = held(until=LATER, cause=Cause.UNASSIGNED.value)
    again = held(since=LATER + timedelta(hours=1))
    assert decide(ALICE, DeviceKeys("phone", (gone, again)), known=[KNOWN], marks=MARKS).reading is Reading.READABLE


def test_a_key_on_its_way_says_what_it_waits_for() -> None:
    cell = decide(
        ALICE, DeviceKeys("phone", pending={MINE: "it waits for the certificate connector"}), known=[KNOWN], marks=MARKS
    )
    assert cell.reading is Reading.KEY_PENDING
    assert cell.sentence.endswith("is not on phone yet: it waits for the certificate connector.")


def test_a_certificate_of_another_device_is_named_with_that_device() -> None:
    cell = decide(BOBS.names, DeviceKeys("phone", (held(),)), known=[BOBS], marks=MARKS)
    assert cell.reading is Reading.KEY_NEVER_HERE
    assert f"the certificate {MARKS.name(OTHER)}, which was issued for bob-laptop only; " in cell.sentence


def test_a_certificate_of_strangers_and_a_password_are_told_apart() -> None:
    phone = DeviceKeys("phone", (held(),))
    assert "neither issued nor imported" in decide(frozenset({"99/abc"}), phone, known=[], marks=MARKS).sentence
    assert "with a password" in decide(frozenset(), phone, known=[], marks=MARKS).sentence
    assert decide(frozenset(), phone, known=[], marks=MARKS).reading is Reading.KEY_NOT_ANYWHERE


def test_the_page_about_mail_explains_every_code() -> None:
    page = (Path(__file__).parents[3] / "docs" / "mail.md").read_text()
    assert [code for code in (*Fault, *Reading) if f"\n| `{code}` | " not in page] == []
