"""From a declaration to equations and loops: what is refused, named, hoisted, shared, ordered, stored."""

import numpy as np
import pytest
import sympy as sp

from kdeviz.codegen import build as build_kernel
from kdeviz.codegen import cuda, evaluate
from kdeviz.codegen.declare import Index, Kernel, Max, Sum, array, gradient, log_mass, remainder
from kdeviz.codegen.equations import describe, is_long, lower
from kdeviz.codegen.evaluate import random_arrays
from kdeviz.codegen.nest import Loop, build

R, B, J = sp.symbols("R B J", integer=True, positive=True)
row, b, j = Index("row", R), Index("bin", B), Index("j", J)
x, w, c = array("x")[row, j], array("w")[row, b], array("c", positive=True)[row]
B_ = array("count", positive=True)[row]
out = array("out")


def kernel(outputs, where=None, inputs=(x, w, c), **options):
    options = {"nest": (row, b, j), "threads": j, "blocked": b} | options
    return Kernel(
        name="k", title="A test.", inputs={i: "." for i in inputs}, outputs=outputs, where=where or {}, **options
    )


REFUSED = {
    "unknown array": ({out[row, j]: array("y")[row, j]}, "neither an input nor defined"),
    "neighbour beside bins": (
        {out[row, j]: sp.IndexedBase(x.base.label)[row, j - 1]},
        "nest is .row, j., with threads=None",
    ),
    "free index on the right": ({out[row]: x}, "neither on the left side"),
    "part of a range": ({out[row]: sp.Sum(x, (j, 1, J - 1))}, "whole of one index"),
    "two indices at once": ({out[row]: sp.Sum(x * w, (j, 0, J - 1), (b, 0, B - 1))}, "merged two sums"),
    "function without a printer": ({out[row, j]: sp.gamma(x)}, "no printer"),
    "product over an index": ({out[row]: sp.Product(x, (j, 0, J - 1))}, "no printer"),
    "bare symbol": ({out[row, j]: x * sp.Symbol("h")}, "must be an array"),
    "indices against the nest": ({out[j, row]: x}, "order of the nest"),
    "sum of nothing that depends on its index": ({out[row]: Sum(c, j)}, "does not depend on the index"),
    "an index as a number": ({out[row, j]: x * j}, "cannot be used as a number"),
    "unknown constant": ({out[row]: c * sp.EulerGamma}, "no printer"),
    "imaginary unit": ({out[row]: c * sp.I}, "no printer"),
    "minimum": ({out[row, j]: sp.Min(x, c)}, "no printer"),
    "symbolic exponent": ({out[row, j]: c**x}, "rational exponent"),
    "cases that are not all": ({out[row, j]: sp.Piecewise((x, x > 0))}, "branch for all other cases"),
    "output that lacks an index": ({out[row, j]: c}, "depend on each of its indices"),
    "array without rows": ({array("o")[j]: Sum(x, b)}, "as its first index"),
    "word of C++": ({array("float")[row]: c}, "meaning of its own"),
    "word of the template": ({array("scratch")[row]: c}, "meaning of its own"),
    "name that the generator makes": ({array("x_part")[row]: c}, "looks like a name that generated code makes"),
    "log remainder of what does not depend on its index": (
        {out[row]: remainder(c, c, j)[0]},
        "does not depend on the index",
    ),
    "log remainder of an unbound index": ({out[row]: remainder(x, w, j)[0]}, "neither on the left side"),
    "log remainder of no printer": ({out[row]: remainder(sp.gamma(x), x, j)[1]}, "no printer"),
    "name of a function of the runtime": ({array("multiply")[row]: c}, "meaning of its own"),
    "name that a compensated sum has": ({array("x_rest")[row]: c}, "looks like a name that generated code makes"),
    "name that a group of factors has": ({array("x_product")[row]: c}, "looks like a name that generated code makes"),
    "name taken": ({array("x")[row]: c}, "unique Python identifier"),
    "keyword": ({array("lambda")[row]: c}, "unique Python identifier"),
}


