"""Certificates: authorities, issuance, files and messages that carry them, and revocation.

Bytes in, bytes out; time and serial numbers are arguments. OpenSSL generates keys, salts and padding.
"""
