"""Whether each panel of each dashboard has something to show."""
import json
import re

# What Grafana would put in place of a variable.
VALUES = {"$__rate_interval": "30s", "$__range": "5m"}


def filled(expression):
    """The expression as Grafana asks it, with everything chosen."""
    for name, value in VALUES.items():
        expression = expression.replace(name, value)
    return re.sub(r"\$(cluster|namespace|job|pod)\b", ".*", expression)


# Where people are at work on three processes that nothing else is beside: what is empty for another reason is not excused.
REASONS = ("all have waited", "all were answered in time", "kube-state-metrics", "no task was completed", "none was opened", "nothing has failed",
           "there is no Loki", "there is no TLS", "there is no Tempo", "there is no rollout", "there is no settings file")


def rows(boards, prometheus):
    """Of each board its title, how many panels it has, how many show all that they ask for, which do not though they should, and which need not."""
    for path in sorted(boards.glob("*.json")):
        board = json.loads(path.read_text())
        panels = [panel for panel in board["panels"] if panel["type"] != "row"]
        full, empty, excused = 0, [], []
        for panel in panels:
            of_prometheus = panel["datasource"]["type"] == "prometheus"
            shown = [of_prometheus and bool(prometheus.query(filled(target["expr"]))) for target in panel["targets"]]
            where = " Empty in part where" if any(shown) else " Empty where"
            if all(shown):
                full += 1
            elif any(f"{where} {reason}" in panel["description"] for reason in REASONS):
                excused.append(panel["title"])
            else:
                empty.append(panel["title"])
        yield board["title"], len(panels), full, empty, excused
