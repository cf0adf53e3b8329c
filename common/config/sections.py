"""The parts of every app's configuration: dataclasses whose field docstrings are the `--help` text.

Nothing here imports TensorFlow, so help is quick.
"""

from dataclasses import dataclass
from typing import Literal

from ..errors import UserError
from ..limits import Count, Natural, Positive, Rate, Share, Weight


@dataclass(frozen=True)
class TokenizerConfig:
    """How text is cut into tokens."""

    kind: Literal["unigram", "bpe", "word", "joiner", "char", "space"] = "bpe"
    """Subwords by SentencePiece (unigram or bpe), whole words, words with marks that give back the
    text as it was (joiner), single characters, or what stands between spaces (for text that was cut
    into words before)."""
    vocab_size: Count = 8000
    """Largest vocabulary, the 4 special tokens included; a small corpus may give fewer tokens."""
    lowercase: bool = False
    """Fold case before anything else."""
    character_coverage: Share = 1.0
    """Share of the corpus' characters that subwords must cover (0.9995 for Chinese, Japanese)."""
    byte_fallback: bool = False
    """Spell unknown characters as UTF-8 bytes instead of <unk> (subwords only)."""
    min_count: Count = 1
    """Rarer words or characters become <unk> (word, joiner and char only)."""
    subword_sampling: Rate = 0.0
    """Other subwords of the same words in every epoch of training: for bpe the share of merges that
    are left out (BPE-dropout, Provilkov et al. 2020; 0.05 to 0.1), for unigram the exponent of the
    probabilities drawn from (Kudo 2018; 0.1 to 0.5); 0: always the best ones."""

    def __post_init__(self):
        if self.subword_sampling and self.kind not in ("bpe", "unigram"):
            raise UserError("tokenizer.subword_sampling needs subwords: --tokenizer.kind bpe")

    def refuse_sampling(self):
        """For apps that cut their texts once."""
        if self.subword_sampling:
            raise UserError(
                "tokenizer.subword_sampling is for translate alone, which cuts its texts anew in "
                "every epoch: leave it out"
            )


@dataclass(frozen=True)
class BatchingConfig:
    batch_by: Literal["sentences", "tokens"] = "sentences"
    """Whether batch_size counts sentences, or tokens of the longest side with its padding."""
    batch_size: Count = 64
    """Sentences or tokens a batch, on each device."""
    bucket_batches: Count = 50
    """Sentences are sorted by length within groups of so many batches; 1 leaves them unsorted."""
    pad_multiple: Count = 1
    """Lengths are padded up to a multiple of this; with XLA, 8 keeps the number of shapes small."""


@dataclass(frozen=True)
class TrainingConfig:
    """How a model is trained; the loop is common/training/trainer.py."""

    epochs: Count = 10
    """Passes over the training data; schedules are planned for all of them."""
    steps: Natural = 0
    """Plan only so many updates, at most those of all epochs; 0: all of them."""
    optimizer: Literal["adam", "adamw", "nadam", "sgd", "rmsprop", "adagrad", "adadelta"] = "adam"
    """Keras' optimizer of that name."""
    learning_rate: Positive = 2e-3
    """The highest learning rate of the schedule."""
    schedule: Literal["constant", "inverse_sqrt", "cosine", "plateau"] = "cosine"
    """Course of the learning rate after the warm-up."""
    warmup_steps: Natural = 200
    """Steps over which the learning rate rises linearly from 0."""
    plateau_factor: Share = 0.5
    """plateau: what the rate is multiplied with when validation has not improved."""
    plateau_patience: Natural = 1
    """plateau: validations without improvement before that."""
    weight_decay: Weight = 0.0
    """Of AdamW and the like (decoupled)."""
    momentum: Rate = 0.0
    """Of SGD."""
    clip_norm: Weight = 1.0
    """Gradients are scaled down to this global norm; 0 leaves them."""
    accumulate: Count = 1
    """Batches whose gradients are added up for one update; what is left of an epoch is left out."""
    ema: Rate = 0.0
    """Decay of the moving average of weights that is validated and kept as the best; 0: none."""
    nonmonotone: Natural = 0
    """NT-ASGD: once so many validations in a row have brought nothing better, average the weights
    of all updates from then on (5 in the paper, with plain SGD at a constant rate); 0: off."""
    precision: Literal["float32", "mixed_float16", "mixed_bfloat16"] = "float32"
    """Keras dtype policy."""
    jit: bool = False
    """Compile the training step by XLA; set batching.pad_multiple to 8 or so with it."""
    validate_on: Natural = 0
    """Validation examples used after each epoch, evenly spread over all; 0: all of them."""
    patience: Natural = 0
    """Stop after so many validations without a better score; 0: never."""
    checkpoint_minutes: Weight = 2.0
    """Minutes between checkpoints; there is one after each epoch in any case."""

    def __post_init__(self):
        if self.nonmonotone and self.ema:
            raise UserError("training.nonmonotone leaves no place for training.ema: choose one")
