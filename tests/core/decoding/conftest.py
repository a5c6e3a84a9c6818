"""Bodies with a secret planted in them, one or more of each family."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.support.authorities import Authorities
from tests.support.certificates import self_signed
from tests.support.planted_secrets import Planted, planted_secrets


@pytest.fixture(scope="session")
def planted(raw_rsa_keys: list[rsa.RSAPrivateKey], authorities: Authorities) -> list[Planted]:
    """Return the bodies."""
    key = raw_rsa_keys[0]
    return planted_secrets(key, self_signed(key, "Alice Allison"), authorities)
