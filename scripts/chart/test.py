"""All checks of the chart and the manifests, one line each."""
import os
import re
import subprocess
import sys
import time

import yaml

import behaviour
import policies
import readme
import rules
import schemas
from render import CHART, HELM, ROOT, VERSIONS, cases, helm, objects, template, text

UPDATE = os.environ.get("UPDATE_SNAPSHOTS") == "1"
SNAPSHOT = CHART / "tests/snapshot.yaml"


def lint():
    for case in [None, *cases()]:
        files = ["--values", case] if case else []
        outcome = helm("lint", "--strict", "--kube-version", "1.34", CHART, *files)
        if outcome.returncode:
            yield outcome.stdout + outcome.stderr


def every_supported_version_renders():
    outputs = {version: template(version=version) for version in VERSIONS}
    yield from (f"{version}: {outcome.stderr}" for version, outcome in outputs.items() if outcome.returncode)
    if not template(version="1.29").returncode:
        yield "1.29 is accepted, which is not supported"


def every_case_fits_the_schemas():
    for case in cases():
        yield from (f"{case.name}: {fault}" for each in objects(case) for fault in schemas.faults(each))


def every_case_keeps_the_policies():
    for case in cases():
        rendered = objects(case)
        for policy in policies.ALL:
            yield from (f"{case.name}: {policy.__name__}: {fault}" for fault in policy(rendered))


def the_default_render_is_the_snapshot():
    now = text()
    if UPDATE:
        SNAPSHOT.write_text(now)
    elif not SNAPSHOT.exists() or SNAPSHOT.read_text() != now:
        outcome = subprocess.run(["diff", "-u", SNAPSHOT, "-"], input=now, capture_output=True, text=True, check=False)
        yield f"the default render has changed; UPDATE_SNAPSHOTS=1 makes it the new one:\n{outcome.stdout[:4000]}"


def the_readme_says_what_the_values_say():
    if UPDATE:
        readme.PATH.write_text(readme.current())
    yield from readme.faults()


def the_manifests_are_the_charts():
    environment = {**os.environ, "HELM": HELM}
    outcome = subprocess.run([ROOT / "scripts/manifests", "--check"], capture_output=True, text=True, check=False, env=environment)
    if outcome.returncode:
        yield outcome.stdout + outcome.stderr


def the_manifests_fit_the_schemas():
    for path in sorted(ROOT.glob("manifests/**/*.yaml")):
        for each in yaml.safe_load_all(path.read_text()):
            if each and each.get("kind") not in (None, "Kustomization", "Component"):
                yield from (f"{path.relative_to(ROOT)}: {fault}" for fault in schemas.faults(each))


def kustomizations_name_files_that_exist():
    for path in sorted(ROOT.glob("manifests/**/kustomization.yaml")):
        each = yaml.safe_load(path.read_text())
        named = each.get("resources", []) + each.get("components", []) + [patch["path"] for patch in each.get("patches", []) if "path" in patch]
        yield from (f"{path.relative_to(ROOT)}: there is no {name}" for name in named if not (path.parent / name).exists())


def skaffold_names_what_exists():
    for each in yaml.safe_load_all((ROOT / "skaffold.yaml").read_text()):
        paths = [artifact["docker"]["dockerfile"] for artifact in each["build"]["artifacts"]]
        values = yaml.safe_load((CHART / "values.yaml").read_text())
        for release in each["deploy"]["helm"]["releases"]:
            paths += [release["chartPath"], *release.get("valuesFiles", [])]
            for name in release.get("setValueTemplates", {}):
                part, _, rest = name.partition(".")
                if rest.split(".")[-1] not in values.get(part, {}).get("image", {}):
                    yield f"skaffold.yaml sets {name}, which is no value"
        known = {artifact["image"].replace("-", "_") for artifact in each["build"]["artifacts"]}
        used = set(re.findall(r"IMAGE_\w+?_(errand\w*)", str(each["deploy"])))
        if used - known:
            yield f"skaffold.yaml uses images that it does not build: {sorted(used - known)}"
        yield from (f"skaffold.yaml: there is no {path}" for path in paths if not (ROOT / path).exists())


CHECKS = [
    lint, every_supported_version_renders, every_case_fits_the_schemas, every_case_keeps_the_policies, *behaviour.ALL,
    *rules.ALL, the_default_render_is_the_snapshot, the_readme_says_what_the_values_say, the_manifests_are_the_charts, the_manifests_fit_the_schemas,
    kustomizations_name_files_that_exist, skaffold_names_what_exists,
]


def main():
    failed = 0
    for check in CHECKS:
        begun = time.monotonic()
        faults = list(check())
        failed += bool(faults)
        print(f"{'FAILED' if faults else 'ok    '} {check.__name__.replace('_', ' ')} ({time.monotonic() - begun:.1f} s)", flush=True)
        for fault in faults:
            print(f"       {fault}")
    print(f"{len(CHECKS) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
