"""How much there is to hold: lines, modules, hidden imports, circles. `make sizes`, `make sizes ARGS=--json`.

Counted are the files that git tracks, as they are on disk. `--list FIGURE` names what a figure counts.
"""

from __future__ import annotations

import argparse
import ast
import json
import re
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath

from tests.repository.walks import walks
from tests.support.circles import circles

ROOT = Path(__file__).resolve().parents[2]
PRODUCT = ("app/", "simulator/")
#: A module with fewer lines that only one other module imports is small.
SMALL = 60
#: Where conditions on tenant_id are made.
_TENANCY = "app/fauxtune/storage/tenancy.py"

#: What each figure counts. Those below the empty line of the table have a list of what they count.
FIGURES = {
    "pythonLines": "lines of Python in app and simulator",
    "dataLines": "lines of all other text files there",
    "serverLines": "lines of Python in app/fauxtune",
    "testLines": "lines of Python in tests",
    "pythonFiles": "files of Python in app and simulator",
    "longestFolder": "modules in the folder that has most of them",
    "smallModules": f"modules under {SMALL} lines that only one module imports",
    "lazyImports": "imports inside functions, and modules that are named as text",
    "typeCheckingImports": "imports under TYPE_CHECKING",
    "circles": "groups of modules that import one another, hidden imports included",
    "tenantConditions": "conditions on tenant_id that storage writes by hand, outside its module tenancy",
    "verbPlaces": "modules of the server, its commands and its console that name the deletion of a group",
    "collectionPlaces": "files that CONTRIBUTING's recipe of a collection of Graph changes",
}
#: Counted while a server runs (`walks`).
_WALKS = "walks"
_RECIPE = re.compile(r"(?:append to|new file) `([^`]+)`", re.IGNORECASE)
#: The deletion of a group: in the server, and the request for it.
_VERB = re.compile(r"\bdelete_group\b|\bdelete_object\(GROUPS\b")
#: Who uses the task for a purpose of its own, and does not offer it.
_USERS = ("app/fauxtune_labs/", "app/fauxtune_probe/")


@dataclass(frozen=True, slots=True)
class Import:
    """An import statement, a module's name as text, or the row of what is found below a package by its
    name: a `Command`, a `Part`, what an `Extension` names. `names`: what may be meant, modules of ours and others.

    `kind`: "top", "lazy", "text", "row" or "typing".
    """

    importer: str
    line: int
    kind: str
    names: tuple[str, ...]


class House:
    """The tracked text files of a repository, by their paths."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        self.texts = texts
        #: The paths of the product's modules, by their names.
        self.modules = {_module(path): path for path in texts if path.endswith(".py") and path.startswith(PRODUCT)}

    @cached_property
    def imports(self) -> list[Import]:
        """All imports of the product's modules, in the order of files and lines."""
        return [found for name, path in self.modules.items() for found in _imports(name, path, self.texts[path])]

    @cached_property
    def arrows(self) -> dict[str, set[str]]:
        """The modules of the product that each one imports, of every kind."""
        return self._arrows(self.imports)

    def _arrows(self, imports: Iterable[Import]) -> dict[str, set[str]]:
        arrows = defaultdict[str, set[str]](set)
        for found in imports:
            base, *members = found.names
            modules = self.modules.keys() & set(members)
            # Who imports only modules of a package does not need what the package itself defines.
            arrows[found.importer] |= (
                modules if len(modules) == len(members) > 0 else modules | {base} & {*self.modules}
            )
        for module, imported in arrows.items():
            imported.discard(module)
        return arrows

    def lines(self, *folders: str, python: bool = True) -> int:
        """The lines of the Python files below these folders, or of all other files."""
        of_kind = (text for path, text in self.texts.items() if path.startswith(folders) and _is_python(path) is python)
        return sum(text.count("\n") for text in of_kind)

    def listed(self, figure: str) -> list[str]:
        """What a figure counts, a line for each; nothing for a number of lines or files."""
        match figure:
            case "smallModules":
                return self._small_modules()
            case "lazyImports" | "typeCheckingImports":
                kinds = {"lazy", "text"} if figure == "lazyImports" else {"typing"}
                return [
                    f"{self.modules[found.importer]}:{found.line} {found.names[-1]}"
                    for found in self.imports
                    if found.kind in kinds and (found.kind != "text" or self._names_another(found))
                ]
            case "circles":
                return [" ".join(circle) for circle in circles(self.arrows)]
            case "verbPlaces":
                product = (path for path in self.modules.values() if not path.startswith(_USERS))
                return [path for path in product if _VERB.search(self.texts[path])]
            case "collectionPlaces":
                return [*dict.fromkeys(_RECIPE.findall(self.texts["CONTRIBUTING.md"]))]
            case "tenantConditions":
                return [place for path, text in self.texts.items() for place in _tenant_conditions(path, text)]
        return []

    def _names_another(self, found: Import) -> bool:
        """Whether a text is the name of another module of the product than the one it is in."""
        return found.names[0] in self.modules and found.names[0] != found.importer

    def count(self, figure: str) -> int:
        """A figure, by its name."""
        match figure:
            case "pythonLines":
                return self.lines(*PRODUCT)
            case "dataLines":
                return self.lines(*PRODUCT, python=False)
            case "serverLines":
                return self.lines("app/fauxtune/")
            case "testLines":
                return self.lines("tests/")
            case "pythonFiles":
                return len(self.modules)
            case "longestFolder":
                return max(Counter(PurePosixPath(path).parent for path in self.modules.values()).values(), default=0)
        return len(self.listed(figure))

    def _small_modules(self) -> list[str]:
        # The row of a command imports nothing: what a module holds that is found by its name cannot join another.
        arrows = self._arrows(found for found in self.imports if found.kind != "row")
        importers = Counter(imported for module in self.modules for imported in arrows[module])
        return [
            f"{path} ({lines} lines)"
            for name, path in self.modules.items()
            if (lines := self.texts[path].count("\n")) < SMALL and importers[name] == 1 and not _is_package(path)
        ]


