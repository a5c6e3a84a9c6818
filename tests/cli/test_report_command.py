"""`fauxtune report`: what it writes, for whom, and what it refuses."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.commands import Commands


def test_a_tenant_without_devices_has_a_report_too(run: Commands, tmp_path: Path) -> None:
    printed = run.text("report", "--out", tmp_path / "handout")
    page = tmp_path / "handout" / "report.html"
    assert str(page) in printed
    assert f"sh {tmp_path / 'handout' / 'report-files' / 'prove.sh'}" in printed
    assert "Nothing of the kind happened in this tenant." in page.read_text(encoding="utf-8")


def test_the_page_can_be_named_and_its_files_lie_beside_it(run: Commands, tmp_path: Path) -> None:
    document = run.json("report", "--out", tmp_path / "alice.html", "--user", "alice", "--lang", "it")
    assert (document["page"], document["language"]) == (str(tmp_path / "alice.html"), "it")
    assert document["folder"] == str(tmp_path / "alice-files")
    assert "Alice Adams" not in document
    assert 'lang="it"' in (tmp_path / "alice.html").read_text(encoding="utf-8")


def test_an_older_report_is_replaced_as_a_whole(run: Commands, tmp_path: Path) -> None:
    run.text("report", "--out", tmp_path)
    stale = tmp_path / "report-files" / "cert" / "stale.pem"
    stale.parent.mkdir(exist_ok=True)
    stale.touch()
    run.text("report", "--out", tmp_path)
    assert not stale.exists()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["report-files", "report.html"]


def test_a_folder_that_is_not_a_reports_is_left_alone(run: Commands, tmp_path: Path) -> None:
    mine = tmp_path / "report-files" / "mine.txt"
    mine.parent.mkdir()
    mine.write_text("mine")
    assert "is not the folder of a report" in run.refused("report", "--out", tmp_path)
    assert mine.read_text() == "mine"
    assert not (tmp_path / "report.html").exists()


def test_somebody_unknown_is_named(run: Commands, tmp_path: Path) -> None:
    assert "There is no user 'nobody@contoso.example'" in run.refused("report", "--out", tmp_path, "--user", "nobody")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("content", [None, b"", b"{}", b"[1]", b'{"id": 5, "name": "x"}'])
def test_a_folder_without_exported_keys_is_refused(content: bytes | None, run: Commands, tmp_path: Path) -> None:
    keys = tmp_path / "keys" / "phone"
    keys.mkdir(parents=True)
    if content is not None:
        (keys / "device.json").write_bytes(content)
    refusal = run.refused("report", "--out", tmp_path / "out", "--keys", keys.parent)
    assert "keystore export" in refusal
    assert not (tmp_path / "out").exists()


def test_a_place_that_cannot_be_written_is_named(run: Commands, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    assert "cannot be written" in run.refused("report", "--out", tmp_path / "file" / "report.html")
