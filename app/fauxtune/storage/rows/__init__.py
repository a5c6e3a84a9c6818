"""The row types: one frozen dataclass for each table, its fields in the order of the columns.

`XRow(*row)` makes one of a row of `select(x)`; a test compares each type with its table.
"""
