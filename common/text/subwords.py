"""Subword tokenizers, trained by SentencePiece and run by tensorflow_text."""

import io
from collections.abc import Iterable

import sentencepiece
import tensorflow as tf
import tensorflow_text as tf_text

from ..errors import UserError
from ..special_tokens import BOS, EOS, PAD, UNK
from .tokenizer import UNKNOWN_SURFACE, Tokenizer, TokenizerConfig, sanitised_lines


class SentencePieceTokenizer(Tokenizer):
    """Subwords (Kudo and Richardson 2018); the model includes NFKC and case folding.

    Args:
        config: `TokenizerConfig`.
        model: a serialised SentencePiece model.

    Raises:
        ValueError, RuntimeError: the model is damaged or has other special tokens.
    """

    file_suffix = ".model"

    def __init__(self, config: TokenizerConfig, model: bytes):
        # The TensorFlow kernel does not survive damaged models, so the Python package loads first.
        processor = sentencepiece.SentencePieceProcessor(model_proto=model)
        ids = (processor.pad_id(), processor.unk_id(), processor.bos_id(), processor.eos_id())
        if ids != (PAD, UNK, BOS, EOS):
            raise ValueError(f"pad, unk, bos, eos are {ids}, not {(PAD, UNK, BOS, EOS)}")
        super().__init__(config, processor.vocab_size())
        self._model, self._processor = model, processor
        self._ops = tf_text.SentencepieceTokenizer(model=model, out_type=tf.int32)

    def _tokenize(self, text):
        return self._ops.tokenize(text)

    def sample(self, lines: Iterable[str], seed: int) -> list[list[int]]:
        """Samples segmentations by `config.subword_sampling`, reproducibly by the seed.

        Args:
            lines: texts.
            seed: an int.

        Returns:
            The token ids of each line.
        """
        sentencepiece.set_random_generator_seed(seed)
        options = {"alpha": self.config.subword_sampling, "nbest_size": -1}
        return [
            self._processor.encode(line.decode(), out_type=int, enable_sampling=True, **options)
            for chunk in sanitised_lines(lines)
            for line in chunk
        ]

    def _join(self, tokens):
        return self._ops.detokenize(tokens)

    def pieces(self, ids) -> list[str]:
        """The token strings, where "▁" marks the start of a word, for display."""
        strings = self._ops.id_to_string(tf.constant(ids, tf.int32, shape=[len(ids)]))
        return [piece.decode() for piece in strings.numpy()]

    def content(self) -> bytes:
        """The content of the tokenizer file, which `from_content` reads."""
        return self._model

    @classmethod
    def from_content(cls, config: TokenizerConfig, content: bytes):
        """The tokenizer stored in a file; the inverse of `content`."""
        return cls(config, content)

    @classmethod
    def train(cls, config: TokenizerConfig, lines: Iterable[str], seed: int):
        """Trains the subwords; see `common.text.train_tokenizer`."""
        model = io.BytesIO()
        chunks = sanitised_lines(lines)
        sentencepiece.set_random_generator_seed(seed)
        try:
            sentencepiece.SentencePieceTrainer.train(
                sentence_iterator=(line for chunk in chunks for line in chunk if line),
                model_writer=model,
                model_type=config.kind,
                vocab_size=config.vocab_size,
                hard_vocab_limit=False,
                character_coverage=config.character_coverage,
                byte_fallback=config.byte_fallback,
                normalization_rule_name="nmt_nfkc_cf" if config.lowercase else "nmt_nfkc",
                pad_id=PAD,
                unk_id=UNK,
                bos_id=BOS,
                eos_id=EOS,
                unk_surface=UNKNOWN_SURFACE,
                shuffle_input_sentence=False,
                max_sentence_length=1 << 24,
                num_threads=1,
                minloglevel=2,
            )
        except RuntimeError as error:
            message = str(error)
            if "required_chars" in message:
                needed = message.split(" vs ")[-1].split(".")[0]
                raise UserError(
                    f"vocab_size {config.vocab_size} is too small for the characters of the text: "
                    f"give at least {needed}, or a lower character_coverage"
                ) from error
            if "sentences_.empty" in message:
                raise UserError("no text to train on: every line is empty") from error
            raise UserError(f"SentencePiece cannot train on this text: {message}") from error
        return cls(config, model.getvalue())
