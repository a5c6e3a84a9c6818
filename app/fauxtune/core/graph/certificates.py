"""Certificates that administrators import for users.

Source: Graph reference, userPFXCertificate (beta); what a read shows of the secrets: Microsoft's PFXImport cmdlets.
"""

from __future__ import annotations

from fauxtune.core.graph import enums
from fauxtune.core.graph.base import ENTITY
from fauxtune.core.odata.schema.types import Edm, Entity, Owner, Property

USER_PFX_CERTIFICATE = Entity(
    "userPFXCertificate",
    (
        Property("thumbprint", required=True),
        Property("intendedPurpose", enums.USER_PFX_INTENDED_PURPOSE, nullable=False),
        Property("userPrincipalName", required=True),
        Property("startDateTime", Edm.DATE_TIME, nullable=False),
        Property("expirationDateTime", Edm.DATE_TIME, nullable=False),
        # A client that encrypted with a public-key file alone does not know the two; the connector reports that.
        Property("providerName", default=""),
        Property("keyName", default=""),
        Property("paddingScheme", enums.USER_PFX_PADDING_SCHEME, nullable=False),
        # The service answers one zero byte for the first, and an empty text for the second.
        Property("encryptedPfxBlob", Edm.BINARY, required=True, write_only=True, mask="AA=="),
        Property("encryptedPfxPassword", required=True, write_only=True, mask=""),
        Property("createdDateTime", Edm.DATE_TIME, nullable=False, owner=Owner.SERVER),
        Property("lastModifiedDateTime", Edm.DATE_TIME, nullable=False, owner=Owner.SERVER),
    ),
    base=ENTITY,
    beta_only=True,
    source="Graph: userPFXCertificate (beta)",
)
