"""Runs operations: transactions, signals, caches, tokens, and the emulator that holds them all."""
