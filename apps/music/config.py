"""The configuration of a music run, and the presets."""

from dataclasses import dataclass, field, replace
from typing import Literal

from common.config import BatchingConfig, Cell, Count, Natural, Rate, Seed, TrainingConfig, check
from common.errors import UserError


@dataclass(frozen=True)
class DataConfig:
    name: str = "chorales"
    """chorales, polyphonic, or band; ignored if data.folder is given."""
    config: str = ""
    """Of polyphonic: jsb or nottingham. Of band: its sets, such as nottingham,pop909,groove."""
    folder: str = ""
    """Your own folder of MIDI files, with any subfolders."""
    transpose: Natural = 5
    """Each epoch transposes each piece by at most N semitones, inside the range of the set."""
    crop: Natural = 0
    """Train on excerpts of N steps, cut out anew in each epoch; 0: whole pieces."""
    limit: Natural = 0
    """Use only N pieces of each split; 0: all."""


@dataclass(frozen=True)
class ModelConfig:
    kind: Literal["voices", "frames", "band"] = "voices"
    """voices: token streams with holds, any of them given. frames: piano roll -> next frame. band:
    melody, then chords on it, then drums."""
    cell: Cell = "lstm"
    """Recurrent cell; docs/layers.md has the equations."""
    units: Count = 192
    """State size of the network over time."""
    layers: Count = 1
    """Layers of the network over time; from the third on with residual connections."""
    reader_units: Count = 96
    """voices: state size, in each direction, of the network that reads the given voices."""
    frame_units: Count = 96
    """State size of the network over the notes of a frame."""
    embedding_dim: Count = 96
    """Size of the embeddings of notes."""
    notes: Literal["independent", "sequence"] = "independent"
    """frames: 88 sigmoids, or the notes of a frame one after another."""
    input_dropout: Rate = 0.2
    """Dropout rate on the input of the network over time."""
    dropout: Rate = 0.3
    """Dropout rate between layers, and on the output of the network over the notes of a frame."""
    output_dropout: Rate = 0.3
    """Dropout rate on the output of the network over time."""


@dataclass(frozen=True)
class Config:
    data: DataConfig = field(default_factory=DataConfig)
    model: ModelConfig = field(default_factory=ModelConfig)
    batching: BatchingConfig = field(default_factory=lambda: BatchingConfig(batch_size=16))
    training: TrainingConfig = field(default_factory=TrainingConfig)
    parallels: bool = False
    """voices: allow parallel fifths, octaves and unisons in composed pieces."""
    seed: Seed = 1
    """Seed of initial weights, dropout, shuffling and transposition."""

    def __post_init__(self):
        check(self)
        if self.training.jit and (self.model.kind != "frames" or self.model.notes == "sequence"):
            raise UserError(
                "training.jit: XLA takes only the shapes of frames with independent notes"
            )
        if self.batching.batch_by != "sentences":
            raise UserError("batching.batch_by must be sentences, which here are pieces")


# Bach's chorales in four voices; see README.md for times and scores of all presets.
DEFAULT = Config(
    data=DataConfig(crop=128),
    model=ModelConfig(input_dropout=0.1, dropout=0.15, output_dropout=0.2),
    training=TrainingConfig(epochs=50, learning_rate=4e-3, warmup_steps=100, ema=0.99),
)

# The published piano rolls, keys independent, at most 300 k parameters. Of all cells and sizes that
# `compare` trains, these are the best on the validation pieces.
JSB = Config(
    data=DataConfig(name="polyphonic", config="jsb", transpose=0),
    model=ModelConfig(
        kind="frames",
        cell="cifg",
        units=235,
        input_dropout=0.2,
        dropout=0.5,
        output_dropout=0.5,
    ),
    training=TrainingConfig(epochs=150, learning_rate=3e-3, warmup_steps=50, ema=0.99, patience=20),
)

JSB_SEQUENCE = replace(
    JSB,
    model=replace(
        JSB.model, notes="sequence", cell="lstm", units=200, frame_units=128, embedding_dim=128
    ),
    training=replace(JSB.training, epochs=40, patience=8),
)

NOTTINGHAM = replace(
    JSB,
    data=DataConfig(name="polyphonic", config="nottingham", transpose=0, crop=200),
    model=replace(
        JSB.model, cell="lstm", units=300, input_dropout=0.1, dropout=0.4, output_dropout=0.4
    ),
    training=replace(JSB.training, epochs=100),
)

# Melody and chords of folk tunes and pop songs, drums of ten drummers.
BAND = Config(
    data=DataConfig(name="band", crop=128),
    model=ModelConfig(kind="band"),
    batching=BatchingConfig(batch_size=32),
    training=TrainingConfig(epochs=24, learning_rate=3e-3, warmup_steps=100, ema=0.995),
)

# Takes seconds: to see that everything works.
TINY = replace(
    DEFAULT,
    data=DataConfig(limit=12, crop=64),
    model=ModelConfig(units=32, reader_units=16, frame_units=16, embedding_dim=16),
    batching=BatchingConfig(batch_size=4),
    training=TrainingConfig(epochs=4, warmup_steps=5, ema=0.9, validate_on=60),
)

PRESETS = {
    "default": DEFAULT,
    "tiny": TINY,
    "jsb": JSB,
    "jsb-sequence": JSB_SEQUENCE,
    "nottingham-rolls": NOTTINGHAM,
    "band": BAND,
}
