"""XML that must not be read, and XML that must although it looks odd."""

from __future__ import annotations

from xml.sax.saxutils import escape, quoteattr

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fauxtune.core.formats import xml
from fauxtune.core.formats.xml import Malformed, leaf, parse, tag

LAUGHS = b'<!DOCTYPE a [<!ENTITY b "ha"><!ENTITY c "&b;&b;&b;&b;">]><a>&c;</a>'


@pytest.mark.parametrize(
    "document",
    [
        b"",
        b"   ",
        b"no xml",
        b"<a>",
        b"<a></b>",
        b"<a/><b/>",
        b"<a>\x00</a>",
        b"\xff\xfe\x00",
        b'<?xml version="1.0" encoding="klingon"?><a/>',
        b"<a>\xe4</a>",
        b"<x:a/>",
        b"<a>&b;</a>",
        LAUGHS,
        b"<!DOCTYPE a><a/>",
        b'<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>',
        b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>',
        b'<!DOCTYPE a [<!ENTITY % p SYSTEM "http://localhost/x"> %p;]><a/>',
        b"<a>" * (xml.DEPTH_LIMIT + 1) + b"</a>" * (xml.DEPTH_LIMIT + 1),
        b"<a>" + b"<b/>" * xml.ELEMENT_LIMIT + b"</a>",
        b"<a>" + b" " * xml.SIZE_LIMIT + b"</a>",
    ],
)
def test_what_is_no_xml_too_large_or_declares_a_type_is_refused(document: bytes) -> None:
    with pytest.raises(Malformed):
        parse(document)


def test_names_are_local_and_blanks_around_values_are_nothing() -> None:
    root = parse(b'<p:a xmlns:p="urn:1" xmlns="urn:2"><b q="1" p:r="2">\n  x\n</b><b/></p:a>')
    assert (root.name, root.text_at("b"), [element.text for element in root.all("b")]) == ("a", "x", ["x", ""])
    assert root.find("b") is not None
    assert dict(root.children[0].attributes) == {"q": "1", "r": "2"}
    assert (root.text_at("c", default="none"), root.find("b", "c"), root.find("c", "d")) == ("none", None, None)


def test_xmls_own_entities_comments_and_sections_are_read() -> None:
    assert parse(b"<a>&lt;&amp;<!-- no -->&#65;<![CDATA[<b>]]></a>").text == "<&A<b>"


def test_what_is_written_is_read_again_and_has_no_characters_that_xml_has_no_place_for() -> None:
    written = tag("a", leaf("b", "<\x01&\ud800]]>"), c='"<\x02>', d__e="f")
    assert written.startswith('<a c=\'"&lt;&gt;\' d:e="f">')
    root = parse(written.replace("d:e", "d").encode())
    assert (root.text_at("b"), root.attributes["c"]) == ("<&]]>", '"<>')


@given(st.text(st.characters(codec=None) | st.sampled_from("&<>\"'\t\r\n\x7f\ufffe")))
def test_values_are_written_as_pythons_own_writer_does(value: str) -> None:
    allowed = xml.clean(value)
    content = escape(allowed)
    assert leaf("a", value) == (f"<a>{content}</a>" if content else "<a/>")
    assert tag("a", b=value) == f"<a b={quoteattr(allowed)}/>"
