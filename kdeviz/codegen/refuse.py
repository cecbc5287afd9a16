"""What a kernel may say. Printers print what they are given; so what they would misprint is refused here, with its place."""

from keyword import iskeyword

import sympy as sp
from sympy.codegen.cfunctions import expm1, log1p
from sympy.codegen.numpy_nodes import logaddexp
from sympy.functions.elementary.piecewise import ExprCondPair
from sympy.logic.boolalg import BooleanFalse, BooleanTrue
from sympy.printing.c import reserved_words, reserved_words_c99

FUNCTIONS = (sp.exp, sp.log, log1p, expm1, logaddexp, sp.Abs, sp.sign, sp.sin, sp.cos, sp.atan2, sp.floor, sp.Piecewise)
NUMBERS = (sp.Rational, sp.Float, type(sp.pi), type(sp.E), type(sp.oo), type(-sp.oo), type(sp.nan))
NODES = (sp.Add, sp.Mul, sp.Pow, sp.Max, sp.Rel, sp.And, sp.Or, sp.Not, BooleanTrue, BooleanFalse, ExprCondPair)

# What generated text has a meaning of its own for: words of C++, of CUDA, of the runtimes and of the templates.
CPP = """alignas alignof and and_eq asm bitand bitor bool catch char16_t char32_t class compl constexpr const_cast decltype
delete dynamic_cast explicit export false friend mutable namespace new noexcept not not_eq nullptr operator or or_eq private
protected public reinterpret_cast static_assert static_cast template this thread_local throw true try typeid typename using
virtual wchar_t xor xor_eq main""".split()
TEMPLATES = """REAL LOWEST INFINITE ROLLED NULL Max Sum maximum sign log_add_exp block_reduce lanes scratch threadIdx blockIdx
blockDim gridDim np math self row rows block real launch source outputs upper coarse multiply accumulate accumulate_group
nb intrinsic overload register_jitable ir start stop lowest""".split()
RESERVED = {
    *reserved_words,
    *reserved_words_c99,
    *CPP,
    *TEMPLATES,
    *(f.__name__ for f in FUNCTIONS),
    "sinpi",
    "cospi",
    "fabs",
    "pow",
    "sqrt",
}


def refuse_unsupported(kernel):
    """Raises ValueError at the first thing in a declared kernel that no printer can print."""
    from .declare import Remainder

    def require(condition, what, *shown):
        """The text is made when it is needed: that of an expression takes its time."""
        if not condition:
            raise ValueError(f"kernel `{kernel.name}`: {what.format(*shown)}")

    row, *inner = kernel.nest
    require(set(kernel.cuda_nest or kernel.nest) == set(kernel.nest), "cuda_nest must have the indices of nest.")
    require(kernel.tables.keys() <= kernel.inputs.keys(), "tables must be inputs.")
    arrays = [*kernel.inputs, *kernel.where, *kernel.outputs]
    names = (
        [str(t.base) for t in arrays] + [i.name for i in inner] + [str(i.size) for i in kernel.nest if i.size.is_Symbol]
    )
    refuse_names(kernel.name, names, require)
    for target in arrays:
        ordered = [i for i in kernel.nest if i in target.indices]
        require(
            list(target.indices) == ordered,
            "{} must have plain indices in the order of the nest {}.",
            target,
            kernel.nest,
        )
        per_row = target.indices[0] == row or target in kernel.tables
        what = "{} must have {} as its first index (a kernel works row by row), or be in `tables`."
        require(per_row, what, target, row)
    refuse_scans(kernel, require)
    known = {t.base: t for t in arrays}
    for target, value in kernel.equations.items():
        of_target = lambda ok, what, *shown, t=target: require(ok, "{}: " + what, t, *shown)
        refuse_expression(sp.sympify(value), set(target.indices), known, of_target)
    in_blocks = {r.index for value in kernel.equations.values() for r in sp.sympify(value).atoms(Remainder)} & {
        kernel.blocked
    }
    require(not in_blocks, f"a remainder over {kernel.blocked} cannot be taken in blocks; choose another `blocked`.")
    for target, value in kernel.outputs.items():
        free = sp.sympify(value).free_symbols
        whole = not free or set(target.indices) <= free
        require(
            whole and (free or kernel.blocked not in target.indices),
            "{} must depend on each of its indices; got {}.",
            target,
            value,
        )


