"""Certificates: who may issue them, what is in them, how they travel and how they are taken back.

Bytes in, bytes out; time and serial numbers are arguments. Keys, salts and padding are drawn by OpenSSL.
"""
