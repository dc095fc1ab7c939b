"""The chart's README: its own words, and a table of the values with what values.yaml says about them. `--write` writes it."""
import re
import sys

import yaml

from render import CHART

PATH = CHART / "README.md"
BEGIN, END = "<!-- values: written by scripts/chart/readme.py -->", "<!-- end of values -->"
LINE = re.compile(r"^( *)([\w.\"-]+):(?: (.*))?$")


def rows(text):
    """Path, default and words of each value that has either; a block without words is told by its keys."""
    path, words = [], []
    lines = text.splitlines()
    for number, line in enumerate(lines):
        if line.lstrip().startswith("#"):
            words.append(line.strip().lstrip("# "))
            continue
        match = LINE.match(line)
        if match is None:
            words = [] if not line.strip() else words
            continue
        depth = len(match.group(1)) // 2
        path[depth:] = [match.group(2)]
        holds = (match.group(3) or "").strip()
        inner = number + 1 < len(lines) and len(lines[number + 1]) - len(lines[number + 1].lstrip()) > len(match.group(1))
        if words or (holds and not inner):
            yield ".".join(path), holds, " ".join(words)
        words = []


def section(line):
    match = re.match(r"# ── (.*?) ─", line)
    return match and match.group(1)


def table():
    parts, title, block = [], "General", []
    for line in [*(CHART / "values.yaml").read_text().splitlines(), "# ── end ─"]:
        if section(line):
            body = [f"| `{path}` | {f'`{holds}`' if holds else ''} | {words.replace('|', chr(92) + '|')} |" for path, holds, words in rows("\n".join(block)) if path]
            if body:
                parts += [f"### {title}", "", "| value | default | |", "|---|---|---|", *body, ""]
            title, block = section(line), []
        else:
            block.append(line)
    return "\n".join(parts)


def current():
    """What the README should be."""
    text = PATH.read_text()
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n\n{table()}{END}{after}"


def faults():
    if PATH.read_text() != current():
        yield "helm/errand/README.md is not what values.yaml says: UPDATE_SNAPSHOTS=1 make chart-test"
    yaml.safe_load((CHART / "values.yaml").read_text())


if __name__ == "__main__" and "--write" in sys.argv:
    PATH.write_text(current())
