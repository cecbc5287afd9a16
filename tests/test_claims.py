"""The page of claims says nothing that its tests did not say just now."""

import os
import re
import tomllib
from pathlib import Path

import pytest

pytest.importorskip("sphinx", reason="the book's tools are missing: pip install -e '.[book]'")

from sphinx.errors import ExtensionError

from book._ext import claims

ROOT = Path(__file__).resolve().parents[1]
ROWS = tomllib.loads((ROOT / "book/claims.toml").read_text(encoding="utf-8"))
ROW = {
    "claim": "It is so.",
    "statement": "$x=x$",
    "verdict": "true",
    "reason": "Because.",
    "see": ["book/index"],
    "tested": True,
}
REPORT = """<testsuites><testsuite>
<testcase classname="tests.test_x" name="test_it_is_so[1]"><properties><property name="claim" value="A1"/></properties>{}</testcase>
<testcase classname="tests.test_x" name="test_of_nothing"/>
</testsuite></testsuites>"""


def lay_out(root, outcome="", **changed):
    """A book with the one claim A1."""
    (root / "_build").mkdir()
    (root / "book").mkdir()
    row = ROW | changed
    lines = [f"{key} = {str(value).lower() if isinstance(value, bool) else repr(value)}" for key, value in row.items()]
    (root / "book/claims.toml").write_text("[A1]\n" + "\n".join(lines))
    (root / "_build/claims.xml").write_text(REPORT.format(outcome))
    return root


def test_every_claim_of_the_three_sources_has_a_row():
    assert list(ROWS) == [
        f"{source}{n}" for source, size in (("A", 21), ("B", 29), ("C", 17)) for n in range(1, size + 1)
    ]


def test_every_row_says_what_a_reader_needs():
    needed = {"claim", "statement", "verdict", "reason", "see", "tested"}
    assert [name for name, row in ROWS.items() if not needed <= row.keys() or not row["see"]] == []
    assert [page for row in ROWS.values() for page in row["see"] if not any(ROOT.glob(f"{page}.*"))] == []


def test_tests_are_marked_with_the_rows_that_say_so():
    marks = {
        name
        for file in (ROOT / "tests").glob("test_*.py")
        for name in re.findall(r'mark\.claim\(id="(\w+)"\)', file.read_text())
    }
    assert marks == {name for name, row in ROWS.items() if row["tested"]}


def test_a_claim_is_shown_with_its_tests(tmp_path):
    rows, outcomes = claims.ledger(lay_out(tmp_path))
    shown = claims.card("A1", rows["A1"], [o.test for o in outcomes])
    assert "tests/test_x.py::test_it_is_so" in shown and "[true]" in shown and ":name: claim-a1" in shown


@pytest.mark.parametrize(
    ("outcome", "changed", "why"),
    [
        ("<failure/>", {}, "test_it_is_so of A1 did not pass"),
        ("<error/>", {}, "did not pass"),
        ("<skipped/>", {}, "did not pass"),
        ("", {"tested": False}, "but a test is marked with it"),
        ("", {"verdict": "mostly true"}, "must be one of true, "),
        ("", {"verdict": "conditional"}, "must name a condition"),
        ("", {"condition": "it is Monday"}, "must name a condition"),
    ],
)
def test_a_claim_without_its_evidence_is_no_page(tmp_path, outcome, changed, why):
    with pytest.raises(ExtensionError, match=why):
        claims.ledger(lay_out(tmp_path, outcome, **changed))


def test_a_test_of_no_row_and_a_row_without_a_test_are_no_page(tmp_path):
    lay_out(tmp_path)
    text = (tmp_path / "book/claims.toml").read_text()
    (tmp_path / "book/claims.toml").write_text(text.replace("[A1]", "[A2]"))
    os.utime(tmp_path / "_build/claims.xml")
    with pytest.raises(
        ExtensionError, match="(?s)tests A1, which has no row.*but no test is marked.*neither a test nor"
    ):
        claims.ledger(tmp_path)


def test_missing_and_stale_outcomes_are_no_page(tmp_path):
    lay_out(tmp_path)
    os.utime(tmp_path / "_build/claims.xml", (0, 0))
    with pytest.raises(ExtensionError, match="book/claims.toml is newer"):
        claims.ledger(tmp_path)
    (tmp_path / "_build/claims.xml").unlink()
    with pytest.raises(ExtensionError, match="make book"):
        claims.ledger(tmp_path)
