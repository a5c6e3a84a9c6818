"""Faults: what goes wrong on purpose in the tenant, and how often it did; a new one from a list."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from fastapi import Response

from fauxtune.core.administration.emulation import add_fault, add_fault_set, delete_faults
from fauxtune.core.administration.requests import AdminRequest
from fauxtune.core.errors import Conflict, Invalid
from fauxtune.core.faults.presets import PRESETS, preset
from fauxtune.core.faults.reading import rule_of
from fauxtune.core.faults.sets import SETS
from fauxtune.core.faults.writing import effect_in_words, match_in_words, nearest_in_words, warnings, when_in_words
from fauxtune.operations.tenants import faults as operations
from fauxtune.storage.rows.tenants import FaultRuleRow
from fauxtune_console.call import TenantCall
from fauxtune_console.pages.journal import short_path
from fauxtune_console.session import Typed
from fauxtune_console.tasks import Question, task_page

#: data. Which of the occasions are struck, as the form says it.
_WHICH = (
    ("", "each one"),
    ("next", "the next ..."),
    ("nth", "number ..."),
    ("every", "every ..."),
    ("probability", "by chance, ... in a hundred"),
)
#: data. The ready-made sets, as the form says them.
_SETS = (
    ("realistic", "Realistic: limits, latency, lag and rare failures of the real service"),
    ("chaos", "Chaos: everything at random; a number chooses which"),
)
#: data. What an empty page offers: presets and sets with the words of a button.
_READY = (
    ("throttled", "Throttle Graph (429)"),
    ("offline", "Take the connector off line"),
    ("refuses", "Let the CA refuse"),
    ("not-now", "Let Apple devices say NotNow"),
    ("realistic", "As the real service: limits, latency, lag"),
)
_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
_TARGETS = ("path", "method", "device", "user", "connector")


@dataclass(frozen=True, slots=True)
class FaultView:
    """One fault in words. `warnings`: why it can never strike; `nearest`: the request that came nearest to it."""

    row: FaultRuleRow
    match: str
    when: str
    effect: str
    nearest: str
    warnings: Sequence[str]


async def faults(call: TenantCall) -> Response:
    """Show all faults, and how often they struck."""
    return call.page(
        "faults.html", ready=_READY, faults=[_view(call, row) for row in await call.run(operations.all_faults)]
    )


async def press(call: TenantCall) -> Response:
    """Switch a fault on or off, or delete it: the button says what."""
    form = await call.form()
    rule_id = str(call.request.path_params["fault"])
    to = str(form.get("to", ""))
    await call.run(operations.fault, rule_id)  # one of this tenant
    if to == "delete":
        await call.run(operations.delete_fault, rule_id)
        return call.back("faults", done="The fault was deleted.")
    if to not in ("on", "off"):
        raise Invalid("A fault is switched on or off, or deleted.")
    await call.run(operations.change_fault, rule_id, changes={"enabled": to == "on"})
    return call.back("faults", done=f"The fault is {to}.")


async def clear(call: TenantCall) -> Question:
    """Delete all faults."""
    return Question(
        request=delete_faults(),
        title="Delete all faults",
        points=("Nothing goes wrong on purpose any more.", "Devices try again what faults held up."),
        button="Delete all faults",
        back=call.url("faults"),
        done="All faults were deleted.",
        leads_to=("faults",),
        work=lambda: call.run(operations.delete_faults),
    )


async def new(call: TenantCall) -> Response:
    """Show the form of a new fault."""
    return _form(call, Typed({"preset": [call.query("preset", "throttled")], "which": ["next"], "count": ["1"]}))


async def create(call: TenantCall) -> Response:
    """Add the fault, or the set of faults."""
    form = Typed.of(await call.form())
    name = form.text("preset")
    try:
        if name in SETS:
            rows = await call.run(operations.add_set, name, seed=_seed(form))
            return call.back("faults", done=f"{len(rows)} faults were added.")
        await call.run(operations.add_faults, new=[operations.NewFault(_rule(form))])
    except (Conflict, Invalid) as error:
        form.wrong(_field(error), error.message)
        return _form(call, form)
    return call.back("faults", done="The fault was added.")


def _view(call: TenantCall, row: FaultRuleRow) -> FaultView:
    document, live = row.document, call.emulator.faults.of(call.tenant.id)
    near = None if live is None or row.matched else live.nearest(row.id)
    return FaultView(
        row,
        match=match_in_words(document["match"]),
        when=when_in_words(document["when"]),
        effect=effect_in_words(document["effect"]),
        nearest="" if near is None else short_path(nearest_in_words({"request": near.words, "differs": near.differs})),
        warnings=warnings(
            rule_of(document), is_served=call.emulator.graph_serves, keeps_past=call.emulator.runner.database.keeps_past
        ),
    )


def _form(call: TenantCall, form: Typed) -> Response:
    return task_page(
        call,
        [_request(form)],
        template="fault_new.html",
        error=form.errors.get("") or ("Nothing was added. Please mend what is marked below." if form.errors else ""),
        title="New fault",
        sentence="It strikes requests and devices only of this tenant, and never the console.",
        button="Add the fault",
        back=call.url("faults"),
        form=form,
        groups={title: [(name, each.title) for name, each in group.items()] for title, group in PRESETS.items()},
        sets=_SETS,
        which=_WHICH,
        methods=[(method, method) for method in _METHODS],
    )


def _request(form: Typed) -> AdminRequest:
    """Return the request that the form stands for; of a form that is wrong, as much as can be read."""
    name = form.text("preset")
    if name in SETS:
        return add_fault_set(
            name, seed=int(form.text("count")) if re.fullmatch("[0-9]{1,9}", form.text("count")) else 1
        )
    try:
        rule = _rule(form)
    except Invalid:
        rule = {"effect": {}}
    return add_fault(rule["effect"], match=rule.get("match"), when=rule.get("when"))


def _rule(form: Typed) -> dict[str, Any]:
    """Return the rule that the form describes. Raises Invalid for a choice that there is not, or for no number."""
    chosen = preset(form.text("preset"))
    if chosen is None:
        raise Invalid("Choose what goes wrong.", target="preset")
    match = {**chosen.match, **{name: form.text(name) for name in _TARGETS if form.text(name)}}
    which, count = form.text("which"), form.text("count")
    when: dict[str, Any] = {}
    if which:
        if not re.fullmatch("[0-9]{1,9}", count) or which not in dict(_WHICH):
            raise Invalid("Write a whole number.", target="when")
        when = {"probability": int(count) / 100, "seed": 1} if which == "probability" else {which: int(count)}
    return {"match": match, "when": when, "effect": chosen.effect}


def _seed(form: Typed) -> int:
    count = form.text("count") or "1"
    if not re.fullmatch("[0-9]{1,9}", count):
        raise Invalid("Write a whole number.", target="when")
    return int(count)


def _field(error: Conflict | Invalid) -> str:
    """Return the field of the form that an error is about."""
    target = error.target or ""
    if target.startswith("when"):
        return "count"
    return target.removeprefix("match.") if target.removeprefix("match.") in (*_TARGETS, "preset") else ""
