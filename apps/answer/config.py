"""What a question-answering run is made of, and the presets."""

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
    """A data set of data/README.md; ignored if data.train names a file."""
    version: str = ""
    """Configuration of the data set, where it has several; empty: its first."""
    train: str = ""
    """Your own: stories, questions and answers in bAbI's format; .gz as well."""
    validation: str = ""
    """The same for validation; without it a tenth of the training stories is held out."""
    test: str = ""
    """The same for `evaluate`."""
    max_sentences: Count = 100
    """Sentences of a story; of a longer one the last ones are read."""
    limit: Natural = 0
    """Use only this many training questions; 0: all."""


@dataclass(frozen=True)
class ModelConfig:
    kind: Literal["memory", "flat"] = "memory"
    """memory: attention of the question over the story's sentences; flat: one recurrent layer
    reads story and question as one text (the baseline of Weston et al. 2015)."""
    cell: Cell = "gru"
    """Recurrent cell of all readers; docs/layers.md has the equations."""
    sentence: Literal["recurrent", "position"] = "recurrent"
    """memory: a sentence's vector is a sum of its words' embeddings weighted by position
    (Sukhbaatar et al. 2015); recurrent adds the last states of a bidirectional layer over them."""
    units: Count = 64
    """Size of the embeddings of words, of the vectors of sentences, and of states."""
    story_layers: Natural = 1
    """memory: bidirectional layers over the sentences in the light of the question; 0: the order
    of the sentences is told by their age alone, as in the paper."""
    hops: Count = 3
    """memory: how often the question looks at the story."""
    oldest: Count = 60
    """memory: ages of sentences (counted back from the question) that are told apart."""
    time_noise: Rate = 0.1
    """memory: in training, ages grow by one more at this many of the sentences (random noise of
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
    """Of initial weights, dropout, shuffling."""

    def __post_init__(self):
        check(self)
        self.tokenizer.refuse_sampling()
        if self.model.units % 2:
            raise UserError("model.units must be even: half of them read in each direction")
        if self.training.jit and self.model.kind == "memory":
            raise UserError(
                "training.jit: XLA would need the number of sentences beforehand; it takes "
                "--model.kind flat"
            )


# Stories of the simulated world; see README.md for times and scores of all presets.
DEFAULT = Config(
    tokenizer=TokenizerConfig(kind="word", vocab_size=5000, lowercase=True),
    model=ModelConfig(story_layers=2),
    batching=BatchingConfig(batch_size=64),
    training=TrainingConfig(epochs=6, learning_rate=5e-3),
)

# All 20 tasks by one network.
BABI = replace(
    DEFAULT,
    data=DataConfig(name="babi"),
    model=ModelConfig(),
    training=TrainingConfig(epochs=40, learning_rate=5e-3),
)

# Seconds: to see that everything works.
TINY = replace(
    DEFAULT,
    data=DataConfig(version="small"),
    model=ModelConfig(units=16, hops=2),
    batching=BatchingConfig(batch_size=32),
    training=TrainingConfig(epochs=4, warmup_steps=5, validate_on=60),
)

PRESETS = {"default": DEFAULT, "tiny": TINY, "babi": BABI}
