"""Cuts Chinese text into pieces of characters only, and reads them with pypinyin."""

import re
import unicodedata

PIECE = re.compile("[\u3400-\u4dbf\u4e00-\u9fff]+")
SYLLABLE = re.compile("[a-z]*[aeiouv][a-z]*")  # not the interjections m, n, ng, hm
SHORTEST, LONGEST = 2, 32  # characters of a piece

# The 3,755 frequent characters: level 1 of GB 2312, ordered by their reading.
FREQUENT = b"".join(
    bytes([row, cell]) for row in range(0xB0, 0xD8) for cell in range(0xA1, 0xFF)
).decode("gb2312", "ignore")


def pieces(text: str) -> list[str]:
    """The runs of 2 to 32 Chinese characters between punctuation, digits, letters and spaces."""
    return [piece for piece in PIECE.findall(text) if SHORTEST <= len(piece) <= LONGEST]


def read(piece: str) -> list[str] | None:
    """A syllable for each character, without tones, v for ü; None if a character has no known one.

    Characters with several readings get that of the phrase they are in.
    """
    from pypinyin import lazy_pinyin

    syllables = [plain(syllable) for syllable in lazy_pinyin(piece, errors="ignore")]
    sound = len(syllables) == len(piece) and all(map(SYLLABLE.fullmatch, syllables))
    return syllables if sound else None


def readings(characters) -> dict[str, set[str]]:
    """All readings of each character that the dictionary knows."""
    from pypinyin import Style, pinyin

    found = {}
    for character in characters:
        several = pinyin(character, style=Style.NORMAL, heteronym=True, errors="ignore")
        syllables = {plain(syllable) for alternatives in several for syllable in alternatives}
        found[character] = set(filter(SYLLABLE.fullmatch, syllables))
    return found


def plain(syllable: str) -> str:
    """A syllable in lower case without tone marks, v for ü: "Lǜ" -> "lv"."""
    apart = unicodedata.normalize("NFD", syllable.lower()).replace("u\u0308", "v")
    return "".join(c for c in apart if not unicodedata.combining(c))
