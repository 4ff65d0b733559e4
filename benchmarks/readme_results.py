"""Copies README's table of results from BENCHMARKS.md.

usage: python benchmarks/readme_results.py           writes README.md
       python benchmarks/readme_results.py --check   exits 1 where README.md differs

BENCHMARKS.md is the source: the table between its markers `<!-- results -->` and `<!-- /results -->`. README.md gets
the columns in COLUMNS, cell by cell as they are, between markers of the same name.
"""

import argparse
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
# The heading in BENCHMARKS.md, and the heading in README.md.
COLUMNS = {
    "table": "table",
    "linear": "linear",
    "scikit-learn MLP": "scikit-learn MLP",
    "LightGBM": "LightGBM",
    "XGBoost": "XGBoost",
    "RealMLP": "RealMLP",
    "default": "**Backburn**",
    "best": "**Backburn, `--preset best`**",
}
MARKED = re.compile(r"(<!-- results -->\n)(.*?)(<!-- /results -->)", re.DOTALL)


def marked(text, name):
    """The text between the markers of a file."""
    found = MARKED.findall(text)
    if len(found) != 1:
        sys.exit(f"{name}: expected one pair of <!-- results --> and <!-- /results -->, found {len(found)}")
    return found[0][1]


def cells(line):
    return [cell.strip() for cell in line.strip().strip("|").split("|")]


def selected(table):
    """README's table, from that of BENCHMARKS.md."""
    lines = [cells(line) for line in table.splitlines() if line.startswith("|")]
    if len(lines) < 3 or any(len(line) != len(lines[0]) for line in lines):
        sys.exit("BENCHMARKS.md: the lines of the table of results differ in their number of cells")
    heading, rows = lines[0], lines[2:]
    if absent := [name for name in COLUMNS if name not in heading]:
        sys.exit(f"BENCHMARKS.md: the table of results has no column {', '.join(absent)}")
    places = [heading.index(name) for name in COLUMNS]
    out = [list(COLUMNS.values()), ["---"] + ["---:"] * (len(places) - 1)]
    out += [[row[place] for place in places] for row in rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in out)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="change nothing; exit 1 where README.md differs")
    args = parser.parse_args()
    readme = ROOT / "README.md"
    text = readme.read_text(encoding="utf-8")
    new = selected(marked((ROOT / "BENCHMARKS.md").read_text(encoding="utf-8"), "BENCHMARKS.md"))
    if marked(text, "README.md") == new:
        return
    if args.check:
        sys.exit("README.md: its results are not those of BENCHMARKS.md; run python benchmarks/readme_results.py")
    readme.write_text(MARKED.sub(lambda found: found[1] + new + found[3], text), encoding="utf-8")


if __name__ == "__main__":
    main()
