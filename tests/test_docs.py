"""Checks the pages: links and commands exist, pictures are those that the code draws."""

import importlib.util
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
APPS = sorted(path.parent.name for path in (ROOT / "apps").glob("*/train.py"))
PAGES = sorted(
    page
    for pattern in ("*.md", "docs/**/*.md", "apps/*/*.md", "data/*.md")
    for page in ROOT.glob(pattern)
)
HEADINGS = [
    "Commands",
    "Presets",
    "Your own data",
    "Options that matter",
    "How it works",
    "Serving",
    "Results",
    "Limits",
]
LINK = re.compile(r"\]\(([^()\s]+)\)|<img [^>]*src=\"([^\"]+)\"")
PATH = re.compile(
    r"(?<![\w./-])(?:apps|common|data|docs|tests)/[\w./-]*\w\.(?:py|md|png|svg|mid)\b"
)


def each_page(pages=PAGES):
    return pytest.mark.parametrize("page", pages, ids=lambda page: str(page.relative_to(ROOT)))


def without_code(text):
    return re.sub(r"```.*?```", "", text, flags=re.DOTALL)


def anchors(page):
    """Anchors of a page's headings, as GitHub makes them."""
    titles = re.findall(r"^#+ (.+)$", without_code(page.read_text(encoding="utf-8")), re.M)
    words = [re.sub(r"[^\w\- ]", "", re.sub(r"\]\(.*?\)", "", title)) for title in titles]
    return {title.strip().lower().replace(" ", "-") for title in words}


def commands(page):
    """The text of a page, with continued lines joined."""
    return page.read_text(encoding="utf-8").replace("\\\n", " ")


@each_page()
def test_links_lead_to_files_and_headings(page):
    for match in LINK.finditer(without_code(page.read_text(encoding="utf-8"))):
        link = match[1] or match[2]
        if re.match(r"[a-z]+:", link):
            continue
        path, _, heading = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), f"{page.name}: {link}"
        if heading:
            assert heading in anchors(target), f"{page.name}: {link}"


@each_page([page for page in PAGES if page.name != "CHANGELOG.md"])  # which names former files
def test_named_files_exist(page):
    text = page.read_text(encoding="utf-8")
    missing = [path for path in PATH.findall(text) if not (ROOT / path).exists()]
    assert not [path for path in missing if "NAME" not in path]
    assert not re.findall(r"(?<!/)\btest_\w+\.py", text), "tests are named with their folders"


def exists(target):
    """Whether the Makefile has a target, and the module named after its dash exists."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z%-]+):", makefile, re.M))
    if target in targets:
        return True
    kind, _, name = target.partition("-")
    if name in ("APP", "NAME", "%"):
        return f"{kind}-%" in targets
    places = {"data": f"data/{name}/__init__.py", "bench": f"tests/benchmarks/{name}.py"}
    place = ROOT / places.get(kind, f"apps/{name}/{kind}.py")
    return f"{kind}-%" in targets and place.is_file()


@each_page()
def test_make_targets_exist(page):
    named = re.findall(r"(?:^|`|; |\()make ((?:[a-z]+-?)+[A-Z%]*)", commands(page), re.M)
    assert not [target for target in named if not exists(target)]


@each_page()
def test_modules_exist(page):
    for module in re.findall(r"python[\w.]* -m ([\w.]+\w)", commands(page)):
        if module.split(".")[0] not in ("apps", "common", "data", "tests"):
            continue
        for app in APPS if "APP" in module else [""]:
            if "APP" in module and module.endswith("compare"):
                continue  # some apps have it
            path = ROOT.joinpath(*module.replace("APP", app).split("."))
            found = path.with_suffix(".py").is_file() or (path / "__main__.py").is_file()
            assert found, f"{page.name}: {module}"


def test_the_readme_is_short():
    assert len((ROOT / "README.md").read_text(encoding="utf-8").split()) <= 900


@pytest.mark.parametrize("app", APPS)
def test_pages_of_apps_have_one_shape(app):
    text = (ROOT / "apps" / app / "README.md").read_text(encoding="utf-8")
    assert re.findall(r"^## (.+)$", text, re.M) == HEADINGS
    assert f"docs/results/{app}.md" in text
    assert f"](apps/{app}/README.md)" in (ROOT / "README.md").read_text(encoding="utf-8")


def cells(row):
    return len(re.findall(r"(?<!\\)\|", row.strip().removeprefix("|").removesuffix("|"))) + 1


@each_page()
def test_tables_are_whole(page):
    """Rows of a table have as many cells as its heading; every table has a heading."""
    lines = without_code(page.read_text(encoding="utf-8")).splitlines()
    inside = set()
    for number, line in enumerate(lines):
        if "|" not in line or not re.fullmatch(r"\|?( *:?-+:? *\|?)+", line):
            continue
        end = next((n for n in range(number, len(lines)) if not lines[n].strip()), len(lines))
        inside |= set(range(number - 1, end))
        for row in lines[number - 1 : end]:
            assert cells(row) == cells(line), row
    outside = [row for n, row in enumerate(lines) if row.startswith("|") and n not in inside]
    assert not outside


def test_pictures_are_what_the_code_says():
    path = ROOT / "docs" / "draw_architecture.py"
    spec = importlib.util.spec_from_file_location("draw_architecture", path)
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    for name, content in script.drawn().items():
        stored = (ROOT / "docs" / "pictures" / name).read_text(encoding="utf-8")
        assert stored == content, f"{name} is old: run python docs/draw_architecture.py"
