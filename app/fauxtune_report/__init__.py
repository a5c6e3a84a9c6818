"""The report: what happened in a tenant as one page, with claims that openssl proves."""