def refuse_scans(kernel, require):
    """Reads at a neighbour or at an end are for kernels of rows of one index; a scan has one of two forms."""
    from .equations import Equation, is_elsewhere, step

    values = {t: sp.sympify(value) for t, value in (kernel.equations | kernel.boundary).items()}
    for target in kernel.equations:
        refuse_recurrence(Equation((target,), values[target]), kernel, require)
    reads = {r for value in values.values() for r in value.atoms(sp.Indexed) if is_elsewhere(r)}
    if not (reads or kernel.boundary):
        return
    simple = kernel.threads is kernel.blocked is None and len(kernel.nest) == 2
    require(simple, "neighbours can be read where nest is (row, j), with threads=None and no `blocked`.")
    row, j = kernel.nest
    for r in reads:
        there = r.indices[0] == row and r.indices[1:] in [(i,) for i in (j - 1, j + 1, sp.S.Zero, j.size - 1)]
        require(there, f"{r} must be read at {j - 1}, {j}, {j + 1}, 0 or {j.size - 1}.")
        require(not step(r) or r.base in kernel.boundary, f"{r} needs a `boundary`: what is there beyond the end?")


def refuse_recurrence(eq, kernel, require):
    """An equation that reads its target must be a scan."""
    from .equations import step

    if eq.own is None:
        return
    _, factor, new = eq.recurrence
    one = len([r for r in eq.reads if r.base == eq.target.base]) == 1 and step(eq.own)
    plain = one and not (factor.has(eq.target.base) or new.has(eq.target.base)) and eq.target in kernel.where
    form = f"logaddexp({eq.own} - decay, new) or new + kept*{eq.own}"
    require(plain, "{} reads itself: it must be a scan in `where`, {}; got {}.", eq.target, form, eq.body)


def refuse_names(kernel_name, names, require):
    for name in (kernel_name, *names):
        plain = name.isidentifier() and not name.startswith("_") and not iskeyword(name)
        require(
            plain and names.count(name) <= (name != kernel_name),
            f"`{name}` must be a unique Python identifier, without a leading _.",
        )
        require(name not in RESERVED, f"`{name}` has a meaning of its own in generated code; rename it.")
        clash = name.startswith("all_") or name.endswith(("_part", "_rest", "_first", "_product", "_value", "_0"))
        require(
            not clash,
            f"`{name}` looks like a name that generated code makes (all_x, x_part, x_rest, x_first, x_product, x_value, x_0); rename it.",
        )


def refuse_expression(e, bound, known, require):
    """`bound`: the indices that have a value where e stands."""
    from .declare import Index, Max, Reduction, Remainder, Split
    from .equations import indices_of, is_elsewhere

    if isinstance(e, sp.Indexed):
        require(e.base in known, "{} is neither an input nor defined by an equation.", e)
        as_declared = e.indices == known[e.base].indices or is_elsewhere(e)
        require(as_declared, "{} must be read as {}, or at a neighbour or an end.", e, known[e.base])
        require(
            indices_of(e) <= bound, "{} has an index that is neither on the left side nor bound by a Sum or Max.", e
        )
        return
    if isinstance(e, (sp.Sum, Max, Remainder)):
        own = isinstance(e, Reduction)
        require(own or len(e.limits) == 1, "{}: sympy has merged two sums; give the inner one a name in `where`.", e)
        bodies = e.terms if isinstance(e, Remainder) else e.args[:1]
        index = e.index if own else e.limits[0][0]
        whole = isinstance(index, Index) and (own or e.limits == ((index, 0, index.size - 1),))
        require(whole, "{} must run over the whole of one index.", e)
        depends = any(index in body.free_symbols for body in bodies) or bodies == (0,)
        require(depends, "{} does not depend on the index that it runs over.", e)
        for body in bodies:
            refuse_expression(body, bound | {index}, known, require)
        return
    require(not isinstance(e, Index), "the index {} cannot be used as a number: pass an array that holds it.", e)
    require(not e.is_Symbol, "the symbol {} must be an array, e.g. array('{}')[row].", e, e)
    known_node = isinstance(e, (*FUNCTIONS, *NUMBERS, *NODES, Split))
    require(
        known_node,
        f"{e.func.__name__} has no printer; there are {', '.join(f.__name__ for f in (*FUNCTIONS, *NODES[:4]))}.",
    )
    require(not e.is_Pow or e.exp.is_Rational, "{} must have a rational exponent; write exp(y*log(x)) for x**y.", e)
    complete = not isinstance(e, sp.Piecewise) or e.args[-1].cond == True  # noqa: E712
    require(complete, "{} must end with a branch for all other cases: (value, True).", e)
    for part in e.args:
        refuse_expression(part, bound, known, require)
