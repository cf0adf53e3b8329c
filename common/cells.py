"""Names of the recurrent cells, and which switches of `LSTM` make which variant.

Nothing here imports TensorFlow, so that a command's help can list the names quickly.
"""

from typing import Literal

# Greff et al. 2017, "LSTM: A search space odyssey": their vanilla LSTM has diagonal peepholes, and
# each variant is it but for one change. `np` (no peepholes) therefore is `lstm`. Parameters for
# input size n and k units, without bias: gates (n + k) k each, a diagonal peephole k, a full one
# k^2, the gate recurrence 9 k^2.
LSTM_VARIANTS = {
    "lstm": {},
    "peephole_lstm": {"peepholes": "diagonal"},
    "full_peephole_lstm": {"peepholes": "full"},
    "nig": {"peepholes": "diagonal", "input_gate": False},
    "nfg": {"peepholes": "diagonal", "forget_gate": False},
    "nog": {"peepholes": "diagonal", "output_gate": False},
    "niaf": {"peepholes": "diagonal", "activation": "linear", "output_activation": "tanh"},
    "noaf": {"peepholes": "diagonal", "output_activation": "linear"},
    "np": {},
    "cifg": {"peepholes": "diagonal", "coupled_gates": True},
    "fgr": {"peepholes": "diagonal", "gate_recurrence": True},
}

CELL_NAMES = (
    *LSTM_VARIANTS,
    "gru",
    "gru_reset_before",
    "elman",
    "simple",  # the old name of elman
    "jordan",
    "ctrnn",
)

Cell = Literal[CELL_NAMES]  # the type of a configuration's field
