import pytest

from common.lists import evenly_spaced, first_few


@pytest.mark.parametrize(
    "length, count, expected",
    [(0, 3, []), (2, 3, [0, 1]), (3, 3, [0, 1, 2]), (4, 3, [0, 2]), (9, 3, [0, 3, 6])],
)
def test_a_few_from_all_over(length, count, expected):
    assert evenly_spaced(list(range(length)), count) == expected
    assert list(evenly_spaced(range(length), count)) == expected


def test_the_first_in_words():
    found = [first_few(list(range(count)), 3) for count in (0, 1, 3, 4)]
    assert found == ["", "0", "0, 1, 2", "0, 1, 2, ..."]
