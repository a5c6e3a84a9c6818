"""The search of lists by a part of a name."""

from __future__ import annotations

from sqlalchemy import ColumnElement, func, or_


def named(name: ColumnElement[str], text: str) -> ColumnElement[bool]:
    """Whether the name contains the text. The database folds the case of ASCII letters at least."""
    return or_(func.lower(name).contains(text.lower(), autoescape=True), name.contains(text, autoescape=True))
