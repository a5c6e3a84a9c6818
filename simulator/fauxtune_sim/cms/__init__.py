"""Cryptographic Message Syntax (RFC 5652) for mail and password envelopes.

Messages are read by `messages`, on the reader of DER beside it. Signed ones are written by `signed` on its own, since
devices sign each message of a check-in; envelopes are written with asn1crypto. `cryptography` does not
read BER, OAEP, 3DES, AES-192, key identifiers or EC recipients, and verifies no signatures.
"""
