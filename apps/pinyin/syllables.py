"""Typed pinyin -> syllables in TensorFlow operations, the same in training and in an export."""

import math

import tensorflow as tf
import tensorflow_text as tf_text
from sentencepiece import sentencepiece_model_pb2 as proto

from common.config import TokenizerConfig
from common.text import SPECIAL_TOKENS, UNK, SentencePieceTokenizer, sanitise

SPELLINGS = (  # in this order
    (r"u\x{0308}|u:", "v"),  # ü
    (r"\p{Mn}", ""),  # tone marks
    (r"([a-z])[0-5]", r"\1 "),  # tone numbers, which end a syllable
    (r"['’ʼ`-]", " "),
    (r"([jqxy])v", r"\1u"),
    (r"([ln])ue", r"\1ve"),
)


def normalise(texts):
    """string `[n]` -> lower-case letters and spaces: "Lǜsè", "lv4 se4", "lü'se" become "lv se"."""
    # First, since folding composes letters and marks again.
    texts = tf_text.normalize_utf8(tf_text.case_fold_utf8(sanitise(texts)), "NFKD")
    for pattern, written in SPELLINGS:
        texts = tf.strings.regex_replace(texts, pattern, written)
    return texts


def segmenter(counts):
    """A tokenizer that cuts "woaibeijing" into its most probable syllables (a unigram model,
    Kudo 2018).

    Args:
        counts: syllable -> its frequency, possibly 0.
    """
    total = sum(counts.values()) + len(counts)
    scores = {s: math.log((count + 1) / total) for s, count in counts.items()}
    for syllable in sorted(scores, key=len):
        # One syllable is preferred to two with the same letters, such as xi + an: else "lia" alone
        # would be two.
        pairs = ((syllable[:n], syllable[n:]) for n in range(1, len(syllable)))
        pairs = [scores[a] + scores[b] for a, b in pairs if a in scores and b in scores]
        scores[syllable] = max([scores[syllable], *(score + 0.01 for score in pairs)])
    config = TokenizerConfig(kind="unigram", vocab_size=100)
    learned = SentencePieceTokenizer.train(config, list(scores), seed=0)
    model = proto.ModelProto.FromString(learned.content())  # only its settings are used
    del model.pieces[len(SPECIAL_TOKENS) :]
    for syllable in sorted(scores):
        model.pieces.add(piece=syllable, score=scores[syllable])
    model.normalizer_spec.add_dummy_prefix = False
    config = TokenizerConfig(kind="unigram", vocab_size=len(model.pieces))
    return SentencePieceTokenizer(config, model.SerializeToString())


def tokenize(tokenizer, texts):
    """string `[n]` -> int32 ragged `[n, (syllables)]`; UNK where a word is not pinyin."""
    words = tf.strings.split(normalise(texts))  # [n, (words)]
    rows = tokenizer.tokenize(words.flat_values)  # [all words, (syllables)]
    return tf.RaggedTensor.from_row_splits(rows, words.row_splits).merge_dims(1, 2)


def complaint(tokenizer, text):
    """An error message for a text with UNK among its syllables."""
    for number, word in enumerate(normalise([text]).numpy()[0].decode().split(), 1):
        ids = tokenizer.tokenize([word]).numpy()[0]
        if UNK in ids:
            place = len("".join(tokenizer.pieces(ids[: list(ids).index(UNK)])))
            at = f"at letter {place + 1} of word {number}" if place else f"word {number}"
            return (
                f"{word!r} ({at}) is not pinyin: write syllables such as lǜ, lü4, lv, with or "
                "without spaces and tones"
            )
    return None
