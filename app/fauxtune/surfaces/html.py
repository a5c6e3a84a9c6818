"""The environment of Jinja for all pages: every value is escaped, a missing one is an error."""

from __future__ import annotations

from importlib import resources

from jinja2 import BaseLoader, Environment, StrictUndefined

from fauxtune.core.language.catalogue import Catalogue


def environment(loader: BaseLoader, *, words: Catalogue | None = None) -> Environment:
    """Return the environment of these templates. `words`: the texts of their `{% trans %}`."""
    result = Environment(
        loader=loader,
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        extensions=[] if words is None else ["jinja2.ext.i18n"],
    )
    if words is not None:
        result.policies["ext.i18n.trimmed"] = True
        result.install_gettext_translations(words, newstyle=True)  # type: ignore[attr-defined]
    return result


def colours() -> str:
    """Return the style sheet of the colours, for pages that have their styles in them."""
    return resources.files(__package__).joinpath("colours.css").read_text("utf-8")
