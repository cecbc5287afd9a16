"""From a declared kernel to equations that a printer can print: kernel -> list of `Equation`s in dependency order.

Every reduction gets a name and an equation of its own, a log-sum-exp becomes maximum, exponentials and total, and what needs
fewer indices than its surroundings leaves the inner loops. Sums of terms are never regrouped: that would move roundings.
"""

from collections import Counter
from dataclasses import dataclass, field
from itertools import chain, combinations, count

import sympy as sp
from sympy.codegen.numpy_nodes import logaddexp
from sympy.utilities.iterables import strongly_connected_components

from .declare import Index, LogSumExp, Max, Reduction, Remainder
from .refuse import RESERVED
from .stabilise import stabilise


@dataclass(eq=False)
class Equation:
    """target = body, elementwise (op ""), or target = op over `index` of body ("sum", "max").

    A "remainder" has two targets, its real and imaginary part, and a body of two, the parts of its terms. A body that reads the
    target itself, at a neighbour, is a scan. ``edge`` is what the target has beyond its ends, where neighbours are read.
    ``again``: {target: body} of cheap quantities that this equation computes for itself (loop code; see nest.py).
    """

    targets: tuple
    body: sp.Basic
    op: str = ""
    index: Index | None = None
    again: dict = field(default_factory=dict)
    edge: sp.Basic | None = None

    @property
    def target(self):
        return self.targets[0]

    @property
    def loops(self):
        return set(self.target.indices) | ({self.index} if self.op else set())

    @property
    def reads(self):
        bodies = (self.body, *self.again.values(), *([] if self.edge is None else [self.edge]))
        return sorted(set().union(*(b.atoms(sp.Indexed) for b in bodies)) - self.again.keys(), key=str)

    @property
    def own(self):
        """How a scan reads its target at the neighbour; None for other equations."""
        return next((r for r in self.body.atoms(sp.Indexed) if r.base == self.target.base), None)

    @property
    def direction(self):
        """1 for a scan from the first place to the last, -1 for one back, 0 for other equations."""
        return 0 if self.own is None else -step(self.own)

    @property
    def recurrence(self):
        """("log", decay, new) or ("linear", kept, new): the parts of a scan."""
        if self.body.func == logaddexp:
            decayed, new = sorted(self.body.args, key=lambda a: not a.has(self.own))
            return "log", self.own - decayed, new
        return "linear", self.body.diff(self.own), self.body.xreplace({self.own: sp.S.Zero})


def step(r):
    """-1 or 1 where r is read at the place before or behind, else 0."""
    return sum(int(i.args[0]) for i in r.indices if i.is_Add and i.free_symbols and i.atoms(Index))


def whereabouts(r):
    return {-1: "before", 1: "after"}.get(step(r)) or ("at_start" if 0 in r.indices else "at_end")


def is_elsewhere(r):
    """r is read at a neighbour or at an end."""
    return not all(isinstance(i, Index) for i in r.indices)


def lower(kernel, share=False):
    """The kernel's equations in an order in which they can be computed; `share` also names what occurs twice (array code)."""
    naming = Naming(kernel)
    if share:
        naming.share_products()
        naming.share_parts()
    return in_order(needed(naming.equations, kernel.outputs))


def needed(equations, outputs):
    """Those that an output depends on."""
    maker = makers(equations)
    found, wanted = set(), [t.base for t in outputs]
    while wanted:
        eq = maker.get(wanted.pop())
        if eq and eq not in found:
            found.add(eq)
            wanted += [r.base for r in eq.reads]
    return [eq for eq in equations if eq in found]


def makers(equations):
    """{array: the equation that makes it}"""
    return {t.base: eq for eq in equations for t in eq.targets}


def in_order(equations):
    maker = makers(equations)
    edges = [(eq, maker[r.base]) for eq in equations for r in eq.reads if r.base in maker and r != eq.own]
    groups = strongly_connected_components((equations, edges))
    cycles = [eq.target for group in groups for eq in group if len(group) > 1 or (eq, eq) in edges]
    if cycles:
        raise ValueError(
            f"{', '.join(map(str, cycles))} depend on themselves; a scan is one equation that reads its neighbour."
        )
    return [eq for (eq,) in groups]


