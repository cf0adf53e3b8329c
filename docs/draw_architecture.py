"""Draws the pictures of docs/architecture.md from the code: python docs/draw_architecture.py

`rooms.svg` shows the folders and the rooms of common/: their names and floors come from
tests/test_imports.py, the descriptions from docstrings, the imports from the source. `sentence.svg`
shows the way of a sentence through the translation app; every stop names a function, and drawing
fails when that function no longer exists. Nothing is imported, so this is quick. The same code
gives the same bytes, which tests/test_docs.py checks.
"""

import ast
import re
import sys
import textwrap
from pathlib import Path
from xml.sax.saxutils import escape

ROOT = Path(__file__).resolve().parents[1]
PICTURES = ROOT / "docs" / "pictures"
INK, QUIET, LINE = "#1f2933", "#52606d", "#9aa5b1"
FILLS = ["#e3f2fd", "#e0f2f1", "#f1f8e9", "#fffde7", "#fff3e0", "#fbe9e7", "#fce4ec", "#f3e5f5"]

# The way of a sentence: (what happens, an example or shape, module:function).
WAY = [
    ("text", "“And Jacob was sore afraid.”", "apps.translate.infer:main"),
    ("sanitise", "valid UTF-8, no control characters", "common.text.tokenizer:sanitise"),
    (
        "subwords",
        "▁And ▁Jacob ▁was ▁sore ▁afraid .",
        "common.text.subwords:SentencePieceTokenizer",
    ),
    (
        "ids",
        "int32 [batch, source], </s> at the end",
        "apps.translate.pipeline:Pipeline.source_tokens",
    ),
    ("embedding", "float32 [batch, source, dim]", "common.layers.embedding:Embedding.call"),
    (
        "encoder",
        "a memory, and the decoder's first state",
        "apps.translate.model:Translator.encode",
    ),
    (
        "attention decoder, one step",
        "looks at the memory",
        "common.layers.decoder:AttentionDecoder.step",
    ),
    ("logits", "float32 [batch * beam, vocabulary]", "common.layers.embedding:Embedding.logits"),
    ("beam search", "keeps the best continuations", "common.decoding.beam:beam_search"),
    ("ids", "int32 [batch, n_best, time]", "common.decoding.hypotheses:Hypotheses"),
    ("text", "the translation", "common.text.tokenizer:Tokenizer.detokenize"),
]
LOOP = (6, 8)  # beam search calls the decoder step until every hypothesis has ended


def parsed(path):
    return ast.parse(path.read_text(encoding="utf-8"))


def floors():
    """FLOORS of tests/test_imports.py, from the ground up."""
    for node in parsed(ROOT / "tests" / "test_imports.py").body:
        if isinstance(node, ast.Assign) and node.targets[0].id == "FLOORS":
            return ast.literal_eval(node.value)
    raise SystemExit("error: tests/test_imports.py has no FLOORS")


def files_of(room):
    path = ROOT / "common" / room
    return sorted(path.rglob("*.py")) if path.is_dir() else [path.with_suffix(".py")]


def description(room):
    """The first sentence of a room's docstring."""
    path = ROOT / "common" / room
    file = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    first = " ".join(ast.get_docstring(parsed(file)).split("\n\n")[0].split())
    sentence = re.split(r"\. |: (?=`|python)", first)[0]  # no examples, no commands
    return sentence.replace("`", "").rstrip(".")


def imports(room):
    """The other rooms that a room imports, by name."""
    found = set()
    for path in files_of(room):
        package = path.relative_to(ROOT).parts[:-1]
        for node in ast.walk(parsed(path)):
            if not isinstance(node, ast.ImportFrom) or not node.level:
                continue
            above = [*package[: len(package) - node.level + 1], *(node.module or "").split(".")]
            above = [part for part in above if part]
            found |= {above[1]} if len(above) > 1 else {alias.name for alias in node.names}
    return sorted(found - {room})


def check(place):
    """Fails unless `module:name` or `module:Class.name` is defined in the source."""
    module, _, names = place.partition(":")
    path = ROOT.joinpath(*module.split(".")).with_suffix(".py")
    if not path.is_file():
        raise SystemExit(f"error: {place}: there is no {path.relative_to(ROOT)}")
    body = parsed(path).body
    for name in names.split("."):
        kinds = ast.FunctionDef | ast.ClassDef
        inside = [node for node in body if isinstance(node, kinds) and node.name == name]
        if not inside:
            raise SystemExit(f"error: {place}: {path.relative_to(ROOT)} does not define {name}")
        body = inside[0].body


def text(x, y, words, size=13, colour=INK, extra=""):
    return (
        f'<text x="{x}" y="{y}" font-size="{size}" fill="{colour}" {extra}>{escape(words)}</text>'
    )


def box(x, y, width, height, fill):
    return (
        f'<rect x="{x}" y="{y}" width="{width}" height="{height}" rx="6" fill="{fill}" '
        f'stroke="{LINE}"/>'
    )


