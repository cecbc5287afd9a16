"""The directives ``claims-overview`` and ``claims``: what the sources say, our verdicts, and what the tests said of them.

The rows are those of book/claims.toml; the outcomes those of ``pytest -m claim``, which book/build.py runs before the pages. The
page fails if a row has no evidence, if a test of it failed, or if the outcomes are missing or older than what they are about.
"""

import tomllib
from collections import Counter
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree

from sphinx.errors import ExtensionError
from sphinx.util.docutils import SphinxDirective

ROWS, OUTCOMES = "book/claims.toml", "_build/claims.xml"
ABOUT = ("kdeviz", "derivations", "tests", "book/experiments", ROWS)  # newer than the outcomes, it makes them stale
VERDICTS = {
    "true": "true", "conditional": "true under a condition", "false": "false", "open": "open",
    "definition": "definition", "context": "context",
}


class Outcome(NamedTuple):
    """One test of a claim."""

    claim: str
    test: str
    passed: bool


def read_outcomes(root):
    """Every test of a claim, from pytest's report."""
    report = root / OUTCOMES
    if not report.exists():
        raise ExtensionError(f"{OUTCOMES} is missing: build the book by `make book`, which tests the claims first.")
    for case in ElementTree.parse(report).iter("testcase"):
        test = f"{case.get('classname').replace('.', '/')}.py::{case.get('name').split('[')[0]}"
        passed = not {"failure", "error", "skipped"} & {part.tag for part in case}
        yield from (
            Outcome(p.get("value"), test, passed) for p in case.iter("property") if p.get("name") == "claim"
        )


def stale(root):
    """Files that changed after the claims were tested."""
    tested = (root / OUTCOMES).stat().st_mtime
    files = (file for top in ABOUT for file in (root / top, *(root / top).rglob("*")) if file.is_file())
    changed = (file for file in files if "__pycache__" not in file.parts and file.suffix != ".md")
    return [file.relative_to(root).as_posix() for file in changed if file.stat().st_mtime > tested]


def problems(rows, outcomes):
    """Why the page may not say what the rows say."""
    tested, passed = ({o.claim for o in outcomes if o.passed or of_all} for of_all in (True, False))
    yield from (f"{o.test} tests {o.claim}, which has no row" for o in outcomes if o.claim not in rows)
    yield from (f"{o.test} of {o.claim} did not pass" for o in outcomes if not o.passed)
    for name, row in rows.items():
        if row["tested"] != (name in tested):
            yield f"{name} says tested = {str(row['tested']).lower()}, but {'a' if name in tested else 'no'} test is marked with it"
        if row["verdict"] not in VERDICTS:
            yield f"{name} has the verdict {row['verdict']!r}; it must be one of {', '.join(VERDICTS)}"
        if (row["verdict"] == "conditional") != ("condition" in row):
            yield f"{name} must name a condition if and only if its verdict is conditional"
        if row["verdict"] not in ("definition", "context") and not (name in passed or row.keys() & {"experiment", "benchmark"}):
            yield f"{name} has neither a test nor an experiment or benchmark"


def ledger(root):
    """(rows, outcomes), or an error that names all that is wrong."""
    rows = tomllib.loads((root / ROWS).read_text(encoding="utf-8"))
    outcomes = list(read_outcomes(root))
    wrong = [f"{file} is newer than {OUTCOMES}" for file in stale(root)] + list(problems(rows, outcomes))
    if wrong:
        raise ExtensionError("The claims cannot be shown:\n" + "\n".join(f"  {problem}" for problem in wrong))
    return rows, outcomes


def chip(verdict, text=None, to=""):
    return f"[{text or VERDICTS[verdict]}]{to}{{.verdict .verdict-{verdict}}}"


def card(name, row, tests):
    """One claim, as MyST."""
    about = [f"**{name}** {chip(row['verdict'])}", row["claim"], f"*Precisely:* {row['statement']}"]
    about += [f"*If:* {row['condition']}"] if "condition" in row else []
    about += [f"*Why:* {row['reason']}"]
    about += [f"*A note:* {row['note']}"] if "note" in row else []
    evidence = ", ".join(f"{{doc}}`/{page}`" for page in row["see"])
    ran = [f"`{test}`" + f" ({cases} cases)" * (cases > 1) for test, cases in Counter(tests).items()]
    ran += [f"`make experiments` ({row['experiment']})"] if "experiment" in row else []
    ran += [f"`{row['benchmark']}`"] if "benchmark" in row else []
    about += [f"*See* {evidence}" + f"; *passed:* {', '.join(ran)}" * bool(ran)]
    body = "\n\n".join(about)
    return f"::::{{container}} claim claim-{row['verdict']}\n:name: claim-{name.lower()}\n\n{body}\n::::\n"


class Claims(SphinxDirective):
    """The claims of one source, which is named by its letter."""

    required_arguments = 1

    def run(self):
        self.env.note_dependency(ROWS)
        rows, outcomes = ledger(Path(self.env.srcdir))
        tests = lambda name: [o.test for o in outcomes if o.claim == name]
        mine = {name: row for name, row in rows.items() if name.startswith(self.arguments[0])}
        return self.parse_text_to_nodes("\n".join(card(name, row, tests(name)) for name, row in mine.items()))


class Overview(SphinxDirective):
    """All claims at a glance: their names, coloured by verdict, and how many there are of each."""

    def run(self):
        rows, outcomes = ledger(Path(self.env.srcdir))
        counts = Counter(row["verdict"] for row in rows.values())
        lines = [" ".join(f"{chip(v)} {counts[v]}" for v in VERDICTS)]
        for letter in sorted({name[0] for name in rows}):
            mine = [(name, row["verdict"]) for name, row in rows.items() if name[0] == letter]
            lines.append(" ".join(chip(verdict, name, f"(#claim-{name.lower()})") for name, verdict in mine))
        lines.append(f"{len(outcomes)} tests of {len({o.claim for o in outcomes})} claims passed in this build.")
        return self.parse_text_to_nodes("\n\n".join(lines))


def setup(app):
    app.add_directive("claims", Claims)
    app.add_directive("claims-overview", Overview)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
