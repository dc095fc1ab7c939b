"""The rules are those that promtool tests, and each alert is what the operator wants of it."""
import yaml

from render import ROOT, objects, template


def rendered(**rules):
    values = {"metrics": {"rules": {"enabled": True, **rules}}}
    found = [each for each in objects(values=values) if each["kind"] == "PrometheusRule"]
    return {group["name"]: [trimmed(rule) for rule in group["rules"]] for each in found for group in each["spec"]["groups"]}


def trimmed(rule):
    return {**rule, "expr": rule["expr"].strip()}


def alerts(**rules):
    return {rule["alert"]: rule for group in rendered(**rules).values() for rule in group if "alert" in rule}


def the_rules_are_those_that_are_tested():
    tested = yaml.safe_load((ROOT / "manifests/prometheus/rules.yaml").read_text())["groups"]
    expected = {group["name"]: [trimmed(rule) for rule in group["rules"]] for group in tested}
    found = rendered(kubernetes=True)
    for name in sorted(expected.keys() | found.keys()):
        if expected.get(name) != found.get(name):
            yield f"{name}: the chart has {found.get(name)}, promtool tests {expected.get(name)}"


def alerts_on_the_cluster_are_off_until_its_metrics_are_there():
    by_default, with_them = alerts(), alerts(kubernetes=True)
    others = with_them.keys() - by_default.keys()
    if "ErrandCrashLooping" not in others or "ErrandRequestsFail" in others:
        yield f"kubernetes: true brings {sorted(others)}"
    chosen = alerts(alerts={"ErrandCrashLooping": {"enabled": True}})
    if "ErrandCrashLooping" not in chosen or "ErrandHpaMaxedOut" in chosen:
        yield "one of them cannot be had alone"


def an_alert_is_what_the_operator_wants():
    wanted = {
        "ErrandLatencyHigh": {"threshold": 0.5, "for": "10m", "severity": "info"},
        "ErrandVersionSkew": {"enabled": False},
        "ErrandApiErrorBudgetBurn": {"threshold": "99.5"},
    }
    found = alerts(alerts=wanted, runbookBase="https://wiki.example.org/errand/", dashboardBase="https://grafana.example.org/d")
    latency = found["ErrandLatencyHigh"]
    if not latency["expr"].endswith("> 0.5") or (latency["for"], latency["labels"]) != ("10m", {"severity": "info"}):
        yield f"threshold, for or severity is not taken: {latency}"
    if latency["annotations"]["runbook_url"] != "https://wiki.example.org/errand/ErrandLatencyHigh.md":
        yield f"the runbook is {latency['annotations']['runbook_url']}"
    if latency["annotations"]["dashboard_url"] != "https://grafana.example.org/d/errand-edge":
        yield f"the dashboard is {latency['annotations']['dashboard_url']}"
    if "ErrandVersionSkew" in found:
        yield "what is switched off is there"
    burn = found["ErrandApiErrorBudgetBurn"]
    if "(1 - 99.5 / 100)" not in burn["expr"] or not burn["annotations"]["description"].startswith("Promised are 99.5 %"):
        yield f"the objective is not taken: {burn}"


def an_alert_that_there_is_not_is_refused():
    outcome = template(values={"metrics": {"rules": {"enabled": True, "alerts": {"ErrandNone": {"enabled": False}}}}})
    if not outcome.returncode or "there is no alert ErrandNone" not in outcome.stderr:
        yield f"it is taken: {outcome.stderr}"
    outcome = template(values={"metrics": {"rules": {"enabled": True, "alerts": {"ErrandLatencyHigh": {"treshold": 1}}}}})
    if not outcome.returncode:
        yield "a word that means nothing is taken"


ALL = [
    the_rules_are_those_that_are_tested, alerts_on_the_cluster_are_off_until_its_metrics_are_there, an_alert_is_what_the_operator_wants,
    an_alert_that_there_is_not_is_refused,
]
