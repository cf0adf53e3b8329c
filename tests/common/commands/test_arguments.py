"""Configurations on the command line and in JSON: errors name the mistake and its cure."""

import json
import subprocess
import sys
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Literal

import pytest

from common.commands import parse_training, sampling, search_with
from common.config import BatchingConfig, BeamConfig, TrainingConfig, check, json_form
from common.errors import UserError, run_main
from common.searches import Beam, Greedy, Sampling


@dataclass(frozen=True)
class ModelConfig:
    cell: Literal["lstm", "gru"] = "lstm"
    """Recurrent cell."""
    units: int = 8
    """State size."""
    dropout: float = 0.0
    """Rate."""
    same_dropout: bool = False
    """One mask."""


@dataclass(frozen=True)
class Config:
    model: ModelConfig = field(default_factory=ModelConfig)
    batching: BatchingConfig = field(default_factory=BatchingConfig)
    training: TrainingConfig = field(default_factory=TrainingConfig)
    beam: BeamConfig = field(default_factory=BeamConfig)
    files: tuple[str, ...] = ()
    name: str = "Übung"

    def __post_init__(self):
        check(self)


PRESETS = {"default": Config(), "tiny": Config(model=ModelConfig(units=2))}


def parse(*arguments):
    return parse_training("app", PRESETS, arguments)


def refused(capsys, *arguments):
    with pytest.raises(SystemExit) as error:
        parse(*arguments)
    assert error.value.code == 2
    return " ".join(capsys.readouterr().err.replace("│", " ").split())


def test_nothing_is_the_default_preset():
    assert parse() == (Config(), "runs/app/default", None)


def test_presets_and_fields():
    config, run_dir, max_steps = parse(
        *("tiny", "--run-dir", "x", "--max-steps", "7", "--training.epochs", "3"),
        *("--files", "a", "b", "--model.same-dropout", "--model.dropout", "1e-1"),
    )
    assert (run_dir, max_steps) == ("x", 7)
    assert config == Config(
        model=ModelConfig(units=2, same_dropout=True, dropout=0.1),
        training=TrainingConfig(epochs=3),
        files=("a", "b"),
    )


def test_underscores_do_as_well():
    assert parse("tiny", "--batching.batch_size", "5")[0].batching.batch_size == 5


def test_an_unknown_preset_names_the_known():
    with pytest.raises(UserError, match="unknown preset 'tinny': choose one of default, tiny"):
        parse("tinny")


def test_an_unknown_field_suggests_the_right_one(capsys):
    message = refused(capsys, "tiny", "--training.epocs", "3")
    assert "--training.epocs" in message and "Perhaps you meant: --training.epochs" in message


@pytest.mark.parametrize(
    "arguments, words",
    [
        (("--model.units", "many"), ("--model.units", "many")),
        (("--model.units", "2.5"), ("--model.units", "2.5")),
        (("--model.cell", "rnn"), ("--model.cell", "rnn", "lstm", "gru")),
        (("--max-steps", "x"), ("--max-steps", "x")),
        (("--model.units",), ("--model.units",)),
    ],
    ids=str,
)
def test_a_wrong_value_names_the_field(capsys, arguments, words):
    message = refused(capsys, "tiny", *arguments)
    assert all(word in message for word in words), message


def test_a_senseless_value_is_a_user_error():
    with pytest.raises(UserError, match="training.epochs"):
        parse("--training.epochs", "0")
    with pytest.raises(UserError, match="n_best is 9: it must be at most beam = 5"):
        parse("--beam.n-best", "9")


def test_help_shows_fields_presets_and_defaults(capsys):
    with pytest.raises(SystemExit) as error:
        parse("tiny", "--help")
    assert error.value.code == 0
    message = " ".join(capsys.readouterr().out.replace("│", " ").split())
    for words in ("python -m apps.app.train [PRESET]", "default, tiny", "State size. (default: 2)"):
        assert words in message


def test_json_round_trip():
    config = Config(ModelConfig("gru", 3, 1 / 3, True), files=("a", "b"), name='"\n')
    assert json_form.from_json(json_form.to_json(config), Config) == config
    assert "Übung" in json_form.to_json(Config())
    partial = json_form.from_json(
        '{"model": {"dropout": 1}}', Config
    )  # older runs lack newer fields
    assert partial == Config(model=ModelConfig(dropout=1.0))


