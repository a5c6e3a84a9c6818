"""The CA's HTTP doors: certificates, CRLs, OCSP."""
