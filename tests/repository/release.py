"""Makes a release of the commit that is checked out: `make release VERSION=0.3.0` (docs/releasing.md).

The commit is exported into a temporary folder, and only there the version is written. Wheel and source archive are
built twice, and checked; `dist` is replaced at the end, when everything held. Standard error tells how far it is.
"""

from __future__ import annotations

import io
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from packaging.version import InvalidVersion, Version

from fauxtune_cli.bundle.wheels import digest, to_run
from tests.repository import bill
from tests.support.preloaded import PROGRAMS
from tests.support.start_pages import PAGES, run_page

ROOT = Path(__file__).resolve().parents[2]
#: Files of the export that say the version: a pattern of which one line, and only one, fits.
_SAYING = {"pyproject.toml": r'^version = "(.*)"$', "app/fauxtune/__init__.py": r'^__version__ = "(.*)"$'}
SUMS = "SHA256SUMS"
#: Pages that run at once.
_AT_ONCE = 2


class ReleaseFailed(Exception):
    """Why there is no release, in words for people."""


@dataclass(frozen=True, slots=True)
class Commit:
    """A commit: its name, and when it was made (seconds since 1970, which all files of the release have for a time)."""

    name: str
    seconds: int

    @property
    def time(self) -> str:
        """Return the time by ISO 8601."""
        return datetime.fromtimestamp(self.seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

    def export(self, folder: Path, version: str) -> None:
        """Write its files into a new folder, with another version in them."""
        archive = _git("archive", "--format=tar", self.name)
        with tarfile.open(fileobj=io.BytesIO(archive)) as opened:
            opened.extractall(folder, filter="data")  # the same modes whatever the umask is
        write_version(folder, version)


def version_of(word: str) -> str:
    """Return the version in its normal form. Raises ReleaseFailed for a word that is no version (PEP 440)."""
    if not word:
        raise ReleaseFailed("Which version? make release VERSION=0.3.0")
    try:
        return str(Version(word))
    except InvalidVersion:
        raise ReleaseFailed(
            f"'{word}' is no version as Python's packages have them (PEP 440), such as 0.3.0, 0.3.0rc1 or 0.3.0.dev0."
        ) from None


def write_version(folder: Path, version: str) -> None:
    """Write the version into an exported tree: the project, the program, and the interfaces that it describes."""
    before = set()
    for name, pattern in _SAYING.items():
        file = folder / name
        text = file.read_text(encoding="utf-8")
        (match,) = re.finditer(pattern, text, re.MULTILINE)
        before.add(match[1])
        file.write_text(f"{text[: match.start(1)]}{version}{text[match.end(1) :]}", encoding="utf-8")
    (old,) = before
    for file in (folder / "openapi").glob("*.json"):
        text = file.read_text(encoding="utf-8")
        file.write_text(text.replace(f'"version": "{old}"', f'"version": "{version}"'), encoding="utf-8")


def changes(changelog: str, version: str) -> str:
    """Return what the changelog says of a version, or else of what is not released yet. Raises ReleaseFailed."""
    sections: dict[str, str] = dict(
        re.findall(r"^## \[(.+?)\].*?\n(.*?)(?=^## |\Z)", changelog, re.MULTILINE | re.DOTALL)
    )
    text = sections.get(version, sections.get("Unreleased", "")).strip()
    if not text:
        raise ReleaseFailed(f"CHANGELOG.md has no section [{version}], and nothing below [Unreleased].")
    return f"# Fauxtune {version}\n\n{text}\n"


def build(source: Path, folder: Path, *, commit: Commit) -> list[Path]:
    """Build the source archive, and the wheel from what is in it; return both."""
    _run(sys.executable, "-m", "hatchling", "build", "-t", "sdist", "-d", folder, cwd=source, commit=commit)
    (archive,) = folder.glob("*.tar.gz")
    with tempfile.TemporaryDirectory(dir=folder) as name:
        with tarfile.open(archive) as opened:
            opened.extractall(name, filter="data")
        (unpacked,) = Path(name).iterdir()
        _run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder, cwd=unpacked, commit=commit)
    (wheel,) = folder.glob("*.whl")
    return [wheel, archive]


