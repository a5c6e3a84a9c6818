"""Commands for certificate connectors, some of which run as a process of their own."""
