"""What the chapter on lost digits says: the closed form in floats, as others compute it, and the record of torch."""

import json

import numpy as np
import pytest
from mpmath import mp

from book import closed_forms
from book.data import record_torch
from derivations import cc

FORMULAS = (closed_forms.closed_form, closed_forms.poster, closed_forms.published_code)
formulas = pytest.mark.parametrize("formula", FORMULAS, ids=lambda formula: formula.__name__)
dtypes = pytest.mark.parametrize("dtype", [np.float32, np.float64])
RECORD = json.loads(record_torch.RECORD.read_text())
rng = np.random.default_rng(7)


@pytest.fixture(autouse=True)
def thirty_digits():
    with mp.workdps(30):
        yield


# ---------------------------------------------------------------------------------------------------- the formulas
@formulas
@dtypes
@pytest.mark.parametrize("D", [3, 4, 5])
def test_formula_is_the_log_partition_where_logits_are_well_apart(formula, dtype, D):
    """Steps of 4: kappa is at most 1.16, and an odd and an even D would show a lost sign."""
    eta = np.array([rng.permutation(D) * 4 - 3], dtype)
    found = formula(eta)
    assert found.dtype == dtype
    assert closed_forms.digits_right(found[0], cc.log_partition_exact(eta[0], 25)) > -np.log10(cc.EPS[dtype]) - 1.5


@formulas
def test_a_batch_is_its_rows(formula):
    eta = rng.normal(size=(5, 4))
    np.testing.assert_array_equal(formula(eta), [formula(row[None])[0] for row in eta])


@pytest.mark.claim(id="B6")
@formulas
def test_formula_gives_no_number_where_logits_are_equal(formula):
    assert not np.isfinite(formula(np.zeros((1, 4))))[0]


def test_published_code_gives_no_number_for_two_categories():
    """It divides by the standard deviation of one logit."""
    assert np.isnan(closed_forms.published_code(np.array([[2.0, 0.0]])))[0]


def test_derivative_of_the_closed_form_is_the_mean_where_logits_are_well_apart():
    eta = 4.0 * rng.permutation(5)
    np.testing.assert_allclose(
        closed_forms.closed_form_mean(eta[None])[0], np.array(cc.mean_exact(eta, 20), float), rtol=1e-13
    )


def test_digits_right_are_none_without_a_number_and_all_without_an_error():
    assert closed_forms.digits_right(np.float32(np.nan), mp.mpf(1)) == 0
    assert closed_forms.digits_right(np.float32(1), mp.mpf(1)) == -np.log10(cc.EPS[np.float32])
    assert abs(closed_forms.digits_right(np.float64(1e-3), mp.mpf(0)) - 3) < 1e-12  # relative to max(1, |log Z|)
    assert abs(closed_forms.digits_right(np.float64(101), mp.mpf(100)) - 2) < 1e-12


# -------------------------------------------------------------------------------------------------------- the law
GRID = {(D, w): np.linspace(-w, 0, D) for D in range(2, 13) for w in (0.1, 1.0, 10.0)}


def law(eta):
    """log10 of kappa for equal steps, (cc-grid)."""
    return -(len(eta) - 1) * np.log10(np.tanh((eta[1] - eta[0]) / 2))


@dtypes
def test_closed_form_loses_as_many_digits_as_its_condition_number_has(dtype):
    """The law is a bound, up to the handful of roundings in a term, and the loss comes close to it."""
    lost = {case: closed_forms.digits_lost(eta, dtype) for case, eta in GRID.items()}
    assert all(lost[D, w] < law(GRID[D, w]) + np.log10(2 * D) for D, w in GRID)
    assert np.median([lost[case] - law(eta) for case, eta in GRID.items() if law(eta) > 2]) > -2


@dtypes
def test_nothing_is_left_of_the_closed_form_where_the_chapter_says_so(dtype):
    first = {np.float32: 6, np.float64: 12}[dtype]
    assert closed_forms.digits_lost(GRID[first, 0.1], dtype) > -np.log10(cc.EPS[dtype])


@pytest.mark.claim(id="B7")
@pytest.mark.parametrize("dtype, D", [(np.float32, 9), (np.float64, 15)])
def test_nothing_is_left_of_the_closed_form_once_the_bound_passes_1_over_eps(dtype, D):
    """Logits within 1 of each other: the relative error exceeds 1 in most of 200 random rows."""
    assert cc.least_condition(D, 1) > 1 / cc.EPS[dtype]
    rows = np.random.default_rng(1).uniform(-1, 0, (200, D)).astype(dtype)
    lost = np.array([closed_forms.digits_lost(row, dtype) for row in rows])
    assert np.mean(lost > -np.log10(cc.EPS[dtype])) > 0.9


def test_a_float32_row_of_four_can_be_wrong_by_half_and_references_are_not():
    eta = np.array([0.0, 1e-3, 2e-3, 3e-3], np.float32)
    exact = cc.log_partition_exact(eta, 25)
    assert abs(float(closed_forms.closed_form_in_floats(eta, np.float32)) / float(mp.exp(exact)) - 1) > 0.5
    assert abs(exact - (float(eta.mean(dtype=float)) - mp.log(6))) < 1e-6


# ------------------------------------------------------------------------------------------------ torch's record
def test_record_has_a_number_for_every_logit():
    assert RECORD["logits"] == record_torch.logits()
    for dtype in record_torch.DTYPES:
        assert all(len(RECORD[dtype][field]) == len(RECORD["logits"]) for field in record_torch.FIELDS)
        assert np.isfinite([RECORD[dtype][field] for field in record_torch.FIELDS]).all()


def test_recorded_gradient_is_zero_far_out_in_float32_where_the_mean_is_not_lambda():
    logits, slope = np.array(RECORD["logits"]), np.array(RECORD["float32"]["log_norm_const_grad"])
    assert (slope[abs(logits) >= 20] == 0).all() and (slope[abs(logits) < 10] != 0).all()
    mean = float(cc.mean_exact([100, 0], 20)[0])
    assert abs((1 - mean) - 0.01) < 1e-12, "lambda is 1 to 40 digits here, and the true derivative 1/100"


@pytest.mark.torch
def test_recorded_torch_is_what_torch_gives():
    torch = pytest.importorskip("torch", reason="torch is missing: pip install torch")
    if torch.__version__.split("+")[0] != RECORD["torch"].split("+")[0]:
        pytest.skip(f"the record is of torch {RECORD['torch']}, here is {torch.__version__}")
    steady = np.abs(RECORD["logits"]) > 0.1  # nearer to 0 so many digits are lost that the machine's logarithm decides
    for dtype in record_torch.DTYPES:
        now = record_torch.torch_gives(dtype)
        for field in record_torch.FIELDS:
            found, recorded = np.array(now[field])[steady], np.array(RECORD[dtype][field])[steady]
            np.testing.assert_allclose(found, recorded, rtol=1e-2)
