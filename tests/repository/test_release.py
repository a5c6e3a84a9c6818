"""`make release`: what it refuses, and what it writes. Whole releases are made by `make release` itself."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
import tarfile
import zipfile
from pathlib import Path

import pytest

from fauxtune_cli.bundle.wheels import to_run
from tests.repository import bill, release
from tests.repository.release import Commit, ReleaseFailed
from tests.repository.test_makefile import ROOT, environment

COMMIT = Commit("0123456789abcdef0123456789abcdef01234567", 1_764_800_000)
PROJECT = """\
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"
[project]
name = "fauxtune"
version = "1.0"
[tool.hatch.build.targets.wheel]
packages = ["app/fauxtune"]
"""


@pytest.fixture(scope="module")
def packages() -> bill.Packages:
    return bill.installed(Path(sysconfig.get_path("purelib")))


@pytest.mark.parametrize(
    ("word", "says"),
    [("", "Which version? make release VERSION=0.3.0"), ("three", "'three' is no version"), ("1.0.final", "PEP 440")],
)
def test_what_is_no_version_is_refused_before_anything_is_built(word: str, says: str, tmp_path: Path) -> None:
    (tmp_path / "of-before").touch()
    command = ["make", "-o", f"{sys.prefix}/.test", "release", f"VENV={sys.prefix}", f"VERSION={word}"]
    done = subprocess.run([*command, f"DIST={tmp_path}"], cwd=ROOT, env=environment(), capture_output=True, text=True)
    assert done.returncode != 0
    assert done.stderr.startswith("release: ")
    assert says in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["of-before"]


def test_a_version_is_written_in_its_normal_form() -> None:
    assert [release.version_of(word) for word in ("v0.3", "0.3.0-dev0", "1.0RC1")] == ["0.3", "0.3.0.dev0", "1.0rc1"]


def test_the_version_is_written_wherever_the_exported_tree_says_it(tmp_path: Path) -> None:
    for name in (*release._SAYING, "openapi/health.json", "openapi/devices.json"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes((ROOT / name).read_bytes())
    release.write_version(tmp_path, "9.8.7rc6")
    said = json.loads((tmp_path / "openapi/health.json").read_text())["info"]["version"]
    assert said == json.loads((tmp_path / "openapi/devices.json").read_text())["info"]["version"] == "9.8.7rc6"
    for name in release._SAYING:
        before, after = (folder.joinpath(name).read_text().splitlines() for folder in (ROOT, tmp_path))
        assert [new for old, new in zip(before, after, strict=True) if old != new] == [
            f'{"__" * name.endswith(".py")}version{"__" * name.endswith(".py")} = "9.8.7rc6"'
        ]


def test_two_builds_are_equal_and_all_their_times_are_the_commits(tmp_path: Path) -> None:
    built = []
    for number, umask in enumerate((0o022, 0o077)):
        source = tmp_path / f"source{number}"
        before = os.umask(umask)
        (source / "app" / "fauxtune").mkdir(parents=True)
        (source / "app" / "fauxtune" / "__init__.py").write_text('"""Nothing."""\n')
        (source / "pyproject.toml").write_text(PROJECT)
        os.utime(source / "pyproject.toml", (number, number))
        built.append(release.build(source, tmp_path / f"built{number}", commit=COMMIT))
        os.umask(before)
    (wheel, archive), again = built
    assert [file.read_bytes() for file in (wheel, archive)] == [file.read_bytes() for file in again]
    with tarfile.open(archive) as opened:
        assert {member.mtime for member in opened.getmembers()} == {COMMIT.seconds}
    with zipfile.ZipFile(wheel) as zipped:
        assert {member.date_time for member in zipped.infolist()} == {(2025, 12, 3, 22, 13, 20)}
    assert COMMIT.time == "2025-12-03T22:13:20Z"


def test_the_bill_lists_what_the_lock_file_pins_for_running_it(packages: bill.Packages) -> None:
    lock = to_run((ROOT / "requirements.lock").read_text(encoding="utf-8"))
    document = json.loads(bill.bill(packages, commit=COMMIT.name, time=COMMIT.time, wheel="0" * 64))
    listed = {(each["name"], each["version"]) for each in document["components"]}
    assert listed == {(package.name, package.version) for package in lock}
    references = {each["bom-ref"] for each in (document["metadata"]["component"], *document["components"])}
    assert {each["ref"] for each in document["dependencies"]} == references
    needed = {each["ref"].partition("@")[0]: each["dependsOn"] for each in document["dependencies"]}
    assert [each for each in needed["pkg:pypi/fauxtune"] if each.startswith("pkg:pypi/uvloop@")]
    assert [each for each in needed["pkg:pypi/psycopg"] if each.startswith("pkg:pypi/psycopg-binary@")], "an extra"


def test_the_bill_is_valid_and_the_same_each_time(packages: bill.Packages) -> None:
    first, again = (bill.bill(packages, commit=COMMIT.name, time=COMMIT.time, wheel="0" * 64) for _ in range(2))
    bill.check(first)
    assert first == again
    with pytest.raises(bill.NotListed, match="not valid"):
        bill.check(first.replace('"type": "library"', '"type": "book"', 1))


def test_every_package_has_its_licence_with_a_text(packages: bill.Packages) -> None:
    text = bill.licences(packages)
    for name in bill.needs(packages):
        assert f"\n{name} {packages[name].version}: " in text
    assert "GNU LESSER GENERAL PUBLIC LICENSE" in text


@pytest.mark.parametrize(("said", "problem"), [("AGPL-3.0-only", "AGPL-3.0-only, which"), ("Free", "names no licence")])
def test_a_licence_that_nobody_allowed_is_refused(tmp_path: Path, said: str, problem: str) -> None:
    (tmp_path / "copied-1.dist-info").mkdir()
    about = f"Metadata-Version: 2.4\nName: copied\nVersion: 1\nLicense-Expression: {said}\n"
    (tmp_path / "copied-1.dist-info" / "METADATA").write_text(about)
    with pytest.raises(bill.NotListed, match=problem):
        bill.licence(bill.installed(tmp_path)["copied"])


def test_packages_that_differ_from_the_lock_file_are_named(packages: bill.Packages) -> None:
    brought = {name: packages[name] for name in bill.needs(packages) if name != "rich"}
    with pytest.raises(ReleaseFailed, match=r"other packages than requirements.lock pins: rich \d"):
        release.check_packages(brought, packages["fauxtune"].version)


def test_the_changes_are_those_of_the_version_or_the_latest() -> None:
    text = (
        "# Changelog\n\n## [Unreleased]\n\n- New.\n\n## [0.2.0] - 2026-12-03\n\n### Added\n\n- Old.\n\n## [0.1.0] - x\n"
    )
    assert release.changes(text, "0.2.0") == "# Fauxtune 0.2.0\n\n### Added\n\n- Old.\n"
    assert release.changes(text, "0.3.0.dev0") == "# Fauxtune 0.3.0.dev0\n\n- New.\n"
    with pytest.raises(ReleaseFailed, match="nothing below"):
        release.changes(text, "0.1.0")
    assert release.changes((ROOT / "CHANGELOG.md").read_text("utf-8"), "0.2.0").count("\n") > 100


@pytest.mark.program("sha256sum", package="coreutils")
def test_the_sums_are_checked_by_sha256sum(tmp_path: Path) -> None:
    for name in ("b.whl", "a.tar.gz"):
        (tmp_path / name).write_text(name)
    release.write_sums(tmp_path)
    check = ["sha256sum", "--check", "--strict", "SHA256SUMS"]
    done = subprocess.run(check, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout == "a.tar.gz: OK\nb.whl: OK\n"
    (tmp_path / "b.whl").write_text("other")
    assert subprocess.run(check, cwd=tmp_path, capture_output=True, check=False).returncode == 1
