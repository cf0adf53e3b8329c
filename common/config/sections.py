"""Configuration sections shared by the apps; the field docstrings are the `--help` text.

Does not import TensorFlow, so `--help` is fast.
"""

from dataclasses import dataclass
from typing import Literal

from ..errors import UserError
from ..limits import Count, Natural, Positive, Rate, Share, Weight


@dataclass(frozen=True)
class TokenizerConfig:
    """How text is split into tokens."""

    kind: Literal["unigram", "bpe", "word", "joiner", "char", "space"] = "bpe"
    """SentencePiece subwords (unigram or bpe), whole words, words with joiner marks that restore
    the original text (joiner), single characters, or space-separated tokens (for text that is
    already tokenized)."""
    vocab_size: Count = 8000
    """Maximum vocabulary size, the 4 special tokens included; a small corpus may give fewer."""
    lowercase: bool = False
    """Fold case before anything else."""
    character_coverage: Share = 1.0
    """Share of the corpus characters that subwords must cover (0.9995 for Chinese, Japanese)."""
    byte_fallback: bool = False
    """Spell unknown characters as UTF-8 bytes instead of <unk> (subwords only)."""
    min_count: Count = 1
    """Rarer words or characters become <unk> (word, joiner and char only)."""
    subword_sampling: Rate = 0.0
    """Subword regularisation, a new segmentation in every epoch: for bpe the share of merges that
    are dropped (BPE-dropout, Provilkov et al. 2020; 0.05 to 0.1), for unigram the exponent of the
    sampling probabilities (Kudo 2018; 0.1 to 0.5); 0: always the best segmentation."""

    def __post_init__(self):
        if self.subword_sampling and self.kind not in ("bpe", "unigram"):
            raise UserError("tokenizer.subword_sampling needs subwords: --tokenizer.kind bpe")

    def refuse_sampling(self):
        """Raises UserError if subword_sampling is set; for apps that tokenize their texts once."""
        if self.subword_sampling:
            raise UserError(
                "tokenizer.subword_sampling works only in translate, which tokenizes its texts in "
                "every epoch anew: leave it out"
            )


@dataclass(frozen=True)
class BatchingConfig:
    """How examples are grouped into batches."""

    batch_by: Literal["sentences", "tokens"] = "sentences"
    """Whether batch_size counts sentences, or tokens of the longer side including padding."""
    batch_size: Count = 64
    """Sentences or tokens per batch and device."""
    bucket_batches: Count = 50
    """Sort sentences by length within groups of this many batches; 1: unsorted."""
    pad_multiple: Count = 1
    """Pad lengths to a multiple of this; with XLA, 8 keeps the number of shapes small."""


@dataclass(frozen=True)
class TrainingConfig:
    """How a model is trained (by common/training/trainer.py)."""

    epochs: Count = 10
    """Passes over the training data; schedules are planned for all of them."""
    steps: Natural = 0
    """Planned number of updates, if fewer than those of all epochs; 0: all of them."""
    optimizer: Literal["adam", "adamw", "nadam", "sgd", "rmsprop", "adagrad", "adadelta"] = "adam"
    """The Keras optimizer."""
    learning_rate: Positive = 2e-3
    """Peak learning rate of the schedule."""
    schedule: Literal["constant", "inverse_sqrt", "cosine", "plateau"] = "cosine"
    """Learning-rate schedule after the warm-up."""
    warmup_steps: Natural = 200
    """Steps over which the learning rate rises linearly from 0."""
    plateau_factor: Share = 0.5
    """plateau: factor on the learning rate when validation has not improved."""
    plateau_patience: Natural = 1
    """plateau: validations without improvement that are tolerated before that."""
    weight_decay: Weight = 0.0
    """Decoupled weight decay, as of AdamW."""
    momentum: Rate = 0.0
    """Momentum of SGD."""
    clip_norm: Weight = 1.0
    """Gradients are clipped to this global norm; 0: no clipping."""
    accumulate: Count = 1
    """Batches per update, whose gradients are summed; an incomplete last group of an epoch is
    dropped."""
    ema: Rate = 0.0
    """Decay of the moving average of weights that is validated and kept as the best; 0: none."""
    nonmonotone: Natural = 0
    """NT-ASGD: after this many validations in a row without improvement, average the weights of all
    later updates (5 in the paper, with plain SGD at a constant rate); 0: off."""
    precision: Literal["float32", "mixed_float16", "mixed_bfloat16"] = "float32"
    """Keras dtype policy."""
    jit: bool = False
    """Compile the training step with XLA; best with batching.pad_multiple of about 8."""
    validate_on: Natural = 0
    """Validation examples used after each epoch, evenly spaced; 0: all of them."""
    patience: Natural = 0
    """Stop after this many validations without a better score; 0: never."""
    checkpoint_minutes: Weight = 2.0
    """Minutes between checkpoints, in addition to those after each epoch."""

    def __post_init__(self):
        if self.nonmonotone and self.ema:
            raise UserError("training.nonmonotone and training.ema exclude each other: choose one")
