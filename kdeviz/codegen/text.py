"""What every generated file says about itself, and how terms are ordered."""

import re
import textwrap

import sympy as sp

HEADER = "Generated from derivations/{source}.py. Do not edit: change the derivation and run `make generate`."


def formulas(kernel):
    """The equations as declared, in LaTeX, a line each; or what the derivation shows instead of a long system."""
    return list(kernel.formula) or [
        f"{sp.latex(target)} = {sp.latex(value)}" for target, value in kernel.equations.items()
    ]


def shape(target):
    return f"({', '.join(str(i.size) for i in target.indices)}{',' if len(target.indices) == 1 else ''})"


def docstring(kernel, source, indent=4):
    """Title, equations as declared, arrays in and out."""
    lines = [kernel.title, "", ".. math::", ""]
    lines += [line for formula in formulas(kernel) for line in (f"    {formula}", "")]
    lines += [
        "No validation: all arrays C-contiguous and of one dtype, float32 or float64; the results have it too.",
        "",
        "Parameters",
        "----------",
    ]
    for target, what in kernel.inputs.items():
        lines += [
            f"{target.base} : array {shape(target)}",
            *textwrap.wrap(what, 100, initial_indent="    ", subsequent_indent="    "),
        ]
    lines += ["", "Returns", "-------"]
    lines += [f"{target.base} : array {shape(target)}" for target in kernel.outputs]
    lines += ["", "Notes", "-----", f"Source: derivations/{source}.py.", ""]
    return "\n".join(f"{' ' * indent}{line}".rstrip() for line in lines).strip() + "\n" + " " * indent


def called(path, functions):
    """Those parts of a runtime file that functions call, directly or through other parts."""
    parts, text = path.read_text().strip().split("\n\n\n"), "\n".join(functions)
    name = lambda part: re.search(r"^def (\w+)", part, re.MULTILINE)[1].removesuffix("_of_type")
    used = set()
    while new := {part for part in parts if part not in used and re.search(rf"\b{name(part)}\b", text)}:
        used |= new
        text = "\n".join([text, *new])
    return "\n\n\n".join(part for part in parts if part in used)


def positive_first(print_add, e):
    """b - a, where sympy's own order would print -a + b."""
    terms = sorted(sp.Add.make_args(e), key=lambda t: t.could_extract_minus_sign())
    return print_add(sp.Add(*terms, evaluate=False), order="none")
