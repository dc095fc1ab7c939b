"""A preview of a dashboard: what Grafana would draw of the data that Prometheus has, as a picture (SVG)."""
import re
import time
from html import escape

from panels import filled

UNIT_WIDTH, UNIT_HEIGHT, GAP = 50, 34, 6
COLOURS = ["#3274d9", "#e0752d", "#56a64b", "#a352cc", "#e02f44", "#ffb357", "#37872d", "#8f3bb8", "#c4162a", "#1f60c4"]
UNITS = {"percentunit": (100, " %"), "s": (1000, " ms"), "bytes": (1 / 1048576, " MiB"), "reqps": (1, "/s")}
POINTS = 60


def shown(value, unit):
    """A number with its unit, in three digits."""
    factor, sign = UNITS.get(unit, (1, ""))
    return f"{value * factor:.3g}{sign}"


def legend(target, labels):
    """What a line is called."""
    return re.sub(r"\{\{(\w+)\}\}", lambda found: labels.get(found[1], ""), target.get("legendFormat", "")).strip() or " ".join(labels.values())


def lines(panel, prometheus, seconds):
    """The lines of a panel: what each is called, and its points."""
    end = time.time()
    for target in panel["targets"]:
        found = prometheus.ask("query_range", query=filled(target["expr"]), start=end - seconds, end=end, step=max(1, seconds / POINTS))
        for series in found["result"]:
            points = [(at, float(value)) for at, value in series["values"] if value not in ("NaN", "+Inf", "-Inf")]
            if points:
                yield legend(target, series["metric"]), points


def text(x, y, content, size=11, colour="#444", anchor="start"):
    """A line of text."""
    return f'<text x="{x:.0f}" y="{y:.0f}" font-size="{size}" fill="{colour}" text-anchor="{anchor}">{escape(content)}</text>'


def drawn(found, unit, box):
    """Lines in a box, with the largest value beside them and their names below."""
    x, y, width, height = box
    first, last = min(points[0][0] for _, points in found), max(points[-1][0] for _, points in found)
    most = max(value for _, points in found for _, value in points) or 1
    span = (last - first) or 1
    parts = [text(x + width, y + 10, shown(most, unit), 10, "#888", "end")]
    for number, (_, points) in enumerate(found):
        path = " ".join(f"{x + (at - first) / span * width:.1f},{y + height - max(value, 0) / most * height:.1f}" for at, value in points)
        parts.append(f'<polyline points="{path}" fill="none" stroke="{COLOURS[number % len(COLOURS)]}" stroke-width="1.5"/>')
    room, at = width, x
    for number, (name, _) in enumerate(found):
        name = name[:28]
        if at - x + len(name) * 5.5 + 14 > room:
            break
        parts.append(text(at, y + height + 15, f"● {name}", 9, COLOURS[number % len(COLOURS)]))
        at += len(name) * 5.5 + 20
    return parts


def listed(found, unit, box):
    """The last values, the largest first: a table, or a number alone."""
    x, y, width, height = box
    values = sorted(((points[-1][1], name) for name, points in found), reverse=True)
    if len(values) == 1:
        return [text(x + width / 2, y + height / 2 + 8, shown(values[0][0], unit), 24, COLOURS[0], "middle")]
    rows = values[: max(1, int(height / 15))]
    return [part for number, (value, name) in enumerate(rows) for part in (
        text(x, y + 12 + number * 15, name[: int(width / 8)], 10), text(x + width, y + 12 + number * 15, shown(value, unit), 10, COLOURS[0], "end"))]


def draw_panel(panel, prometheus, seconds):
    """A panel with its frame and title."""
    place = panel["gridPos"]
    x, y = place["x"] * UNIT_WIDTH, place["y"] * UNIT_HEIGHT + 30
    width, height = place["w"] * UNIT_WIDTH - GAP, place["h"] * UNIT_HEIGHT - GAP
    if panel["type"] == "row":
        return [text(x + 4, y + 22, panel["title"], 14, "#222")]
    parts = [f'<rect x="{x}" y="{y}" width="{width}" height="{height}" fill="#fff" stroke="#ddd" rx="3"/>', text(x + 8, y + 16, panel["title"], 12, "#222")]
    if panel["datasource"]["type"] != "prometheus":
        return parts
    found, unit = list(lines(panel, prometheus, seconds)), panel["fieldConfig"]["defaults"].get("unit", "")
    if not found:
        return [*parts, text(x + width / 2, y + height / 2, "no data", 11, "#aaa", "middle")]
    if panel["type"] == "timeseries":
        return parts + drawn(found, unit, (x + 8, y + 26, width - 16, height - 52))
    return parts + listed(found, unit, (x + 10, y + 26, width - 20, height - 32))


def picture(board, prometheus, seconds):
    """The whole board."""
    panels = board["panels"]
    width = 24 * UNIT_WIDTH
    height = max(panel["gridPos"]["y"] + panel["gridPos"]["h"] for panel in panels) * UNIT_HEIGHT + 36
    parts = [part for panel in panels for part in draw_panel(panel, prometheus, seconds)]
    title = text(4, 20, f"{board['title']}: a preview, drawn from Prometheus by bench/observability and not by Grafana", 13, "#666")
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif">'
    return "\n".join([head, f'<rect width="{width}" height="{height}" fill="#f4f5f5"/>', title, *parts, "</svg>\n"])
