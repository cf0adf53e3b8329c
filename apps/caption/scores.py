"""Scores in addition to coco-caption's: exact matches, attributes, variety."""

from collections import Counter

from common.metrics.caption import tokenizer_of
from common.metrics.coco_tokens import coco_tokens
from common.metrics.score import Score

TONES = {"light", "medium-light", "medium", "medium-dark", "dark"}
GENDERS = {
    **dict.fromkeys(("man", "men", "boy", "prince", "mr", "santa"), "male"),
    **dict.fromkeys(("woman", "women", "girl", "princess", "mrs"), "female"),
}


def exact(captions, references, language="") -> Score:
    """Percentage of captions equal to one of the references, apart from case and punctuation."""
    name, cut = tokenizer_of(language)
    right = sum(
        cut(caption) in [cut(one) for one in wanted]
        for caption, wanted in zip(captions, references, strict=True)
    )
    signature = f"exact|percent|tok:{name}|n:{len(captions)}"
    return Score("exact", 100 * right / len(captions), signature)


def attributes(caption):
    """(skin tones in order, number of times each gender is named)."""
    words = coco_tokens(caption.replace(".", ""))
    tones = [word for word, after in zip(words, words[1:], strict=False)
             if word in TONES and after == "skin"]  # fmt: skip
    return tones, Counter(GENDERS[word] for word in words if word in GENDERS)


def right_attributes(captions, references) -> Score:
    """Percentage of (English) captions with the skin tones and genders of a reference."""
    right = sum(
        attributes(caption) in [attributes(one) for one in wanted]
        for caption, wanted in zip(captions, references, strict=True)
    )
    signature = f"skin tones and genders|percent|n:{len(captions)}"
    return Score("attributes", 100 * right / len(captions), signature)


def variety(captions, known, language="") -> dict[str, Score]:
    """Variety of captions, and how many are copied from `known`, those of training."""
    _, cut = tokenizer_of(language)
    distinct, known = set(captions), set(known)
    copied = sum(caption in known for caption in captions)
    words, vocabulary = ({w for text in texts for w in cut(text)} for texts in (distinct, known))
    of = f"n:{len(captions)}"
    return {
        "distinct_captions": Score("distinct captions", float(len(distinct)), f"count|{of}"),
        "copied_captions": Score(
            "copied captions", 100 * copied / len(captions), f"percent, whole from training|{of}"
        ),
        "vocabulary_used": Score(
            "vocabulary used",
            100 * len(words & vocabulary) / max(1, len(vocabulary)),
            f"percent of {len(vocabulary)} words of training|{of}",
        ),
    }
