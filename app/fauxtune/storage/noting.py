"""What a transaction does to the directory, noted where it is written: nothing that writes there can forget it.

Only whoever runs the transaction reads the notes, and only for tenants that track changes; they cost no statement.
"""

from __future__ import annotations

from sqlalchemy import Connection

from fauxtune.storage.rows.directory import DirectoryChange

_NOTES = "fauxtune_directory_changes"


def note(connection: Connection, *changes: DirectoryChange) -> None:
    """Note changes of the transaction under way: each has a connection of its own."""
    notes = connection.get_execution_options().get(_NOTES)
    if notes is None:
        notes = []
        connection.execution_options(**{_NOTES: notes})
    notes.extend(changes)


def noted(connection: Connection) -> list[DirectoryChange]:
    """Return what the transaction has changed so far."""
    notes: list[DirectoryChange] = connection.get_execution_options().get(_NOTES, [])
    return notes
