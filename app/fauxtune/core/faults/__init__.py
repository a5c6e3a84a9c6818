"""Faults: what goes wrong on purpose, when, and for whom.

A rule says on which occasions (`matching`) and how often of them (`timing`) an effect (`effects`) strikes. Everything
here is pure: chance comes from a seed, time is an argument.
"""
