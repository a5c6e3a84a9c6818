"""The certification authorities: templates, issuance, the register, CRL and OCSP, imported certificates."""
