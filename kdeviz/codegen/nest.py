"""From equations to a tree of loops, without any text: which loop an equation goes into, what is stored, what is computed again."""

from dataclasses import dataclass, field, replace
from itertools import takewhile

import sympy as sp

from .equations import Equation, lower

CHEAP = 8  # so many additions and products cost less again than an array to keep them in


@dataclass(eq=False)
class Loop:
    """A loop over an index. `equations`: all inside it, at any depth; `items`: its body, equations and loops in order.

    `direction`: that of the scans in it, 1 or -1; a loop of scans has nothing else, so that the others become vector code.
    """

    index: object
    direction: int = 0
    equations: list = field(default_factory=list)
    items: list = field(default_factory=list)

    def takes(self, eq, index):
        return (self.index, self.direction) == (index, eq.direction)

    def reduced(self, *ops):
        """What this loop sums or maximises."""
        return [eq for eq in self.equations if eq.op in ops and eq.index == self.index]


def build(kernel, nest):
    """(items, shape) for one row; the loop over rows belongs to the language's template. shape: base -> indices it is kept over."""
    row = nest[0]
    equations = set_cheap_aside(split_outputs(lower(kernel), kernel.outputs), kernel.outputs)
    items = schedule(equations, nest, {row})
    outside = {t.base: t.indices for t in (*kernel.inputs, *kernel.outputs)}
    return items, storage(items, row) | outside


def split_outputs(equations, outputs):
    """An output that is reduced, or read by others, is computed under a name of its own and stored once."""
    read = {r.base for eq in equations for r in eq.reads}
    split = [eq.target for eq in equations if eq.target in outputs and (eq.op or eq.target.base in read)]
    own = {t.base: sp.IndexedBase(f"{t.base}_value", extended_real=True) for t in split}
    mine = lambda e: e.xreplace({r: own[r.base][r.indices] for r in e.atoms(sp.Indexed) if r.base in own})
    inner = [replace(eq, targets=tuple(map(mine, eq.targets)), body=mine(eq.body)) for eq in equations]
    return inner + [Equation((target,), mine(target)) for target in split]


def set_cheap_aside(equations, outputs):
    """A few sums and products leave the system; each reader computes them, under their own name.

    Under their own name, because a name is a rounding barrier: (a - x) + w, substituted, becomes a sum in another order.
    """
    cheap = {}
    for eq in equations:
        for r in eq.reads:
            if r in cheap:
                eq.again |= cheap[r].again | {r: cheap[r].body}
        if is_cheap(eq) and eq.target not in outputs:
            cheap[eq.target] = eq
    return [eq for eq in equations if eq.target not in cheap]


def is_cheap(eq):
    dear = eq.body.has(sp.Piecewise, sp.Max) or eq.body.atoms(sp.Function) - eq.body.atoms(sp.Abs, sp.sign)
    divides = any(p.exp.is_negative for p in eq.body.atoms(sp.Pow))
    return (
        not (eq.op or eq.edge is not None or dear or divides or len(eq.target.indices) < 2)
        and sp.count_ops(eq.body) <= CHEAP
    )


def schedule(equations, nest, opened):
    """Each equation goes into the first loop over its outermost index at which all it reads is complete, or opens a new one."""
    items, home = [], {}  # base -> (the item it is made in, its equation)

    def complete(r, index):
        """The first place at which r can be read by an equation with this outermost index."""
        if r.base not in home:
            return 0
        item, maker = home[r.base]
        meets = isinstance(item, Loop) and item.index == index and index in r.indices and maker.index != index
        return items.index(item) + (not meets)

    for eq in equations:
        index = next((i for i in nest if i in eq.loops and i not in opened), None)
        earliest = max((complete(r, index) for r in eq.reads), default=0)
        if index is None:  # as early as it can be: it must not part two loops
            earliest += len(list(takewhile(lambda item: isinstance(item, Equation), items[earliest:])))
            items.insert(earliest, eq)
            home |= {t.base: (eq, eq) for t in eq.targets}
            continue
        loop = next((item for item in items[earliest:] if isinstance(item, Loop) and item.takes(eq, index)), None)
        if loop is None:
            items.append(loop := Loop(index, eq.direction))
        loop.equations.append(eq)
        home |= {t.base: (loop, eq) for t in eq.targets}
    sink(items)
    items = [item for item in items if isinstance(item, Equation) or item.equations]
    for loop in items:
        if isinstance(loop, Loop):
            loop.items = schedule(loop.equations, nest, opened | {loop.index})
    return items


def sink(items):
    """Moves what a loop makes only for a later loop over the same index into that one: a scalar there, an array here."""

    def readers(targets):
        return [
            item
            for item in items
            if any(reads(eq, targets) for eq in (item.equations if isinstance(item, Loop) else [item]))
        ]

    for loop in reversed([item for item in items if isinstance(item, Loop)]):
        for eq in reversed(loop.equations.copy()):
            first = next(iter(readers(eq.targets)), loop)
            if (
                first is not loop
                and isinstance(first, Loop)
                and (first.index, first.direction, loop.direction) == (loop.index, 0, 0)
                and eq.edge is None
                and loop.index in eq.target.indices
            ):
                loop.equations.remove(eq)
                first.equations.insert(0, eq)


def reads(eq, targets):
    return bool({t.base for t in targets} & {r.base for r in eq.reads})


def storage(items, row):
    """The indices over which each quantity must be kept: those of its own that its maker and all its readers do not share a loop of.

    What is read at a neighbour is kept whole.
    """
    path = {}

    def walk(items, above):
        for item in items:
            if isinstance(item, Loop):
                walk(item.items, (*above, item))
            else:
                path[item] = above

    walk(items, ())
    shape = {}
    for eq in path:
        paths = [path[eq]] + [path[reader] for reader in path if reads(reader, eq.targets)]
        paths += [()] * (eq.edge is not None)
        common = takewhile(lambda loops: len(set(map(id, loops))) == 1, zip(*paths))
        shared = {row} | {loops[0].index for loops in common}
        shape |= {t.base: tuple(i for i in t.indices if i not in shared) for t in eq.targets}
    return shape
