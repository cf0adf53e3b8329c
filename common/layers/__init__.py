"""Recurrent layers, attention and the attention decoder, shared by all apps."""

from .attention import Attention
from .crf import CRF
from .ctrnn import CTRNN
from .decoder import AttentionDecoder
from .elman import ElmanRNN, JordanRNN
from .embedding import Embedding
from .gru import GRU
from .keras_weights import from_keras, to_keras
from .lstm import LSTM, PeepholeLSTM
from .plain_decoder import PlainDecoder
from .pointer import CopySource, Pointer, copied_mass, coverage_loss
from .stack import CELLS, Stack, recurrent

__all__ = [
    "CELLS",
    "CRF",
    "CTRNN",
    "GRU",
    "LSTM",
    "Attention",
    "AttentionDecoder",
    "CopySource",
    "ElmanRNN",
    "Embedding",
    "JordanRNN",
    "PeepholeLSTM",
    "PlainDecoder",
    "Pointer",
    "Stack",
    "copied_mass",
    "coverage_loss",
    "from_keras",
    "recurrent",
    "to_keras",
]