@pytest.mark.parametrize("outputs, message", REFUSED.values(), ids=REFUSED)
def test_unsupported_input_is_refused_with_its_place(outputs, message):
    with pytest.raises(ValueError, match=f"kernel `k`.*{message}"):
        kernel(outputs)


t = array("t")[b]
MISPLACED = {
    "array without rows": ({}, (x, t), "as its first index .*, or be in `tables`"),
    "table that is no input": ({"tables": {t: {"float64": [1]}}}, (x,), "tables must be inputs"),
    "nest of other indices": ({"cuda_nest": (row, b)}, (x,), "cuda_nest must have the indices of nest"),
    "nest of more indices": (
        {"cuda_nest": (row, b, j, Index("more", B))},
        (x,),
        "cuda_nest must have the indices of nest",
    ),
}


@pytest.mark.parametrize("options, inputs, message", MISPLACED.values(), ids=MISPLACED)
def test_tables_and_nests_that_make_no_sense_are_refused(options, inputs, message):
    with pytest.raises(ValueError, match=f"kernel `k`.*{message}"):
        kernel({out[row]: Sum(x, j)}, inputs=inputs, **options)


def test_a_table_needs_no_row():
    kernel({out[row]: Sum(x, j) * Sum(t, b)}, inputs=(x, t), tables={t: {"float64": [1]}})


def test_a_cycle_of_equations_is_refused():
    p, q = array("p")[row], array("q")[row]
    with pytest.raises(ValueError, match="depend on themselves"):
        lower(kernel({out[row]: p}, {p: q + 1, q: p * c}))


def test_a_stem_that_names_nothing_is_refused():
    with pytest.raises(ValueError, match="no sum of exponentials"):
        lower(kernel({out[row]: Sum(x, j)}, stems={x: "part"}))


def test_gradient_of_log_sum_exp_is_the_softmax():
    assert gradient(sp.log(Sum(sp.exp(x), j)), x) == sp.exp(x) / Sum(sp.exp(x), j)


def test_gradient_keeps_what_does_not_depend_on_the_index():
    assert gradient(Sum(x * Sum(x, j), j), x).doit() == (2 * Sum(x, j)).doit() or gradient(Sum(x**2, j), x) == 2 * x
    assert gradient(Sum(w, b) * c, c) == Sum(w, b)


def test_equal_reductions_get_one_name():
    equations = lower(kernel({out[row]: Sum(x, j) * c, array("other")[row]: Sum(x, j) + c}))
    assert [eq.op for eq in equations].count("sum") == 1


def test_log_sum_exp_takes_its_maximum_out_once_for_value_and_shares():
    lse = sp.log(Sum(sp.exp(x), j))
    equations = lower(kernel({out[row]: lse, array("share")[row, j]: sp.exp(x) / Sum(sp.exp(x), j)}, stems={x: "part"}))
    assert [str(eq.target.base) for eq in equations if eq.op] == ["top_part", "total_part"]
    assert sum(eq.body.has(sp.exp) for eq in equations) == 1


def test_a_centred_array_needs_no_second_maximum():
    centred = array("centred")[row, j]
    equations = lower(kernel({out[row]: sp.log(Sum(sp.exp(centred), j))}, {centred: x - Max(x, j)}))
    assert [eq.op for eq in equations if eq.op] == ["max", "sum"]


def test_work_that_needs_fewer_indices_leaves_the_inner_loop():
    equations = lower(kernel({out[row, j]: x / c}))
    assert {str(eq.target.base): eq.target.indices for eq in equations} == {"inverse_c": (row,), "out": (row, j)}


