"""Administrative templates: definitions that are built in, and what makes values of them valid. Graph (beta):
groupPolicyConfiguration, groupPolicyDefinitionValue, groupPolicyPresentationValue.

Differs from Intune: the service has some thousand definitions with texts of Microsoft's; here are those that public
samples use, in our own words, and those of uploaded files. A definition that is not known is taken, if its id is a
GUID, and shown with nothing but its id.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from uuid import UUID, uuid5

from fauxtune.core.errors import Invalid
from fauxtune.core.model.text import JsonObject
from fauxtune.core.policies.rules import BOUND, BuiltIn, Member, Rules

# Definitions of administrative templates: those that public samples use, and some of each kind of presentation. Every
# name is in our own words; ids that public samples name are facts, all others are made.
#
# A row: id, if it is known; class; categories from the top; name. Rows that are indented are its presentations: kind;
# label; what it says beside it. A `dropdown` lists its items as `value=name`, a `decimal` its range and default.
#
# #: data

TABLE = r"""
81c07ba0-7512-402d-b1f6-00856975cfab; machine; OneDrive; Sign users in to OneDrive with their Windows account
61b07a01-7e60-4127-b086-f6b32458a5c5; machine; OneDrive; Files of OneDrive come when they are needed
; machine; OneDrive; Move known folders to OneDrive without a question
  text; Id of the tenant; required
  dropdown; Tell the user; 0=No,1=Yes
; machine; OneDrive; Highest rate of uploads of OneDrive
  decimal; Rate in kilobytes a second; 1..100000..125
; user; OneDrive; OneDrive does not start before the user signs in
; machine; Microsoft Edge/Start page; Address of the start page of Edge
  text; Address of the start page; required
; user; Microsoft Edge/Start page; Address of the start page of Edge
  text; Address of the start page; required
; machine; Microsoft Edge/Content; Sites that Edge blocks
  list; Addresses
; machine; Microsoft Edge/SmartScreen; SmartScreen of Edge
; machine; Microsoft Edge/Passwords; Edge keeps passwords
; user; Windows/Desktop; Picture of the desktop
  text; Path of the picture; required
  dropdown; How it is laid; 0=In the middle,1=Side by side,2=Stretched
; user; Windows/Control Panel; No Control Panel
; user; Windows/Control Panel/Screen saver; Seconds until the screen saver starts
  decimal; Seconds; 0..86400..900
; machine; Windows/Components/Remote Desktop; Connections by Remote Desktop
; machine; Windows/Components/Event log; Largest size of the log of applications
  decimal; Kilobytes; 1024..2147483647..20480
; machine; Windows/Components/Windows Update; Servers of updates
  text; Server that finds updates; required
  text; Server of statistics; required
  check; Do not ask for server certificates; false
; machine; Windows/System/Logon; Text before the sign-in
  multi; Text; 20
; user; Microsoft Office/Security; Macros in documents
  dropdown; Macros; 2=Off with a message,3=Signed ones only,4=Off,1=On
