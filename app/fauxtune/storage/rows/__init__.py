"""The tables, each with the frozen dataclass of its rows from which it is made; and the row types of joins.

`XRow(*row)` makes one of a row of `select(x)`.
"""
