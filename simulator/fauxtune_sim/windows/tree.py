"""The tree of nodes by which a Windows device is managed, and the effect of a command on a node (OMA-DM 1.2, MS-MDM).

`node_rules` defines the nodes and the commands that each accepts. Only created nodes and set values are stored; a node
without a brace in its path always exists. A refusal carries the status code for the server.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from urllib.parse import quote, unquote

from fauxtune_sim.platforms import Platform
from fauxtune_sim.windows import node_rules
from fauxtune_sim.windows.variants import has_scopes

Path = tuple[str, ...]
#: What a fact is asked with: its name, and the path of the node that wants it. None: the node does not exist.
Facts = Callable[[str, Path], str | None]

_LETTERS = {"Add": "A", "Delete": "D", "Get": "G", "Replace": "R", "Exec": "X"}
_NAMES = {
    "thumbprint": re.compile(r"[0-9A-Fa-f]{40}"),
    "guid": re.compile(r"\{[0-9A-Fa-f]{8}-(?:[0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}\}"),
    "content": re.compile(r"\{[0-9A-Fa-f]{8}-(?:[0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}\}"),
    "id": re.compile(r"[^/]+"),
    "provider": re.compile(r"[^/]+"),
}
_BINARY = {"bin", "b64"}
_VALUES = {"int": re.compile(r"[+-]?\d{1,19}"), "bool": re.compile(r"true|false|0|1", re.IGNORECASE)}


class Refused(Exception):
    """A command was not carried out: the status code that says so, and why in words.

    `at` is the node at fault, where that shows only after several commands; `keep` says that something changed
    nevertheless.
    """

    def __init__(self, status: int, why: str, *, at: Path | None = None, keep: bool = False) -> None:
        super().__init__(why)
        self.status, self.at, self.keep = status, at, keep


@dataclass(frozen=True, slots=True)
class Rule:
    """One line of the table: the commands a node takes, its format, what it holds while nothing was set."""

    access: str
    format: str
    default: str | None = None
    fact: str | None = None

    @property
    def is_interior(self) -> bool:
        """Whether the node has children instead of a value."""
        return self.format == "node"


@dataclass(slots=True)
class _Branch:
    rule: Rule
    children: dict[str, _Branch] = field(default_factory=dict)
    #: What the one child with any name is called in the table.
    wild: str | None = None


@dataclass(frozen=True, slots=True)
class Value:
    """What a Get gives."""

    format: str
    data: str


@cache
def _trie(platform: Platform) -> _Branch:
    root = _Branch(Rule("G", "node"))
    for line in node_rules.table(platform):
        path, access, form, *rest = line.split()
        kept = rest[0] if rest else ""
        rule = Rule(
            "".join(sorted(access)),
            form,
            default=kept[1:] if kept.startswith("=") else None,
            fact=kept[1:] if kept.startswith("<") else None,
        )
        *above, last = path.removeprefix("./").split("/")
        here = root
        for name in above:
            here = here.children[name]
        here.children[last] = _Branch(rule)
        if last.startswith("{"):
            here.wild = last
    return root


def path_of(uri: str, platform: Platform) -> Path:
    """A LocURI as a path; `./Device/Vendor` and `./Vendor` are one. Refused with 400 or 404."""
    if uri.startswith("/") or not uri or "{" in uri or "}" in uri:
        raise Refused(400, f"{uri!r} is no LocURI: it does not begin with a slash, and braces are %7B and %7D")
    path = tuple(unquote(one) for one in uri.removeprefix("./").split("/")) if uri != "." else ()
    if "" in path or "." in path or ".." in path:
        raise Refused(400, f"{uri!r} has an empty part")
    if path[:1] == ("Device",):
        path = path[1:]
        if not has_scopes(platform) or path[:1] not in {("Vendor",), ("DevDetail",), ("DevInfo",)}:
            raise Refused(404, f"there is no {uri} on this device")
    return path


def uri_of(path: Path) -> str:
    """The LocURI of a path."""
    return "./" + "/".join(quote(one, safe="") for one in path)


@dataclass(slots=True)
class Tree:
    """The nodes of one device. `nodes` is what is kept: values, and None for interior nodes that were made.

    `provider` is the name of the management server, whose settings alone it may touch; `user` says whether the enrolled
    user is logged in.
    """

    platform: Platform
    facts: Facts
    provider: str = ""
    user: bool = True
    nodes: dict[Path, str | None] = field(default_factory=dict)

    def rule(self, path: Path) -> Rule | None:
        """The line of the table that a path falls under, or None."""
        branch = self._branch(path)
        return None if branch is None else branch.rule

    def _branch(self, path: Path) -> _Branch | None:
        here = _trie(self.platform)
        for name in path:
            found = None if name == here.wild else here.children.get(name)
            if found is None and here.wild is not None and _NAMES[here.wild[1:-1]].fullmatch(name):
                found = here.children[here.wild]
            if found is None:
                return None
            here = found
        return here

    def _allowed(self, command: str, path: Path) -> Rule:
        """The rule of a node that takes this command; Refused if there is none, or if it does not."""
        rule = self.rule(path)
        if rule is None:
            unknown = 404 if command in {"Get", "Delete"} else 406
            raise Refused(unknown, f"this device has no node {uri_of(path)}")
        if path[:1] == ("User",) and not self.user:
            raise Refused(405, f"{uri_of(path)} belongs to the user, and nobody is logged in")
        at = path[:5]
        if at[:4] == ("Vendor", "MSFT", "DMClient", "Provider") and len(at) == 5 and at[4] != self.provider:
            raise Refused(425, f"{uri_of(path)} belongs to another management server")
        if _LETTERS[command] not in rule.access:
            raise Refused(405, f"{uri_of(path)} takes {', '.join(_words(rule.access))}, not {command}")
        return rule

    def has(self, path: Path) -> bool:
        """Whether a node is there: it was made, or it needs no making, or the device knows its value."""
        if path in self.nodes:
            return True
        rule = self.rule(path)
        if rule is None:
            return False
        if rule.is_interior:
            return not self._is_made(path)
        return self.value(path) is not None

    def _is_made(self, path: Path) -> bool:
        """Whether an interior node only is there if somebody made it."""
        here = _trie(self.platform)
        below_wild = False
        for name in path:
            below_wild = below_wild or name not in here.children
            here = here.children[name if name in here.children else str(here.wild)]
        return below_wild and path != ("Vendor", "MSFT", "DMClient", "Provider", self.provider)

    def value(self, path: Path) -> str | None:
        """The value of a leaf: what the device says, what was set, what it is by default; None if there is none."""
        rule = self.rule(path)
        if rule is None or rule.is_interior:
            return None
        if rule.fact is not None:
            said = self.facts(rule.fact, path)
            if said is not None or path not in self.nodes:
                return said
        if path in self.nodes:
            return self.nodes[path]
        return rule.default if rule.default is not None and self.has(path[:-1]) else None

    def children(self, path: Path) -> list[str]:
        """The names below an interior node, in the order of the table and then of their making."""
        branch = self._branch(path)
        if branch is None:
            return []
        fixed = [name for name in branch.children if name != branch.wild and self.has((*path, name))]
        made = [one[len(path)] for one in self.nodes if one[: len(path)] == path and len(one) > len(path)]
        if path == ("Vendor", "MSFT", "DMClient", "Provider") and self.provider:
            made.insert(0, self.provider)
        return list(dict.fromkeys(fixed + made))

    def get(self, path: Path) -> Value:
        """Get: a value, or the names of the children, encoded and joined by slashes."""
        rule = self._allowed("Get", path)
        if rule.is_interior and self.has(path):
            return Value("node", "/".join(quote(one, safe="") for one in self.children(path)))
        value = self.value(path)
        if value is None:
            raise Refused(404, f"there is no {uri_of(path)}")
        return Value(rule.format, value)

    def add(self, path: Path, *, format: str | None, data: str) -> None:  # noqa: A002 - the protocol's word
        """Add: a new node, its missing parents with it."""
        rule = self._allowed("Add", path)
        # A default does not stand in the way of a value: nobody has set the node yet.
        if path in self.nodes or (rule.is_interior and self.has(path)):
            raise Refused(418, f"{uri_of(path)} is there already")
        _check_value(rule, format=format, data=data)
        for length in range(1, len(path)):
            above = path[:length]
            if not self.has(above):
                parent = self.rule(above)
                if parent is None or "A" not in parent.access:
                    raise Refused(404, f"there is no {uri_of(above)}, and it cannot be made")
                self.nodes[above] = None
        self.nodes[path] = None if rule.is_interior else data

    def replace(self, path: Path, *, format: str | None, data: str) -> None:  # noqa: A002 - the protocol's word
        """Replace: a new value for a leaf that is there."""
        rule = self._allowed("Replace", path)
        if rule.is_interior:
            raise Refused(405, f"{uri_of(path)} is not a leaf")
        if not self.has(path):
            raise Refused(404, f"there is no {uri_of(path)} to replace: Add makes it")
        _check_value(rule, format=format, data=data)
        self.nodes[path] = data

    def delete(self, path: Path) -> None:
        """Delete: a node and everything below it."""
        self._allowed("Delete", path)
        if path not in self.nodes:
            raise Refused(404, f"there is no {uri_of(path)}")
        for one in list(self.below(path)):
            del self.nodes[one]

    def below(self, path: Path) -> Iterator[Path]:
        """The kept nodes at and below a path."""
        return (one for one in self.nodes if one[: len(path)] == path)

    def execute(self, path: Path) -> None:
        """Whether a node can be executed; Refused if not."""
        self._allowed("Exec", path)


def _words(access: str) -> Iterator[str]:
    return (word for word, letter in _LETTERS.items() if letter in access)


def _check_value(rule: Rule, *, format: str | None, data: str) -> None:  # noqa: A002 - the protocol's word
    """Refused with 415 if the format said is not the node's, or the data is not of it."""
    said = format or rule.format
    fits = said == rule.format or (rule.format in _BINARY and said in _BINARY | {"chr"})
    if not fits:
        raise Refused(415, f"the format is {rule.format}, not {said}")
    pattern = _VALUES.get(rule.format)
    if pattern is not None and not pattern.fullmatch(data):
        raise Refused(415, f"{data!r} is not of the format {rule.format}")
    if rule.format in _BINARY:
        decoded(data)
    if rule.is_interior and data:
        raise Refused(415, "an interior node has no value")


def decoded(data: str) -> bytes:
    """Base64 without line breaks; Refused with 415 if it is none."""
    try:
        return base64.b64decode(data, validate=True)
    except ValueError as broken:
        raise Refused(415, "the data is not base64 without line breaks") from broken
