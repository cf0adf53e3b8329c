"""Import rules: apps -> common, apps -> data; common never data or apps; no app another app;
and in common/ no import from a higher floor."""

import ast
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FILES = sorted(p for top in ("apps", "common", "data") for p in (ROOT / top).rglob("*.py"))

# From the ground up. A room may import from lower floors, and its own modules.
FLOORS = [
    ["errors", "special_tokens", "keras_internals", "occurrences"],
    ["limits", "files", "lists", "cells", "unicode"],
    ["searches"],
    ["config", "system"],
    ["text", "runs", "music", "vision", "baselines"],
    ["metrics", "layers", "batches"],
    ["decoding", "training", "analysis"],
    ["serving", "commands"],
    ["workers", "diagnostics"],  # commands that people call
]
FLOOR = {room: number for number, rooms in enumerate(FLOORS) for room in rooms}


def imported(path):
    """Full names of everything that a file imports."""
    package = path.relative_to(ROOT).parts[:-1]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            if package[0] == "common":  # the package can be installed under another name
                own = node.level or node.module.split(".")[0] != "common"
                assert own, f"{path}: common/ imports its own modules relatively"
            else:
                assert node.level == 0, f"{path}: imports by full name only"
            above = package[: len(package) - node.level + 1] if node.level else ()
            module = ".".join([*above, *filter(None, [node.module])])
            yield module
            yield from (f"{module}.{alias.name}" for alias in node.names)


def forbidden(path):
    top, *rest = path.relative_to(ROOT).parts
    if top == "common":
        return lambda name: name.split(".")[0] in ("apps", "data")
    if top == "data":
        return lambda name: name.split(".")[0] in ("apps", "common")
    own = rest[0]
    return lambda name: name.startswith("apps.") and name.split(".")[1] != own


def uphill(path):
    """Whether a name is in a room that this file of common/ must not import."""
    own = path.relative_to(ROOT / "common").parts[0].removesuffix(".py")

    def wrong(name):
        top, room, *_ = [*name.split("."), ""]
        return top == "common" and room != own and room in FLOOR and FLOOR[room] >= FLOOR[own]

    return wrong


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_imports_run_one_way(path):
    wrong = [name for name in imported(path) if forbidden(path)(name)]
    assert not wrong, f"{path} imports {wrong}"


INSIDE = [p for p in FILES if (ROOT / "common") in p.parents and p != ROOT / "common/__init__.py"]


@pytest.mark.parametrize("path", INSIDE, ids=lambda p: str(p.relative_to(ROOT)))
def test_no_import_leads_to_a_higher_floor(path):
    wrong = [name for name in imported(path) if uphill(path)(name)]
    assert not wrong, f"{path} imports {wrong}"


# Rooms that users install on their own: they import these, the standard library, and modules of
# the suite's first floor.
ALONE = ["layers", "decoding"]
BASE = {"tensorflow", "keras", "numpy"} | sys.stdlib_module_names
GROUND = {*FLOORS[0], "cells", "limits", "searches"}


def stranger(room):
    """Whether the files of this room, or of the ground floor, must not import a name."""

    def wrong(name):
        top, part, *_ = [*name.split("."), ""]
        return part not in GROUND | {room, ""} if top == "common" else top not in BASE

    return wrong


@pytest.mark.parametrize("room", ALONE)
def test_a_room_stands_alone(room):
    files = [*(ROOT / "common" / room).rglob("*.py"), ROOT / "common/__init__.py"]
    for path in [*files, *(ROOT / "common" / f"{name}.py" for name in GROUND)]:
        wrong = [name for name in imported(path) if stranger(room)(name)]
        assert not wrong, f"{path} imports {wrong}"


def test_every_room_has_a_floor():
    found = {p.name.removesuffix(".py") for p in (ROOT / "common").iterdir()}
    assert found - {"__init__", "__pycache__", "py.typed"} == set(FLOOR)


def test_the_law_can_be_broken():
    """The check finds forbidden imports."""
    law = forbidden(ROOT / "common" / "x.py")
    assert law("apps.translate.model") and law("data") and not law("common.text")
    law = forbidden(ROOT / "apps" / "translate" / "x.py")
    assert law("apps.lm.model") and not law("apps.translate.model") and not law("data")
    law = uphill(ROOT / "common" / "layers" / "x.py")
    assert law("common.training.trainer") and law("common.metrics")
    assert not law("common.layers.lstm") and not law("common.cells") and not law("keras")
    law = stranger("layers")
    assert law("tyro") and law("common.text") and law("common.config.cells")
    assert not law("common.cells") and not law("tensorflow") and not law("math")