"""


_OWN = UUID("0b9a3f0e-0f65-4b0a-8f55-2d6a9c2d7a11")
_PREFIX = "#microsoft.graph.groupPolicyPresentation"
_GUID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}", re.IGNORECASE)
#: In a presentation value: the id that it had.
KEPT_ID = "@id"
#: The most values of a policy. Unverified: the service's own bound.
MOST_VALUES = 1000
#: The file that built-in definitions are of.
BUILT_IN_FILE = str(uuid5(_OWN, "file"))
#: What a presentation's value must be, by the name of its type.
_VALUES = {
    "TextBox": "Text",
    "ComboBox": "Text",
    "DropdownList": "Text",
    "DecimalTextBox": "Decimal",
    "LongDecimalTextBox": "LongDecimal",
    "CheckBox": "Boolean",
    "ListBox": "List",
    "MultiTextBox": "MultiText",
}


@cache
def _table() -> tuple[Mapping[str, JsonObject], Mapping[str, JsonObject]]:
    """Return the categories and the definitions, by id."""
    categories: dict[str, JsonObject] = {}
    definitions: dict[str, JsonObject] = {}
    current: JsonObject = {}
    for line in TABLE.strip("\n").splitlines():
        cells = [cell.strip() for cell in line.split(";")]
        if line.startswith(" "):
            presentations = current["presentations"]
            presentations.append(_presentation(cells, key=f"{current['id']} {len(presentations)}"))
            continue
        known, scope, path, name = cells
        steps = path.split("/")
        for depth in range(1, len(steps) + 1):
            _add_category(categories, steps[:depth])
        category = _category_id(steps)
        current = {
            "id": known or str(uuid5(_OWN, f"{scope} {path} {name}")),
            "classType": scope,
            "displayName": name,
            "explainText": None,
            "categoryPath": "".join(f"\\{step}" for step in steps),
            "groupPolicyCategoryId": category,
            "policyType": "admxBacked",
            "supportedOn": None,
            "version": "1.0",
            "presentations": [],
            BOUND: {"category": [category], "definitionFile": [BUILT_IN_FILE]},
        }
        definitions[current["id"]] = current
    return categories, definitions


def _category_id(steps: list[str]) -> str:
    return str(uuid5(_OWN, "/".join(steps)))


def _add_category(categories: dict[str, JsonObject], steps: list[str]) -> None:
    above = steps[:-1]
    categories[_category_id(steps)] = {
        "id": _category_id(steps),
        "displayName": steps[-1],
        "isRoot": not above,
        "ingestionSource": "builtIn",
        BOUND: {"parent": [_category_id(above)] if above else []},
    }


def _presentation(cells: list[str], *, key: str) -> JsonObject:
    kind, label, *more = cells
    common = {"id": str(uuid5(_OWN, key)), "label": label}
    detail = more[0] if more else ""
    match kind:
        case "text":
            text = {"defaultValue": None, "maxLength": 1023, "required": detail == "required"}
            return {"@odata.type": f"{_PREFIX}TextBox", **common, **text}
        case "decimal":
            least, most, default = (int(number) for number in detail.split(".."))
            limits = {"minValue": least, "maxValue": most, "defaultValue": default}
            return {
                "@odata.type": f"{_PREFIX}DecimalTextBox",
                **common,
                **limits,
                "spin": True,
                "spinStep": 1,
                "required": True,
            }
        case "dropdown":
            pairs = [item.split("=", 1) for item in detail.split(",")]
            items = [{"displayName": name, "value": value} for value, name in pairs]
            more_of_it = {"items": items, "defaultItem": items[0], "required": True}
            return {"@odata.type": f"{_PREFIX}DropdownList", **common, **more_of_it}
        case "check":
            return {"@odata.type": f"{_PREFIX}CheckBox", **common, "defaultChecked": detail == "true"}
        case "list":
            return {"@odata.type": f"{_PREFIX}ListBox", **common, "explicitValue": False, "valuePrefix": None}
        case _:
            strings = {"maxLength": 1023, "maxStrings": int(detail), "required": False}
            return {"@odata.type": f"{_PREFIX}MultiTextBox", **common, **strings}


def unknown_definition(definition_id: str) -> JsonObject:
    """Return a definition that is not known here: its id, and that nothing is known. Raises Invalid unless it is a
    GUID.
    """
    if not _GUID.fullmatch(definition_id):
        raise Invalid(
            f"There is no group policy definition '{definition_id}'. Its id is a GUID, of "
            "deviceManagement/groupPolicyDefinitions.",
            target="definition",
        )
    return {"id": definition_id.lower(), "displayName": definition_id.lower(), "presentations": None}


def definition_id_of(value: JsonObject) -> str:
    """Return the id of the definition that a value is for. Raises Invalid if it names none."""
    ids = value.get(BOUND, {}).get("definition") or []
    if not ids:
        raise Invalid(
            "A value needs a definition: send definition@odata.bind with the address of one of "
            "deviceManagement/groupPolicyDefinitions.",
            target="definition",
        )
    return str(ids[0])


def check_bound(sent: list[JsonObject]) -> None:
    """Raise Invalid unless each presentation value names a presentation, and no two of them the same."""
    named = [_presentation_of(each) for each in sent]
    if "" in named:
        raise Invalid("A presentation value needs presentation@odata.bind.", target="presentationValues")
    if len(named) != len(set(named)):
        raise Invalid("A value can have one presentation value for each presentation.", target="presentationValues")


def check_value(value: JsonObject, definition: JsonObject) -> None:
    """Raise Invalid for presentation values that do not fit the definition."""
    sent = value.get("presentationValues") or []
    known = None if definition["presentations"] is None else {each["id"]: each for each in definition["presentations"]}
    for each in sent:
        if each["@odata.type"] == f"{_PREFIX}Value":
            raise Invalid(
                "A presentation value needs the @odata.type of what it is, such as "
                "'#microsoft.graph.groupPolicyPresentationValueText'.",
                target="presentationValues",
            )
        if known is None:
            continue
        presentation = known.get(_presentation_of(each))
        if presentation is None:
            raise Invalid(
                f"The definition '{definition['displayName']}' has no presentation '{_presentation_of(each)}'.",
                target="presentationValues",
            )
        _check_presentation_value(each, presentation=presentation)
    if value["enabled"]:
        _check_required([_presentation_of(each) for each in sent], definition=definition)


def _check_required(named: list[str], *, definition: JsonObject) -> None:
    for presentation in definition["presentations"] or ():
        if presentation.get("required") and presentation["id"] not in named:
            raise Invalid(
                f"The definition '{definition['displayName']}' needs a value for '{presentation['label']}' "
                f"(presentation {presentation['id']}).",
                target="presentationValues",
            )


def _check_presentation_value(value: JsonObject, *, presentation: JsonObject) -> None:
    kind = presentation["@odata.type"].removeprefix(_PREFIX)
    wanted = f"{_PREFIX}Value{_VALUES.get(kind, '')}"
    if kind not in _VALUES or value["@odata.type"] != wanted:
        raise Invalid(
            f"The value of '{presentation['label']}' must be a {wanted}, not a {value['@odata.type']}.",
            target="presentationValues",
        )
    content = value.get("value")
    match kind:
        case "DecimalTextBox" | "LongDecimalTextBox":
            is_right = presentation["minValue"] <= content <= presentation["maxValue"]
            right = f"a number from {presentation['minValue']} to {presentation['maxValue']}"
        case "DropdownList":
            values = [item["value"] for item in presentation["items"]]
            is_right, right = content in values, f"one of {', '.join(values)}"
        case "TextBox" | "ComboBox":
            most = presentation["maxLength"]
            is_right, right = content is not None and len(content) <= most, f"a text of at most {most} characters"
        case _:
            return
    if not is_right:
        raise Invalid(f"The value of '{presentation['label']}' must be {right}.", target="presentationValues")


def merged_presentations(sent: list[JsonObject], before: list[JsonObject]) -> list[JsonObject]:
    """Return the presentation values after a change: those that are sent, each with the id of the one in whose place it
    comes, and those that are not. Unverified: that the service keeps what is not sent; public tools send one at a time.
    """
    known = {_presentation_of(each): each for each in before}
    new = {_presentation_of(each): {**each, KEPT_ID: known.get(_presentation_of(each), {}).get("id")} for each in sent}
    kept = [{**each, KEPT_ID: each["id"]} for key, each in known.items() if key not in new]
    return [*kept, *new.values()]


def _presentation_of(value: JsonObject) -> str:
    ids = value.get(BOUND, {}).get("presentation") or [""]
    return str(ids[0]).lower()


def with_kept_ids(document: JsonObject) -> JsonObject:
    """Return the value with the ids that its presentation values had."""
    values = document.get("presentationValues") or []
    return {**document, "presentationValues": [{**value, "id": value.get(KEPT_ID) or value["id"]} for value in values]}


def ingestion_type(types: set[str]) -> str:
    """Return where the definitions of a policy come from, in Graph's word: `types` are their policy types."""
    if not types:
        return "unknown"
    if len(types) > 1:
        return "mixed"
    return "custom" if "admxIngested" in types else "builtIn"


