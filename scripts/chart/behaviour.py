"""What has to change, and what must not, when values do."""
import shutil
import tempfile
from pathlib import Path

from policies import containers, title
from render import cases, helm, objects, template

import yaml
from render import CHART


def find(rendered, kind, name):
    return next((each for each in rendered if each["kind"] == kind and each["metadata"]["name"] == name), None)


def names(rendered, kind):
    return {each["metadata"]["name"] for each in rendered if each["kind"] == kind}


def nothing_is_random():
    if template().stdout != template().stdout:
        yield "two renders of the same values differ"


def reloadable_settings_restart_no_pod():
    before = objects()
    after = objects(values={"settings": {"LOG_LEVEL": "debug"}, "gateway": {"settings": {"RATE_LIMIT_USER": 7, "CORS_ORIGINS": ["*"]}}})
    for each in before:
        if each["kind"] in ("Deployment", "StatefulSet", "Job") and each not in after:
            yield f"{title(each)}: is replaced for a setting that it would have taken up"
    if find(before, "ConfigMap", "errand-gateway") == find(after, "ConfigMap", "errand-gateway"):
        yield "the ConfigMap does not change with its settings"


def other_settings_restart_their_pods_alone():
    before, after = objects(), objects(values={"gateway": {"settings": {"PUBLIC_URL": "https://errand.example.org"}}})
    changed = {each["metadata"]["name"] for each in before if each["kind"] == "Deployment" and each not in after}
    if changed != {"errand-gateway"}:
        yield f"a setting of the gateway restarts {sorted(changed)}"


def a_migration_runs_once_for_each_image():
    before, same = objects(), objects(values={"tasks": {"replicaCount": 2, "settings": {"FEED_DAYS": 3}}})
    newer = objects(values={"tasks": {"image": {"tag": "2"}}})
    if names(before, "Job") != names(same, "Job"):
        yield "a migration runs again though its Job is the same"
    changed = names(newer, "Job") - names(before, "Job")
    if len(changed) != 1 or not changed.pop().startswith("errand-tasks-migrate-"):
        yield "a new image of tasks does not bring a migration of tasks, and that alone"


def a_chart_alone_replaces_no_pod():
    for each in objects():
        template_labels = each.get("spec", {}).get("template", {}).get("metadata", {}).get("labels", {})
        if {"helm.sh/chart", "app.kubernetes.io/version"} & set(template_labels):
            yield f"{title(each)}: pods carry the chart's version"


def a_mirror_serves_every_image():
    for case in cases():
        for name, _, container in containers(objects(case, values={"global": {"imageRegistry": "mirror.test"}})):
            if not container["image"].startswith("mirror.test/"):
                yield f"{case.name}: {name} is loaded from elsewhere: {container['image']}"


def a_digest_pins_its_image():
    digest = "sha256:" + "0" * 64
    rendered = objects(values={part: {"image": {"digest": digest}} for part in ("auth", "tasks", "gateway", "commands")})
    for name, _, container in containers(rendered):
        if "postgres" not in name and not container["image"].endswith(digest):
            yield f"{name}: {container['image']} is not pinned"


def a_service_alone_brings_nothing_of_the_others():
    rendered = objects(CHART / "ci/gateway-alone-values.yaml")
    others = [title(each) for each in rendered if each["metadata"]["labels"]["app.kubernetes.io/component"] in ("auth", "tasks", "migration", "postgres")]
    if others:
        yield f"a gateway alone renders {others}"


def the_chart_works_as_a_part_of_another():
    outcome = template(values={"enabled": True, "global": {"of-the-parent": {"deep": 1}}})
    if outcome.returncode:
        yield outcome.stderr


def certificates_name_what_is_called():
    rendered = objects(CHART / "ci/cert-manager-values.yaml")
    for service in ("auth", "tasks", "gateway"):
        certificate = find(rendered, "Certificate", f"errand-{service}-tls")["spec"]
        wanted = {f"errand-{service}{kind}{rest}" for kind in ("", "-headless") for rest in ("", ".errand", ".errand.svc", ".errand.svc.cluster.local")}
        if set(certificate["dnsNames"]) != wanted or certificate["renewBeforePercentage"] != 30:
            yield f"the certificate of {service}: {certificate}"
    environment = environment_of("auth", rendered)
    if environment["TLS_CLIENTS"] != "errand-gateway,errand-tasks":
        yield f"auth lets in {environment['TLS_CLIENTS']}"


def environment_of(service, rendered):
    return {variable["name"]: variable.get("value") for name, _, container in containers(rendered) if name == f"Deployment errand-{service}/{service}" for variable in container["env"]}


def the_gateway_tells_the_length_of_passwords_that_auth_asks_for():
    told = environment_of("gateway", objects(values={"auth": {"settings": {"PASSWORD_MINIMUM": 30}}})).get("PASSWORD_MINIMUM")
    if told != "30":
        yield f"the gateway tells {told}"


def who_reads_metrics_is_named():
    prometheus = [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "monitoring"}}}]
    rendered = objects(values={"networkPolicy": {"metricsFrom": prometheus}})
    policies = {each["metadata"]["name"]: each["spec"].get("ingress", []) for each in rendered if each["kind"] == "NetworkPolicy"}
    for service in ("auth", "tasks", "gateway"):
        rules = [rule for rule in policies[f"errand-{service}"] if any(port["port"] == "admin" for port in rule.get("ports", [{"port": "admin"}]))]
        if [rule.get("from") for rule in rules] != [prometheus]:
            yield f"the admin port of {service} is open to {rules}"


def a_cluster_in_which_everyone_is_let_in_is_warned_of():
    def notes(values):
        # helm shows notes to who installs alone: here they are a part of what is rendered.
        with tempfile.TemporaryDirectory() as folder:
            chart = shutil.copytree(CHART, f"{folder}/errand")
            Path(chart, "templates/notes.yaml").write_text('notes: {{ include (print $.Template.BasePath "/NOTES.txt") . | quote }}')
            return helm("template", "errand", chart, "--kube-version", "1.34", "--set", values, "--show-only", "templates/notes.yaml").stdout

    warning = "Every pod of the cluster can call auth and tasks"
    if warning not in notes("networkPolicy.enabled=false"):
        yield "neither policies nor certificates, and the notes do not warn"
    told = notes("networkPolicy.enabled=true")
    if warning in told or "helm test" not in told:
        yield "the notes warn though there are policies"


def unsafe_values_are_refused():
    for case in yaml.safe_load((CHART / "tests/refusals.yaml").read_text()):
        outcome = template(values=case["values"])
        if not outcome.returncode:
            yield f"{case['values']} is accepted"
        elif case["says"] not in outcome.stderr:
            yield f"{case['values']} is refused without {case['says']!r}: {outcome.stderr.strip()}"


ALL = [
    nothing_is_random, reloadable_settings_restart_no_pod, other_settings_restart_their_pods_alone, a_migration_runs_once_for_each_image,
    a_chart_alone_replaces_no_pod, a_mirror_serves_every_image, a_digest_pins_its_image, a_service_alone_brings_nothing_of_the_others,
    the_chart_works_as_a_part_of_another, certificates_name_what_is_called,
    the_gateway_tells_the_length_of_passwords_that_auth_asks_for, who_reads_metrics_is_named,
    a_cluster_in_which_everyone_is_let_in_is_warned_of, unsafe_values_are_refused,
]
