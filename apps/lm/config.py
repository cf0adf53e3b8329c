"""Configuration and presets of a language model run."""

from dataclasses import dataclass, field, replace
from typing import Annotated, Literal

from common.config import (
    Cell,
    Count,
    Natural,
    Range,
    Rate,
    Seed,
    TokenizerConfig,
    TrainingConfig,
    Weight,
    check,
)


@dataclass(frozen=True)
class DataConfig:
    name: str = "kjv"
    """Data set from data/README.md; ignored with data.train."""
    train: tuple[str, ...] = ()
    """Your own training files, or folders of them (*.txt, *.txt.gz); each line is one unit."""
    validation: tuple[str, ...] = ()
    """Your own validation files; without them, the last 5 % of the training text is held out."""
    test: tuple[str, ...] = ()
    """Your own test files, for `evaluate`."""
    limit: Natural = 0
    """Number of training lines to use; 0: all."""


@dataclass(frozen=True)
class StreamConfig:
    mode: Literal["stream", "lines"] = "stream"
    """stream: the whole text in order, its state carried from batch to batch (truncated BPTT);
    lines: each line from a zero state to its end (full BPTT)."""
    batch_size: Count = 32
    """Rows of a batch on each device."""
    length: Count = 40
    """stream: time steps of a batch, over which gradients flow."""
    vary: bool = True
    """stream: draw a new length for each batch, and scale the learning rate with it (AWD-LSTM)."""


@dataclass(frozen=True)
class ModelConfig:
    cell: Cell = "lstm"
    """Recurrent cell; docs/layers.md has the equations."""
    layers: Count = 2
    """Recurrent layers."""
    units: Count = 512
    """State size of each layer."""
    embedding_dim: Count = 256
    """Size of the token embeddings."""
    residual_from: Natural = 0
    """First layer (from 1) whose input is added to its output; 0: none."""
    tie: bool = True
    """Share the output layer with the embedding; a projection bridges units and embedding_dim."""
    token_dropout: Rate = 0.0
    """Dropout rate of whole vocabulary entries of the embedding (Gal & Ghahramani 2016)."""
    input_dropout: Rate = 0.1
    """Dropout rate on the embeddings, one mask for all time steps (locked)."""
    hidden_dropout: Rate = 0.1
    """Dropout rate between recurrent layers, one mask for all time steps."""
    output_dropout: Rate = 0.1
    """Dropout rate before the output layer, one mask for all time steps."""
    recurrent_dropout: Rate = 0.0
    """DropConnect rate on the recurrent weights, one mask for all time steps (AWD-LSTM)."""
    activation_penalty: Weight = 0.0
    """AR: weight of the mean square of the last layer's output (Merity et al. 2017)."""
    temporal_penalty: Weight = 0.0
    """TAR: weight of the mean square of the output's change from step to step."""


@dataclass(frozen=True)
class WritingConfig:
    """Settings for `infer` and for the samples of training; options of `infer` override them."""

    max_tokens: Count = 80
    """Maximum length of a text in tokens."""
    temperature: Weight = 0.8
    """Below 1 safer, above 1 more varied; 0: always the most probable token."""
    top_k: Natural = 0
    """Draw from the k most probable tokens only; 0: all."""
    top_p: Annotated[float, Range(0, 1, above=True)] = 0.95
    """Draw from the most probable tokens that together have this probability."""
    lines: Natural = 1
    """Stop after this many lines (sentences, verses, poems); 0: at max_tokens."""


@dataclass(frozen=True)
class Config:
    data: DataConfig = field(default_factory=DataConfig)
    tokenizer: TokenizerConfig = field(default_factory=TokenizerConfig)
    streams: StreamConfig = field(default_factory=StreamConfig)
    model: ModelConfig = field(default_factory=ModelConfig)
    training: TrainingConfig = field(default_factory=TrainingConfig)
    writing: WritingConfig = field(default_factory=WritingConfig)
    seed: Seed = 1
    """Random seed of the initial weights, dropout and batch lengths."""

    def __post_init__(self):
        check(self)
        self.tokenizer.refuse_sampling()


# The King James Bible; README.md has times and scores of all presets.
DEFAULT = Config(
    tokenizer=TokenizerConfig(kind="bpe", vocab_size=4000),
    model=ModelConfig(layers=1),
    training=TrainingConfig(epochs=3, learning_rate=3e-3, ema=0.998),
)

# As in published results: 10,000 words, with the end of a sentence as one of them.
PENN_TREEBANK = Config(
    data=DataConfig(name="penn_treebank"),
    tokenizer=TokenizerConfig(kind="space", vocab_size=20_000),
    model=ModelConfig(
        units=512,
        embedding_dim=320,
        token_dropout=0.1,
        input_dropout=0.3,
        hidden_dropout=0.3,
        output_dropout=0.4,
        activation_penalty=1.0,
        temporal_penalty=1.0,
    ),
    training=TrainingConfig(epochs=13, learning_rate=3e-3, clip_norm=0.5, ema=0.999),
)

# Every character is a token, spaces included.
PENN_TREEBANK_CHARS = Config(
    data=DataConfig(name="penn_treebank"),
    tokenizer=TokenizerConfig(kind="char", vocab_size=200),
    streams=StreamConfig(batch_size=64, length=80),
    model=ModelConfig(layers=1, units=800, embedding_dim=64, input_dropout=0.0),
    training=TrainingConfig(epochs=3, learning_rate=3e-3, ema=0.999),
    writing=WritingConfig(max_tokens=300),
)

WIKITEXT2 = replace(
    PENN_TREEBANK,
    data=DataConfig(name="wikitext2"),
    tokenizer=TokenizerConfig(kind="space", vocab_size=40_000),
    training=replace(PENN_TREEBANK.training, epochs=6),
)

TINY_SHAKESPEARE = replace(
    PENN_TREEBANK_CHARS,
    data=DataConfig(name="tiny_shakespeare"),
    model=ModelConfig(
        layers=2, units=384, embedding_dim=64, hidden_dropout=0.3, output_dropout=0.3
    ),
    training=TrainingConfig(epochs=12, learning_rate=3e-3, ema=0.999),
    writing=WritingConfig(max_tokens=400, lines=8),
)

# A poem is a line: "line，line。line，line。"
QUATRAINS = Config(
    data=DataConfig(name="quatrains"),
    tokenizer=TokenizerConfig(kind="char", vocab_size=6000),
    streams=StreamConfig(mode="lines", batch_size=64),
    model=ModelConfig(layers=1, units=512, embedding_dim=256),
    training=TrainingConfig(epochs=2, learning_rate=3e-3, ema=0.998),
    writing=WritingConfig(max_tokens=40, temperature=0.7),
)

# Runs in seconds, to check that everything works.
TINY = replace(
    DEFAULT,
    data=DataConfig(limit=600),
    tokenizer=TokenizerConfig(kind="bpe", vocab_size=500),
    streams=StreamConfig(batch_size=8, length=20),
    model=ModelConfig(layers=1, units=32, embedding_dim=32),
    training=TrainingConfig(epochs=1, learning_rate=5e-3, warmup_steps=5, ema=0.9, validate_on=60),
    writing=WritingConfig(max_tokens=30),
)

PRESETS = {
    "default": DEFAULT,
    "tiny": TINY,
    "penn_treebank": PENN_TREEBANK,
    "penn_treebank_chars": PENN_TREEBANK_CHARS,
    "wikitext2": WIKITEXT2,
    "tiny_shakespeare": TINY_SHAKESPEARE,
    "quatrains": QUATRAINS,
}