def svg(width, height, title, parts):
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" '
        f'height="{height}" font-family="Helvetica, Arial, sans-serif" role="img">'
    )
    arrow = (
        '<defs><marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" '
        f'markerHeight="8" orient="auto">'
        f'<path d="M0,0 L8,4 L0,8 z" fill="{QUIET}"/></marker></defs>'
    )
    ground = f'<rect width="{width}" height="{height}" fill="#ffffff"/>'
    return "\n".join([head, f"<title>{escape(title)}</title>", arrow, ground, *parts, "</svg>\n"])


def arrow(path, colour=QUIET):
    return f'<path d="{path}" fill="none" stroke="{colour}" marker-end="url(#arrow)"/>'


def room_box(room, x, y, width, height, fill):
    """A room: its name, what it is, and what it imports."""
    yield box(x, y, width, height, fill)
    yield text(x + 8, y + 19, room, 14, INK, 'font-weight="bold"')
    characters = int((width - 12) / 6.2)
    at = y + 36
    for line in textwrap.wrap(description(room), characters):
        yield text(x + 8, at, line, 11)
        at += 14
    uses = imports(room)
    for line in textwrap.wrap("uses " + ", ".join(uses), characters) if uses else ["uses no other"]:
        yield text(x + 8, at + 4, line, 11, QUIET, 'font-style="italic"')
        at += 14


def height_of(rooms, width):
    characters = int((width - 12) / 6.2)

    def lines(room):
        uses = "uses " + ", ".join(imports(room))
        return sum(len(textwrap.wrap(words, characters)) for words in (description(room), uses))

    return 36 + 14 * max(map(lines, rooms))


def rooms():
    """SVG of apps/, data/ and the floors of common/."""
    left, width, gap = 40, 940, 8
    apps = ", ".join(sorted(path.parent.name for path in (ROOT / "apps").glob("*/train.py")))
    parts = [
        box(left, 16, 700, 56, "#ede7f6"),
        text(left + 10, 38, "apps/", 15, INK, 'font-weight="bold"'),
        text(left + 10, 58, apps, 13),
        box(left + 760, 16, 180, 56, "#eceff1"),
        text(left + 770, 38, "data/", 15, INK, 'font-weight="bold"'),
        text(left + 770, 58, "data sets and readers", 13),
        arrow(f"M{left + 700},44 H{left + 756}"),
        arrow(f"M{left + 350},72 V98"),
    ]
    y = 102
    parts.append(text(left, y + 18, "common/", 15, INK, 'font-weight="bold"'))
    parts.append(text(left + 88, y + 18, "rooms on floors: imports only lead down", 13, QUIET))
    y += 28
    top = y
    for number, floor in reversed(list(enumerate(floors()))):
        each = (width - gap * (len(floor) - 1)) // len(floor)
        height = height_of(floor, each)
        for place, room in enumerate(floor):
            fill = FILLS[number % len(FILLS)]
            parts += room_box(room, left + place * (each + gap), y, each, height, fill)
        y += height + gap
    parts.append(arrow(f"M20,{top} V{y - gap}"))
    return svg(1000, y + 8, "The rooms of the suite and what they import", parts)


def sentence():
    """SVG of the way of a sentence through the translation app."""
    step, height, left, width = 54, 38, 70, 400
    parts = []
    for number, (title, example, place) in enumerate(WAY):
        check(place)
        y = 16 + number * step
        fill = FILLS[7] if number in (0, len(WAY) - 1) else FILLS[number % 6]
        parts.append(box(left, y, width, height, fill))
        parts.append(text(left + 10, y + 16, title, 13, INK, 'font-weight="bold"'))
        parts.append(text(left + 10, y + 31, example, 11, QUIET))
        parts.append(text(left + width + 20, y + 24, place, 12, INK, 'font-family="monospace"'))
        if number:
            middle = left + width // 2
            parts.append(arrow(f"M{middle},{y - step + height} V{y - 2}"))
    first, last = (16 + number * step + height // 2 for number in LOOP)
    parts.append(arrow(f"M{left},{last} H30 V{first} H{left - 2}"))
    parts.append(
        f'<text x="22" y="{(first + last) // 2 + 46}" font-size="11" fill="{QUIET}" '
        f'transform="rotate(-90 22 {(first + last) // 2 + 46})">until &lt;/s&gt;</text>'
    )
    return svg(900, 16 + len(WAY) * step, "The way of a sentence", parts)


def drawn():
    """Name of the file -> its content."""
    return {"rooms.svg": rooms(), "sentence.svg": sentence()}


def main():
    for name, content in drawn().items():
        (PICTURES / name).write_text(content, encoding="utf-8")
        print(PICTURES.relative_to(ROOT) / name)


if __name__ == "__main__":
    sys.exit(main())
