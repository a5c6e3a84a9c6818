"""What is on the wire, in a form that a person can read, without its secrets.

`decode` turns a body into parts; `mask_headers`, `mask_url` and `mask_query` are for what is around it. Pure, and
imported by nothing until somebody looks at the wire.
"""

from fauxtune.core.decoding.addresses import hidden_in, mask_headers, mask_query, mask_url
from fauxtune.core.decoding.batch import paired
from fauxtune.core.decoding.masking import Masking, mask_text
from fauxtune.core.decoding.odata import describe_query, query_part
from fauxtune.core.decoding.parts import Part
from fauxtune.core.decoding.registry import decode, describe_headers
from fauxtune.core.decoding.tokens import describe_authorization, describe_token

__all__ = [
    "Masking",
    "Part",
    "decode",
    "describe_authorization",
    "describe_headers",
    "describe_query",
    "describe_token",
    "hidden_in",
    "mask_headers",
    "mask_query",
    "mask_text",
    "mask_url",
    "paired",
    "query_part",
]
