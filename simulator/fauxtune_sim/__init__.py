"""Simulated devices that talk to a device-management service only over the wire.

This package never imports the server's code, nor does the server import it: two independent readings of one protocol
catch each other's mistakes. What both must read stands in `tests/wire/`.
"""