def house(root: Path = ROOT) -> House:
    """Read the tracked text files of a repository."""
    names = subprocess.run(
        ["git", "ls-files", "-z"],
        cwd=root,
        check=True,
        capture_output=True,
        text=True,
    ).stdout.split("\0")
    texts = {}
    for name in filter(None, names):
        try:
            texts[name] = (root / name).read_text(encoding="utf-8")
        except (UnicodeDecodeError, FileNotFoundError):
            continue  # a picture, or a file that was just removed
    return House(texts)


def _is_python(path: str) -> bool:
    return path.endswith(".py")


def _is_package(path: str) -> bool:
    return path.endswith("/__init__.py")


def _module(path: str) -> str:
    parts = PurePosixPath(path).with_suffix("").parts[1:]
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _imports(importer: str, path: str, text: str) -> Iterator[Import]:
    package = importer if _is_package(path) else importer.rpartition(".")[0]
    ours = importer.partition(".")[0]

    def look(node: ast.AST, kind: str) -> Iterator[Import]:
        match node:
            case ast.Import():
                yield from (Import(importer, node.lineno, kind, (alias.name,)) for alias in node.names)
                return
            case ast.ImportFrom():
                base = _base(package, node)
                yield Import(importer, node.lineno, kind, (base, *(f"{base}.{alias.name}" for alias in node.names)))
                return
            case ast.Constant(value=str() as value) if value.startswith(f"{ours}.") and " " not in value:
                yield Import(importer, node.lineno, "text", (value.partition(":")[0],))
            case ast.Call(func=ast.Name(name)):
                yield from (Import(importer, node.lineno, "row", (place,)) for place in _rows(name, node, package))
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.Lambda():
                kind = "lazy"
            case ast.If(test=ast.Name(id="TYPE_CHECKING")):
                kind = "typing"
        for child in ast.iter_child_nodes(node):
            yield from look(child, kind)

    yield from look(ast.parse(text), "top")


def _rows(name: str, call: ast.Call, package: str) -> Iterator[str]:
    """The modules that a row names: those of a command, a part of the control surface, an extension."""
    match name, call.args:
        case "Command", [ast.Constant(str() as words), ast.Constant(str() as room), *_]:
            yield ".".join(filter(None, (package.partition(".")[0], room, words.rpartition(" ")[2])))
        case "Part", [_, ast.Tuple(elts=[*modules])]:
            yield from (f"{package}.{ast.literal_eval(module)}" for module in modules)
        case "Extension", _:
            places = [member.value for member in call.keywords if member.arg in {"route", "before_a_change"}]
            yield from (f"{package}.{ast.literal_eval(place).partition(':')[0]}" for place in places)


def _base(package: str, node: ast.ImportFrom) -> str:
    if not node.level:
        return node.module or ""
    above = package.split(".")[: len(package.split(".")) - node.level + 1]
    return ".".join([*above, *filter(None, [node.module])])


def _tenant_conditions(path: str, text: str) -> Iterator[str]:
    if not (path.startswith("app/fauxtune/storage/") and _is_python(path)) or path == _TENANCY:
        return
    for node in ast.walk(ast.parse(text)):
        match node:
            case ast.Compare(left=left, comparators=others):
                sides = [left, *others]
            case ast.Call(func=ast.Attribute(value=side, attr="in_")):
                sides = [side]
            case ast.Call(func=ast.Attribute(attr="coalesce"), args=sides):
                pass
            case _:
                continue
        if any(map(_is_tenant_id, sides)):
            yield f"{path}:{node.lineno}"


def _is_tenant_id(node: ast.AST) -> bool:
    match node:
        case ast.Attribute(attr="tenant_id") | ast.Subscript(slice=ast.Constant(value="tenant_id")):
            return True
    return False


def main() -> int:
    """Print the figures as a table or as JSON, or what one of them counts."""
    parser = argparse.ArgumentParser(prog="make sizes", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--list", metavar="FIGURE", choices=FIGURES, help="print what this figure counts")
    arguments = parser.parse_args()
    found = house()
    if arguments.list:
        print("\n".join(found.listed(arguments.list)))
    elif arguments.json:
        print(json.dumps({figure: found.count(figure) for figure in FIGURES} | {_WALKS: walks()}))
    else:
        for figure, meaning in FIGURES.items():
            print(f"{figure:<20} {found.count(figure):>8,}  {meaning}")
        for walk, files in walks().items():
            print(f"{_WALKS:<20} {files:>8,}  files of the server on the way: {walk}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
