"""The value of a setting that counts where several policies ask for it.

Two policies with one address and equal values give one setting; with different values they are in conflict, and neither
is applied. A value of a compliance policy goes before those of all others, and of several the strictest counts.

Intune for Education: "Avoiding policy conflicts"; Intune: "Common questions, answers, and scenarios with policies and
profiles". Unverified: the name of the state of what gives way.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from fauxtune.core.model.settings import Asking, Setting

IN_CONFLICT = "Policies ask for different values of the setting: none of them is applied."
GIVES_WAY = "A compliance policy asks for another value of the setting, and goes before."
#: The strictest of the values of compliance policies. `shortest`: 0 is no limit.
_STRICTEST: Mapping[str, Callable[[Any], Any]] = {
    "most": lambda value: -value,
    "least": lambda value: value,
    "shortest": lambda value: value or math.inf,
}


def merged(settings: Iterable[Setting]) -> tuple[Setting, ...]:
    """The settings of all policies, each address once, in the order of their addresses."""
    known: dict[str, list[Setting]] = {}
    for setting in settings:
        known.setdefault(setting.address, []).append(setting)
    return tuple(_merged(known[address]) for address in sorted(known))


def _merged(settings: list[Setting]) -> Setting:
    """The setting that these, which have one address, give."""
    by = _askings(settings)
    first = min(
        (setting for setting in settings if setting.stricter),
        key=lambda setting: (_STRICTEST[setting.stricter](setting.value), setting.text),
        default=settings[0],
    )
    others = [setting for setting in settings if (setting.form, setting.text) != (first.form, first.text)]
    if others and not first.stricter:
        form = min(setting.form for setting in settings)
        return Setting(first.address, form, None, by=by, in_conflict=True)
    return replace(first, by=by, below=_askings(each for each in others if not each.stricter))


def _askings(settings: Iterable[Setting]) -> tuple[Asking, ...]:
    return tuple(sorted({one for setting in settings for one in setting.by}))
