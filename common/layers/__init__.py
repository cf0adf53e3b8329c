"""Recurrent layers, attention and the attention decoder, shared by all apps."""

from .attention import Attention
from .crf import CRF
from .ctrnn import CTRNN
from .ctrnn_cell import CTRNNCell
from .decoder import AttentionDecoder
from .elman import ElmanCell, ElmanRNN
from .embedding import Embedding
from .gru import GRU, GRUCell
from .jordan import JordanCell, JordanRNN
from .keras_weights import from_keras, to_keras
from .lstm import LSTM
from .lstm_cell import LSTMCell
from .peephole_lstm import PeepholeLSTM, PeepholeLSTMCell
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
    "CTRNNCell",
    "CopySource",
    "ElmanCell",
    "ElmanRNN",
    "Embedding",
    "GRUCell",
    "JordanCell",
    "JordanRNN",
    "LSTMCell",
    "PeepholeLSTM",
    "PeepholeLSTMCell",
    "PlainDecoder",
    "Pointer",
    "Stack",
    "copied_mass",
    "coverage_loss",
    "from_keras",
    "recurrent",
    "to_keras",
]
