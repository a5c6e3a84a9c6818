"""The HTTP endpoints of the authorities: certificates, CRLs, OCSP."""
