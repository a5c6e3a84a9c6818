"""The types of Microsoft's SDKs for Python, read from their source, and what the table of Graph's types lacks of them.

`python -m tests.interop.sdk_models` (`make graph-model`) prints what a newer SDK adds or renames, in the table's own
form. The SDKs are made from Graph's metadata, and leave some of it out: they do not say whether a property may be null,
which numbers the members of enumerations have, and whether a property is a navigation.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from fauxtune.core.graph.index import MODEL
from fauxtune.core.odata.schema.table import SchemaTable

_CLASS = re.compile(r"^class (?P<name>\w+)\((?P<base>\w+)", re.MULTILINE)
_FIELD = re.compile(r'^ +"(?P<name>\w+)": lambda n : .*n\.get_(?P<kind>\w+)\((?P<target>\w*)\)', re.MULTILINE)
_MEMBER = re.compile(r'^    \w+ = "(?P<name>[^"]+)"', re.MULTILINE)
_NO_BASE = {"AdditionalDataHolder", "BackedModel", "Parsable"}
#: What the SDKs read a value with, and the types of the metadata that they read so. The first is the usual one.
_PRIMITIVES = {
    "str_value": ("String", "Duration"),
    "bool_value": ("Boolean",),
    "int_value": ("Int32", "Int64", "Byte"),
    "float_value": ("Double", "Single"),
    "datetime_value": ("DateTimeOffset",),
    "date_value": ("Date",),
    "time_value": ("TimeOfDay",),
    "timedelta_value": ("Duration",),
    "bytes_value": ("Binary", "Stream"),
    "uuid_value": ("Guid",),
    "str": ("String", "Duration"),
    "int": ("Int32", "Int64"),
    "UUID": ("Guid",),
}


@dataclass(frozen=True, slots=True)
class SdkType:
    """One type. `fields`: the types that each property can have in the table, written as there."""

    name: str
    base: str | None
    fields: Mapping[str, tuple[str, ...]]
    members: tuple[str, ...]


class SdkModels:
    """The types of one SDK (`msgraph` has v1.0, `msgraph_beta` beta). Each is read when it is first asked for."""

    def __init__(self, package: str) -> None:
        spec = find_spec(package)
        assert spec is not None, f"{package} is not installed"
        assert spec.origin is not None
        folder = Path(spec.origin).parent / "generated" / "models"
        # A type that has the name of a namespace stands in the namespace's folder.
        files = (*folder.glob("*.py"), *(file / f"{file.name}.py" for file in folder.iterdir() if file.is_dir()))
        self._files = {path.stem.replace("_", ""): path for path in files if path.exists()}
        self._types: dict[str, SdkType] = {}

    def __contains__(self, name: str) -> bool:
        return name.lower() in self._files

    def type(self, name: str) -> SdkType:
        """The type of this name in any casing. Raises KeyError for one that the SDK does not have."""
        known = self._types.get(name.lower())
        return known or self._types.setdefault(name.lower(), _read(self._files[name.lower()].read_text()))


def _read(source: str) -> SdkType:
    head = _CLASS.search(source)
    assert head is not None
    if head["base"] == "str":
        return SdkType(_graph_name(head["name"]), None, {}, tuple(_MEMBER.findall(source)))
    fields = {
        match["name"]: _written(match["kind"], match["target"])
        for match in _FIELD.finditer(source)
        if match["name"] != "@odata.type"
    }
    base = None if head["base"] in _NO_BASE else _graph_name(head["base"])
    return SdkType(_graph_name(head["name"]), base, fields, ())


def _graph_name(class_name: str) -> str:
    return class_name[0].lower() + class_name[1:]


def _written(kind: str, target: str) -> tuple[str, ...]:
    names = _PRIMITIVES.get(target if kind.startswith("collection") else kind) or (_graph_name(target),)
    return tuple(f"[{name}]" for name in names) if kind.startswith("collection") else names


class Proposals:
    """What the SDKs have that the table lacks, and the reverse, line by line in the table's form."""

    def __init__(self, table: SchemaTable, *, v1: SdkModels, beta: SdkModels) -> None:
        self.table, self._v1, self._beta = table, v1, beta
        self._known = set(table.names())

    def lines(self) -> Iterator[str]:
        """Every difference: `+` for what the SDKs add, `-` for what they do not have."""
        for name in self.table.names():
            sdk = self._beta if name in self._beta else self._v1
            if name not in sdk:
                yield f"- {name}"
                continue
            for line in self._members(name) if self.table.head(name).kind == "enum" else self._structure(name):
                yield f"{name}: {line}"
        for missing in self.missing():
            yield from (f"+ {line}" for line in self.block(missing))

    def missing(self) -> list[str]:
        """The types of properties and operations that the table does not have, and those that these need.

        Navigations are not followed: they lead to the whole of Graph.
        """
        heads = list(map(self.table.head, self.table.names()))
        named = [head.base or "" for head in heads]
        named += [row.type for head in heads if head.kind != "enum" for row in self.table.properties(head.name)]
        for key in self.table.operations():
            operation = self.table.operation(*key.rsplit("/", 1))
            named += [row.type for row in operation.parameters]
            named.append((operation.returns or "").strip("[]?"))
        missing: set[str] = set()
        known = {name.lower() for name in self._known}
        while named:
            name = named.pop()
            if name.lower() in known or name in missing or name not in self._beta:
                continue
            missing.add(name)
            kind = self._beta.type(name)
            fields = (words[0].strip("[]") for words in kind.fields.values())
            named += [kind.base or "", *(field for field in fields if not self._is_entity(field))]
        return sorted(missing, key=str.lower)

    def block(self, name: str) -> Iterator[str]:
        """A type of the SDK in the table's form. What the SDK does not say is marked `unsure`."""
        kind = self._beta.type(name)
        beta = "" if name in self._v1 else " beta"
        if kind.members:
            yield f"enum {name}{beta} unsure"
            yield f" {' '.join(kind.members)}"
            return
        yield f"{'entity' if self._is_entity(name) else 'complex'} {name}{f' : {kind.base}' if kind.base else ''}{beta}"
        for field, words in kind.fields.items():
            if self._is_entity(words[0].strip("[]")):
                yield f" {field} -> {words[0]}"
            else:
                yield f" {field} {words[0]}{'' if words[0].startswith('[') else '? unsure'}"

    def _is_entity(self, name: str) -> bool:
        if name in self._known or name not in self._beta:
            return name in self._known and self.table.head(name).kind == "entity"
        return self._is_entity(self._beta.type(name).base or "")

    def _rows(self, name: str) -> list[tuple[str, str]]:
        rows = [(row.name, row.type, row.collection) for row in self.table.properties(name)]
        rows += [(row.name, row.target, row.collection) for row in self.table.navigations(name)]
        return [(field, f"[{words}]" if collection else words) for field, words, collection in rows]

    def _members(self, name: str) -> Iterator[str]:
        ours = {row.name for row in self.table.members(name)}
        theirs = (self._beta if name in self._beta else self._v1).type(name).members
        yield from (f"+ {member}" for member in theirs if member not in ours)
        yield from (f"- {member}" for member in sorted(ours - set(theirs)))
        if name in self._v1:
            older = self._v1.type(name).members
            for row in self.table.members(name):
                if row.beta_only == (row.name in older) and row.name in theirs:
                    yield f"{'-' if row.beta_only else '+'} {row.name} beta"

    def _structure(self, name: str) -> Iterator[str]:
        head = self.table.head(name)
        sdk = (self._beta if name in self._beta else self._v1).type(name)
        older = self._v1.type(name).fields if name in self._v1 else {}
        if (head.base or "").lower() != (sdk.base or "").lower():
            yield f"+ : {sdk.base}"
        rows = dict(self._rows(name))
        for field, words in {**older, **sdk.fields}.items():
            if field not in rows:
                if "partial" not in head.marks:
                    yield f"+ {field} {words[0]}{'' if field in sdk.fields else ' v1'}"
            elif not self._agrees(rows[field], words):
                yield f"+ {field} {words[0]}, here {rows[field]}"
        yield from (f"- {field}" for field in rows if field not in sdk.fields and field not in older)
        yield from self._versions(name)

    def _agrees(self, ours: str, theirs: tuple[str, ...]) -> bool:
        """Whether a type of the table is what the SDK has. The SDK makes a list of an enumeration of bits."""
        if ours in self._known and "flags" in self.table.head(ours).marks:
            ours = f"[{ours}]" if theirs[0].startswith("[") else ours
        return ours.lower() in {their.lower() for their in theirs}

    def _versions(self, name: str) -> Iterator[str]:
        """What is in v1.0, where the table says something else."""
        marks = self.table.head(name).marks
        if ("beta" in marks) == (name in self._v1):
            yield f"{'-' if 'beta' in marks else '+'} beta"
        elif name in self._v1:
            fields = self._v1.type(name).fields
            rows = [(row.name, row.marks) for row in self.table.properties(name)]
            rows += [(row.name, row.marks) for row in self.table.navigations(name)]
            for field, words in rows:
                if ("beta" in words) == (field in fields):
                    yield f"{'-' if 'beta' in words else '+'} {field} beta"


def main() -> None:
    """Print the proposals."""
    lines = list(Proposals(MODEL.table, v1=SdkModels("msgraph"), beta=SdkModels("msgraph_beta")).lines())
    sys.stdout.write("".join(f"{line}\n" for line in lines))


if __name__ == "__main__":
    main()
