"""Intune's service for certification authorities of partners: SCEP validation, and the queue of revocations."""