@pytest.mark.parametrize(
    "change, words",
    [
        ({"model": {"unit": 3}}, ["unit", "$.model"]),
        ({"modell": {}}, ["modell"]),
        ({"model": {"units": "3"}}, ["$.model.units", "int"]),
        ({"model": {"units": 2.7}}, ["$.model.units", "int"]),
        ({"model": {"same_dropout": "false"}}, ["$.model.same_dropout", "bool"]),
        ({"model": {"cell": "rnn"}}, ["$.model.cell", "rnn", "lstm", "gru"]),
        ({"model": 3}, ["$.model"]),
        ({"training": {"epochs": 0}}, ["training.epochs", "at least 1"]),
        ([], ["run.json"]),
    ],
    ids=str,
)
def test_json_that_does_not_fit_is_refused(change, words):
    with pytest.raises(UserError) as error:
        json_form.from_json(json.dumps(change), Config, "run.json")
    assert all(word in str(error.value) for word in ["run.json", *words]), error.value


def test_json_cut_off_is_a_user_error():
    with pytest.raises(UserError, match="run.json is damaged"):
        json_form.from_json(json_form.to_json(Config())[:-5], Config, "run.json")


def test_differences_are_named_by_their_path():
    assert json_form.differences(Config(), Config()) == []
    other = replace(Config(), name="x", model=ModelConfig(units=9, same_dropout=True))
    assert json_form.differences(Config(), other) == [
        "model.units: 8 -> 9",
        "model.same_dropout: False -> True",
        "name: Übung -> x",
    ]


def test_a_command_line_changes_the_runs_beam():
    ours = Beam(beam=4, length_penalty=1.0, min_length=2, no_repeat_ngram=3, coverage_penalty=0.1)
    assert search_with(ours) == ours
    assert search_with(ours, beam=2, length_penalty=0.0) == replace(ours, beam=2, length_penalty=0)
    assert search_with(ours, n_best=9) == replace(ours, beam=9, n_best=9)
    assert search_with(ours, beam=0) == Greedy(min_length=2, no_repeat_ngram=3)
    assert search_with(ours, beam=0, min_length=0, no_repeat_ngram=None) == Greedy(0, 3)
    with pytest.raises(UserError, match="leave --n-best out"):
        search_with(ours, beam=0, n_best=2)
    with pytest.raises(UserError, match="beam is -1"):
        search_with(ours, beam=-1)


def test_a_command_line_asks_for_sampling():
    command = SimpleNamespace(n_best=1, seed=3, temperature=0.5, top_k=4, top_p=0.9)
    assert sampling(command) == Sampling(3, 0.5, 4, 0.9)
    for name, value in (("n_best", 2), ("seed", -1), ("temperature", -1.0), ("top_p", 0.0)):
        with pytest.raises(UserError, match=name.replace("_", ".")):
            sampling(SimpleNamespace(**vars(command) | {name: value}))


def test_help_does_not_wait_for_tensorflow():
    program = """
import sys
from apps.translate.config import PRESETS
from common import commands, runs
from common.config import json_form
config, _, _ = commands.parse_training("translate", PRESETS, ["tiny"])
assert json_form.from_json(json_form.to_json(config), type(config)) == config
for preset in PRESETS.values():
    assert json_form.from_json(json_form.to_json(preset), type(preset)) == preset
slow = {"tensorflow", "keras", "tensorflow_datasets", "matplotlib"} & set(sys.modules)
sys.exit(f"imported: {slow}" if slow else 0)
"""
    subprocess.run([sys.executable, "-c", program], cwd=Path(__file__).parents[3], check=True)


@pytest.mark.parametrize(
    "raised, code, said",
    [
        (None, 0, ""),
        (UserError("no file x"), 2, "error: no file x\n"),
        (OSError(28, "No space left"), 2, "error: [Errno 28] No space left\n"),
        (KeyboardInterrupt(), 130, "stopped\n"),
        (BrokenPipeError(32, "Broken pipe"), 0, ""),
    ],
)
def test_commands_end_with_one_line(capsys, raised, code, said):
    def main():
        if raised:
            raise raised

    with pytest.raises(SystemExit) as error:
        run_main(main)
    assert error.value.code == code and capsys.readouterr().err == said


def test_debug_shows_where(capsys, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["train", "--debug", "tiny"])

    def main():
        assert sys.argv == ["train", "tiny"]
        raise UserError("no file x")

    with pytest.raises(SystemExit):
        run_main(main)
    assert "Traceback" in (message := capsys.readouterr().err) and "error: no file x" in message
