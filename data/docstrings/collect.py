"""Collects docstrings from Python source files with `ast`: nothing is imported, nothing runs."""

import ast
import importlib.util
import inspect
import pathlib
import re
import sysconfig
import warnings

# Import names of the packages that requirements.txt installs, or that come with those. The list is
# fixed: other packages on a machine must not change the data.
PACKAGES = (
    "numpy",
    "keras",
    "tensorflow",
    "tensorflow_datasets",
    "tensorflow_text",
    "tensorboard",
    "matplotlib",
    "PIL",
    "fontTools",
    "h5py",
    "nltk",
    "rich",
    "sacrebleu",
    "tyro",
    "cattrs",
    "_pytest",
)
# Tests, copies of other packages, and TensorFlow's old copy of Keras.
LEFT_OUT = {"test", "tests", "testing", "idle_test", "site-packages", "dist-packages", "_vendor"}
LEFT_OUT |= {"_bundled", "turtledemo", "lib2to3", "idlelib"}
LEFT_OUT_FOLDERS = ("tensorflow/python/keras", "tensorflow/_api", "keras/api", "keras/_tf_keras")
DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


def source_roots() -> dict[str, pathlib.Path]:
    """{name: folder} of the standard library and of each installed package."""
    roots = {"python": pathlib.Path(sysconfig.get_path("stdlib"))}
    for name in PACKAGES:
        spec = importlib.util.find_spec(name)  # looks, and does not import
        if spec and spec.submodule_search_locations:
            roots[name] = pathlib.Path(next(iter(spec.submodule_search_locations)))
    return roots


def source_files(root, folders=("",)):
    """(module name, path) of the files in `folders` of the package at `root`, sorted by name."""
    found = []
    for path in (path for folder in folders for path in (root / folder).rglob("*.py")):
        parts = path.relative_to(root).parts
        folder = "/".join([root.name, *parts[:-1]]) + "/"
        if (
            LEFT_OUT.isdisjoint(parts)
            and not parts[-1].startswith("test_")
            and not parts[-1].endswith("_test.py")
            and not folder.startswith(tuple(f + "/" for f in LEFT_OUT_FOLDERS))
        ):
            found.append((".".join([*parts[:-1], path.stem]), path))
    return sorted(found)


def docstrings(path):
    """(name, docstring) of everything documented in a source file, cleaned of indentation.

    Calls of `add_newdoc(module, name, text)`, by which numpy documents its compiled functions,
    count too. A file that this Python cannot parse has none.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # escape sequences of old files
            tree = ast.parse(pathlib.Path(path).read_bytes())
    except (SyntaxError, ValueError, OSError):
        return
    for node in ast.walk(tree):
        if isinstance(node, DOCUMENTED):
            if text := ast.get_docstring(node):
                yield getattr(node, "name", ""), text
        elif isinstance(node, ast.Call) and getattr(node.func, "id", "") == "add_newdoc":
            texts = [a.value for a in ast.walk(node) if isinstance(a, ast.Constant)]
            texts = [value for value in texts if isinstance(value, str)]
            if texts and "\n\n" in texts[-1]:
                yield texts[-2] if len(texts) > 1 else "", inspect.cleandoc(texts[-1])


ROLE = re.compile(r":[\w:.+-]+:`~?([^`<]+?)(?: *<[^`>]*>)?`")
LINK = re.compile(r"\[([^\]\n]+)\]\([^)\s]*\)")  # of Markdown
CODE = re.compile(r"^```.*?^```", re.DOTALL | re.MULTILINE)
UNDERLINE = re.compile(r"^[ \t]*([-=~^*#_])\1{2,}[ \t]*$")
SIGNATURE = re.compile(r"^[\w.]+\(.*\)( *-> .*)?$")  # numpy repeats it in the first line


def split_docstring(text) -> tuple[str, str]:
    """(summary, document): the first paragraph, and the prose that follows, on one line each.

    The document lacks examples (`>>>`, fenced and `::` code), directives, underlines and the marks
    around names. Parameters and results stay: they say what a function is about.
    """
    text = CODE.sub("", text.expandtabs())
    head, _, body = text.partition("\n\n")
    if SIGNATURE.match(head.strip()):
        head, _, body = body.partition("\n\n")
    return _plain(head), _plain("\n".join(_prose(body.split("\n"))))


def _prose(lines):
    """The lines that are neither code nor directives; these end where their indentation does."""
    hidden = None  # lines indented deeper than this belong to a block that is left out
    for line in lines:
        stripped = line.strip()
        indent = len(line) - len(line.lstrip())
        if not stripped:
            if hidden == "example":  # output ends with an empty line
                hidden = None
            continue
        if isinstance(hidden, int) and indent > hidden:
            continue
        if hidden == "example" and not stripped.startswith(">>>"):
            continue
        hidden = None
        if stripped.startswith(">>>"):
            hidden = "example"
        elif stripped.startswith(".. "):
            hidden = indent
        elif stripped.endswith("::"):
            hidden = indent
            yield line.rstrip(": ") + ":"
        elif not UNDERLINE.match(line):
            yield line


def _plain(text):
    text = LINK.sub(r"\1", ROLE.sub(r"\1", text))
    text = re.sub(r"(?<!\w)\*{1,2}(?=\w)|(?<=\w)\*{1,2}(?!\w)", "", text)  # emphasis, *args
    return " ".join(re.sub(r"`+_?|<[^<>\s]+>", lambda m: _unmarked(m.group()), text).split())


def _unmarked(mark):
    return "" if mark.startswith("`") else mark
