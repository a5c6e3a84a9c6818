"""The skeleton of a lab, with which somebody begins who writes one."""

from __future__ import annotations

import pkgutil


def skeleton() -> str:
    """Return a lab file that is right, and that says what goes where."""
    data = pkgutil.get_data(__package__ or "", "skeleton.toml")
    assert data is not None, "it is in the package"
    return data.decode()
