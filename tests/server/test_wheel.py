"""The wheel is complete: installed where no source tree is, it serves, migrates, and enrols a device."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import create_engine, inspect

import fauxtune
from fauxtune.storage.tables import metadata
from tests.support.installed import ROOT, Installed
from tests.support.running_server import SECONDS

SOURCES = ("app", "simulator", "migrations")


@pytest.fixture(scope="module")
def server(installed: Installed) -> Iterator[dict[str, Any]]:
    data = installed.folder / "data"
    ports = ("--port", "0", "--http-port", "0")
    started = installed.run("fauxtune", "serve", "--detach", "--output", "json", "--data-dir", data, *ports)
    assert started.returncode == 0, started.stderr
    yield json.loads(started.stdout)
    assert installed.run("fauxtune", "serve", "--stop", "--data-dir", data).returncode == 0


def test_it_has_every_file_of_the_three_packages_and_no_tests(installed: Installed) -> None:
    command = [
        "git",
        "-c",
        "safe.directory=*",
        "ls-files",
        "-z",
        "--cached",
        "--others",
        "--exclude-standard",
        *SOURCES,
    ]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, check=True, text=True).stdout.split("\0")
    expected = {name.partition("/")[2] for name in listed if name and (ROOT / name).exists()}
    with zipfile.ZipFile(installed.wheel) as archive:
        names = {name for name in archive.namelist() if ".dist-info/" not in name}
    assert names == expected
    assert {"fauxtune/py.typed", "fauxtune_sim/py.typed", "fauxtune_docs/examples.json"} < names


def test_the_source_archive_builds_the_same_wheel(installed: Installed, tmp_path: Path) -> None:
    with tarfile.open(installed.sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
        archive.extractall(tmp_path, filter="data")
    assert {"README.md", "CHANGELOG.md", "LICENSE", "Makefile", "requirements.lock", "tests/conftest.py"} < names
    (source,) = tmp_path.iterdir()
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path / "again")]
    subprocess.run(build, cwd=source, check=True, capture_output=True, timeout=SECONDS)
    (again,) = (tmp_path / "again").glob("*.whl")
    with zipfile.ZipFile(again) as first, zipfile.ZipFile(installed.wheel) as second:
        assert {zip_info.filename: zip_info.CRC for zip_info in first.infolist()} == {
            zip_info.filename: zip_info.CRC for zip_info in second.infolist()
        }


def test_what_it_says_of_itself_is_what_the_project_says(installed: Installed) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    code = "import importlib.metadata, json; print(json.dumps(importlib.metadata.metadata('fauxtune').json))"
    about = json.loads(installed.run("python", "-c", code).stdout)
    assert about["version"] == fauxtune.__version__
    assert about["license_expression"] == "MIT"
    assert set(about["provides_extra"]) == set(project["optional-dependencies"])
    assert set(about["classifier"]) == set(project["classifiers"])
    assert about["description_content_type"] == "text/markdown"
    assert installed.run("fauxtune", "--version").stdout == f"fauxtune {fauxtune.__version__}\n"


def test_its_code_is_what_runs(installed: Installed) -> None:
    packages = [path.name for folder in ("app", "simulator", "migrations") for path in (ROOT / folder).iterdir()]
    names = ", ".join(name for name in packages if name.startswith("fauxtune"))
    code = f"import {names}; print(*(each.__file__ for each in ({names})))"
    files = installed.run("python", "-c", code).stdout.split()
    assert len(files) == names.count(",") + 1 > 3
    assert all(Path(file).is_relative_to(installed.site) for file in files)


def test_it_migrates_a_database(installed: Installed, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'new.sqlite'}"
    done = installed.run("fauxtune", "db", "upgrade", "--database-url", url)
    assert done.returncode == 0, done.stderr
    engine = create_engine(url)
    assert set(metadata.tables) <= set(inspect(engine).get_table_names())
    engine.dispose()


def test_its_console_and_its_documents_are_served(server: dict[str, Any]) -> None:
    with httpx.Client(base_url=server["http"], follow_redirects=True, timeout=SECONDS) as client:
        for page in ("/console", "/docs", "/docs/control"):
            answer = client.get(page).raise_for_status()
            parts = re.findall(r'(?:href|src)="([^"?]+\.(?:css|js|svg))["?]', answer.text)
            assert parts, page
            for part in parts:
                client.get(answer.url.join(part)).raise_for_status()
        document = client.get("/docs/graph.json").raise_for_status().text
        assert '"examples"' in document or '"example"' in document


def test_a_device_enrols_with_it_and_gets_a_certificate(
    installed: Installed, server: dict[str, Any], tmp_path: Path
) -> None:
    data = Path(server["dataDir"])
    service = ("--data-dir", data)
    profile, everybody = ("fauxtune", "profile", "create"), ("--platform", "ios", "--all-users", *service)
    for words in (
        (*profile, "root", "--name", "Root", *everybody),
        (*profile, "pkcs", "--name", "Signing", "--template", "SmimeSigning", *everybody),
        ("fauxtune-sim", "enroll", "--platform", "ios", "--user", "alice", "--state", tmp_path / "phone", *service),
        ("fauxtune-sim", "checkin", "--state", tmp_path / "phone", "--until-settled"),
    ):
        done = installed.run(*words)
        assert done.returncode == 0, done.stderr
    keys = installed.run("fauxtune-sim", "keystore", "--state", tmp_path / "phone", "--output", "json")
    assert [key["hasKey"] for key in json.loads(keys.stdout) if key["source"] == "pkcs"] == [True]