def write_sums(folder: Path) -> None:
    """Write the SHA-256 of each file of a folder, in the form that `sha256sum --check` reads."""
    files = sorted(path for path in folder.iterdir() if path.name != SUMS)
    (folder / SUMS).write_text("".join(f"{digest(file)}  {file.name}\n" for file in files), encoding="utf-8")


def pythons() -> list[Path]:
    """Return the running Python, and each other version from 3.11 on that is on the PATH and runs; the oldest first."""
    found = {f"3.{sys.version_info.minor}": Path(sys.executable)}
    code = "import sys, venv; sys.version_info < (3, 11) or print('%d.%d' % sys.version_info[:2], sys.executable)"
    for folder in os.environ["PATH"].split(os.pathsep):
        for program in sorted(Path(folder).glob("python3.[0-9]*")):
            if re.fullmatch(r"python3\.\d+", program.name):
                done = subprocess.run([program, "-c", code], capture_output=True, text=True, check=False)
                version, _, executable = done.stdout.strip().partition(" ")
                if executable:
                    found.setdefault(version, Path(executable))
    return [found[version] for version in sorted(found, key=Version)]


@dataclass(frozen=True, slots=True)
class Environment:
    """A new virtual environment of one Python, with the wheel and what that says it needs, in the pinned versions."""

    folder: Path

    @classmethod
    def of(cls, python: Path, folder: Path, *, wheel: Path) -> Environment:
        """Make one."""
        _run(_uv(), "venv", "--quiet", "--no-project", "--python", python, folder)
        environment = cls(folder)
        environment.install(str(wheel), lock="requirements.lock")
        return environment

    def install(self, requirement: str, *, lock: str) -> None:
        """Install something, and what it needs in the versions of a lock file."""
        _run(_uv(), "pip", "install", "--quiet", "--python", self.folder, "--constraint", ROOT / lock, requirement)

    def packages(self) -> bill.Packages:
        """Return what is installed."""
        (site,) = self.folder.glob("lib/python3*/site-packages")
        return bill.installed(site)


def check_packages(packages: bill.Packages, version: str) -> None:
    """Check that the wheel brought what `requirements.lock` pins for running it, and nothing else."""
    lock = to_run((ROOT / "requirements.lock").read_text(encoding="utf-8"))
    pinned = {bill.PROJECT: version, **{package.name: package.version for package in lock}}
    brought = {name: package.version for name, package in packages.items()}
    if brought != pinned:
        raise ReleaseFailed(
            "The wheel brings other packages than requirements.lock pins: "
            + ", ".join(f"{name} {there}" for name, there in sorted(brought.items() ^ pinned.items()))
        )


def check_pages(environment: Environment, *, wheel: Path, work: Path) -> None:
    """Run the first ten minutes of each kind of reader (docs/start) with what was installed."""
    environment.install(f"{bill.PROJECT}[pytest] @ {wheel.as_uri()}", lock="requirements-test.lock")
    _say(f"  the first ten minutes of each kind of reader, {_AT_ONCE} at once:")
    programs = [environment.folder / "bin" / name for name in (*PROGRAMS, "pytest")]

    def run(page: Path) -> None:
        """Run one page."""
        began = time.monotonic()
        try:
            run_page(page, programs, folder=work / page.stem, PYTHONPATH="")
        except AssertionError as error:
            raise ReleaseFailed(f"docs/start/{page.name} does not do what it says:\n{error}") from None
        _say(f"    docs/start/{page.name} {time.monotonic() - began:.1f} s")

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        list(pool.map(run, PAGES))


def check_image(source: Path) -> None:
    """Carry out the Containerfile of the exported tree, and run what it makes; or say that this was left out."""
    may = os.geteuid() == 0 and shutil.which("unshare") is not None
    if not may or subprocess.run(["unshare", "--mount", "true"], capture_output=True, check=False).returncode != 0:
        _say("  The image was left out: its proof (make container) needs root on Linux, and mounts.")
        return
    with _stage("the image: the steps of the Containerfile in a chroot, then a server in it"):
        printed = _run(sys.executable, source / ".ci" / "container")
    _say("".join(f"    {line}\n" for line in printed.splitlines() if line.startswith("|")).rstrip())


