"""Settings of compliance policies in words, for people."""

from __future__ import annotations

from functools import cache

from fauxtune.core.engine.compliance import built_in
from fauxtune.core.engine.compliance.judging import full_name
from fauxtune.core.engine.compliance.settings import KINDS, Effect, Setting


def words_of(setting: str) -> str:
    """Return what a setting requires; the rule of a script is named as its author named it."""
    known = _settings().get(setting)
    return built_in.WORDS.get(setting, f"the rule '{setting}' is met") if known is None else known.words


def is_enforced(setting: str) -> bool:
    """Whether the operating system makes the user meet it."""
    known = _settings().get(setting)
    return known is not None and known.effect is Effect.REMEDIATED


@cache
def _settings() -> dict[str, Setting]:
    return {full_name(kind, name): setting for kind, known in KINDS.items() for name, setting in known.settings.items()}
