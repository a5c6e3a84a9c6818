"""The key files that the connector's own tools and the import cmdlets exchange (CNG blobs).

The formats stand in core, because the command line reads public-key files too.
"""

from fauxtune.core.pki.cng import read_private_blob, read_public_blob, write_private_blob, write_public_blob

__all__ = ["read_private_blob", "read_public_blob", "write_private_blob", "write_public_blob"]
