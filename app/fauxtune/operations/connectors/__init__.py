"""The certificate connectors: which there are, which one serves a request, what they revoke and log."""
