"""What a journal says of devices: who held which certificate when, and how a device left."""

from __future__ import annotations

from itertools import count
from typing import Any

from fauxtune.core.model.states import Source
from fauxtune_report.reporting import _device, _holdings

ROW = {"id": "phone", "deviceName": "Phone", "variant": "ios", "user": "alice@contoso.example"}


def journal(*entries: tuple[str, str | None, str | None]) -> list[dict[str, Any]]:
    """Entries about one phone: type, thumbprint, and item."""
    numbers = count(1)
    return [
        {
            "seq": (number := next(numbers)),
            "time": f"2026-11-28T10:00:{number:02}Z",
            "type": kind,
            "device": "phone",
            "certificate": None
            if thumbprint is None
            else {"thumbprint": thumbprint, "source": (item or "").partition("/")[0]},
            "detail": {} if item is None else {"item": item},
        }
        for kind, thumbprint, item in entries
    ]


def test_a_certificate_is_held_from_the_confirmation_until_it_was_removed() -> None:
    events = journal(("delivered", "aa", "pkcs/1"), ("installed", "aa", "pkcs/1"), ("removed", "aa", "pkcs/1"))
    (held,) = _holdings(events)
    assert (held.thumbprint, held.source, held.since.number) == ("aa", Source.PKCS, 2)
    assert held.until is not None
    assert held.until.number == 3


def test_a_renewed_certificate_takes_the_place_of_the_former() -> None:
    former, present = _holdings(journal(("installed", "aa", "scep/1"), ("installed", "bb", "scep/1")))
    assert (former.thumbprint, former.until is not None) == ("aa", True)
    assert (present.thumbprint, present.until) == ("bb", None)


def test_what_is_removed_twice_or_was_never_installed_is_no_holding() -> None:
    events = journal(("removed", "aa", "pkcs/1"), ("installed", "bb", "imported/bb"), ("removed", "bb", "imported/bb"))
    assert [holding.thumbprint for holding in _holdings([*events, events[-1]])] == ["bb"]
    assert _holdings(journal(("installed", None, "email/1"))) == ()


def test_a_device_left_as_its_last_end_says_and_a_deleted_certificate_is_no_end() -> None:
    device = _device(ROW, journal(("enrolled", None, None), ("deleted", "aa", "imported/aa"), ("wiped", None, None)))
    assert device is not None
    assert device.left is not None
    assert (device.enrolled.number, device.left.how, device.left.at.number) == (1, "wiped", 3)
    stays = _device(ROW, journal(("enrolled", None, None), ("deleted", "aa", "imported/aa")))
    assert stays is not None
    assert stays.left is None
    assert _device(ROW, journal(("wiped", None, None))) is None, "its beginning is not in the journal"
