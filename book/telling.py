"""How the code cells of a page speak: numbers that its text names, and tables."""

from IPython.display import Markdown
from myst_nb import glue


def say(name, value):
    """Hand a number to the text, which has it by {glue:text}`name`."""
    glue(name, str(value), display=False)


def tabulate(head, rows, names=1):
    """A table; so many first columns name its rows, the others hold numbers."""
    lines = [head, ["---"] * names + ["---:"] * (len(head) - names), *rows]
    return Markdown("\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines))
