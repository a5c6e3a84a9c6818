"""What a command shows while it waits: only at a terminal, and only if the wait is long."""

from __future__ import annotations

import io
import sys
import time

import pytest

from fauxtune_cli import tables


class Screen(io.StringIO):
    """Standard error, of a terminal or not."""

    def __init__(self, *, is_terminal: bool) -> None:
        super().__init__()
        self.is_terminal = is_terminal

    def isatty(self) -> bool:
        return self.is_terminal


@pytest.mark.parametrize(
    ("is_terminal", "patience", "is_shown"), [(True, 0.0, True), (True, 60.0, False), (False, 0.0, False)]
)
def test_a_wait_is_shown_at_a_terminal_if_it_is_long(
    monkeypatch: pytest.MonkeyPatch, is_terminal: bool, patience: float, is_shown: bool
) -> None:
    screen = Screen(is_terminal=is_terminal)
    monkeypatch.setattr(sys, "stderr", screen)
    monkeypatch.setattr(tables, "_PATIENCE", patience)
    with tables.waiting("Waiting for [devices]"):
        time.sleep(0.3)
    assert ("Waiting for [devices]" in screen.getvalue()) is is_shown
