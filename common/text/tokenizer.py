"""The base class of the tokenizers: interface, sanitising, and saving.

Text is processed only by TensorFlow operations, so that an exported graph gives the same tokens.
"""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from itertools import islice
from pathlib import Path

import tensorflow as tf

from .. import files
from ..config.sections import TokenizerConfig
from ..special_tokens import BOS, EOS, PAD

UNKNOWN_SURFACE = "⁇"  # text of <unk> in the output


def sanitise(text) -> tf.Tensor:
    """Converts any bytes to printable UTF-8, string [n] -> string [n].

    Invalid bytes become U+FFFD; runs of control characters, tabs, line ends, byte-order marks and
    spaces of any kind become one space; spaces at either end are removed.
    """
    text = tf.strings.unicode_transcode(text, "UTF-8", "UTF-8", errors="replace")
    return tf.strings.strip(tf.strings.regex_replace(text, r"[\p{Cc}\p{Z}\x{FEFF}]+", " "))


def sanitised_lines(lines: Iterable[str], size: int = 4096) -> Iterator:
    """Yields training text as the tokenizer sees it: arrays of at most `size` byte strings."""
    lines = iter(lines)
    while chunk := [line.encode("utf-8", "replace") for line in islice(lines, size)]:
        yield sanitise(tf.constant(chunk)).numpy()


def visible_tokens(tokens) -> tf.RaggedTensor:
    """Drops pad, bos, and everything from the first eos on: int [n, length] -> ragged int32."""
    if not isinstance(tokens, tf.RaggedTensor):
        tokens = tf.RaggedTensor.from_tensor(tf.convert_to_tensor(tokens, tf.int32))
    tokens = tf.cast(tokens, tf.int32)
    flat = tokens.flat_values  # [total]
    ends = tf.cumsum(tf.cast(flat == EOS, tf.int32))  # eos seen so far in the whole batch, [total]
    ends_before_row = tf.gather(tf.pad(ends, [[1, 0]]), tokens.row_starts())  # [n]
    ended = ends > tf.gather(ends_before_row, tokens.value_rowids())  # [total]
    keep = ~ended & (flat != PAD) & (flat != BOS)
    return tf.ragged.boolean_mask(tokens, tokens.with_flat_values(keep))


class Tokenizer(tf.Module):
    """The interface of all tokenizers.

    A subclass implements `_tokenize`, `_join`, `pieces`, `content`, and the class methods `train`
    and `from_content`.

    Attributes:
        config: the `TokenizerConfig` of its training.
        vocab_size: the actual number of tokens, special tokens included.
    """

    file_suffix = ".vocab.txt"

    def __init__(self, config: TokenizerConfig, vocab_size: int):
        super().__init__(name="tokenizer")
        self.config = config
        self.vocab_size = vocab_size

    def tokenize(self, text) -> tf.RaggedTensor:
        """string [n] -> int32 ragged [n, (length)], without bos and eos; "" gives an empty row."""
        return self._tokenize(sanitise(tf.convert_to_tensor(text, tf.string)))

    def detokenize(self, tokens) -> tf.Tensor:
        """int32 [n, length], ragged or dense and padded on the right -> string [n].

        Drops pad, bos, and everything from the first eos on. Restores the full-width punctuation
        after Chinese characters that NFKC has made half-width (BLEU distinguishes them).
        """
        text = self._join(visible_tokens(tokens))
        for narrow, wide in zip(",?!:;", "，？！：；", strict=True):
            text = tf.strings.regex_replace(text, r"(\p{Han}) ?" + f"[{narrow}] ?", rf"\1{wide}")
        return tf.strings.strip(text)

    def save(self, folder, name: str = "tokenizer") -> None:
        """Writes NAME.json and the vocabulary (NAME.model or NAME.vocab.txt) into `folder`."""
        folder, content = Path(folder), self.content()
        folder.mkdir(parents=True, exist_ok=True)
        facts = {
            **asdict(self.config),
            "tokens": self.vocab_size,
            "sha256": hashlib.sha256(content).hexdigest(),
        }
        with files.atomic(folder / (name + self.file_suffix), "wb") as file:
            file.write(content)
        files.write_json(folder / f"{name}.json", facts)
