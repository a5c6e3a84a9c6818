"""The tree of nodes by which a Windows device is managed, and the effect of a command on a node (OMA-DM 1.2, MS-MDM).

`nodes` defines the nodes and the commands that each accepts. Only created nodes and set values are stored; a node
without a brace in its path always exists. A refusal carries the status code for the server.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from urllib.parse import quote, unquote

from fauxtune_sim.device.device import Device
from fauxtune_sim.device.state_folder import Delivery
from fauxtune_sim.platforms import Platform
from fauxtune_sim.windows.nodes import Path, has_scopes, nodes_of

#: Reads a fact by its name and the path of its node. None: the node does not exist.
Facts = Callable[[str, Path], str | None]

_FAILED, _NO_STATUS = 500, 600
#: A node with this letter is a setting.
_CREATED_BY_REPLACE = "U"
_LETTERS = {"Add": "A", "Delete": "D", "Get": "G", "Replace": "R", "Exec": "X"}
_NAMES = {
    "thumbprint": re.compile(r"[0-9A-Fa-f]{40}"),
    "guid": re.compile(r"\{[0-9A-Fa-f]{8}-(?:[0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}\}"),
    "content": re.compile(r"\{[0-9A-Fa-f]{8}-(?:[0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}\}"),
    "id": re.compile(r"[^/]+"),
    "tenant": re.compile(r"[0-9A-Fa-f]{8}-(?:[0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}"),
    "provider": re.compile(r"[^/]+"),
    "imei": re.compile(r"[0-9]{15}"),
    "mac": re.compile(r"[0-9A-F]{12}"),
}
_BINARY = {"bin", "b64"}
_VALUES = {"int": re.compile(r"[+-]?\d{1,19}"), "bool": re.compile(r"true|false|0|1", re.IGNORECASE)}


class NodeRefusal(Exception):
    """A command was not executed: the status code for the server, and the reason as text.

    `node` is the node at fault if the failure shows only after several commands; `keeps_changes`: the changes so far
    stay nevertheless.
    """

    def __init__(self, status: int, why: str, *, node: Path | None = None, keeps_changes: bool = False) -> None:
        super().__init__(why)
        self.status, self.node, self.keeps_changes = status, node, keeps_changes


def refusal_of_owner(device: Device, kind: str, *, node: Path) -> NodeRefusal | None:
    """The refusal of a delivery that the device's owner has set it to refuse; None if it is not refused.

    A code that is no SyncML status is a Windows error number: the status is 500 then.
    """
    reason = device.refusals.reason(kind)
    if reason is None:
        return None
    code = device.refusals[Delivery(kind)] or _FAILED
    return NodeRefusal(code if code < _NO_STATUS else _FAILED, reason, node=node)


@dataclass(frozen=True, slots=True)
class Rule:
    """One line of the table: the commands that a node accepts, its format, its default or the name of its fact."""

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
    #: The name in the table of the child that stands for many names.
    wild: str | None = None


@dataclass(frozen=True, slots=True)
class Value:
    """The result of a Get."""

    format: str
    data: str


@cache
def _trie(platform: Platform) -> _Branch:
    root = _Branch(Rule("G", "node"))
    for line in nodes_of(platform):
        path, access, form, *rest = line.split()
        source = rest[0] if rest else ""
        rule = Rule(
            "".join(sorted(access)),
            form,
            default=source[1:] if source.startswith("=") else None,
            fact=source[1:] if source.startswith("<") else None,
        )
        *above, last = path.removeprefix("./").split("/")
        branch = root
        for name in above:
            branch = branch.children[name]
        branch.children[last] = _Branch(rule)
        if last.startswith("{"):
            branch.wild = last
    return root


def is_setting(path: Path, platform: Platform) -> bool:
    """Whether a path is that of a setting."""
    branch = _trie(platform)
    for name in path:
        child = branch.children.get(name) or branch.children.get(branch.wild or "")
        if child is None:
            return False
        branch = child
    return _CREATED_BY_REPLACE in branch.rule.access


def path_of(uri: str, platform: Platform) -> Path:
    """The path of a LocURI; `./Device/Vendor` and `./Vendor` are the same. Raises NodeRefusal with 400 or 404."""
    if uri.startswith("/") or not uri or "{" in uri or "}" in uri:
        raise NodeRefusal(400, f"{uri!r} is not a LocURI: it must not begin with a slash, and braces are %7B and %7D")
    path = tuple(unquote(part) for part in uri.removeprefix("./").split("/")) if uri != "." else ()
    if "" in path or "." in path or ".." in path:
        raise NodeRefusal(400, f"{uri!r} has an empty part")
    if path[:1] == ("Device",):
        path = path[1:]
        if not has_scopes(platform) or path[:1] not in {("Vendor",), ("DevDetail",), ("DevInfo",)}:
            raise NodeRefusal(404, f"there is no {uri} on this device")
    return path


def uri_of(path: Path) -> str:
    """The LocURI of a path."""
    return "./" + "/".join(quote(name, safe="") for name in path)


@dataclass(slots=True)
class Tree:
    """The nodes of one device. `nodes` are the stored ones: values, and None for interior nodes that were added.

    `provider` is the name of the management server, which may access its own settings only; `user`: whether the
    enrolled user is logged in; `members` has, by interior node, the names of children that the device itself has.
    """

    platform: Platform
    facts: Facts
    provider: str = ""
    user: bool = True
    nodes: dict[Path, str | None] = field(default_factory=dict)
    members: Mapping[Path, tuple[str, ...]] = field(default_factory=dict)

    def rule(self, path: Path) -> Rule | None:
        """The line of the table for a path, or None."""
        branch = self._branch(path)
        return None if branch is None else branch.rule

    def _branch(self, path: Path) -> _Branch | None:
        branch = _trie(self.platform)
        for name in path:
            child = None if name == branch.wild else branch.children.get(name)
            if child is None and branch.wild is not None and _NAMES[branch.wild[1:-1]].fullmatch(name):
                child = branch.children[branch.wild]
            if child is None:
                return None
            branch = child
        return branch

    def _allowed(self, command: str, path: Path) -> Rule:
        """The rule of a node. Raises NodeRefusal if it does not exist or does not accept this command."""
        rule = self.rule(path)
        if rule is None:
            unknown = 404 if command in {"Get", "Delete"} else 406
            raise NodeRefusal(unknown, f"this device has no node {uri_of(path)}")
        if path[:1] == ("User",) and not self.user:
            raise NodeRefusal(405, f"{uri_of(path)} belongs to the user, who is not logged in")
        at = path[:5]
        if at[:4] == ("Vendor", "MSFT", "DMClient", "Provider") and len(at) == 5 and at[4] != self.provider:
            raise NodeRefusal(425, f"{uri_of(path)} belongs to another management server")
        if _LETTERS[command] not in rule.access:
            raise NodeRefusal(405, f"{uri_of(path)} accepts {', '.join(_commands(rule.access))}, not {command}")
        return rule

    def has(self, path: Path) -> bool:
        """Whether a node exists: it was added, or it always exists, or the device knows its value."""
        if not path or path in self.nodes:
            return True
        rule = self.rule(path)
        if rule is None:
            return False
        if rule.is_interior:
            return path[-1] in self.members.get(path[:-1], ()) or not self._needs_add(path)
        return self.value(path) is not None

    def _needs_add(self, path: Path) -> bool:
        """Whether an interior node exists only after an Add."""
        branch = _trie(self.platform)
        below_wild = False
        for name in path:
            below_wild = below_wild or name not in branch.children
            branch = branch.children[name if name in branch.children else str(branch.wild)]
        return below_wild and path != ("Vendor", "MSFT", "DMClient", "Provider", self.provider)

    def value(self, path: Path) -> str | None:
        """The value of a leaf: the device's fact, the set value, or the default; None if the leaf does not exist."""
        rule = self.rule(path)
        if rule is None or rule.is_interior:
            return None
        if rule.fact is not None:
            fact = self.facts(rule.fact, path)
            if fact is not None or path not in self.nodes:
                return fact
        if path in self.nodes:
            return self.nodes[path]
        return rule.default if rule.default is not None and self.has(path[:-1]) else None

    def children(self, path: Path) -> list[str]:
        """The names below an interior node, in the order of the table and then of their addition."""
        branch = self._branch(path)
        if branch is None:
            return []
        fixed = [name for name in branch.children if name != branch.wild and self.has((*path, name))]
        added = [node[len(path)] for node in self.nodes if node[: len(path)] == path and len(node) > len(path)]
        if path == ("Vendor", "MSFT", "DMClient", "Provider") and self.provider:
            added.insert(0, self.provider)
        return list(dict.fromkeys([*fixed, *self.members.get(path, ()), *added]))

    def get(self, path: Path) -> Value:
        """Get: the value of a leaf, or the encoded names of the children, joined by slashes."""
        rule = self._allowed("Get", path)
        if rule.is_interior and self.has(path):
            return Value("node", "/".join(quote(name, safe="") for name in self.children(path)))
        value = self.value(path)
        if value is None:
            raise NodeRefusal(404, f"there is no {uri_of(path)}")
        return Value(rule.format, value)

    def get_all(self, path: Path) -> list[tuple[Path, Value]]:
        """Get with `?list=StructData` (MS-MDM): the node and everything below it that can be got."""
        nodes = [(path, self.get(path))]
        for name in self.children(path):
            child = (*path, name)
            rule = self.rule(child)
            if rule is not None and "G" in rule.access and self.has(child):
                nodes += self.get_all(child)
        return nodes

    def add(self, path: Path, *, format: str | None, data: str) -> None:  # noqa: A002 - the protocol's word
        """Add: create a node and its missing parents."""
        rule = self._allowed("Add", path)
        # A node that has only its default value can be added: it was not set yet.
        if path in self.nodes or (rule.is_interior and self.has(path)):
            raise NodeRefusal(418, f"{uri_of(path)} exists already")
        _check_value(rule, format=format, data=data)
        for length in range(1, len(path)):
            above = path[:length]
            if not self.has(above):
                parent = self.rule(above)
                if parent is None or "A" not in parent.access:
                    raise NodeRefusal(404, f"there is no {uri_of(above)}, and it cannot be added")
                self.nodes[above] = None
        self.nodes[path] = None if rule.is_interior else data

    def replace(self, path: Path, *, format: str | None, data: str) -> None:  # noqa: A002 - the protocol's word
        """Replace: set the value of an existing leaf."""
        rule = self._allowed("Replace", path)
        if rule.is_interior:
            raise NodeRefusal(405, f"{uri_of(path)} is not a leaf")
        if not self.has(path) and _CREATED_BY_REPLACE not in rule.access:
            raise NodeRefusal(404, f"there is no {uri_of(path)} to replace: use Add")
        _check_value(rule, format=format, data=data)
        self.nodes[path] = data

    def delete(self, path: Path) -> None:
        """Delete: remove a node and everything below it."""
        self._allowed("Delete", path)
        if path not in self.nodes:
            raise NodeRefusal(404, f"there is no {uri_of(path)}")
        for node in list(self.below(path)):
            del self.nodes[node]

    def below(self, path: Path) -> Iterator[Path]:
        """The stored nodes at and below a path."""
        return (node for node in self.nodes if node[: len(path)] == path)

    def execute(self, path: Path) -> None:
        """Exec: check that a node can be executed. Raises NodeRefusal if not."""
        self._allowed("Exec", path)


def _commands(access: str) -> Iterator[str]:
    return (word for word, letter in _LETTERS.items() if letter in access)


def _check_value(rule: Rule, *, format: str | None, data: str) -> None:  # noqa: A002 - the protocol's word
    """Raise NodeRefusal with 415 if the format is not the node's, or if the data does not have that format."""
    data_format = format or rule.format
    fits = data_format == rule.format or (rule.format in _BINARY and data_format in _BINARY | {"chr"})
    if not fits:
        raise NodeRefusal(415, f"the format is {rule.format}, not {data_format}")
    pattern = _VALUES.get(rule.format)
    if pattern is not None and not pattern.fullmatch(data):
        raise NodeRefusal(415, f"{data!r} is not of the format {rule.format}")
    if rule.format in _BINARY:
        decode_base64(data)
    if rule.is_interior and data:
        raise NodeRefusal(415, "an interior node has no value")


def decode_base64(data: str) -> bytes:
    """Decode base64 without line breaks. Raises NodeRefusal with 415 if it is not valid."""
    try:
        return base64.b64decode(data, validate=True)
    except ValueError as broken:
        raise NodeRefusal(415, "the data is not base64 without line breaks") from broken
