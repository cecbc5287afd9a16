"""The runner keeps what is done, names what fails, and stores one line per run; intervals are Student's."""

import importlib
import sys

import numpy as np
import pytest

pytest.importorskip("joblib", reason="the experiments' tools are missing: pip install -e '.[experiments]'")

from scipy import stats

from book.experiments import statistics

runner = importlib.import_module("book.experiments.__main__")

TOY = """\
from pathlib import Path
UNITS = [{{"seed": seed, "loss": loss}} for seed in range(3) for loss in ("ours", "theirs")]
def run(seed, loss):
    calls = Path({calls!r})
    calls.write_text(calls.read_text() + "x")
    if seed == 2 and Path({broken!r}).exists():
        raise ValueError("the power went out")
    return {{"error": seed + (loss == "theirs") * (seed + 1.0), "first_losses": [1.0, 2.0, seed]}}
"""


@pytest.fixture
def toy(tmp_path, monkeypatch):
    """A folder with the experiment `toy`, beside a file that counts its runs and one that breaks some of them."""
    (tmp_path / "calls").write_text("")
    (tmp_path / "toy.py").write_text(TOY.format(calls=str(tmp_path / "calls"), broken=str(tmp_path / "broken")))
    package = importlib.import_module("book.experiments")
    monkeypatch.setattr(package, "__path__", [*package.__path__, str(tmp_path)])
    for name, value in {"HERE": tmp_path, "ROOT": tmp_path, "KEPT": tmp_path / "kept"}.items():
        monkeypatch.setattr(runner, name, value)
    monkeypatch.setattr(statistics, "RESULTS", tmp_path / "results")
    yield tmp_path
    sys.modules.pop("book.experiments.toy", None)


def test_results_are_stored_a_line_for_each_run(toy, capsys):
    runner.rerun("toy", 1)
    lines = (toy / "results/toy.json").read_text().splitlines()
    assert sum(line.startswith('{"unit"') for line in lines) == 6
    assert statistics.load("toy")[1] == {
        "seed": 0,
        "loss": "theirs",
        "error": 1.0,
        "first_losses": [1, 2, 0],
        "seconds": 0,
    }
    assert statistics.provenance("toy")["commit"] == "not a git checkout"
    assert "6 runs, 6 to do" in capsys.readouterr().out


def test_an_interrupted_command_goes_on_where_it_was(toy):
    (toy / "broken").touch()
    with pytest.raises(RuntimeError, match="toy failed at .*'seed': 2"):
        runner.rerun("toy", 1)
    assert not (toy / "results").exists()
    (toy / "broken").unlink()
    (toy / "calls").write_text("")
    runner.rerun("toy", 1)
    assert len((toy / "calls").read_text()) == 2


def test_changed_code_starts_anew(toy, monkeypatch):
    runner.rerun("toy", 1)
    monkeypatch.setattr(runner, "fingerprint", lambda name: "other code")
    (toy / "calls").write_text("")
    runner.rerun("toy", 1)
    assert len((toy / "calls").read_text()) == 6


def test_an_unknown_experiment_is_named(capsys):
    with pytest.raises(SystemExit):
        runner.main(["label_smothing"])
    assert "there is no experiment label_smothing; there are" in capsys.readouterr().err


def test_paired_differences_are_intervals_of_student(toy):
    runner.rerun("toy", 1)
    found = statistics.paired(statistics.load("toy"), "error", {"loss": "theirs"}, {"loss": "ours"})
    expected = stats.ttest_1samp([1, 2, 3], 0).confidence_interval(0.95)
    np.testing.assert_allclose(found[:3], (2, expected.low, expected.high))
    assert (found.n, found.positive) == (3, 3) and f"{found:+.1f}" == "+2.0 [\N{MINUS SIGN}0.5, +4.5]"


def test_pairs_must_be_pairs(toy):
    runner.rerun("toy", 1)
    runs = [
        run
        for run in statistics.load("toy")
        if run != statistics.select(statistics.load("toy"), seed=1, loss="ours")[0]
    ]
    with pytest.raises(ValueError, match=r"same values of 'seed', got \[0, 1, 2\] and \[0, 2\]"):
        statistics.paired(runs, "error", {"loss": "theirs"}, {"loss": "ours"})


def test_a_repetition_is_held_against_what_is_stored(toy):
    runner.rerun("toy", 1)
    unit = {"seed": 2, "loss": "ours"}
    statistics.repeats("toy", unit, {"first_losses": [1, 2], "error": 2})
    with pytest.raises(AssertionError, match="first_losses of .* is not what is stored"):
        statistics.repeats("toy", unit, {"first_losses": [1, 2.1]})
