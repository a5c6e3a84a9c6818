"""Benchmarks: each row is a ratio against a floor that is measured in the same run, so that machines can differ."""
