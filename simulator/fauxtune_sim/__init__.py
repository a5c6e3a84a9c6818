"""Simulated devices that talk to a device-management service only over the network.

This package and the server never import each other: two independent implementations of one protocol find each other's
mistakes. The messages that both must read are in `tests/wire/`.
"""
