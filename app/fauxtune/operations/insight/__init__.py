"""Explanations: the audit log, diagnosis and what if. Nothing depends on it."""
