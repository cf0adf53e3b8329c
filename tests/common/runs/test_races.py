"""Several processes start in one folder, or leave their files there when killed."""

import multiprocessing
import os
import socket
from dataclasses import dataclass

import pytest

from common.errors import UserError
from common.runs import Run

ROUNDS = 150


@dataclass(frozen=True)
class Config:
    seed: int = 1


def starts(folder, barrier, results, fails):
    """One start per round, at the same moment as the other process."""
    for number in range(ROUNDS):
        barrier.wait()
        try:
            run = Run.start(folder / str(number), "app", Config())
            with run.kept_if_begun(), run.locked():
                if fails:
                    raise ZeroDivisionError
                run.record_start()
                run.log("train", 1, loss=1.0)
                results.put((number, "trained"))
        except UserError as error:
            results.put((number, str(error)))
        except ZeroDivisionError:
            results.put((number, "failed"))


def reports_of(folder, fails):
    """For each round the reports of two processes that start at once."""
    fork = multiprocessing.get_context("fork")
    barrier, results = fork.Barrier(2, timeout=60), fork.Queue()
    processes = [fork.Process(target=starts, args=(folder, barrier, results, f)) for f in fails]
    for process in processes:
        process.start()
    reports = {number: [] for number in range(ROUNDS)}
    for _ in range(2 * ROUNDS):
        number, report = results.get(timeout=60)
        reports[number].append(report)
    for process in processes:
        process.join()
    return [(folder / str(number), reports[number]) for number in range(ROUNDS)]


def test_one_of_two_starts_trains(tmp_path):
    for path, reports in reports_of(tmp_path, fails=(False, False)):
        assert "trained" in reports, reports
        assert all(r == "trained" or "another process is training" in r for r in reports), reports
        assert (path / "config.json").is_file() and (path / "metrics.jsonl").is_file()


def test_a_failing_start_takes_no_folder_from_another(tmp_path):
    for path, reports in reports_of(tmp_path, fails=(True, False)):
        if "trained" in reports:
            assert (path / "config.json").is_file() and (path / "metrics.jsonl").is_file()
        else:
            assert any("another" in r or "removed" in r for r in reports), reports


@pytest.mark.parametrize("name", [".config.json.{}.tmp", "run.lock"])
def test_leftovers_of_a_killed_start_do_not_matter(tmp_path, name):
    process = multiprocessing.get_context("fork").Process(target=int)
    process.start()
    process.join()
    left = tmp_path / name.format(process.pid)
    left.touch()
    Run.start(tmp_path, "app", Config())
    assert (tmp_path / "config.json").is_file()
    assert name == "run.lock" or not left.exists()


def test_a_living_writer_keeps_its_file(tmp_path):
    left = tmp_path / f".config.json.{os.getppid()}.tmp"
    left.touch()
    Run.start(tmp_path, "app", Config())
    assert left.exists()


def test_a_lock_that_is_a_link_is_refused(tmp_path):
    target = tmp_path / "precious"
    target.write_text("all my work")
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "run.lock").symlink_to(target)
    with pytest.raises(UserError, match="link that leads out"):
        Run.start(tmp_path / "run", "app", Config())
    assert target.read_text() == "all my work"


@pytest.mark.parametrize("name", ["tokenizer.model", "checkpoints/best.npz", "samples"])
def test_pipes_and_sockets_are_refused(tmp_path, name):
    Run.start(tmp_path, "app", Config())
    (tmp_path / name).parent.mkdir(exist_ok=True)
    os.mkfifo(tmp_path / name)
    with pytest.raises(UserError, match="neither a file nor a folder"):
        Run.open(tmp_path, "app", Config)
    os.unlink(tmp_path / name)
    with socket.socket(socket.AF_UNIX) as one:
        one.bind(str(tmp_path / "s"))
        with pytest.raises(UserError, match="neither a file nor a folder"):
            Run.open(tmp_path, "app", Config)


def test_a_second_name_of_a_log_is_refused(tmp_path):
    run = Run.start(tmp_path / "run", "app", Config())
    run.log("train", 1, loss=1.0)
    os.link(tmp_path / "run" / "metrics.jsonl", tmp_path / "mine")
    with pytest.raises(UserError, match="hard link"):
        Run.start(tmp_path / "run", "app", Config())


def test_a_file_is_no_run_folder(tmp_path):
    (tmp_path / "x").touch()
    with pytest.raises(UserError, match="not a folder"):
        Run.start(tmp_path / "x", "app", Config())
