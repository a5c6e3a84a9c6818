"""The certificate connector: it holds keys, makes certificates for users, and re-encrypts imported ones for devices.

It uses the core and its own files, but no HTTP and no database. Its methods may take tens of milliseconds and hold no
lock meanwhile: call them in worker threads.
"""
