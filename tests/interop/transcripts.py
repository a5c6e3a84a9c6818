"""The transcripts of a page: shell commands in Markdown, each followed by what it printed.

A fence `sh` holds commands. The fence of another kind that follows it directly holds what they print. The first part
(heading `##`) that has commands prepares the others: each of them runs in one shell of its own, after that, against a
server of its own. What differs from run to run (ids, times, keys, secrets) stands in parentheses, numbered where it
comes again.

`python -m tests.interop.transcripts docs/devices.md` runs a page and writes what was printed into it
(`make transcripts`); a test runs it and compares.
"""

from __future__ import annotations

import json
import re
import sys
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.interop.shell import Broken, Shell
from tests.support.running_server import Running, environment, serving

_FENCES = re.compile(r"^```sh\n(?P<commands>.*?)^```\n(?:\n```(?!sh)\w+\n(?P<printed>.*?)^```\n)?", re.M | re.S)
_HEADING = re.compile(r"^(?=## )", re.M)
#: What the page calls the server that it is run against.
_HTTPS, _HTTP = "https://localhost:8443", "http://localhost:8080"
_TENANT = "c0ffee00-0000-4000-8000-000000000001"
_UUID = r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}"
#: What differs from run to run: how it looks where it stands, and what it is called.
_VARYING: tuple[tuple[str, str], ...] = (
    (r'(?<="deviceCredential": ")[^"]+|(?<="pushToken": ")[^"]+|(?<=AAUTHDATA" value=")[^"]+', "secret"),
    (rf"(?<=/push/{_TENANT}/)[\w-]+", "secret"),
    (r"\b[0-9a-fA-F]{64}\b", "sha256"),
    (r"\b(?:[0-9a-fA-F]{40}|(?:[0-9A-F]{2}:){19}[0-9A-F]{2})\b", "sha1"),
    (rf"(?:\b|(?<=%3D)){_UUID}\b", "id"),
)
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z")
_BASE64 = re.compile(r"(?<=[\">])[A-Za-z0-9+/]{48,}={0,2}(?=[\"<])|(?<=<data>)[\sA-Za-z0-9+/=]{48,}(?=</data>)")


@dataclass(slots=True)
class Step:
    """Some commands, and what the page says that they print."""

    commands: str
    printed: str


@dataclass(slots=True)
class Names:
    """What stands for the things that differ from run to run: the same thing always by the same name."""

    known: dict[str, dict[str, str]] = field(default_factory=dict)

    def plain(self, text: str, server: Running) -> str:
        """The text as it would be in every run."""
        text = text.replace(server.https, _HTTPS).replace(str(server.endpoints["http"]), _HTTP)
        text = _TIME.sub("(time)", text)
        for shape, kind in _VARYING:
            text = re.sub(shape, partial(self._named, kind=kind), text)
        return _BASE64.sub("(base64)", text)

    def _named(self, found: re.Match[str], *, kind: str) -> str:
        thing = found[0]
        if thing == _TENANT:
            return thing
        named = self.known.setdefault(kind, {})
        return named.setdefault(thing.lower().replace(":", ""), f"({kind} {len(named) + 1})")


def titles(page: str) -> list[str]:
    """The parts that are run, without the one that prepares them."""
    return [part.splitlines()[0].removeprefix("## ") for part in _parts(page)[1:]]


def steps(page: str, title: str) -> list[Step]:
    """The steps of a part; those that prepare it come first if it is the first one that is run."""
    (part,) = (part for part in _parts(page) if part.startswith(f"## {title}\n"))
    return [Step(found["commands"], found["printed"] or "") for found in _FENCES.finditer(part)]


def replay(page: str, title: str, *, server: Running, folder: Path) -> list[str]:
    """What the steps of a part print now. Broken when a command fails."""
    before = steps(page, _parts(page)[0].splitlines()[0].removeprefix("## "))
    mine = steps(page, title)
    programs = (*filter(None, (server.commands,)), Path(sys.executable).parent, "/usr/bin", "/bin")
    around = environment(FAUXTUNE_CA=server.endpoints["caFile"], PATH=":".join(map(str, programs)))
    names, outputs = Names(), []
    with Shell(folder, environment=around) as shell:
        for step in before + mine:
            result = shell.run(step.commands.replace(_HTTPS, server.https).replace(_HTTP, server.endpoints["http"]))
            if result.code:
                raise Broken(f"{step.commands}failed with {result.code}: {result.printed}")
            outputs.append(names.plain(result.printed, server))
    return [f"{output.rstrip()}\n" if output.strip() else "" for output in outputs[len(before) :]]


def written(page: str, title: str, *, printed: list[str]) -> str:
    """The page with what the steps of a part printed."""
    parts = re.split(_HEADING, page)
    place = next(number for number, part in enumerate(parts) if part.startswith(f"## {title}\n"))
    outputs = iter(printed)

    def fill(found: re.Match[str]) -> str:
        output = next(outputs)
        kind = "xml" if output.startswith("<") else "json" if _is_json(output) else "text"
        after = f"\n```{kind}\n{output}```\n" if output else ""
        return f"```sh\n{found['commands']}```\n{after}"

    parts[place] = _FENCES.sub(fill, parts[place])
    return "".join(parts)


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def _parts(page: str) -> list[str]:
    return [part for part in re.split(_HEADING, page) if "```sh\n" in part]


def main(file: Path) -> None:
    """Run the page and write what was printed into it."""
    page = file.read_text(encoding="utf-8")
    for title in titles(page):
        with serving("--ephemeral") as server, TemporaryDirectory() as folder:
            page = written(page, title, printed=replay(page, title, server=server, folder=Path(folder)))
    file.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
