"""The recipes of docs/cookbook, each in three ways, and the commands of the README: all run as they stand there."""

from __future__ import annotations

import ast
import codeop
import re
import subprocess
from pathlib import Path

import pytest

from tests.interop import recipes
from tests.interop.notebook import notebook, surroundings
from tests.interop.recipes import Block, Way
from tests.interop.shell import Broken, Interpreter, Result, Shell
from tests.support.preloaded import PROGRAMS
from tests.support.soak import some

ROOT = Path(__file__).parents[2]
#: "README.md" stands before the numbered pages of this folder.
PAGES = sorted((ROOT / "docs" / "cookbook").glob("*.md"), key=lambda page: (page.stem != "README", page.name))
PAGE = [block for page in PAGES for block in recipes.blocks(page.read_text(encoding="utf-8"))]
STORY = "The whole story in 12 commands"

pytestmark = [pytest.mark.program("openssl"), pytest.mark.program("curl")]


def test_the_whole_story_takes_12_commands(tmp_path: Path, commands: Path) -> None:
    story = [block for block in PAGE if block.recipe == STORY]
    lines = [command for block in story for command in recipes.commands(block.text)]
    assert len(lines) <= 12
    assert {line.split()[0] for line in lines} == {"fauxtune", "fauxtune-sim"}
    with notebook(tmp_path, commands=commands) as book:
        for block in story:
            book.run(block)


@pytest.mark.timeout(900)  # 10 seconds of work, of 60 processes: minutes where others work too
@pytest.mark.parametrize("way", [*Way])
def test_every_recipe_does_what_stands_there(way: Way, tmp_path: Path, commands: Path) -> None:
    mine = [block for block in PAGE if block.recipe != STORY and block.way in (None, way)]
    with notebook(tmp_path, commands=commands) as book:
        for block in mine:
            book.run(block)
    for recipe, writes in book.writes.items():
        assert writes == recipes.declared_writes(PAGE, recipe), f"{recipe}: all ways send the same requests"


def test_every_recipe_has_three_ways() -> None:
    by_recipe: dict[str, set[Way | None]] = {}
    for block in PAGE:
        by_recipe.setdefault(block.recipe, set()).add(block.way)
    assert {name for name, ways in by_recipe.items() if ways - {None} != set(Way)} == {STORY, "Before you begin"}


def test_python_blocks_can_be_pasted_into_an_interpreter() -> None:
    compiler = codeop.CommandCompiler()
    compiler.compiler.flags |= ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
    for block in PAGE:
        pending: list[str] = []
        for line in [*block.text.splitlines(), ""] if block.language == "python" else ():
            pending.append(line)
            if compiler("\n".join(pending)) is not None:
                pending = []
        assert not pending, f"{block.recipe}: an empty line ends a statement with a block:\n{pending}"


def test_the_commands_of_the_readme_run_as_they_stand_there(tmp_path: Path, commands: Path) -> None:
    page = (ROOT / "README.md").read_text(encoding="utf-8")
    with notebook(tmp_path, commands=commands) as book:
        for title in ("Look at it, and act on it", "Mail"):
            _, _, section = page.partition(f"\n## {title}\n")
            match = re.search(r"^```sh\n(.*?)^```$", section, re.M | re.S)
            assert match is not None
            # What follows until Ctrl-C is interrupted after a while; `timeout` then says 124.
            text = re.sub(
                r"^(fauxtune .*--follow.*)$", r"timeout --signal=INT 5 \1 || [ $? = 124 ]", match[1], flags=re.M
            )
            book.run(Block("README", None, "sh", text))


