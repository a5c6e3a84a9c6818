"""Certificates and keys on a device: its identity, its key store, PKCS#12 files, names of certificates in texts."""
