"""The one-way law: apps -> common, apps -> data; common never data or apps; no app another app."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FILES = sorted(p for top in ("apps", "common", "data") for p in (ROOT / top).rglob("*.py"))


def imported(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports by full name only"
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def forbidden(path):
    top, *rest = path.relative_to(ROOT).parts
    if top == "common":
        return lambda name: name.split(".")[0] in ("apps", "data")
    if top == "data":
        return lambda name: name.split(".")[0] in ("apps", "common")
    own = rest[0]
    return lambda name: name.startswith("apps.") and name.split(".")[1] != own


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_imports_run_one_way(path):
    wrong = [name for name in imported(path) if forbidden(path)(name)]
    assert not wrong, f"{path} imports {wrong}"


def test_the_law_can_be_broken(tmp_path):
    """The check sees what it must see."""
    law = forbidden(ROOT / "common" / "x.py")
    assert law("apps.translate.model") and law("data") and not law("common.text")
    law = forbidden(ROOT / "apps" / "translate" / "x.py")
    assert law("apps.lm.model") and not law("apps.translate.model") and not law("data")
