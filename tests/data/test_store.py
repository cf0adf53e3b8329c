"""Examples on disk behave as a list, and leave nothing behind."""

import os
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import NamedTuple

import pytest

from data import DataError
from data.store import Store, taken


class Pair(NamedTuple):
    text: str
    others: tuple[str, ...]


ITEMS = [Pair(f"é {n}\n\u2028", ("春", "x" * n)) for n in range(50)]


def test_like_a_list():
    store = Store(iter(ITEMS), Pair)
    assert len(store) == 50 and store == ITEMS and store != ITEMS[1:]
    assert store[-1] == ITEMS[-1] and isinstance(store[3], Pair)
    assert store[40:10:-7] == ITEMS[40:10:-7] and store[5:][:2][1] == ITEMS[6]
    with pytest.raises(IndexError):
        store[50]
    assert Store(["", "春\ud800"]) == ["", "春\ud800"]
    assert Store([("a", "b")])[0] == ("a", "b")
    assert not Store([]) and list(Store([])[:3]) == []


def test_taken():
    store = Store(ITEMS, Pair)
    for examples in (ITEMS, store, store[:]):
        assert taken(examples, [7, 2]) == [ITEMS[7], ITEMS[2]]
        assert len(taken(examples, [])) == 0
    assert isinstance(taken(store, [1]), Store)


def test_threads_read_the_same():
    store = Store(ITEMS, Pair)
    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(lambda n: store[n % 50] == ITEMS[n % 50], range(2000)))


def test_the_file_is_unnamed_and_in_tmpdir(tmp_path):
    program = (
        "from data.store import Store; import os; store = Store(['a' * 100000] * 50);"
        "print(len(os.listdir(os.environ['TMPDIR'])), os.fstat(store.fileno()).st_dev,"
        "os.stat(os.environ['TMPDIR']).st_dev, os.fstat(store.fileno()).st_size)"
    )
    found = subprocess.run(
        [sys.executable, "-c", program],
        env=os.environ | {"TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    count, device, same, size = map(int, found.stdout.split())
    assert count == 0 and device == same and size > 5_000_000


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="only Linux has a full disk at hand")
def test_a_full_disk_is_reported(monkeypatch):
    monkeypatch.setattr(tempfile, "TemporaryFile", partial(open, "/dev/full", "r+b"))
    with pytest.raises(DataError, match="temporary file .* No space left .* TMPDIR"):
        Store(["a" * 100_000])
