"""Word and character tokenizers over a plain list of token strings."""

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
    """A table of token strings; a subclass says how text is split and joined."""

    def __init__(self, config: TokenizerConfig, vocabulary: list[str]):
        if tuple(vocabulary[: len(SPECIAL_TOKENS)]) != SPECIAL_TOKENS:
            raise ValueError(f"the first tokens must be {' '.join(SPECIAL_TOKENS)}")
        if len(set(vocabulary)) < len(vocabulary) or len(vocabulary) == len(SPECIAL_TOKENS):
            raise ValueError("tokens are missing, or stand in the list twice")
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
        """Token strings -> int32 of the same shape, UNK for unknown ones."""
        return self._table.lookup(tokens)

    def pieces(self, ids) -> list[str]:
        """The token strings."""
        return [self._vocabulary[int(i)] for i in ids]

    def content(self) -> bytes:
        """The tokenizer's file, which `from_content` reads."""
        return "".join(token + "\n" for token in self._vocabulary).encode()

    @classmethod
    def from_content(cls, config: TokenizerConfig, content: bytes):
        return cls(config, content.decode().split("\n")[:-1])

    @classmethod
    def train(cls, config: TokenizerConfig, lines: Iterable[str], seed: int):
        """Keeps the most frequent; nothing is drawn, so `seed` has no part in it."""
        counts = Counter()
        for chunk in sanitised_lines(lines):
            counts.update(cls.split(chunk, config.lowercase).flat_values.numpy().tolist())
        for token in SPECIAL_TOKENS:  # text that was prepared by others has <unk> written in it
            counts.pop(token.encode(), None)
        frequent = [token for token, count in counts.items() if count >= config.min_count]
        # UTF-8 bytes sort as their code points do: ties are settled without regard to line order.
        frequent.sort(key=lambda token: (-counts[token], token))
        if not frequent:
            raise UserError("no text to learn from: every line is empty, or min_count is too high")
        kept = frequent[: config.vocab_size - len(SPECIAL_TOKENS)]
        return cls(config, [*SPECIAL_TOKENS, *(token.decode() for token in kept)])


class WordTokenizer(VocabularyTokenizer):
    """Letters and digits with inner apostrophes, or one mark, or one Chinese character each."""

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
        # Of marks in a row ("?!", "...") only the first was glued: each had its own space.
        return tf.strings.regex_replace(text, r" ([.,!?;:%)\]}’”»…。、》」])", r"\1")


class CharTokenizer(VocabularyTokenizer):
    """Unicode characters, the space included."""

    @staticmethod
    def split(text, lowercase: bool) -> tf.RaggedTensor:
        return tf.strings.unicode_split(normalise(text, lowercase), "UTF-8")

    def _join(self, tokens):
        return tf.strings.reduce_join(tf.gather(self._strings, tokens), axis=-1)


class SpaceTokenizer(VocabularyTokenizer):
    """What stands between spaces, as it stands there: for text that was cut into words before, such
    as the Penn Treebank. A written `<unk>` is the unknown token."""

    @staticmethod
    def split(text, lowercase: bool) -> tf.RaggedTensor:
        return tf.strings.split(tf_text.case_fold_utf8(text) if lowercase else text)

    def _join(self, tokens):
        return tf.strings.reduce_join(tf.gather(self._strings, tokens), axis=-1, separator=" ")
