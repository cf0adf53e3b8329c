"""Segmentation of raw text into words by TensorFlow operations: by rules, or by a lexicon."""

import math
import re
import tempfile
from collections import Counter

import sentencepiece
import tensorflow as tf
import tensorflow_text as tf_text
from sentencepiece import sentencepiece_model_pb2

from ..errors import UserError
from .tokenizer import sanitise
from .vocabulary import normalise

HAN = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\U00020000-\U0003ffff]")
LONGEST = 30  # of the runs of digits or letters in the lexicon


class Marks(tf.Module):
    """Rule-based segmentation into words and punctuation marks.

    Numbers, addresses and abbreviations stay whole; English contractions are split as in the Penn
    Treebank: do n't, I 'll, John 's.
    """

    TOKEN = "|".join(
        [
            r"(?:https?://|www\.)[^\s<>()]*[^\s<>().,:;!?]",
            r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+",
            r"(?:\p{L}\.){2,}",
            r"(?:Mr|Mrs|Ms|Dr|St|Jr|Sr|Inc|Corp|Ltd|Co|vs|etc)\.",
            r"\p{N}+(?:[.,:/]\p{N}+)*(?:st|nd|rd|th|s)?",
            r"[:;=]-?[()DPp](?:\s|$)",
            r"[\p{L}\p{M}\p{N}_]+(?:[.'’][\p{L}\p{M}\p{N}_]+)*",
            r"\.+|-+|…+|[!?]+|\*+|=+|_+|~+|#+|\++|<+|>+|\$+",
            r"\S",
        ]
    )

    def __call__(self, texts):
        """string `[n]` -> words, ragged `[n, (words)]`."""
        texts = tf.strings.regex_replace(sanitise(texts), self.TOKEN, r" \0 ")
        texts = tf.strings.regex_replace(texts, r"(?i)(n['’]t|['’](?:s|re|ve|ll|d|m)) ", r" \1 ")
        return tf.strings.split(texts)


class Lexicon(tf.Module):
    """Segmentation into the most probable sequence of words under a unigram model, found by
    SentencePiece's Viterbi search.

    All digits are equivalent, as are all Latin letters: 1998年 matches 0000年. A space always ends
    a word.

    Args:
        model: from `Lexicon.model`.

    Raises:
        UserError: the model is damaged.
    """

    def __init__(self, model: bytes):
        super().__init__()
        try:  # the TensorFlow kernel does not survive damaged models
            sentencepiece.SentencePieceProcessor().LoadFromSerializedProto(model)
        except RuntimeError as error:
            raise UserError("the word lexicon is damaged: copy the run again") from error
        self._pieces = tf_text.SentencepieceTokenizer(model=model, out_type=tf.string)

    @staticmethod
    def model(sentences) -> bytes:
        """The unigram model of sentences (lists of words), as a serialised SentencePiece model."""
        counts = Counter(word for sentence in sentences for word in sentence)
        patterns = Counter({key * n: 1 for key in "0a" for n in range(1, LONGEST + 1)})
        words = list(counts)
        shapes = tf.strings.reduce_join(_shapes(tf.strings.unicode_split(words, "UTF-8")), axis=-1)
        for word, shape in zip(words, shapes.numpy(), strict=True):
            patterns[shape.decode()] += counts[word]
        found = sentencepiece_model_pb2.ModelProto()
        found.pieces.add(piece="<unk>", score=0, type=2)
        total = math.log(patterns.total())
        for shape, count in patterns.items():
            found.pieces.add(piece=shape, score=math.log(count) - total, type=1)
        trainer, normalizer = found.trainer_spec, found.normalizer_spec
        trainer.model_type, trainer.unk_id = 1, 0
        trainer.bos_id = trainer.eos_id = trainer.pad_id = -1
        normalizer.name, normalizer.precompiled_charsmap = "none", _no_normalisation()
        normalizer.add_dummy_prefix = False
        normalizer.remove_extra_whitespaces = normalizer.escape_whitespaces = False
        return found.SerializeToString()

    def __call__(self, texts):
        """string `[n]` -> words, ragged `[n, (words)]`."""
        parts = tf.strings.split(sanitise(texts))  # [n, (parts)]
        characters = tf.strings.unicode_split(parts.flat_values, "UTF-8")
        pieces = self._pieces.tokenize(tf.strings.reduce_join(_shapes(characters), axis=-1))
        # Maps the pieces back to the original text: each has the same number of characters.
        lengths = tf.strings.length(pieces.flat_values, "UTF8_CHAR")
        letters = tf.RaggedTensor.from_row_lengths(characters.flat_values, lengths)
        words = pieces.with_flat_values(tf.strings.reduce_join(letters, axis=-1))
        return parts.with_flat_values(words).merge_dims(1, 2)


def _shapes(characters):
    """Maps ragged characters to classes: digits to 0, Latin letters to a, all others to their NFKC
    form if it is a single character."""
    flat = characters.flat_values
    narrow = normalise(flat, False)
    narrow = tf.strings.regex_replace(narrow, r"^\p{N}$", "0")
    narrow = tf.strings.regex_replace(narrow, r"^\p{Latin}$", "a")
    one = tf.equal(tf.strings.length(narrow, "UTF8_CHAR"), 1)
    return characters.with_flat_values(tf.where(one, narrow, flat))


def _no_normalisation() -> bytes:
    """Normalisation rules that change no text: without rules SentencePiece prints a warning at each
    loading. The only rule concerns a private-use character."""
    sentencepiece.set_min_log_level(2)
    with tempfile.NamedTemporaryFile("w", suffix=".tsv") as file:
        file.write("F8FE\tF8FF\n")
        file.flush()
        made = sentencepiece.SentencePieceNormalizer(rule_tsv=file.name)
    proto = sentencepiece_model_pb2.ModelProto.FromString(made.serialized_model_proto())
    return proto.normalizer_spec.precompiled_charsmap


def is_unspaced(sentences) -> bool:
    """Whether most words are Chinese or Japanese."""
    words = [word for sentence in sentences for word in sentence]
    return sum(bool(HAN.search(word)) for word in words) > len(words) / 2
