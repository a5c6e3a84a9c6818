"""Profiles, their assignments, filters, references and scope tags."""
