"""The first ten minutes, docs/start: each page by one `bash -e` in an empty folder, with hardly a program but ours."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.support.preloaded import PROGRAMS
from tests.support.start_pages import PAGES, run_page

pytestmark = [pytest.mark.program("openssl"), pytest.mark.program("curl")]


def test_there_is_a_page_for_each_kind_of_reader() -> None:
    names = ["administrator", "authority", "contract-tester", "developer", "learner", "trainer"]
    assert [page.stem for page in PAGES] == names
    for page in PAGES:
        assert len(page.read_text().splitlines()) < 100, "a screen or two"
        assert "## If it does not work" in page.read_text()


@pytest.mark.timeout(300)
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_does_what_it_says_and_leaves_no_process(page: Path, tmp_path: Path, commands: Path) -> None:
    ours = [*(commands / name for name in PROGRAMS), Path(sys.executable).with_name("pytest")]
    run_page(page, ours, folder=tmp_path)
