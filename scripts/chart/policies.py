"""Our own rules for what the chart renders. Each takes all objects of a render and gives its faults."""
import re

SELECTOR = {"app.kubernetes.io/name", "app.kubernetes.io/instance", "app.kubernetes.io/component"}
LABELS = SELECTOR | {"app.kubernetes.io/version", "app.kubernetes.io/part-of", "app.kubernetes.io/managed-by", "helm.sh/chart"}
SERVICES = {"auth", "tasks", "gateway"}


def pods(objects):
    """The name, metadata and spec of every pod there will be."""
    for each in objects:
        if each["kind"] == "Pod":
            yield title(each), each["metadata"], each["spec"]
        elif each["kind"] in ("Deployment", "StatefulSet", "Job"):
            template = each["spec"]["template"]
            yield title(each), template["metadata"], template["spec"]


def containers(objects):
    for name, metadata, spec in pods(objects):
        for container in spec["containers"] + spec.get("initContainers", []):
            yield f"{name}/{container['name']}", metadata, container


def title(each):
    return f"{each['kind']} {each['metadata']['name']}"


def component(metadata):
    return metadata["labels"]["app.kubernetes.io/component"]


def the_restricted_standard_is_kept(objects):
    for name, _, spec in pods(objects):
        context = spec["securityContext"]
        if not (context.get("runAsNonRoot") and context.get("runAsUser") and context["seccompProfile"]["type"] == "RuntimeDefault"):
            yield f"{name}: runs as root, or without a seccomp profile"
        kinds = {key for volume in spec.get("volumes", []) for key in volume} - {"name"}
        if kinds - {"configMap", "secret", "projected", "emptyDir", "persistentVolumeClaim"}:
            yield f"{name}: volumes of the kinds {sorted(kinds)}"
        if any(spec.get(key) for key in ("hostNetwork", "hostPID", "hostIPC")):
            yield f"{name}: shares the host's namespaces"
    for name, _, container in containers(objects):
        context = container["securityContext"]
        kept = context["capabilities"]["drop"] == ["ALL"] and not context["capabilities"].get("add")
        if not kept or context["allowPrivilegeEscalation"] or not context["readOnlyRootFilesystem"]:
            yield f"{name}: has privileges, or may write its image"


def selectors_never_change(objects):
    for each in objects:
        selector = each.get("spec", {}).get("selector") or {}
        labels = selector.get("matchLabels", selector)
        if each["kind"] in ("Deployment", "StatefulSet", "Service", "PodDisruptionBudget") and set(labels) != SELECTOR:
            yield f"{title(each)}: selects by {sorted(labels)}"


def whoever_scales_owns_the_count(objects):
    scaled = {each["spec"]["scaleTargetRef"]["name"] for each in objects if each["kind"] in ("HorizontalPodAutoscaler", "ScaledObject")}
    for each in objects:
        if each["kind"] == "Deployment" and each["metadata"]["name"] in scaled and "replicas" in each["spec"]:
            yield f"{title(each)}: replicas beside an autoscaler"


def secrets_are_files(objects):
    for name, _, container in containers(objects):
        for variable in container.get("env", []):
            hidden = re.search(r"PASSWORD|KEK|DATABASE_URL|SECRET|TOKEN$", variable["name"]) and not variable["name"].endswith("_FILE")
            if hidden or "secretKeyRef" in str(variable) or re.search(r"://[^/]*:[^/]*@", variable.get("value", "")):
                yield f"{name}: {variable['name']} is a secret in the environment"
    for each in objects:
        if each["kind"] == "Secret":
            yield f"{title(each)}: a template makes a Secret"


def nothing_is_told_to_pods_unasked(objects):
    for name, metadata, spec in pods(objects):
        if spec.get("enableServiceLinks") is not False:
            yield f"{name}: service links are on"
        vault = "vault.hashicorp.com/agent-inject" in metadata.get("annotations", {})
        if spec.get("automountServiceAccountToken") is not (vault or component(metadata) == "bootstrap"):
            yield f"{name}: mounts a token that it does not need, or lacks one"


def probes_differ(objects):
    for name, metadata, container in containers(objects):
        if component(metadata) not in SERVICES or container["name"] != component(metadata):
            continue
        paths = [container[f"{kind}Probe"]["httpGet"]["path"] for kind in ("startup", "liveness", "readiness")]
        if len(set(paths)) < 3 or any(container[f"{kind}Probe"]["httpGet"]["port"] != "admin" for kind in ("startup", "liveness", "readiness")):
            yield f"{name}: probes {paths}"
        if container["lifecycle"]["preStop"]["sleep"]["seconds"] < 5:
            yield f"{name}: is stopped before balancers know"


def memory_is_requested_as_limited(objects):
    for name, _, container in containers(objects):
        resources = container["resources"]
        if resources["requests"]["memory"] != resources["limits"]["memory"] or "cpu" not in resources["requests"]:
            yield f"{name}: {resources}"


def every_object_is_labelled(objects):
    seen = set()
    for each in objects:
        if title(each) in seen:
            yield f"{title(each)}: is there twice"
        seen.add(title(each))
        missing = LABELS - set(each["metadata"].get("labels", {}))
        if missing and not each["metadata"]["name"].startswith("errand-mine") and not each["metadata"]["name"].startswith("errand-text"):
            yield f"{title(each)}: lacks {sorted(missing)}"


def every_pod_has_its_network_policy(objects):
    policies = [each["spec"] for each in objects if each["kind"] == "NetworkPolicy"]
    if not policies:
        return
    chosen = [policy["podSelector"]["matchLabels"] for policy in policies]
    for name, metadata, _ in pods(objects):
        fitting = [labels for labels in chosen if labels.items() <= metadata["labels"].items()]
        if len(fitting) != 2:
            yield f"{name}: {len(fitting)} network policies apply: there should be its own and the one that denies the rest"


def files_that_are_mounted_exist(objects):
    there = {each["metadata"]["name"] for each in objects if each["kind"] == "ConfigMap"}
    for name, _, spec in pods(objects):
        declared = {volume["name"] for volume in spec.get("volumes") or []}
        declared |= {claim["metadata"]["name"] for each in objects if each["kind"] == "StatefulSet" for claim in each["spec"].get("volumeClaimTemplates", [])}
        for container in spec["containers"]:
            for mount in container.get("volumeMounts") or []:
                if mount["name"] not in declared:
                    yield f"{name}: mounts {mount['name']}, which is no volume"
        for volume in spec.get("volumes") or []:
            if "configMap" in volume and volume["configMap"]["name"] not in there:
                yield f"{name}: the ConfigMap {volume['configMap']['name']} is not rendered"


ALL = [
    the_restricted_standard_is_kept, selectors_never_change, whoever_scales_owns_the_count, secrets_are_files,
    nothing_is_told_to_pods_unasked, probes_differ, memory_is_requested_as_limited, every_object_is_labelled,
    every_pod_has_its_network_policy, files_that_are_mounted_exist,
]
