"""A resumed run notices changed data; the digest depends on content and order alone."""

from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

from common.errors import UserError
from common.runs import Run
from common.runs.data_digest import digest_of

PAIRS = [(f"source {n}", f"target {n}") for n in range(600)]


class Picture(NamedTuple):
    name: str
    content: object
    captions: list


@dataclass(frozen=True)
class Config:
    seed: int = 1


def test_equal_examples_have_equal_digests():
    assert digest_of(PAIRS) == digest_of(iter([tuple(pair) for pair in PAIRS]))
    assert digest_of(PAIRS)["examples"] == 600
    moved = [[Picture("a", Path(folder, "a.png"), ["x"])] for folder in ("/one", "/two")]
    assert digest_of(moved[0]) == digest_of(moved[1])


@pytest.mark.parametrize(
    "one, other",
    [
        (PAIRS, PAIRS[::-1]),
        (PAIRS, PAIRS[:-1]),
        (["ab", "c"], ["a", "bc"]),
        (["1"], [1]),
        ([("a", ("b",))], [(("a",), "b")]),
        ([np.arange(4)], [np.arange(4).reshape(2, 2)]),
        ([np.arange(5000)], [np.r_[np.arange(2500), 0, np.arange(2501, 5000)]]),
        ([Picture("a", b"1", ["x"])], [Picture("a", b"2", ["x"])]),
        (["\udcff"], ["\udcfe"]),
    ],
)
def test_other_examples_have_other_digests(one, other):
    assert digest_of(one) != digest_of(other)


def test_changed_data_is_refused_with_both_counts(tmp_path):
    run = Run.start(tmp_path, "app", Config())
    for _ in range(2):
        run.check_data(training=PAIRS, validation=PAIRS[:5])
    with pytest.raises(UserError, match="training: 600 examples, now 90.*remove .*data.json"):
        run.check_data(training=PAIRS[:90], validation=PAIRS[:5])
    with pytest.raises(UserError, match="validation: 5 examples as before, but others"):
        run.check_data(training=PAIRS, validation=PAIRS[5:10])
    (tmp_path / "data.json").unlink()  # on purpose
    run.check_data(training=PAIRS[:90], validation=PAIRS[:5])


@pytest.mark.parametrize("content", ["[]", "5", "null", '{"training": 3}', '{"training": {}}'])
def test_nonsense_in_its_place_is_one_clear_line(tmp_path, content):
    run = Run.start(tmp_path, "app", Config())
    (tmp_path / "data.json").write_text(content)
    with pytest.raises(UserError, match="the data has changed"):
        run.check_data(training=PAIRS)
