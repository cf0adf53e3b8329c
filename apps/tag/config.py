"""Configuration and presets of a tagging run."""

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


@dataclass(frozen=True)
class DataConfig:
    name: str = "people_daily"
    """Data set from data/README.md; ignored with data.train."""
    version: str = ""
    """Configuration of the data set; empty: its first."""
    train: str = ""
    """Your own training file: CoNLL-U (NAME.conllu), or lines of word/tag word/tag; also .gz."""
    validation: str = ""
    """Your own validation file; without it, a tenth of the training sentences is held out."""
    test: str = ""
    """Your own test file, for `evaluate`."""
    column: Literal["upos", "xpos"] = "upos"
    """Column of your own CoNLL-U files with the tags to learn."""
    cutting: Literal["auto", "marks", "lexicon"] = "auto"
    """How raw text is split into words. marks: at spaces and punctuation; lexicon: into the most
    probable sequence of training words, for scripts without spaces; auto: by the script."""
    max_length: Count = 150
    """Maximum words of a sentence; longer sentences are left out of training."""
    limit: Natural = 0
    """Number of training sentences to use; 0: all."""


@dataclass(frozen=True)
class ModelConfig:
    cell: Cell = "lstm"
    """Recurrent cell for words and for characters; docs/layers.md has the equations."""
    units: Count = 200
    """State size of each direction of the word layers."""
    layers: Count = 1
    """Bidirectional layers over the words; from the third on with residual connections."""
    embedding_dim: Count = 100
    """Size of the word embeddings."""
    character_dim: Count = 30
    """Size of the character embeddings."""
    character_units: Natural = 50
    """State size of each direction of the character layer; 0: words only."""
    max_characters: Annotated[int, Range(2)] = 20
    """Maximum characters of a word; of a longer word, half as many are read from each end."""
    crf: bool = False
    """CRF: learn which tag follows which, and find the best sequence by Viterbi's algorithm."""
    word_dropout: Rate = 0.1
    """Share of words read as <unk> in training, so that the model relies on their characters."""
    embedding_dropout: Rate = 0.3
    """Dropout rate on the concatenated word and character vectors."""
    dropout: Rate = 0.3
    """Dropout rate between recurrent layers and before the output layer."""


@dataclass(frozen=True)
class Config:
    data: DataConfig = field(default_factory=DataConfig)
    words: TokenizerConfig = field(
        default_factory=lambda: TokenizerConfig("space", 50000, lowercase=True, min_count=2)
    )
    model: ModelConfig = field(default_factory=ModelConfig)
    batching: BatchingConfig = field(default_factory=lambda: BatchingConfig(batch_size=64))
    training: TrainingConfig = field(default_factory=TrainingConfig)
    seed: Seed = 1
    """Random seed of the initial weights, dropout and shuffling."""

    def __post_init__(self):
        check(self)
        if self.words.kind != "space":
            raise UserError("words.kind must be space: sentences are already split into words")
        if self.training.jit:
            raise UserError("training.jit: XLA would recompile for each word count: leave it off")


# Chinese newspaper; README.md has times and scores of all presets.
DEFAULT = Config(
    model=ModelConfig(embedding_dim=200, word_dropout=0.15, embedding_dropout=0.5, dropout=0.5),
    training=TrainingConfig(epochs=8, learning_rate=2e-3, ema=0.998),
)

ENGLISH_EWT = replace(
    DEFAULT,
    data=DataConfig(name="ud", version="english_ewt"),
    model=ModelConfig(word_dropout=0.2, embedding_dropout=0.5, dropout=0.4),
    batching=BatchingConfig(batch_size=32),
    training=TrainingConfig(epochs=10, learning_rate=2e-3, ema=0.998),
)

CHINESE_GSD = replace(ENGLISH_EWT, data=DataConfig(name="ud", version="chinese_gsd"))

# Runs in seconds, to check that everything works.
TINY = replace(
    DEFAULT,
    data=DataConfig(version="small", limit=300),
    words=TokenizerConfig("space", 500, lowercase=True, min_count=2),
    model=ModelConfig(units=16, embedding_dim=16, character_dim=8, character_units=8),
    batching=BatchingConfig(batch_size=32),
    training=TrainingConfig(epochs=4, warmup_steps=5, ema=0.9, validate_on=60),
)

PRESETS = {
    "default": DEFAULT,
    "tiny": TINY,
    "ud_english_ewt": ENGLISH_EWT,
    "ud_chinese_gsd": CHINESE_GSD,
}
