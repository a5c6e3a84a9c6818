"""S/MIME mail (RFC 8551): written and read with the keys of a device."""
