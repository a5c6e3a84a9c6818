"""Devices: enrolment, records, facts, and the actions that administrators ask for."""