def _built_in(documents: Mapping[str, JsonObject], *, kind: str) -> tuple[BuiltIn, ...]:
    return tuple(BuiltIn(key, kind, document) for key, document in documents.items())


CONFIGURATIONS = Rules("groupPolicyConfigurations")
PRESENTATION_VALUES = Member("presentationValues", bound="presentation", on_update=True)
DEFINITION_VALUES = Rules(
    "groupPolicyConfigurations/definitionValues",
    members=(PRESENTATION_VALUES,),
    bound=("definition",),
    derived=with_kept_ids,
)
DEFINITIONS = Rules(
    "groupPolicyDefinitions",
    members=(Member("presentations"),),
    built_in=_built_in(_table()[1], kind="groupPolicyDefinition"),
)
CATEGORIES = Rules("groupPolicyCategories", built_in=_built_in(_table()[0], kind="groupPolicyCategory"))
UPLOADED_FILES = Rules("groupPolicyUploadedDefinitionFiles", members=(Member("groupPolicyOperations"),))
DEFINITION_FILES = Rules(
    "groupPolicyDefinitionFiles",
    built_in=(
        BuiltIn(
            BUILT_IN_FILE,
            "groupPolicyDefinitionFile",
            {
                "displayName": "Built-in definitions",
                "fileName": "builtin.admx",
                "languageCodes": ["en-US"],
                "targetPrefix": "builtin",
                "targetNamespace": "Fauxtune.Policies.BuiltIn",
                "policyType": "admxBacked",
                "revision": "1.0",
            },
        ),
    ),
)


def with_true_and_false(body: JsonObject) -> JsonObject:
    """Return the body of a value with `enabled` as a Boolean: public samples send it as a text, and the service takes
    it.
    """
    words = {"true": True, "false": False}
    enabled = body.get("enabled")
    return (
        {**body, "enabled": words[enabled.lower()]}
        if str(enabled).lower() in words and isinstance(enabled, str)
        else body
    )
