"""Pages of certificates: what was issued and imported, authorities, templates, SCEP, connectors, the address book."""
