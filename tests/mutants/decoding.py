"""Mutants: secrets on the wire that nobody may see."""

#: data

from __future__ import annotations

from tests.mutants.mutant import Mutant

_SECRETS = "tests/core/decoding/test_secrets.py"
_EVERY_FAMILY = f"{_SECRETS}::test_secrets_of_every_family_are_hidden"
_CUT = f"{_SECRETS}::test_a_body_that_was_cut_shows_no_secret"

MUTANTS: tuple[Mutant, ...] = (
    Mutant(
        rule="A secret that was recognised once is shown where it stands again",
        file="app/fauxtune_wire/decoding/masking.py",
        before='text = text.replace(secret, not_shown("secret"))',
        after="text = text.replace(secret, secret)",
        tests=(_EVERY_FAMILY,),
    ),
    Mutant(
        rule="A value that its neighbour names as a secret is shown",
        file="app/fauxtune_wire/decoding/masking.py",
        before="if kind is None and plain in NAMED:",
        after="if False:",
        tests=(_EVERY_FAMILY,),
    ),
    Mutant(
        rule="A private key or PFX under a harmless name is shown",
        file="app/fauxtune_wire/decoding/masking.py",
        before="if kind in (DerKind.PFX, DerKind.PRIVATE_KEY):",
        after="if False:",
        tests=("tests/core/decoding/test_masking.py::test_a_file_under_a_harmless_name_is_named_by_what_it_is",),
    ),
    Mutant(
        rule="The data of an Item of SyncML is shown whatever its address is",
        file="app/fauxtune_wire/decoding/xml_text.py",
        before="inner = kind or after_key or (secret if name in NAMED else None)",
        after="inner = kind or after_key",
        tests=("tests/core/decoding/test_windows.py::test_commands_stand_in_order_with_their_addresses_and_data",),
    ),
    Mutant(
        rule="A field of a form is shown whatever its name is",
        file="app/fauxtune_wire/decoding/tokens.py",
        before="is_open = name in _OPEN",
        after="is_open = True",
        tests=("tests/core/decoding/test_graph.py::test_a_request_for_a_token_and_its_answer_are_explained",),
    ),
    Mutant(
        rule="A body that cannot be read is shown with its values",
        file="app/fauxtune_wire/decoding/__init__.py",
        before="plain = _without_values(cut[: min(ends)] if is_cut else cut)",
        after="plain = cut[: min(ends)] if is_cut else cut",
        tests=(_CUT,),
    ),
    Mutant(
        rule="Bytes inside a message are shown as a text",
        file="app/fauxtune_wire/decoding/__init__.py",
        before="if body.depth > 1:",
        after="if False:",
        tests=("tests/core/decoding/test_certificates.py::test_bytes_inside_a_message_are_no_text_to_be_shown",),
    ),
)
