"""Tenants: creation from a seed, settings, clock and removal."""
