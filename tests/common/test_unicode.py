"""Lone surrogates, which Python reads from bytes that are not UTF-8."""

from common.unicode import valid_text


def test_only_lone_surrogates_change():
    for text in ("", "plain", "é 你好 🙂\n"):
        assert valid_text(text) == text
    assert valid_text(b"a\xffb".decode("utf-8", "surrogateescape")) == "a?b"