def test_a_named_sum_is_a_rounding_barrier():
    """(c - x) is computed before w is added: never c + w - x."""
    near = array("near")[row, j]
    bodies = {str(eq.target.base): eq.body for eq in lower(kernel({out[row, b, j]: near + w}, {near: c - x}))}
    assert bodies["near"] == c - x and bodies["out"] == near + w


def test_array_code_shares_products_of_full_width():
    y = array("y")[row, b, j]
    equations = lower(
        kernel({out[row, b]: Sum(y * x, j), array("more")[row, j]: Sum(y * x * w, b)}, inputs=(x, w, c, y)), share=True
    )
    full = [eq for eq in equations if set(eq.loops) == {row, b, j} and not eq.op]
    assert not full or [eq.body for eq in full] == [x * y]


def test_generated_names_tell_what_they_hold():
    assert [describe(e) for e in (1 / c, w / sp.Max(c, 1), sp.log(c), w * c)] == [
        "inverse_c",
        "w_over_c",
        "log_c",
        "w_c",
    ]


def test_generated_names_avoid_those_of_the_author():
    inverse = array("inverse_c")[row]
    names = [str(eq.target.base) for eq in lower(kernel({out[row, j]: x / c + inverse}, inputs=(x, w, c, inverse)))]
    assert "inverse_c" not in names and "inverse_c_1" in names


def test_a_constant_quantity_needs_no_storage_and_a_sum_of_zeros_no_loop():
    slope = array("slope")[row, b, j]
    equations = lower(kernel({out[row, b]: Sum(x * slope, j)}, {slope: sp.S.Zero}))
    assert [(eq.op, eq.body) for eq in equations] == [("", 0)]


def build_loops(declared):
    return build(declared, declared.nest)


def test_what_is_made_and_read_in_one_iteration_is_a_scalar():
    part = log_mass("part")[row, j]
    items, shape = build_loops(kernel({out[row]: Sum(part * x, j)}, {part: sp.exp(x)}))
    assert shape[part.base] == ()
    assert sum(isinstance(item, Loop) for item in items) == 1


def test_what_waits_for_a_complete_sum_is_stored():
    part = log_mass("part")[row, j]
    _, shape = build_loops(kernel({out[row, j]: part / Sum(part, j)}, {part: sp.exp(x)}))
    assert shape[part.base] == (j,)


def test_cheap_quantities_are_computed_again_instead_of_stored():
    near = array("near")[row, j]
    _, shape = build_loops(kernel({out[row, j]: near * Sum(near, j)}, {near: x - c}))
    assert near.base not in shape


def test_evaluation_uses_no_rewriting_rule():
    """Naive softmax at 50 digits: no overflow there, so the plain formula is the truth."""
    arrays = {"x": [[1000.0, 1001.0]], "w": [[1.0]], "c": [1.0]}
    value = evaluate(kernel({out[row, j]: sp.exp(x) / Sum(sp.exp(x), j)}), arrays)["out"]
    assert float(sum(value[0]) - 1) == 0 and abs(float(value[0, 0]) - 0.2689414213699951) < 1e-16


y = array("y")[row, b, j]
ODD = {
    "one output": {out[row]: Sum(x**2, j)},
    "roots and powers": {out[row, j]: sp.sqrt(c) * x**5 + c ** sp.Rational(-3, 2) + sp.sqrt(2) * x + x**-3},
    "constants": {out[row, j]: sp.pi * x + sp.E + sp.Rational(1, 3) + x * 10**20},
    "conditions": {out[row, j]: sp.Piecewise((x, (x > 0) & (x < 1)), (-x, sp.Ne(x, 2) | (x <= -1)), (c, True))},
    "elementwise maximum": {out[row, j]: sp.Max(x, c, 1)},
    "sum over the middle index": {out[row, j]: Sum(y * w, b)},
    "sums that share factors": {out[row, j]: Sum(y * w, b), array("more")[row, b]: Sum(y * x**2, j)},
    "a log-sum-exp of one's own": {out[row]: sp.log(Sum(sp.exp(x / c), j)) + sp.log(1 - sp.exp(-c))},
}


