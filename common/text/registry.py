"""The kinds of tokenizers by name, and training and loading of any kind.

A sentence takes the usual path: text -> tokens of a vocabulary with `<unk>` and `<pad>` -> indices
-> one-hot vectors -> embeddings (`one_hot` shows the last step).
"""

import hashlib
import json
import sys
from collections.abc import Iterable
from pathlib import Path

import tensorflow as tf

from ..errors import UserError
from ..special_tokens import SPECIAL_TOKENS
from .joiner_tokenizer import JoinerTokenizer
from .subwords import SentencePieceTokenizer
from .tokenizer import Tokenizer, TokenizerConfig
from .vocabulary import CharTokenizer, SpaceTokenizer, WordTokenizer

ENOUGH = 500_000  # lines to train a tokenizer on; larger corpora are sampled evenly

KINDS = {
    "unigram": SentencePieceTokenizer,
    "bpe": SentencePieceTokenizer,
    "word": WordTokenizer,
    "joiner": JoinerTokenizer,
    "char": CharTokenizer,
    "space": SpaceTokenizer,
}


def train_tokenizer(config: TokenizerConfig, lines: Iterable[str], seed: int = 0) -> Tokenizer:
    """Trains a tokenizer, reproducibly for the same lines, configuration and seed.

    Args:
        config: the kind and its settings.
        lines: the training text.
        seed: for the kinds that draw random numbers.

    Raises:
        UserError: there is no text, `vocab_size` is too small for the characters, or a setting is
            out of its limits.
    """
    if config.vocab_size <= len(SPECIAL_TOKENS):
        raise UserError(
            f"vocab_size {config.vocab_size} is too small: it must be more than the "
            f"{len(SPECIAL_TOKENS)} special tokens"
        )
    if not 0.98 <= config.character_coverage <= 1:
        raise UserError(f"character_coverage {config.character_coverage} is not in 0.98 to 1")
    tokenizer = KINDS[config.kind].train(config, lines, seed)
    if tokenizer.vocab_size < config.vocab_size:
        print(
            f"note: the text gives {tokenizer.vocab_size} tokens, "
            f"fewer than vocab_size {config.vocab_size}",
            file=sys.stderr,
        )
    return tokenizer


def load(folder, name: str = "tokenizer") -> Tokenizer:
    """Reads a tokenizer written by `Tokenizer.save`.

    Args:
        folder: of its files.
        name: of the tokenizer.

    Raises:
        UserError: a file is missing or damaged.
    """
    path = Path(folder) / f"{name}.json"
    try:
        facts = json.loads(path.read_bytes())
        tokens, digest = facts.pop("tokens"), facts.pop("sha256")
        config = TokenizerConfig(**facts)
        kind = KINDS[config.kind]
        path = path.with_name(name + kind.file_suffix)
        content = path.read_bytes()
        if hashlib.sha256(content).hexdigest() != digest:
            raise ValueError("the tokenizer file was changed or truncated")
        tokenizer = kind.from_content(config, content)
        if tokenizer.vocab_size != tokens:
            raise ValueError(f"it has {tokenizer.vocab_size} tokens, not {tokens}")
    except FileNotFoundError:
        raise UserError(f"{path}: no such tokenizer file; train first, or name the run") from None
    except (ValueError, TypeError, KeyError, AttributeError, RuntimeError) as error:
        raise UserError(f"{path}: damaged ({error}); copy it again or retrain") from error
    return tokenizer


def one_hot(ids, vocab_size: int) -> tf.Tensor:
    """int `[...]` -> float32 `[..., vocab]`, 1 at the index and 0 elsewhere.

    `one_hot(ids, vocab_size) @ embeddings` equals `tf.gather(embeddings, ids)`: an embedding layer
    is a linear layer on one-hot vectors that skips the multiplications by 0.
    """
    return tf.one_hot(ids, vocab_size, dtype=tf.float32)