def make(version: str, commit: Commit, *, work: Path) -> Path:
    """Make and check everything in a temporary folder; return the folder of what is released."""
    made, again, source = work / "made", work / "again", work / "source"
    news = changes(_git("show", f"{commit.name}:CHANGELOG.md").decode(), version)
    with _stage("the commit, exported, with its version"):
        commit.export(source, version)
        commit.export(work / "source-again", version)
    with _stage("the source archive, and the wheel from it"):
        wheel, archive = build(source, made, commit=commit)
    with _stage("both again, byte for byte equal"):
        for file in build(work / "source-again", again, commit=commit):
            if file.read_bytes() != (made / file.name).read_bytes():
                raise ReleaseFailed(f"Two builds of {file.name} differ.")
    with _stage("twine check"):
        _run(sys.executable, "-m", "twine", "check", "--strict", wheel, archive)
    for number, python in enumerate(pythons()):
        with _stage(f"installed for {python}"):
            environment = Environment.of(python, work / f"environment{number}", wheel=wheel)
            packages = environment.packages()
            check_packages(packages, version)
        if number == 0:
            with _stage("the bill of materials, licences"):
                listed = bill.bill(packages, commit=commit.name, time=commit.time, wheel=digest(wheel))
                bill.check(listed)
                texts = bill.licences(packages)
        check_pages(environment, wheel=wheel, work=work / f"pages{number}")
    check_image(source)
    (made / f"{bill.PROJECT}-{version}.sbom.json").write_text(listed, encoding="utf-8")
    (made / "LICENSES.txt").write_text(texts, encoding="utf-8")
    (made / f"CHANGES-{version}.md").write_text(news, encoding="utf-8")
    write_sums(made)
    _run(*(["sha256sum"] if shutil.which("sha256sum") else ["shasum", "-a", "256"]), "-c", SUMS, cwd=made)
    return made


def main(word: str, *, target: Path) -> None:
    """Make a release, and put it in the place of `target`. Raises ReleaseFailed; then `target` is as before."""
    version = version_of(word)
    name, seconds = _git("show", "--no-patch", "--format=%H %ct", "HEAD").decode().split()
    commit, changed = Commit(name, int(seconds)), _git("status", "--porcelain").decode().splitlines()
    began = time.monotonic()
    _say(f"Fauxtune {version}, of commit {commit.name[:12]} ({commit.time})")
    if changed:
        _say(f"  The release is of the commit: {len(changed)} changes that are not committed stay out of it.")
    with tempfile.TemporaryDirectory(prefix="fauxtune-release-") as work:
        made = make(version, commit, work=Path(work))
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(made, target)
    _say(f"Made and checked in {time.monotonic() - began:.0f} s.")
    for file in sorted(target.iterdir()):
        print(f"{file.stat().st_size:>10,}  {file}")


@contextmanager
def _stage(what: str) -> Iterator[None]:
    began = time.monotonic()
    print(f"  {what} ... ", end="", file=sys.stderr, flush=True)
    try:
        yield
    except BaseException:
        _say("failed")
        raise
    _say(f"{time.monotonic() - began:.1f} s")


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _uv() -> str:
    return f"{sys.prefix}/bin/uv"


def _git(*arguments: str) -> bytes:
    try:
        return subprocess.run(
            ["git", "-c", "safe.directory=*", *arguments], cwd=ROOT, capture_output=True, check=True
        ).stdout
    except (OSError, subprocess.CalledProcessError) as error:
        raise ReleaseFailed(f"A release is made of a commit, so git and the repository are needed ({error}).") from None


def _run(*command: str | Path, cwd: Path | None = None, commit: Commit | None = None) -> str:
    """Run a command without what this checkout has set in the environment; return what it printed."""
    own = ("PYTHON", "FAUXTUNE_", "MAKE", "MFLAGS", "VIRTUAL_ENV")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(own)}
    if commit is not None:
        environment["SOURCE_DATE_EPOCH"] = str(commit.seconds)
    done = subprocess.run(
        list(map(str, command)), cwd=cwd, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise ReleaseFailed(f"{' '.join(map(str, command))}\n{done.stdout[-4000:]}{done.stderr[-4000:]}")
    return done.stdout


if __name__ == "__main__":
    try:
        main(*sys.argv[1:2], target=Path(sys.argv[2]))
    except (ReleaseFailed, bill.NotListed) as failed:
        sys.exit(f"release: {failed}")
