"""docs/testing/contracts.md: every block runs as it stands there, and a contract that is broken is noticed."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.interop import recipes
from tests.interop.notebook import notebook
from tests.interop.shell import Broken

PAGE = Path(__file__).parents[2] / "docs" / "testing" / "contracts.md"
BLOCKS = recipes.blocks(PAGE.read_text(encoding="utf-8"))

pytestmark = [pytest.mark.program("curl")]


@pytest.mark.timeout(600)  # half a minute, where nothing else works
def test_the_blocks_of_the_page_run_as_they_stand_there(
    tmp_path: Path, commands: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PACT_DO_NOT_TRACK", "true")
    with notebook(tmp_path, commands=commands) as book:
        for block in BLOCKS:
            book.run(block)
        (verifying,) = (block for block in BLOCKS if "verifier.verify()" in block.text)
        (pact,) = (tmp_path / "pacts").iterdir()
        text = pact.read_text(encoding="utf-8")
        assert text.count('"status": 404') == 1
        pact.write_text(text.replace('"status": 404', '"status": 410'), encoding="utf-8")
        with pytest.raises(Broken, match="410"):
            book.run(verifying)
