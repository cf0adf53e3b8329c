"""Configuration and presets of a question-answering run."""

from dataclasses import dataclass, field, replace
from typing import Literal

from common.config import (
    BatchingConfig,
    Cell,
    Count,
    Natural,
    Rate,
    Seed,
    TokenizerConfig,
    TrainingConfig,
    check,
)
from common.errors import UserError


@dataclass(frozen=True)
class DataConfig:
    name: str = "world"
    """Data set from data/README.md; ignored with data.train."""
    version: str = ""
    """Configuration of the data set; empty: its first."""
    train: str = ""
    """Your own training file: stories, questions and answers in bAbI's format; also .gz."""
    validation: str = ""
    """Your own validation file; without it, a tenth of the training stories is held out."""
    test: str = ""
    """Your own test file, for `evaluate`."""
    max_sentences: Count = 100
    """Maximum sentences of a story; of a longer story, the last ones are read."""
    limit: Natural = 0
    """Number of training questions to use; 0: all."""


@dataclass(frozen=True)
class ModelConfig:
    kind: Literal["memory", "flat"] = "memory"
    """memory: attention of the question over the sentences of the story. flat: a recurrent layer
    over story and question as one text (the baseline of Weston et al. 2015)."""
    cell: Cell = "gru"
    """Recurrent cell of all readers; docs/layers.md has the equations."""
    sentence: Literal["recurrent", "position"] = "recurrent"
    """memory: how words become a sentence vector. position: the position-weighted sum of embeddings
    (Sukhbaatar et al. 2015); recurrent: plus the last states of a bidirectional layer."""
    units: Count = 64
    """Size of word embeddings, sentence vectors and states."""
    story_layers: Natural = 1
    """memory: bidirectional layers over the sentences that also read the question; 0: only ages
    represent the order of the sentences, as in the paper."""
    hops: Count = 3
    """memory: number of hops, attention steps over the story."""
    oldest: Count = 60
    """memory: number of sentence ages (counted back from the question) with separate vectors."""
    time_noise: Rate = 0.1
    """memory: share of sentences after which ages grow by one more in training (random noise of
    Sukhbaatar et al.)."""
    word_dropout: Rate = 0.0
    """Dropout rate on the embeddings."""
    dropout: Rate = 0.1
    """Dropout rate on sentence vectors and before the output layer."""


@dataclass(frozen=True)
class Config:
    data: DataConfig = field(default_factory=DataConfig)
    tokenizer: TokenizerConfig = field(default_factory=TokenizerConfig)
    model: ModelConfig = field(default_factory=ModelConfig)
    batching: BatchingConfig = field(default_factory=BatchingConfig)
    training: TrainingConfig = field(default_factory=TrainingConfig)
    seed: Seed = 1
    """Random seed of the initial weights, dropout and shuffling."""

    def __post_init__(self):
        check(self)
        self.tokenizer.refuse_sampling()
        if self.model.units % 2:
            raise UserError("model.units must be even: each direction has half of them")
        if self.training.jit and self.model.kind == "memory":
            raise UserError(
                "training.jit: XLA needs a fixed number of sentences: use --model.kind flat"
            )


# Stories of the simulated world; README.md has times and scores of all presets.
DEFAULT = Config(
    tokenizer=TokenizerConfig(kind="word", vocab_size=5000, lowercase=True),
    model=ModelConfig(story_layers=2),
    batching=BatchingConfig(batch_size=64),
    training=TrainingConfig(epochs=6, learning_rate=5e-3),
)

# All 20 tasks with one network.
BABI = replace(
    DEFAULT,
    data=DataConfig(name="babi"),
    model=ModelConfig(),
    training=TrainingConfig(epochs=40, learning_rate=5e-3),
)

# Runs in seconds, to check that everything works.
TINY = replace(
    DEFAULT,
    data=DataConfig(version="small"),
    model=ModelConfig(units=16, hops=2),
    batching=BatchingConfig(batch_size=32),
    training=TrainingConfig(epochs=4, warmup_steps=5, validate_on=60),
)

PRESETS = {"default": DEFAULT, "tiny": TINY, "babi": BABI}
