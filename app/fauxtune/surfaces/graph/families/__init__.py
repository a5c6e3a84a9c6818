"""The families: the collections of Graph that one mechanism keeps, one file an area. They are data, and are found by
`index.py`: a module has `FAMILIES`, and `HEADING`, which is the area's heading in docs/coverage.md.

The mechanism: `operations/profiles/resources.py` changes them, `surfaces/graph/resources/family_handlers.py` answers
for them, `surfaces/graph/routes/families.py` makes their routes.
"""