def remainders_by_name(kernel):
    """{terms and index: {part: the name that the derivation gave it}}"""
    named = {}
    for target, value in kernel.where.items():
        if isinstance(value, Remainder):
            named.setdefault(value.args[1:], {})[int(value.args[0])] = target
    return named


def is_long(eq):
    """A sum whose length has no small bound."""
    return eq.op == "remainder" or eq.op == "sum" and not (eq.index.size.is_number or eq.index.short)


def indices_of(e):
    return {s for s in e.free_symbols if isinstance(s, Index)}


def is_work(e):
    """Worth a name of its own: a function, a division, or more than two reads; not a sign or a constant factor."""
    return e.has(sp.Function, sp.Max) or any(p.exp.is_negative for p in e.atoms(sp.Pow)) or len(e.atoms(sp.Indexed)) > 2


def describe(e):
    """A telling name for a small expression: inverse_h, mass_over_total, abs_u; "" when none comes to mind."""
    if isinstance(e, sp.Indexed):
        return str(e.base)
    if isinstance(e, sp.Max):
        return describe(next(a for a in e.args if not a.is_number))
    if isinstance(e, sp.Function) and len(e.args) == 1:
        inner = describe(e.args[0])
        return inner and f"{e.func.__name__.lower()}_{inner}"
    if e.is_Pow and not e.exp.is_negative:
        return f"{describe(e.base)}_squared" if e.exp == 2 and describe(e.base) else ""
    if e.is_Add and len(e.args) == 2:
        first, second = sorted(e.args, key=lambda t: t.could_extract_minus_sign())
        word = "minus" if second.could_extract_minus_sign() else "plus"
        names = ["one" if abs(term) == 1 else part_names(term) for term in (first, second)]
        return f"_{word}_".join(names) if all(names) else ""
    above, below = (part_names(part) for part in sp.fraction(e)) if e.is_Mul or e.is_Pow else ("", "")
    return f"{above}_over_{below}" if above and below else f"inverse_{below}" if below else above


def part_names(product):
    """The names of the factors, joined; "" when one has none."""
    names = [describe(f) for f in sp.Mul.make_args(product) if not f.is_number and not (f.is_Pow and f.exp.is_negative)]
    return "_".join(names) if all(names) else ""


