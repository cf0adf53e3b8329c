"""Finds raw files: in $RAW_DATA, in an earlier download, at the official address; and splits.

A set's builder asks `raw_file` for each file before it generates anything, so that a missing file
is one clear error and never minutes of retries.
"""

import contextlib
import gzip
import hashlib
import http.client
import importlib.util
import os
import pathlib
import tempfile
import unicodedata
import urllib.request
import zlib

from data import DataError

CONNECT_SECONDS = 10
LEFTOVER = "incomplete."  # begins the names of folders that a killed preparation leaves


def raw_file(set_name, path, url, sha256=None, data_dir=None) -> pathlib.Path:
    """The local path of one raw file, downloaded if necessary.

    $RAW_DATA/<set_name>/<path> is used as it is if it exists. Otherwise `url` is fetched
    into <tfds folder>/downloads/<set_name>/ (atomically, checked against `sha256` unless that is
    None) and reused the next time.

    Raises: DataError naming file, address, RAW_DATA and the error of the download.
    """
    raw_data = os.environ.get("RAW_DATA")
    if raw_data and (local := pathlib.Path(raw_data, set_name, path)).is_file():
        return local
    kept = tfds_folder(data_dir) / "downloads" / set_name / path
    if kept.is_file():
        return kept
    try:
        content = _download(url)
        if sha256 and (got := hashlib.sha256(content).hexdigest()) != sha256:
            raise OSError(f"its sha256 is {got}, expected {sha256}")
    except (OSError, http.client.HTTPException) as error:  # URLError and timeouts are OSErrors
        state = f"set to {raw_data}, which lacks {set_name}/{path}" if raw_data else "not set"
        raise DataError(
            f"{set_name} needs {path}: RAW_DATA is {state}, and downloading {url} failed ({error})."
            f" Put the file at $RAW_DATA/{set_name}/{path}, or connect to the network"
        ) from error
    kept.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=LEFTOVER, dir=kept.parent) as folder:
        part = pathlib.Path(folder, kept.name)
        part.write_bytes(content)
        os.replace(part, kept)
    return kept


def packaged(set_name, package, path) -> pathlib.Path:
    """The path of a file or folder of an installed package, which is not imported: that is slow.

    Raises: DataError naming the set and the package when it is missing.
    """
    found = importlib.util.find_spec(package)
    there = found and pathlib.Path(found.submodule_search_locations[0], path)
    if not there or not there.exists():
        raise DataError(f"the {set_name} set needs the package {package}: pip install {package}")
    return there


def files_under(folder, suffixes) -> list[pathlib.Path]:
    """The files below a folder whose names end so, in capital or small letters, sorted by name.

    Hidden ones, and those in hidden folders or __MACOSX, are other programs' notes about them.
    """
    folder = pathlib.Path(folder)
    found = (p for p in folder.rglob("*") if p.name.lower().endswith(tuple(suffixes)))
    return sorted(p for p in found if is_plain(p.relative_to(folder)) and p.is_file())


def is_plain(path) -> bool:
    """Whether no part of a path is hidden or __MACOSX."""
    return not any(part.startswith(".") or part == "__MACOSX" for part in path.parts)


def tfds_folder(data_dir=None) -> pathlib.Path:
    """The folder of prepared sets: data_dir, else $TFDS_DATA_DIR, else tfds' own default.

    tfds itself reads the variable only once, and takes an empty one for the working directory.
    """
    folder = data_dir or os.environ.get("TFDS_DATA_DIR") or "~/tensorflow_datasets"
    return pathlib.Path(folder).expanduser()


def _download(url: str) -> bytes:
    # One site refuses urllib's own User-Agent.
    request = urllib.request.Request(url, headers={"User-Agent": "rnn-suite"})
    with urllib.request.urlopen(request, timeout=CONNECT_SECONDS) as answer:
        return answer.read()


def gunzip(path) -> bytes:
    """The content of a gzip file.

    Raises: DataError naming a damaged file.
    """
    with named_when_damaged(path):
        return gzip.decompress(pathlib.Path(path).read_bytes())


@contextlib.contextmanager
def named_when_damaged(path):
    """Turns the errors of a damaged gzip file into a DataError that names it."""
    try:
        yield
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise DataError(f"{path} is a damaged gzip file ({error}): replace or delete it") from error


def content(path) -> bytes:
    """The bytes of a file, gunzipped when it is a gzip file."""
    found = pathlib.Path(path).read_bytes()
    return gunzip(path) if found[:2] == b"\x1f\x8b" else found


def squeeze(text: str) -> str:
    """Replaces every run of white space (also no-break and thin spaces) by one plain space."""
    return " ".join(text.split())


def sentence_key(text: str) -> str:
    """A sentence without case, punctuation and spacing; no key may be in two splits."""
    text = unicodedata.normalize("NFKC", text).casefold()
    return " ".join("".join(c if c.isalnum() else " " for c in text).split()) or text.strip()


def hash_of(key: str) -> float:
    """First 8 bytes of sha256(key) / 2^64, in [0, 1): the same on every machine, in every year."""
    return int.from_bytes(hashlib.sha256(key.encode()).digest()[:8], "big") / 2**64


def split_of(key: str, validation: float, test: float) -> str:
    """The split of a key, by h = hash_of(key): test below `test`, validation below
    `test + validation`, else train."""
    h = hash_of(key)
    return "test" if h < test else "validation" if h < test + validation else "train"