@pytest.mark.parametrize("outputs", ODD.values(), ids=ODD)
def test_an_odd_kernel_is_computed_to_eps(outputs):
    assert build_kernel(kernel(outputs, inputs=(x, w, c, y))).check() < 1e-14


def test_generated_names_avoid_numbered_names_of_the_author():
    raw, raw_1 = array("raw_out")[row], array("raw_out_1")[row]
    odd = kernel({out[row]: 3 * Sum(x**3, j) * Sum(x**5, j) + raw * raw_1}, {raw: c + 1, raw_1: c - 1})
    assert build_kernel(odd).check() < 1e-14


def test_an_index_of_the_same_name_and_another_size_is_another_index():
    N = sp.Symbol("N", integer=True, positive=True)
    other = Index("j", N)
    again = array("x")[row, other]
    lower(kernel({out[row, j]: 1 + x}))
    declared = Kernel("k", "A test.", (row, other), {again: "."}, {array("o")[row, other]: 1 + again}, threads=other)
    assert "*J" not in build_kernel(declared).cuda_text and "*N" in build_kernel(declared).cuda_text


UNSHARED = {
    "a running sum that all threads keep": (
        {out[row]: Sum((Sum(y, j) - array("m")[row]) ** 2, b)},
        {array("m")[row]: Sum(w * Sum(y, j), b)},
        "would need a running sum over",
    ),
    "an array of two indices": (
        {out[row, b, j]: array("part")[row, b, j] / Sum(array("total")[row, b], b)},
        {array("part")[row, b, j]: sp.exp(y), array("total")[row, b]: Sum(array("part")[row, b, j], j)},
        "would have to be kept over",
    ),
}


@pytest.mark.parametrize("outputs, where, message", UNSHARED.values(), ids=UNSHARED)
def test_what_the_threads_of_a_block_cannot_keep_is_refused_in_cuda(outputs, where, message):
    odd = kernel(outputs, where, inputs=(x, w, c, y), blocked=None)
    with pytest.raises(ValueError, match=f"kernel `k`: .*{message}"):
        cuda.module([odd], "test")


# ------------------------------------------------------------------------------------------------------ several targets, several passes
def test_both_parts_of_a_remainder_are_made_by_one_equation_under_the_derivations_names():
    parts = array("of_x")[row], array("of_y")[row]
    declared = kernel({out[row]: parts[0] * parts[1]}, dict(zip(parts, remainder(x, x**2, j))))
    (eq,) = [eq for eq in lower(declared) if eq.op]
    assert (eq.targets, eq.target, eq.op, eq.index) == (parts, parts[0], "remainder", j)
    assert eq.body == sp.Tuple(x, x**2) and eq.loops == {row, j}


def test_unnamed_parts_of_a_remainder_get_names_and_are_made_once():
    real, imaginary = remainder(x, 2 * x, j)
    equations = lower(kernel({out[row]: real + c, array("other")[row]: imaginary * real}))
    (eq,) = [eq for eq in equations if eq.op]
    assert [str(t.base) for t in eq.targets] == ["remainder_x", "remainder_y"]


def test_a_factor_never_leaves_a_remainder():
    """It is no linear function of its terms: c Re sum phi(x) is not Re sum phi(c x)."""
    (eq,) = [eq for eq in lower(kernel({out[row]: remainder(c * x, c * x, j)[0]})) if eq.op]
    assert eq.body == sp.Tuple(c * x, c * x)


def test_a_loop_that_sums_for_a_value_it_reads_itself_comes_first():
    """Two loops over the same index, since the second needs the whole sum of the first."""
    items, _ = build_loops(kernel({out[row, j]: x / Sum(x**3, j)}))
    assert [item.index for item in items if isinstance(item, Loop)] == [j, j]


