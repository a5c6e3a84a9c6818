"""Mutants: small changes of the product, each of which breaks one rule, and the tests that must notice it.

`make mutants` applies one after the other in a copy and runs its tests: they must fail.
"""
