"""Word and character tokenizers with a list of token strings as vocabulary."""

from collections import Counter
from collections.abc import Iterable

import tensorflow as tf
import tensorflow_text as tf_text

from ..errors import UserError
from ..special_tokens import SPECIAL_TOKENS, UNK
from .tokenizer import UNKNOWN_SURFACE, Tokenizer, TokenizerConfig, sanitised_lines


def normalise(text, lowercase: bool) -> tf.Tensor:
    """NFKC (Unicode annex 15), then case folding when `lowercase`: string [n] -> string [n]."""
    text = tf_text.normalize_utf8(text, "NFKC")
    return tf_text.case_fold_utf8(text) if lowercase else text


class VocabularyTokenizer(Tokenizer):
    """A tokenizer with a lookup table; a subclass defines how text is split and joined.

    Args:
        config: `TokenizerConfig`.
        vocabulary: the token strings, special tokens first.

    Raises:
        ValueError: the vocabulary is invalid.
    """

    def __init__(self, config: TokenizerConfig, vocabulary: list[str]):
        if tuple(vocabulary[: len(SPECIAL_TOKENS)]) != SPECIAL_TOKENS:
            raise ValueError(f"the first tokens must be {' '.join(SPECIAL_TOKENS)}")
        if len(set(vocabulary)) < len(vocabulary) or len(vocabulary) == len(SPECIAL_TOKENS):
            raise ValueError("tokens are missing or duplicated")
        super().__init__(config, len(vocabulary))
        self._vocabulary = tuple(vocabulary)
        shown = [UNKNOWN_SURFACE if i == UNK else token for i, token in enumerate(vocabulary)]
        self._strings = tf.constant(shown)  # [vocab]
        ids = tf.range(len(SPECIAL_TOKENS), len(vocabulary), dtype=tf.int32)
        self._table = tf.lookup.StaticHashTable(
            tf.lookup.KeyValueTensorInitializer(self._strings[len(SPECIAL_TOKENS) :], ids), UNK
        )

    @staticmethod
    def split(text, lowercase: bool) -> tf.RaggedTensor:
        """Sanitised string [n] -> token strings, ragged [n, (length)]."""
        raise NotImplementedError

    def _tokenize(self, text):
        return self.lookup(self.split(text, self.config.lowercase))

    def lookup(self, tokens) -> tf.RaggedTensor:
        """Token strings -> int32 ids of the same shape, UNK for unknown tokens."""
        return self._table.lookup(tokens)

    def pieces(self, ids) -> list[str]:
        """The token strings."""
        return [self._vocabulary[int(i)] for i in ids]

    def content(self) -> bytes:
        """The content of the tokenizer file, which `from_content` reads."""
        return "".join(token + "\n" for token in self._vocabulary).encode()

    @classmethod
    def from_content(cls, config: TokenizerConfig, content: bytes):
        """The tokenizer stored in a file; the inverse of `content`."""
        return cls(config, content.decode().split("\n")[:-1])

    @classmethod
    def train(cls, config: TokenizerConfig, lines: Iterable[str], seed: int):
        """Keeps the most frequent tokens; deterministic, so `seed` is ignored."""
        counts = Counter()
        for chunk in sanitised_lines(lines):
            counts.update(cls.split(chunk, config.lowercase).flat_values.numpy().tolist())
        for token in SPECIAL_TOKENS:  # preprocessed text may contain a literal <unk>
            counts.pop(token.encode(), None)
        frequent = [token for token, count in counts.items() if count >= config.min_count]
        # Ties are broken by code point (UTF-8 sorts the same way), regardless of the line order.
        frequent.sort(key=lambda token: (-counts[token], token))
        if not frequent:
            raise UserError("no text to train on: every line is empty, or min_count is too high")
        kept = frequent[: config.vocab_size - len(SPECIAL_TOKENS)]
        return cls(config, [*SPECIAL_TOKENS, *(token.decode() for token in kept)])


class WordTokenizer(VocabularyTokenizer):
    """Tokens are runs of letters and digits with inner apostrophes, single punctuation marks, and
    single Chinese characters."""

    @staticmethod
    def split(text, lowercase: bool) -> tf.RaggedTensor:
        text = tf.strings.regex_replace(normalise(text, lowercase), r"\p{Han}", r" \0 ")
        word = r"[\p{L}\p{M}\p{N}]+(?:['’][\p{L}\p{M}\p{N}]+)*"
        text = tf.strings.regex_replace(text, word + r"|[^\s\p{L}\p{M}\p{N}]", r" \0 ")
        return tf.strings.split(text)

    def _join(self, tokens):
        text = tf.strings.reduce_join(tf.gather(self._strings, tokens), axis=-1, separator=" ")
        text = tf.strings.regex_replace(text, r" ([.,!?;:%)\]}’”»…。、》」]+)", r"\1")
        text = tf.strings.regex_replace(text, r"([(\[{“«¿¡《「]+) ", r"\1")
        for _ in range(2):  # twice: neighbours share a character, and matches do not overlap
            text = tf.strings.regex_replace(text, r"([\p{Han}。、》」]) (\p{Han})", r"\1\2")
        # Of consecutive marks ("?!", "...") only the first was joined: each had its own space.
        return tf.strings.regex_replace(text, r" ([.,!?;:%)\]}’”»…。、》」])", r"\1")


class CharTokenizer(VocabularyTokenizer):
    """Tokens are Unicode characters, the space included."""

    @staticmethod
    def split(text, lowercase: bool) -> tf.RaggedTensor:
        return tf.strings.unicode_split(normalise(text, lowercase), "UTF-8")

    def _join(self, tokens):
        return tf.strings.reduce_join(tf.gather(self._strings, tokens), axis=-1)


class SpaceTokenizer(VocabularyTokenizer):
    """Tokens are separated by spaces, for tokenized text such as the Penn Treebank.

    A literal `<unk>` is the unknown token.
    """

    @staticmethod
    def split(text, lowercase: bool) -> tf.RaggedTensor:
        return tf.strings.split(tf_text.case_fold_utf8(text) if lowercase else text)

    def _join(self, tokens):
        return tf.strings.reduce_join(tf.gather(self._strings, tokens), axis=-1, separator=" ")
