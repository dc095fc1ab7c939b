"""Dashboards work in any Grafana, and ask only for metrics that there are."""
import json
import re

from render import CHART, ROOT

# What the cluster's own exporters and the configuration's reload bring, beside the catalogue in the code.
WORDS = re.compile(r"\b(?:http|rpc|db|errand)_[a-z_]+")
SUFFIX = re.compile(r"_(bucket|count|sum)$")
LABELS = re.compile(r'"([a-z_]+)"')


def known():
    """The names of metrics and labels that the code declares."""
    sources = [*ROOT.glob("services/*/src/**/*.rs"), *ROOT.glob("services/kit/*/src/**/*.rs")]
    text = "\n".join(source.read_text() for source in sources)
    return set(LABELS.findall(text)) | set(WORDS.findall(text))


def faults():
    names = known()
    for path in sorted(CHART.glob("dashboards/*.json")):
        board = json.loads(path.read_text())
        if "__inputs" in board or not board["uid"].startswith("errand-"):
            yield f"{path.name}: has __inputs, or a uid that is not its own"
        if not any(variable["type"] == "datasource" for variable in board["templating"]["list"]):
            yield f"{path.name}: no variable for the data source"
        if len({panel["id"] for panel in board["panels"]}) != len(board["panels"]):
            yield f"{path.name}: panels share an id"
        for panel in board["panels"]:
            yield from (f"{path.name}: {panel['title']}: {fault}" for fault in of_panel(panel, names))
    for path in sorted(CHART.glob("rules/*.yaml")):
        for word in unknown(path.read_text(), names):
            yield f"{path.name}: nobody counts {word}"


def of_panel(panel, names):
    if not panel["description"] or not panel["fieldConfig"]["defaults"].get("unit"):
        yield "no description, or no unit"
    for target in panel["targets"]:
        if target["datasource"]["uid"] != "${datasource}":
            yield "asks another data source than the variable's"
        if "rate(" in target["expr"] and "$__rate_interval" not in target["expr"]:
            yield "a rate over a fixed interval"
        for word in unknown(target["expr"], names):
            yield f"nobody counts {word}"


def unknown(text, names):
    return sorted(word for word in set(WORDS.findall(text)) if SUFFIX.sub("", word) not in names and word not in names)
