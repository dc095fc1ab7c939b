"""Runs helm and reads what it renders."""
import os
import subprocess
import tempfile
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
CHART = ROOT / "helm/errand"
VERSIONS = [f"1.{minor}" for minor in range(30, 38)]
HELM = os.environ.get("HELM", "helm")


def helm(*arguments):
    return subprocess.run([HELM, *map(str, arguments)], capture_output=True, text=True, check=False)


def template(*files, values=None, version="1.34", hooks=True):
    """The process that renders the chart with these files and then these values."""
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as own:
        yaml.safe_dump(values or {}, own)
        own.flush()
        flags = [flag for file in [*files, own.name] for flag in ("--values", file)]
        hooked = [] if hooks else ["--no-hooks"]
        return helm("template", "errand", CHART, "--namespace", "errand", "--kube-version", version, *hooked, *flags)


def text(*files, **options):
    """What is rendered, without trailing spaces; an error when helm refuses it."""
    outcome = template(*files, **options)
    if outcome.returncode:
        raise SystemExit(f"helm template with {[Path(file).name for file in files]} failed:\n{outcome.stderr}")
    lines = (line.rstrip() for line in outcome.stdout.splitlines())
    return "\n".join(line for line in lines if line) + "\n"


def objects(*files, **options):
    """The objects that are rendered."""
    return [each for each in yaml.safe_load_all(text(*files, **options)) if each]


def cases():
    """Every preset and every file of toggles."""
    return sorted([*CHART.glob("presets/*.yaml"), *CHART.glob("ci/*-values.yaml")])
