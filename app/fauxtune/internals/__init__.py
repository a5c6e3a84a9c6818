"""What builds on internals of libraries, which may change with any of their versions. Nothing else does.

`tests/internals` says, after an upgrade, which of them are no longer what they were.
"""
