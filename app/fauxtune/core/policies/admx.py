"""Administrative templates as files: an ADMX file and one ADML file of texts become definitions as Graph shows them.

Source: Microsoft, "Group Policy ADMX Syntax Reference Guide": policyDefinitions, policyDefinitionResources. Names of
elements are compared without their namespace.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID, uuid5

from fauxtune.core.errors import Invalid
from fauxtune.core.formats import xml
from fauxtune.core.formats.xml import Element
from fauxtune.core.model.text import JsonObject, text_value
from fauxtune.core.policies.rules import BOUND

#: Bytes of a file, as Intune takes them, and elements in it.
LARGEST_FILE = 1024 * 1024
MOST_ELEMENTS = 60_000
MOST_POLICIES = 2_000
#: Characters of all texts in what a file defines: many policies can name one text, and many presentations one list.
MOST_TEXT = 16 * 1024 * 1024
#: What a text counts besides its characters.
_EACH_TEXT = 128
#: The longest chain of categories.
_DEEPEST = 20
_REFERENCE = re.compile(r"\$\((string|presentation)\.([^)]+)\)")
_CLASSES = {"Machine": ("machine",), "User": ("user",), "Both": ("user", "machine")}
_PREFIX = "#microsoft.graph.groupPolicyPresentation"
#: By the element of a presentation: the name of its type.
_KINDS = {
    "textBox": "TextBox",
    "decimalTextBox": "DecimalTextBox",
    "longDecimalTextBox": "LongDecimalTextBox",
    "checkBox": "CheckBox",
    "comboBox": "ComboBox",
    "dropdownList": "DropdownList",
    "listBox": "ListBox",
    "multiTextBox": "MultiTextBox",
    "text": "Text",
}


@dataclass(frozen=True, slots=True)
class Template:
    """What a file has: its own namespace, the prefixes and namespaces that it uses, and documents for Graph."""

    prefix: str
    namespace: str
    revision: str
    uses: Mapping[str, str]
    categories: list[JsonObject]
    definitions: list[JsonObject]


def read(content: bytes, texts: bytes, *, file_id: str) -> Template:
    """Return what an ADMX file defines, with the texts of an ADML file. Ids are made from that of the file. Raises
    Invalid for files of another kind, too large ones, and ones with entities of their own.
    """
    root = _root(content, name="policyDefinitions", kind="ADMX")
    language = _Texts(_root(texts, name="policyDefinitionResources", kind="ADML"))
    target = root.find("policyNamespaces", "target")
    if target is None or not target.attributes.get("prefix") or not target.attributes.get("namespace"):
        raise Invalid("The ADMX file names no target namespace: policyNamespaces/target with prefix and namespace.")
    uses = root.find("policyNamespaces")
    assert uses is not None
    own = _Categories(root, language=language, file_id=file_id)
    policies = root.find("policies")
    every = list(policies.all("policy")) if policies is not None else []
    if len(every) > MOST_POLICIES:
        raise Invalid(f"The ADMX file has {len(every):,} policies; at most {MOST_POLICIES:,} are read.")
    definitions = [
        document
        for policy in every
        for document in _definitions(policy, categories=own, language=language, file_id=file_id)
    ]
    _check_names(definitions)
    return Template(
        prefix=text_value(target.attributes["prefix"]),
        namespace=text_value(target.attributes["namespace"]),
        revision=root.attributes.get("revision", "1.0"),
        uses={
            element.attributes.get("prefix", ""): element.attributes.get("namespace", "")
            for element in uses.all("using")
        },
        categories=own.documents(),
        definitions=definitions,
    )


def missing_namespaces(template: Template, known: frozenset[str]) -> list[str]:
    """Return the namespaces that the file uses, and that no file has which was uploaded before it."""
    return sorted({use for use in template.uses.values() if use and use.lower() not in known})


def _check_names(definitions: list[JsonObject]) -> None:
    """Raise Invalid for two policies of one name: their definitions have one id."""
    known: set[str] = set()
    for definition in definitions:
        if definition["id"] in known:
            raise Invalid(f"The ADMX file has another policy with the name of '{definition['displayName'][:80]}'.")
        known.add(definition["id"])


def _root(content: bytes, *, name: str, kind: str) -> Element:
    if len(content) > LARGEST_FILE:
        raise Invalid(f"The {kind} file must not be larger than {LARGEST_FILE // 1024:,} KiB.")
    try:
        root = xml.parse(content, size=LARGEST_FILE, elements=MOST_ELEMENTS)
    except Invalid as error:
        raise Invalid(f"The {kind} file cannot be read: {error.message}") from None
    if root.name != name:
        raise Invalid(f"The {kind} file begins with {root.name}; it must begin with {name}.")
    return root


class _Texts:
    """The texts and presentations of an ADML file, and the length of all texts that definitions got."""

    def __init__(self, root: Element) -> None:
        strings = root.find("resources", "stringTable")
        presentations = root.find("resources", "presentationTable")
        self._strings = {child.attributes.get("id", ""): child.text for child in (strings.children if strings else ())}
        self._presentations = {
            child.attributes.get("id", ""): child for child in (presentations.children if presentations else ())
        }
        self._length = 0

    def add(self, text: str) -> str:
        """Return a text of a definition. Raises Invalid once all of them together are too long."""
        self._length += len(text) + _EACH_TEXT
        if self._length > MOST_TEXT:
            raise Invalid(f"The definitions of the ADMX file would have more than {MOST_TEXT // 1024**2} MiB of text.")
        return text_value(text)

    def string(self, reference: str) -> str:
        """The text that `$(string.id)` names; another text is itself."""
        match = _REFERENCE.fullmatch(reference)
        return self.add(reference if match is None else self._strings.get(match[2], match[2]))

    def presentation(self, reference: str) -> Element | None:
        """The presentation that `$(presentation.id)` names."""
        match = _REFERENCE.fullmatch(reference)
        return None if match is None else self._presentations.get(match[2])


class _Categories:
    """The categories of a file: their ids, and the texts of the chain above each."""

    def __init__(self, root: Element, *, language: _Texts, file_id: str) -> None:
        top = root.find("categories")
        self._file = UUID(file_id)
        self._names: dict[str, str] = {}
        self._above: dict[str, str] = {}
        for element in top.all("category") if top is not None else ():
            name = element.attributes.get("name", "")
            self._names[name] = language.string(element.attributes.get("displayName", name))
            parent = element.find("parentCategory")
            self._above[name] = "" if parent is None else parent.attributes.get("ref", "")

    def id(self, name: str) -> str:
        """The id of a category, of this file or of another one."""
        return str(uuid5(self._file, f"category {name}"))

    def path(self, name: str) -> str:
        r"""The names from the top, each after a backslash: `\Contoso\Agent`."""
        steps: list[str] = []
        while name and len(steps) < _DEEPEST:
            steps.append(self._names.get(name, name.rpartition(":")[2]))
            name = self._above.get(name, "")
        return "".join(f"\\{step}" for step in reversed(steps))

    def documents(self) -> list[JsonObject]:
        """The categories as Graph shows them."""
        return [
            {
                "id": self.id(name),
                "displayName": text,
                "isRoot": self._above[name] not in self._names,
                "ingestionSource": "custom",
                BOUND: {"parent": [self.id(self._above[name])] if self._above[name] in self._names else []},
            }
            for name, text in self._names.items()
        ]


def _definitions(policy: Element, *, categories: _Categories, language: _Texts, file_id: str) -> list[JsonObject]:
    """The definitions of a policy: one for users, one for devices, or both."""
    about = policy.attributes
    name = text_value(about.get("name", ""))
    parent = policy.find("parentCategory")
    category = "" if parent is None else parent.attributes.get("ref", "")
    documents = []
    for scope in _CLASSES.get(about.get("class", "Both"), ("user", "machine")):
        key = str(uuid5(UUID(file_id), f"{scope} {name}"))
        documents.append(
            {
                "id": key,
                "classType": scope,
                "displayName": language.string(about.get("displayName", name)),
                "explainText": language.string(about.get("explainText", "")),
                "categoryPath": language.add(categories.path(category)),
                "groupPolicyCategoryId": categories.id(category),
                "supportedOn": _supported(policy),
                "policyType": "admxIngested",
                "version": "1.0",
                "presentations": _presentations(policy, language=language, key=key),
                BOUND: {"category": [categories.id(category)], "definitionFile": [file_id]},
            }
        )
    return documents


def _supported(policy: Element) -> str | None:
    supported = policy.find("supportedOn")
    return None if supported is None else supported.attributes.get("ref")


def _presentations(policy: Element, *, language: _Texts, key: str) -> list[JsonObject]:
    presentation = language.presentation(policy.attributes.get("presentation", ""))
    elements = policy.find("elements")
    by_id = {each.attributes.get("id", ""): each for each in (elements.children if elements else ())}
    documents = []
    for place, child in enumerate(presentation.children if presentation is not None else ()):
        label = language.add(child.text or child.text_at("label"))
        kind = _KINDS.get(child.name)
        if kind is None:
            continue
        element = by_id.get(child.attributes.get("refId", ""), Element(child.name))
        documents.append(
            {
                "@odata.type": f"{_PREFIX}{kind}",
                "id": str(uuid5(UUID(key), f"presentation {place}")),
                "label": label,
                **_details(kind, child, element=element, language=language),
            }
        )
    return documents


def _details(kind: str, child: Element, *, element: Element, language: _Texts) -> JsonObject:
    """What a presentation says beside its label."""
    required = element.attributes.get("required", "false") == "true"
    match kind:
        case "TextBox":
            return {
                "defaultValue": language.add(child.text_at("defaultValue")),
                "maxLength": _number(element, "maxLength", default=1023),
                "required": required,
            }
        case "ComboBox":
            suggestions = [language.add(each.text) for each in child.all("suggestion")]
            return {
                "defaultValue": language.add(child.text_at("default")),
                "maxLength": _number(element, "maxLength", default=1023),
                "suggestions": suggestions,
                "required": required,
            }
        case "DecimalTextBox" | "LongDecimalTextBox":
            return {
                "defaultValue": _number(child, "defaultValue", default=1),
                "minValue": _number(element, "minValue", default=0),
                "maxValue": _number(element, "maxValue", default=9999),
                "spin": child.attributes.get("spin", "true") == "true",
                "spinStep": _number(child, "spinStep", default=1),
                "required": required,
            }
        case "CheckBox":
            return {"defaultChecked": child.attributes.get("defaultChecked", "false") == "true"}
        case "DropdownList":
            items = [_item(each, language=language) for each in element.all("item")]
            place = _number(child, "defaultItem", default=-1)
            return {
                "items": items,
                "defaultItem": items[place] if 0 <= place < len(items) else None,
                "required": required,
            }
        case "ListBox":
            prefix = element.attributes.get("valuePrefix")
            return {
                "explicitValue": element.attributes.get("explicitValue", "false") == "true",
                "valuePrefix": None if prefix is None else language.add(prefix),
            }
        case "MultiTextBox":
            return {
                "maxLength": _number(element, "maxLength", default=1023),
                "maxStrings": _number(element, "maxStrings", default=0),
                "required": required,
            }
        case _:
            return {}


def _item(item: Element, *, language: _Texts) -> JsonObject:
    value = item.find("value")
    content = value.children[0] if value is not None and value.children else Element("string")
    return {
        "displayName": language.string(item.attributes.get("displayName", "")),
        "value": language.add(content.attributes.get("value", content.text)),
    }


def _number(element: Element, name: str, *, default: int) -> int:
    text = element.attributes.get(name, "")
    return int(text) if re.fullmatch(r"-?[0-9]{1,18}", text) else default
