"""Fonts are chosen by the characters of a text."""

from common.analysis import fonts


def test_a_font_that_has_the_character_is_found(monkeypatch):
    have = {"a.ttf": "abc", "b.ttf": "你", "c.ttf": "你好"}
    from matplotlib import font_manager

    installed = [
        font_manager.FontEntry(fname=file, name=name, style="normal", weight=400)
        for file, name in [("b.ttf", "Half"), ("c.ttf", "Noto Sans CJK SC"), ("d", "LastResort")]
    ]
    monkeypatch.setattr(font_manager.fontManager, "ttflist", installed)
    monkeypatch.setattr(font_manager, "findfont", lambda name: "a.ttf")
    monkeypatch.setattr(fonts, "_characters", lambda file: frozenset(have.get(file, "abc")))
    assert fonts.font_families("a你好 b") == (["DejaVu Sans", "Noto Sans CJK SC"], "")
    assert fonts.font_families("abc") == (["DejaVu Sans"], "")
