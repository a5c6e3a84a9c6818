"""Signs in without a secret, by azure-identity, as the environment says. Run by test_managed_identity.py.

Arguments: the kind of identity, and perhaps the client id of a user-assigned one. Prints a line of JSON for each
credential.
"""

from __future__ import annotations

import base64
import json
import os
import sys
import time
from typing import Any

import httpx
from azure.core.exceptions import ClientAuthenticationError
from azure.identity import DefaultAzureCredential, ManagedIdentityCredential, WorkloadIdentityCredential


def main(kind: str, client_id: str | None = None) -> None:
    is_unknown = kind == "workload" and "AZURE_AUTHORITY_HOST" in os.environ
    options: dict[str, Any] = {"disable_instance_discovery": True} if is_unknown else {}
    own = (
        WorkloadIdentityCredential(**options) if kind == "workload" else ManagedIdentityCredential(client_id=client_id)
    )
    if client_id is not None:
        options["managed_identity_client_id"] = client_id
    for credential in (own, DefaultAzureCredential(**options)):
        began = time.monotonic()
        try:
            token = credential.get_token("https://graph.microsoft.com/.default").token
        except ClientAuthenticationError as error:
            print(json.dumps({"refused": str(error), "seconds": time.monotonic() - began}))
            continue
        claims = json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))
        url = f"{os.environ['FAUXTUNE_URL']}/v1.0/users"
        answer = httpx.get(url, headers={"Authorization": f"Bearer {token}"}, trust_env=True)
        print(json.dumps({"appid": claims["appid"], "roles": len(claims["roles"]), "graph": answer.status_code}))


if __name__ == "__main__":
    main(*sys.argv[1:])
