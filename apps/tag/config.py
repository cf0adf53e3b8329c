"""What a tagging run is made of, and the presets."""

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
    """A data set of data/README.md; ignored if data.train names a file."""
    version: str = ""
    """Configuration of the data set, where it has several; empty: its first."""
    train: str = ""
    """Your own: CoNLL-U (NAME.conllu), or lines of word/tag word/tag; .gz as well."""
    validation: str = ""
    """The same for validation; without it a tenth of the training sentences is held out."""
    test: str = ""
    """The same for `evaluate`."""
    column: Literal["upos", "xpos"] = "upos"
    """Of your own CoNLL-U: the tags to learn."""
    cutting: Literal["auto", "marks", "lexicon"] = "auto"
    """How raw text is cut into words: at spaces and marks, or, where words are written without
    spaces, by the most probable sequence of training words; auto: by the characters."""
    max_length: Count = 150
    """Longer sentences, in words, are left out of training."""
    limit: Natural = 0
    """Use only this many training sentences; 0: all."""


@dataclass(frozen=True)
class ModelConfig:
    cell: Cell = "lstm"
    """Recurrent cell over words and over characters; docs/layers.md has the equations."""
    units: Count = 200
    """State size of each direction over the words."""
    layers: Count = 1
    """Bidirectional layers over the words; from the third on with residual connections."""
    embedding_dim: Count = 100
    """Size of the word embeddings."""
    character_dim: Count = 30
    """Size of the character embeddings."""
    character_units: Natural = 50
    """State size of each direction over the characters of a word; 0: words only."""
    max_characters: Annotated[int, Range(2)] = 20
    """Characters of a word that are read; of longer words both ends."""
    crf: bool = False
    """Learn which tag follows which, and find the best sequence by Viterbi's algorithm (CRF)."""
    word_dropout: Rate = 0.1
    """Share of the words that training reads as <unk>: the characters have to tell."""
    embedding_dropout: Rate = 0.3
    """Dropout rate on words and characters together."""
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
    """Of initial weights, dropout, shuffling."""

    def __post_init__(self):
        check(self)
        if self.words.kind != "space":
            raise UserError("words.kind must be space: the words of a sentence are cut before")
        if self.training.jit:
            raise UserError(
                "training.jit: XLA would compile anew for each number of distinct words"
            )


# Chinese newspaper; see README.md for times and scores of all presets.
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

# Seconds: to see that everything works.
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
