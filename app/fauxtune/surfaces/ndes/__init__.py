"""NDES: the SCEP server of a tenant's certification authority."""
