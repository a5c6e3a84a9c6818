"""What the server and its page `/` know of the console."""

from __future__ import annotations

from fauxtune.extensions import Extension
from fauxtune_console.addresses import PATH

EXTENSION = Extension(package="fauxtune_console", route="entry:ConsoleRoute", addresses={"console": PATH})
