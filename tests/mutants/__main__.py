"""`python -m tests.mutants [--only WORD]`: runs each mutant's tests, which must fail, and prints what survived."""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import Queue

from tests.mutants.mutant import Mutant
from tests.mutants.table import MUTANTS

ROOT = Path(__file__).resolve().parents[2]
SOURCES = ("app", "simulator", "migrations", "tests", "openapi", "docs", "bench")
#: pytest's exit code when tests ran and some failed; any other is a mistake of the mutant.
TESTS_FAILED = 1
#: Seconds for the tests of one mutant: a mutant may also make them hang, which counts as noticed.
PATIENCE = 600


def copied(folder: str) -> Path:
    """A copy of everything that tests need."""
    tree = Path(folder) / "tree"
    for name in SOURCES:
        shutil.copytree(ROOT / name, tree / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tree)
    return tree


def tested(tree: Path, tests: Sequence[str]) -> int:
    """Run these tests in the copy; pytest's exit code, or TESTS_FAILED if they do not end."""
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join(str(tree / name) for name in ("app", "simulator", "migrations")),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-n0", "-p", "no:randomly", "-p", "no:cacheprovider", *tests]
    try:
        run = subprocess.run(command, cwd=tree, env=environment, capture_output=True, check=False, timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        return TESTS_FAILED
    return run.returncode


def verdict(mutant: Mutant, trees: Queue[Path]) -> str:
    """`killed`, `SURVIVED`, or `BROKEN` with pytest's exit code if its tests could not run."""
    tree = trees.get()
    try:
        source = mutant.apply(tree)
        code = tested(tree, mutant.tests)
        (tree / mutant.file).write_text(source, encoding="utf-8")
    finally:
        trees.put(tree)
    return {0: "SURVIVED", TESTS_FAILED: "killed"}.get(code, f"BROKEN (pytest ended with {code})")


def main() -> int:
    """Run the mutants whose rule contains the word. Return 1 if one survived, or if the tests fail without any."""
    parser = argparse.ArgumentParser(prog="make mutants", description=__doc__)
    parser.add_argument("--only", default="", metavar="WORD", help="only mutants whose rule contains this word")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="how many at the same time")
    options = parser.parse_args()
    chosen = [mutant for mutant in MUTANTS if options.only in mutant.rule]
    trees: Queue[Path] = Queue()
    with tempfile.TemporaryDirectory(prefix="fauxtune-mutants-") as folder, ThreadPoolExecutor(options.jobs) as threads:
        for number in range(options.jobs):
            trees.put(copied(f"{folder}/{number}"))
        tests = sorted({test for mutant in chosen for test in mutant.tests if not test.startswith("-")})
        if tested(trees.queue[0], tests):
            print("The tests fail without any mutant: mend them first.", file=sys.stderr)
            return 1
        killed = 0
        for mutant, text in zip(chosen, threads.map(lambda mutant: verdict(mutant, trees), chosen), strict=True):
            print(f"{text:9} {mutant.rule}", flush=True)
            killed += text == "killed"
    print(f"{killed} of {len(chosen)} killed")
    return int(killed < len(chosen))


if __name__ == "__main__":
    sys.exit(main())
