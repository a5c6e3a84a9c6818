"""`fauxtune report`: what it writes, for whom, and what it refuses."""

from __future__ import annotations

import re
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


def test_a_lab_has_a_report_of_each_step_with_the_time_and_the_request(run: Commands, tmp_path: Path) -> None:
    page = tmp_path / "portfolio.html"
    refused = run.refused("report", "--lab", "three-ways-out", "--out", page)
    assert "Nobody has begun the lab 'three-ways-out'" in refused
    assert not page.exists()
    run.text("lab", "start", "three-ways-out")
    run.text("device", "retire", "alice's iPhone", "--yes")
    run.text("lab", "check", "three-ways-out", "--step", "1")
    run.text("lab", "answer", "three-ways-out", "2")
    assert "1 of 3 steps have passed." in run.text("report", "--lab", "three-ways", "--out", page)
    text = page.read_text(encoding="utf-8")
    assert re.search(r"POST /(v1.0|beta)/deviceManagement/managedDevices/[^/]+/retire</code>", text)
    assert re.search(r"<td>\d{4}-\d\d-\d\d \d\d:\d\d</td>", text)
    assert text.count("not yet") == 2
    assert "All that was on it: only the record is gone." in text
    assert "--user" in run.refused("report", "--lab", "three-ways-out", "--user", "alice")
