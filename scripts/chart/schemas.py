"""Holds objects against the schemas of Kubernetes and of the custom resources' own modules."""
import functools
import json
import os
import shutil
import subprocess
import zipfile

import jsonschema
import kubernetes_validate
import yaml

from render import VERSIONS

# Where the definitions of custom resources are: a Go module, and the folder or file in it.
DEFINITIONS = {
    "sigs.k8s.io/gateway-api@v1.7.0": "config/crd/standard/",
    "github.com/prometheus-operator/prometheus-operator@v0.85.0": "example/prometheus-operator-crd/",
    "github.com/cert-manager/cert-manager@v1.21.2": "deploy/crds/",
    "github.com/kedacore/keda/v2@v2.21.0": "config/crd/bases/",
    "github.com/argoproj/argo-rollouts@v1.10.1": "manifests/crds/",
    "github.com/argoproj/argo-cd/v3@v3.6.1": "manifests/crds/",
    "github.com/fluxcd/flagger@v1.36.1": "artifacts/flagger/crd.yaml",
    "github.com/slok/sloth@v0.16.0": "pkg/kubernetes/gen/crd/",
    "github.com/external-secrets/external-secrets@v1.3.2": "config/crds/bases/",
}


# No schema of these is in a module that everyone can fetch.
UNSEEN = {"pyrra.dev/v1alpha1"}


class Loader(yaml.CSafeLoader):
    """Takes the text `=` for a text; YAML 1.1 has a meaning for it that nobody uses."""


Loader.add_constructor("tag:yaml.org,2002:value", lambda loader, node: loader.construct_scalar(node))


def faults(each):
    """What each version of Kubernetes says against an object, or the definition of its kind."""
    return of_text(json.dumps(each, sort_keys=True))


@functools.cache
def of_text(text):
    each = json.loads(text)
    name = f"{each['kind']} {each['metadata']['name']}"
    if custom(each):
        validator = definitions().get((each["apiVersion"], each["kind"]))
        if validator is None:
            return [] if not definitions() or each["apiVersion"] in UNSEEN else [f"{name}: no schema for {each['apiVersion']}"]
        return [f"{name}: {error.json_path}: {error.message[:200]}" for error in validator.iter_errors(each)]
    found = []
    for version in VERSIONS:
        try:
            kubernetes_validate.validate(each, version, strict=True)
        except (kubernetes_validate.ValidationError, kubernetes_validate.SchemaNotFoundError) as error:
            found.append(f"{name} on {version}: {getattr(error, 'message', error)}")
    return found


def custom(each):
    group = each["apiVersion"].rpartition("/")[0]
    return "." in group and not group.endswith(".k8s.io") or group == "gateway.networking.k8s.io"


@functools.cache
def definitions():
    """A validator for each custom kind; none where the modules cannot be fetched."""
    if not shutil.which("go"):
        return unavailable("there is no go to fetch their definitions with")
    validators = {}
    for module, folder in DEFINITIONS.items():
        archive = fetch(module)
        if archive is None:
            return unavailable(f"{module} cannot be fetched")
        with zipfile.ZipFile(archive) as files:
            for path in files.namelist():
                if path.startswith(f"{module}/{folder}") and path.endswith(".yaml"):
                    validators.update(read(files.read(path).decode()))
    return validators


def unavailable(reason):
    print(f"SKIPPED schemas of custom resources: {reason}")
    if os.environ.get("CI") == "true":
        raise SystemExit(1)
    return {}


def fetch(module):
    """The module's archive; it is not built, so that whatever Go it asks for is no matter."""
    command = ["go", "mod", "download", "-json", module]
    environment = {**os.environ, "GOTOOLCHAIN": "local", "GOFLAGS": "-mod=mod"}
    outcome = subprocess.run(command, capture_output=True, text=True, check=False, env=environment, cwd="/")
    return json.loads(outcome.stdout or "{}").get("Zip")


def read(text):
    for each in yaml.load_all(text, Loader):
        if not each or each.get("kind") != "CustomResourceDefinition":
            continue
        spec = each["spec"]
        for version in spec["versions"]:
            schema = closed(version["schema"]["openAPIV3Schema"])
            kind = (f"{spec['group']}/{version['name']}", spec["names"]["kind"])
            yield kind, jsonschema.Draft7Validator(schema)


def closed(schema):
    """The schema, refusing fields that it does not name."""
    if not isinstance(schema, dict):
        return schema
    schema = {key: value for key, value in schema.items() if key != "format"}
    if schema.get("x-kubernetes-int-or-string"):
        return {"type": ["integer", "string"]}
    for keyword in ("items", "additionalProperties"):
        if keyword in schema:
            schema[keyword] = closed(schema[keyword])
    if "properties" in schema:
        schema["properties"] = {name: closed(value) for name, value in schema["properties"].items()}
        if not schema.get("x-kubernetes-preserve-unknown-fields"):
            schema.setdefault("additionalProperties", False)
    if schema.get("nullable") and isinstance(schema.get("type"), str):
        schema["type"] = [schema["type"], "null"]
    return schema
