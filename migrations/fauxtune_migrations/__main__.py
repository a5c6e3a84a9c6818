"""`python -m fauxtune_migrations "what changed"`: a new revision from the difference between tables and migrations.

Revisions are numbered (`0048_what_changed.py`). Read what was written before you commit it: a renamed column looks like
one dropped and one added. There is no way back but a backup, so no downgrades are written.

With or without a message it first writes `storage/schema.sql`, the tables as a new SQLite file gets them.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

from alembic import command
from alembic.autogenerate.api import AutogenContext
from alembic.config import Config
from sqlalchemy import create_engine
from sqlalchemy.types import TypeDecorator

from fauxtune.storage.migrate import SCHEMA
from fauxtune.storage.tables import metadata

VERSIONS = Path(__file__).parent / "versions"


def main(arguments: list[str]) -> int:
    """Write the schema of SQLite and the revision; 2 without a message."""
    SCHEMA.write_text(schema(), encoding="utf-8")
    message = " ".join(arguments).strip()
    if not message:
        sys.stderr.write('Say what changed: make migration MESSAGE="users have a phone number"\n')
        return 2
    number = f"{max(int(file.name[:4]) for file in VERSIONS.glob('[0-9]*_*.py')) + 1:04d}"
    config = Config()
    config.set_main_option("script_location", "fauxtune_migrations:.")
    config.set_main_option("file_template", "%%(rev)s_%%(slug)s")
    config.attributes["render_item"] = render_item
    engine = create_engine("sqlite://")
    with engine.connect() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        command.revision(config, message=message, autogenerate=True, rev_id=number)
    written = next(VERSIONS.glob(f"{number}_*.py"))
    _tidy(written)
    sys.stdout.write(f"Written: {written}. Read it before you commit it.\n")
    return 0


def schema() -> str:
    """Return the statements that make the tables of the code in an empty SQLite database, a blank line after each."""
    engine = create_engine("sqlite://")
    with engine.connect() as connection:
        metadata.create_all(connection, checkfirst=False)
        rows = connection.exec_driver_sql(
            "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY tbl_name, type = 'index', name"
        )
        statements = [re.sub(r"\s+$", "", sql, flags=re.MULTILINE) for sql in rows.scalars()]
    return ";\n\n".join(statements) + ";\n"


def _tidy(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    file.write_text(re.sub(r"^ *# ### .*\n", "", text, flags=re.MULTILINE), encoding="utf-8")
    ruff = Path(sys.executable).with_name("ruff")
    if ruff.exists():
        subprocess.run([ruff, "format", "--quiet", file], check=True)  # noqa: S603 - our own file


def render_item(kind: str, item: Any, _context: AutogenContext) -> str | bool:
    """Columns as the migration writes them: our own types by what they are to the database."""
    if kind != "type":
        return False
    plain: Any = item.impl if isinstance(item, TypeDecorator) else item
    name = type(plain).__name__
    if name == "String" and plain.length is None:
        return "WORD"
    return f"sa.{name}()" if re.fullmatch(r"JSON|LargeBinary|Integer|BigInteger|Boolean", name) else False


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
