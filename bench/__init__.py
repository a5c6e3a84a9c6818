"""Benchmarks: each row is a ratio to a floor that is measured in the same run, so that different machines compare."""
