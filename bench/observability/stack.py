"""What watches Errand in a cluster: a Prometheus and an Alertmanager that the Prometheus operator makes, an OpenTelemetry collector, and Jaeger.

The operator and its types have to be there; images are named by PROMETHEUS_IMAGE and so on where the cluster cannot have those below.
"""
import json
import os
import re

import cluster
from prometheus import Prometheus

NAMESPACE = "errand-drill-watch"
IMAGES = {
    "PROMETHEUS": "prom/prometheus:v3.5.0",
    "ALERTMANAGER": "prom/alertmanager:v0.28.1",
    "COLLECTOR": "otel/opentelemetry-collector:0.130.0",
    "JAEGER": "jaegertracing/all-in-one:1.76.0",
}
COLLECTOR = """
receivers: {otlp: {protocols: {grpc: {endpoint: "0.0.0.0:4317"}, http: {endpoint: "0.0.0.0:4318"}}}}
processors: {batch: {timeout: 1s}}
exporters: {otlp: {endpoint: "jaeger:4317", tls: {insecure: true}}}
service: {pipelines: {traces: {receivers: [otlp], processors: [batch], exporters: [otlp]}}}
"""
MEMORY = {"requests": {"cpu": "50m", "memory": "64Mi"}, "limits": {"memory": "400Mi"}}


def image(name):
    """Where a program's image is."""
    return os.environ.get(f"{name}_IMAGE", IMAGES[name])


def version(name):
    """By which the operator decides what a program understands."""
    return "v" + re.search(r":v?([0-9.]+)", image(name))[1]


def named(kind, api, name, **rest):
    """An object of the namespace."""
    return {"apiVersion": api, "kind": kind, "metadata": {"name": name, "namespace": NAMESPACE}, **rest}


def rights():
    """What the Prometheus may read: where there is something to scrape."""
    rules = [{"apiGroups": ["", "discovery.k8s.io"], "resources": ["services", "endpoints", "endpointslices", "pods"],
              "verbs": ["get", "list", "watch"]}]
    subject = {"kind": "ServiceAccount", "name": "prometheus", "namespace": NAMESPACE}
    role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": NAMESPACE}
    return [
        named("ServiceAccount", "v1", "prometheus"),
        {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": {"name": NAMESPACE}, "rules": rules},
        {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding", "metadata": {"name": NAMESPACE},
         "roleRef": role, "subjects": [subject]},
    ]


def judges(routes, webhook):
    """Prometheus, which takes every monitor and rule that it finds, and Alertmanager, all of whose receivers are the webhook."""
    receivers = "".join(f'\n  - name: {name}\n    webhook_configs: [{{url: "{webhook}/{name}", send_resolved: true}}]'
                        for name in sorted(set(re.findall(r"receiver: (\w+)", routes))))
    config = routes.split("\nreceivers:")[0].replace("group_wait: 30s", "group_wait: 1s").replace("group_interval: 5m", "group_interval: 5s")
    return [
        named("Secret", "v1", "alertmanager", stringData={"alertmanager.yaml": f"{config}\nreceivers:{receivers}\n"}),
        named("Alertmanager", "monitoring.coreos.com/v1", "drill", spec={
            "image": image("ALERTMANAGER"), "version": version("ALERTMANAGER"), "imagePullPolicy": "IfNotPresent", "replicas": 1,
            "configSecret": "alertmanager", "resources": MEMORY}),
        named("Prometheus", "monitoring.coreos.com/v1", "drill", spec={
            "image": image("PROMETHEUS"), "version": version("PROMETHEUS"), "imagePullPolicy": "IfNotPresent", "replicas": 1,
            "serviceAccountName": "prometheus", "resources": MEMORY, "evaluationInterval": "2s", "scrapeInterval": "2s", "scrapeTimeout": "2s",
            "enableFeatures": ["exemplar-storage"], "exemplars": {"maxSize": 100000},
            **{f"{kind}{scope}": {} for kind in ("serviceMonitor", "podMonitor", "rule") for scope in ("Selector", "NamespaceSelector")},
            "alerting": {"alertmanagers": [{"namespace": NAMESPACE, "name": "alertmanager-operated", "port": "web"}]}}),
    ]


def program(name, ports, arguments, mounts=()):
    """One pod and its Service."""
    labels = {"app": name}
    container = {"name": name, "image": image(name.upper()), "imagePullPolicy": "IfNotPresent", "args": arguments, "resources": MEMORY,
                 "readinessProbe": {"tcpSocket": {"port": ports[0]}, "periodSeconds": 1},
                 "volumeMounts": [{"name": mount, "mountPath": f"/etc/{mount}"} for mount in mounts]}
    volumes = [{"name": mount, "configMap": {"name": mount}} for mount in mounts]
    return [
        named("Deployment", "apps/v1", name, spec={"replicas": 1, "selector": {"matchLabels": labels}, "template": {
            "metadata": {"labels": labels}, "spec": {"containers": [container], "volumes": volumes}}}),
        named("Service", "v1", name, spec={"selector": labels, "ports": [{"name": f"port-{port}", "port": port} for port in ports]}),
    ]


def traces():
    """The collector, and where it sends what it gets."""
    return [
        named("ConfigMap", "v1", "collector", data={"config.yaml": COLLECTOR}),
        *program("collector", [4318, 4317], ["--config=/etc/collector/config.yaml"], ["collector"]),
        *program("jaeger", [16686, 4317], []),
    ]


def start(routes, webhook):
    """All of it, ready; `routes` is a configuration of Alertmanager whose receivers are replaced."""
    types = ("prometheuses", "alertmanagers", "servicemonitors", "prometheusrules")
    cluster.command(["kubectl", "get", "crd", *(f"{kind}.monitoring.coreos.com" for kind in types)])
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}}
    objects = {"apiVersion": "v1", "kind": "List", "items": [namespace, *rights(), *traces(), *judges(routes, webhook)]}
    cluster.command(["kubectl", "apply", "--filename", "-"], stdin=json.dumps(objects))
    for kind in ("deployment/collector", "deployment/jaeger", "statefulset/alertmanager-drill", "statefulset/prometheus-drill"):
        here = ["kubectl", "--namespace", NAMESPACE]
        cluster.await_that(lambda: cluster.command([*here, "get", kind, "--output", "name"]), f"the operator makes {kind}", 60)  # noqa: B023, asked at once
        cluster.command([*here, "rollout", "status", kind, "--timeout=180s"], timeout=190)


def stop():
    """Removes all of it."""
    cluster.command(["kubectl", "delete", "namespace", NAMESPACE, "--ignore-not-found", "--wait=false"])
    cluster.command(["kubectl", "delete", "clusterrole,clusterrolebinding", NAMESPACE, "--ignore-not-found"])


def prometheus(forward):
    """What asks the Prometheus."""
    return Prometheus(forward(NAMESPACE, "service/prometheus-operated", 9090))
