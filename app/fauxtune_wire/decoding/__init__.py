"""What is on the wire, in a form that a person can read, without its secrets.

`decode` turns a body into parts; `mask_headers`, `mask_url` and `mask_query` are for what is around it. Pure, and
imported by nothing until somebody looks at the wire.
"""

from fauxtune_wire.decoding.addresses import hidden_in, mask_headers, mask_query, mask_url
from fauxtune_wire.decoding.batch import paired
from fauxtune_wire.decoding.masking import Masking, mask_text
from fauxtune_wire.decoding.odata import describe_query, query_part
from fauxtune_wire.decoding.parts import Part
from fauxtune_wire.decoding.registry import decode, describe_headers
from fauxtune_wire.decoding.tokens import describe_authorization, describe_token

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
