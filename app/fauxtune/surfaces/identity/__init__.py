"""Entra ID's endpoints: tokens, OpenID documents, keys, instance discovery."""