class Naming:
    """Gives every reduction, and every part that needs fewer indices than its surroundings, an equation. Equal things get one name."""

    def __init__(self, kernel):
        self.kernel, self.equations, self.named = kernel, [], {}
        self.taken = {str(t.base) for t in (*kernel.inputs, *kernel.equations)} | {i.name for i in kernel.nest}
        self.taken |= {str(i.size) for i in kernel.nest} | RESERVED
        self.stems = dict(kernel.stems)
        self.remainders = remainders_by_name(kernel)
        self.edges = {}
        for base, value in kernel.boundary.items():
            self.target = base[kernel.nest]
            value = self.without_reductions(stabilise(self.with_neighbours(sp.sympify(value))))
            named = value.is_number or isinstance(value, sp.Indexed)
            self.edges[base] = value if named else self.name(("edge", base), f"edge_of_{base}", value)
        constants = {}  # a quantity that is one number needs no storage
        for self.target, value in kernel.equations.items():
            body = self.with_neighbours(sp.sympify(value).xreplace(constants), self.target)
            body = self.without_reductions(stabilise(body), self.target)
            if body.is_number and self.target in kernel.where:
                constants[self.target] = body
            elif body != self.target:
                self.define((self.target,), body)
        if self.stems:
            raise ValueError(
                f"kernel `{kernel.name}`: `stems` names {', '.join(map(str, self.stems))}, but no sum of exponentials has this exponent."
            )

    def define(self, targets, body, op="", index=None):
        loops = set(targets[0].indices) | ({index} if op else set())
        edge = self.edges.get(targets[0].base)
        self.equations.append(Equation(targets, self.hoist(body, loops, top=True), op, index, edge=edge))

    def with_neighbours(self, e, target=None):
        """e with a name for every read at a neighbour or an end, but that of a scan; `target` names e itself."""
        if target and isinstance(e, sp.Indexed) and is_elsewhere(e):
            self.named.setdefault(("place", e), target)
            return self.source(e)
        reads = sorted((r for r in e.atoms(sp.Indexed) if is_elsewhere(r) and r.base != self.target.base), key=str)
        return e.xreplace({r: self.name(("place", r), f"{r.base}_{whereabouts(r)}", self.source(r)) for r in reads})

    def source(self, r):
        """r itself, or where it is an input at a neighbour the same place of a copy, which has room for what is beyond the ends."""
        given = next((t for t in self.kernel.inputs if t.base == r.base and step(r)), None)
        if given is None:
            return r
        if ("copy", given) not in self.named:
            copy = self.fresh(f"{given.base}_copy", given)
            self.edges[copy.base] = self.edges[given.base]
            self.name(("copy", given), "", given, target=copy)
        return self.named["copy", given].base[r.indices]

    def fresh(self, stem, expr, without=None):
        """A new array over the indices of expr; a taken or unwieldy stem gets a number."""
        stem = stem if 0 < len(stem) <= 36 else "shared"
        name = next(n for n in chain([stem], (f"{stem}_{k}" for k in count(1))) if n not in self.taken)
        self.taken.add(name)
        free = indices_of(expr) - {without}
        return sp.IndexedBase(name, extended_real=True)[tuple(i for i in self.kernel.nest if i in free)]

    def name(self, key, stem, body, op="", index=None, target=None):
        """The target that stands for `key`; its equation is made once."""
        if key not in self.named:
            self.named[key] = target or self.fresh(stem, body, index)
            self.define((self.named[key],), body, op, index)
        return self.named[key]

    # ---------------------------------------------------------------------------------------- reductions
    def without_reductions(self, e, target=None):
        """e with every reduction replaced by its name; `target` names e itself, where the derivation did."""
        if not e.has(sp.Sum, Reduction):
            return e
        if isinstance(e, sp.exp) and (share := self.share_of_total(e)):
            return share
        if isinstance(e, LogSumExp):
            top, _, total = self.partition(e)
            return top + sp.log(total)
        if isinstance(e, Remainder):
            return self.remainder(e)[int(e.args[0])]
        if isinstance(e, Max):
            body = self.without_reductions(e.args[0])
            return self.name(("max", *e.args), f"top_{describe(body)}".rstrip("_"), body, "max", e.args[1], target)
        if isinstance(e, sp.Sum):
            index = e.limits[0][0]
            factor, body = self.without_reductions(e.function).as_independent(index, as_Add=False)  # sum c f = c sum f
            if body == 0:
                return body
            whole = target if factor == 1 else None
            return factor * self.name(("sum", body, index), f"raw_{self.target.base}", body, "sum", index, whole)
        return e.func(*map(self.without_reductions, e.args))

    def remainder(self, e):
        """(real part, imaginary part), made by one equation."""
        key = e.args[1:]
        if key not in self.named:
            body = sp.Tuple(*map(self.without_reductions, e.terms))
            own = self.remainders.get(key, {})
            self.named[key] = tuple(
                own.get(part) or self.fresh(f"remainder_{xy}", body, e.index) for part, xy in enumerate("xy")
            )
            self.define(self.named[key], body, "remainder", e.index)
        return self.named[key]

    def share_of_total(self, e):
        """exp(f - LogSumExp(f)) = part / total, at hand already.

        The total is at least 1 unless all parts are 0: then the share is 0, not 0/0; but NaN for a centred f, which has no maximum.
        """
        for lse in sorted(e.exp.atoms(LogSumExp), key=str):
            if sp.expand(e.exp + lse - lse.args[0]) == 0:
                _, part, total = self.partition(lse)
                return part / (total if self.is_centred(*lse.args) else sp.Max(total, 1))
        return None

    def partition(self, lse):
        """log sum exp f = top + log(total), with part = exp(f - top), total = sum of part."""
        f, index = lse.args
        stem = self.stems.pop(f, None) or self.kernel.stems.get(f) or f"part_of_{self.target.base}"
        body = self.without_reductions(f)
        if not isinstance(body, sp.Indexed):  # a name, so that body - top is not flattened
            body = self.name(("log", body), f"log_{stem}", body)
        top = (
            sp.S.Zero
            if self.is_centred(f, index)
            else self.name(("max", body, index), f"top_{stem}", body, "max", index)
        )
        part = self.name(("part", body), stem, sp.exp(body - top))
        return top, part, self.name(("sum", part, index), f"total_{stem}", part, "sum", index)

    def is_centred(self, f, index):
        """f was declared as x - Max(x): its maximum is 0."""
        value = self.kernel.where.get(f, f)
        return any(m.args[1] == index and value == m.args[0] - m for m in value.atoms(Max))

    # ---------------------------------------------------------------------------------------- hoisting
    def hoist(self, e, loops, top=False):
        """Names the parts of e that depend on fewer indices than `loops`, so that they leave the inner loops."""
        if not e.args or isinstance(e, (sp.Indexed, sp.Rel)):
            return e
        if e.could_extract_minus_sign() and e.is_Mul:
            return -self.hoist(-e, loops, top)
        mine = indices_of(e)
        if not top and mine and mine < loops and is_work(e):
            return self.name(("hoist", e), describe(e), e)
        args = self.grouped(e, loops) if e.is_Mul and mine == loops else e.args
        if isinstance(e, sp.Piecewise):
            return e.func(*((self.hoist(v, loops), c) for v, c in args))
        return e.func(*(self.hoist(a, loops) for a in args))

    def grouped(self, product, loops):
        """The factors, with those that share the widest smaller set of indices as one: (mass/total) * joint."""
        small = [a for a in product.args if indices_of(a) and indices_of(a) < loops]
        widest = max((indices_of(a) for a in small), key=lambda s: [i in s for i in self.kernel.nest], default=set())
        group = [a for a in small if indices_of(a) <= widest]
        if len(group) < 2 or not is_work(sp.Mul(*group)):
            return product.args
        return [a for a in product.args if a not in group] + [sp.Mul(*group)]

    # ---------------------------------------------------------------------------------------- sharing
    def share_products(self):
        """Names the factors that several products of full width have in common: they would be whole arrays, multiplied twice."""
        full = lambda eq: frozenset(a for a in sp.Mul.make_args(eq.body) if indices_of(a) == eq.loops)
        while common := Counter(a & b for a, b in combinations(map(full, self.equations), 2) if len(a & b) > 1):
            factors = max(common, key=lambda c: (common[c], len(c), str(sorted(map(str, c)))))
            product = sp.Mul(*factors)
            own = next((eq for eq in self.equations if eq.body == product and not eq.op), None)
            name = own.target if own else self.fresh(describe(product), product)
            for eq in self.equations:
                if factors <= full(eq) and eq is not own:
                    eq.body = sp.Mul(name, *(a for a in sp.Mul.make_args(eq.body) if a not in factors))
            if not own:
                self.equations.append(Equation((name,), product))

    def share_parts(self):
        """Names whole subexpressions that occur more than once."""
        own = {eq.body: eq.target for eq in self.equations if not eq.op}
        for part in repeated_parts([eq.body for eq in self.equations]):
            name = own.get(part) or self.fresh(describe(part), part)
            for eq in self.equations:
                if eq.target != name:
                    eq.body = eq.body.xreplace({part: name})
            if part not in own:
                self.equations.append(Equation((name,), part))


def repeated_parts(bodies):
    """The subexpressions worth a name that occur more than once, large ones first."""
    seen = Counter()

    def visit(e):
        if not e.args or isinstance(e, (sp.Indexed, sp.Rel)) or not isinstance(e, (sp.Expr, sp.Tuple)):
            return
        seen[e] += 1
        if seen[e] == 1:
            for a in e.args:
                visit(a)

    for body in bodies:
        visit(body)
    repeated = [
        e
        for e, times in seen.items()
        if times > 1 and isinstance(e, sp.Expr) and e.free_symbols and e.as_coeff_Mul()[0] == 1
    ]
    return sorted(repeated, key=lambda e: (-sp.count_ops(e), str(e)))
