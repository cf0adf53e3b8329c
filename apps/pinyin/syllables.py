"""Pinyin as people write it -> syllables, in TensorFlow operations: the same in an export."""

import math

import tensorflow as tf
import tensorflow_text as tf_text
from sentencepiece import sentencepiece_model_pb2 as proto

from common.config import TokenizerConfig
from common.text import SPECIAL_TOKENS, UNK, SentencePieceTokenizer, sanitise

SPELLINGS = (  # in this order
    (r"u\x{0308}|u:", "v"),  # ü
    (r"\p{Mn}", ""),  # marks of the tones
    (r"([a-z])[0-5]", r"\1 "),  # their numbers, which end a syllable
    (r"['’ʼ`-]", " "),
    (r"([jqxy])v", r"\1u"),
    (r"([ln])ue", r"\1ve"),
)


def normalise(texts):
    """string `[n]` -> small letters and spaces: "Lǜsè", "lv4 se4" and "lü'se" become "lv se"."""
    # Folding puts letters and marks together again: it comes first.
    texts = tf_text.normalize_utf8(tf_text.case_fold_utf8(sanitise(texts)), "NFKD")
    for pattern, written in SPELLINGS:
        texts = tf.strings.regex_replace(texts, pattern, written)
    return texts


def segmenter(counts):
    """A tokenizer that cuts "woaibeijing" into the most probable syllables of all that spell it
    (a unigram model, Kudo 2018).

    Args:
        counts: syllable -> how often it was seen, 0 included.
    """
    total = sum(counts.values()) + len(counts)
    scores = {s: math.log((count + 1) / total) for s, count in counts.items()}
    for syllable in sorted(scores, key=len):
        # What two syllables can spell, as xi + an, is rather one: else "lia" alone would be two.
        pairs = ((syllable[:n], syllable[n:]) for n in range(1, len(syllable)))
        pairs = [scores[a] + scores[b] for a, b in pairs if a in scores and b in scores]
        scores[syllable] = max([scores[syllable], *(score + 0.01 for score in pairs)])
    config = TokenizerConfig(kind="unigram", vocab_size=100)
    learned = SentencePieceTokenizer.train(config, list(scores), seed=0)
    model = proto.ModelProto.FromString(learned.content())  # of which only the settings stay
    del model.pieces[len(SPECIAL_TOKENS) :]
    for syllable in sorted(scores):
        model.pieces.add(piece=syllable, score=scores[syllable])
    model.normalizer_spec.add_dummy_prefix = False
    config = TokenizerConfig(kind="unigram", vocab_size=len(model.pieces))
    return SentencePieceTokenizer(config, model.SerializeToString())


def tokenize(tokenizer, texts):
    """string `[n]` -> int32 ragged `[n, (syllables)]`; UNK where a word is no pinyin."""
    words = tf.strings.split(normalise(texts))  # [n, (words)]
    rows = tokenizer.tokenize(words.flat_values)  # [all words, (syllables)]
    return tf.RaggedTensor.from_row_splits(rows, words.row_splits).merge_dims(1, 2)


def complaint(tokenizer, text):
    """What is wrong with a text that has UNK among its syllables."""
    for number, word in enumerate(normalise([text]).numpy()[0].decode().split(), 1):
        ids = tokenizer.tokenize([word]).numpy()[0]
        if UNK in ids:
            place = len("".join(tokenizer.pieces(ids[: list(ids).index(UNK)])))
            at = f"at letter {place + 1} of word {number}" if place else f"word {number}"
            return (
                f"{word!r} ({at}) is no pinyin: write syllables such as lǜ, lü4, lv, with or "
                "without spaces and tones, and nothing else"
            )
    return None
