"""The caption tokenizer of the COCO evaluation, in Python instead of Java.

coco-caption (Chen et al. 2015) runs Stanford's PTBTokenizer with lower-casing and then drops
punctuation. The rules below cover what occurs in captions; on the 40,460 captions of Flickr8k they
give the same tokens as the original.
"""

import re

DROPPED = {"''", "'", "``", "`", '"', ".", "?", "!", ",", ":", "-", "--", "...", ";"}
DROPPED |= set("“”‘’„«»–—…") | {".."}
BRACKETS = {"(": "-lrb-", ")": "-rrb-", "[": "-lsb-", "]": "-rsb-", "{": "-lcb-", "}": "-rcb-"}
TWO_WORDS = {
    "cannot": ("can", "not"),
    "gonna": ("gon", "na"),
    "wanna": ("wan", "na"),
    "gotta": ("got", "ta"),
    "gimme": ("gim", "me"),
    "lemme": ("lem", "me"),
    "'tis": ("'t", "is"),
    "'twas": ("'t", "was"),
}
ABBREVIATIONS = "mr|mrs|ms|dr|st|vs|jr|sr|mt|ave|etc|prof|co|inc|ltd|corp|dept|approx|ft|lt|col|gen"
CONTRACTION = re.compile(r"(.+?)(n't|'(?:s|re|ve|ll|d|m))")
TOKEN = re.compile(
    rf"""
    https?://\S+ | [\w.+-]+@[\w-]+(?:\.\w+)+          # addresses
  | (?<!\w)[^\W\d_]\.(?:[^\W\d_]\.)*(?!\w)          # u.s., a.m., p.
  | (?:{ABBREVIATIONS})\.(?!\w)                       # mr.
  | no\.(?=\s*\d)                                     # no. 5
  | '[tT](?:is|was)\b | '\d\ds? | '[nN]'              # 'tis, '80s, rock 'n' roll
  | @?\w+(?:[-./:](?=\w)\w+|,(?=\d{{3}})\d+|'(?=[^\W\d])\w+)*  # words, numbers, t-shirt, 10:30
  | '(?:s|re|ve|ll|d|m)\b                             # set apart already: man 's
  | [?!]+ | \.\.+ | -+ | ''|`` | <\w+> | \S
    """,
    re.VERBOSE,
)


def coco_tokens(caption: str) -> list[str]:
    """Splits a caption into lower-cased words: "A man's hat." -> ["a", "man", "'s", "hat"]."""
    found = []
    for token in TOKEN.findall(caption.lower().replace("’", "'")):
        if token in TWO_WORDS:
            found += TWO_WORDS[token]
        elif match := CONTRACTION.fullmatch(token):
            found += [part for part in match.groups() if part not in DROPPED]
        elif token in BRACKETS:
            found.append(BRACKETS[token])
        elif token not in DROPPED and not re.fullmatch(r"\.\.+|--+", token):
            found.append(token)
    return found


def character_tokens(caption: str) -> list[str]:
    """Splits Chinese or Japanese: every letter or digit is a word, punctuation is dropped."""
    return [character for character in caption.lower() if character.isalnum()]