@pytest.mark.parametrize("order, outer", [((row, b, j), b), ((row, j, b), j)], ids=["as declared", "turned"])
def test_the_nest_of_the_loops_is_that_of_the_language(order, outer):
    declared = kernel({out[row]: Sum(Sum(sp.exp(y), j) ** 2, b)}, inputs=(y,), threads=None)
    (loop,) = [item for item in build(declared, order)[0] if isinstance(item, Loop)][:1]
    assert loop.index == outer


PASSES = {
    "a quotient by the whole sum": ({out[row, b]: w / Sum(w, b)}, {}, 2),
    "a variance": ({out[row]: Sum((w - array("m")[row]) ** 2, b)}, {array("m")[row]: Sum(w, b) / Sum(w**2, b)}, 2),
    "three sums, each in the next": (
        {out[row, b]: w * array("m2")[row]},
        {array("m1")[row]: Sum(w, b), array("m2")[row]: Sum(sp.exp(-w * array("m1")[row]) / (1 + w**2), b)},
        3,
    ),
    "a maximum, then exponentials": ({out[row, b]: sp.exp(w) / Sum(sp.exp(w), b)}, {}, 3),
    "sums over the other index in between": (
        {out[row, b]: Sum(y * array("t")[row, j], j)},
        {array("t")[row, j]: sp.exp(-Sum(y**2, b) / B_)},
        2,
    ),
}


@pytest.mark.parametrize("outputs, where, passes", PASSES.values(), ids=PASSES)
@pytest.mark.parametrize("width", [1, 4, 300])
def test_array_code_walks_over_the_blocks_as_often_as_sums_need_each_other(outputs, where, passes, width):
    """300 places are three blocks: a pass that read a sum before its last block, or kept an array of the last block, would be seen."""
    built = build_kernel(kernel(outputs, where, inputs=(w, y, B_)))
    assert built.numpy_text.count("for bins in all_bins") == passes
    rng = np.random.default_rng(0)
    arrays = {
        "w": rng.uniform(0, 2, (2, width)),
        "y": rng.normal(size=(2, width, 2)),
        "count": np.full(2, float(width)),
    }
    (got,), want = built(**arrays), evaluate(built.kernel, arrays)["out"].astype(float)
    np.testing.assert_allclose(got, want, rtol=0, atol=2e-15 * max(1, np.max(abs(want))))


# ------------------------------------------------------------------------------------------------------ short indices, random inputs
def test_only_sums_without_a_small_bound_are_compensated():
    few, seven = Index("few", sp.Symbol("F", integer=True, positive=True), short=True), Index("seven", sp.Integer(7))
    sum_over = lambda i: kernel(
        {out[row]: Sum(array("s")[row, i], i)}, inputs=(array("s")[row, i],), nest=(row, i), threads=i, blocked=None
    )
    equations = lambda i: lower(sum_over(i))
    assert [[is_long(eq) for eq in equations(i) if eq.op] for i in (j, few, seven)] == [[True], [False], [False]]
    assert is_long(lower(kernel({out[row]: remainder(x, x, j)[0]}))[0])


def test_indices_that_differ_in_length_alone_are_different():
    assert Index("i", B, short=True) != Index("i", B) and Index("i", B, short=True) == Index("i", B, short=True)


def test_random_inputs_are_those_that_the_kernel_asks_for():
    """Tables are themselves, `draws` come before what the assumptions would give."""
    declared = kernel(
        {out[row]: Sum(x, j) * Sum(t, b) * c}, inputs=(x, t, c), tables={t: {"float64": [sp.Rational(1, 2), sp.pi, sp.oo]}},
        draws={c: lambda rng, shape: np.full(shape, 9.0)},
    )  # fmt: skip
    arrays = random_arrays(declared, np.random.default_rng(0), extents=(3, 2, 4))
    assert arrays["t"].tolist() == [0.5, np.pi] and arrays["c"].tolist() == [9] * 3 and arrays["x"].shape == (3, 4)
