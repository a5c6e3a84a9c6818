"""Commands for certificates: those of the tenant's CA, imported ones, and those requested by SCEP."""