def test_a_page_is_divided_into_blocks_of_three_ways() -> None:
    page = "\n".join(
        [
            *("# Page", "## One", "```sh", "echo 1", "```", "", "```text", "1", "…", "(exit code 3)", "```"),
            *("**As a command**", "```sh", "a \\", "  b # c", "```", "Words.", ""),
            *("<details><summary>As a request to Graph</summary>", "```sh"),
            *("curl -X POST https://localhost:8443/beta/users/$x/y", "curl -X GET 'https://localhost:8443/beta/z'"),
            *("curl -X PATCH https://localhost:8443/_fauxtune/v1/tenants", "```", "</details>", "```sh", "c", "```"),
        ]
    )
    first, command, request, last = recipes.blocks(page)
    assert first == Block("One", None, "sh", "echo 1\n", ("1",), 3)
    assert (command.way, recipes.commands(command.text)) == (Way.COMMAND, ["a b # c"])
    assert (request.way, recipes.declared_writes([request], "One")) == (Way.REQUEST, {"POST /beta/users/*/y"})
    assert last.way is None
    sent = [{"method": "POST", "url": "/beta/users/alice%40contoso.example/y?a=b"}, {"method": "GET", "url": "/beta/z"}]
    assert recipes.recorded_writes(sent) == {"POST /beta/users/*/y"}


@pytest.mark.parametrize(
    "fence", ["```\nx\n```", "```json\n{}\n```", "Words.\n```text\n1\n```", "```sh\n:\n```\nWords.\n\n```text\n1\n```"]
)
def test_a_block_that_nobody_runs_or_compares_is_refused(fence: str) -> None:
    with pytest.raises(ValueError, match="neither run nor compared"):
        recipes.blocks(f"## One\n{fence}\n")


def test_an_expected_line_must_be_printed_and_in_its_order() -> None:
    block = Block("One", None, "sh", "", ("name size", "a …", "b 22"))
    assert block.missing("name   size\nx\na      1\nb      22\n") == []
    assert block.missing("name   size\nb      22\na      1\n") == ["b 22"]
    assert block.missing("name size\na1\n") == ["a …", "b 22"]
    (either,) = recipes.blocks("## One\n```sh\n:\n```\n\n```text in any order\na …\nb 22\nb 22\n```\n")
    assert either.missing("x\nb 22\nb 22\na 1\n") == []
    assert either.missing("b 22\na 1\n") == ["b 22"], "each line stands for one"


def test_a_block_that_fails_is_noted_and_variables_stay(tmp_path: Path) -> None:
    with Shell(tmp_path, environment=surroundings()) as shell:
        assert shell.run("x=1; false; true").code == shell.run("(exit 1)").code == 1
        assert shell.run("echo $x; cat").printed == "1\n"
        assert shell.run("echo out; echo err >&2; f() { return 5; }; f") == Result("out\nerr\n", 5)
        with pytest.raises(Broken, match="ended the program"):
            shell.run("exit 1\n")
    with Interpreter(tmp_path, environment=surroundings()) as interpreter:
        assert interpreter.run("import asyncio\nx = await asyncio.sleep(0, 7)") == Result("", 0)
        assert interpreter.run("print(x)") == Result("7\n", 0)
        failure = interpreter.run("print(y)")
        assert (failure.code, "NameError" in failure.printed) == (1, True)


@pytest.mark.parametrize(
    "command",
    some(
        [
            "fauxtune env < /dev/null > out 2>&1; code=$?; cat out; exit $code",
            "fauxtune profile list",
            "fauxtune-sim checkin --help",
            "fauxtune-sim nonsense",
        ],
        one_of=2,
    ),
)
def test_a_preloaded_command_does_what_the_installed_one_does(command: str, tmp_path: Path, commands: Path) -> None:
    for program in PROGRAMS:
        assert (commands / program).stat().st_mode & 0o777 == 0o755
    results = [
        subprocess.run(["bash", "-c", command], env=around, cwd=tmp_path, capture_output=True, text=True, check=False)
        for around in (surroundings(), surroundings(commands))
    ]
    installed, preloaded = [(result.returncode, result.stdout, result.stderr) for result in results]
    assert preloaded == installed
    assert installed != (0, "", "")
