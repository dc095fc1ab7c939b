#!/usr/bin/env python3
"""Installs Errand on the cluster of KUBECONFIG and does to it what happens to a system in a year.

The images errand-auth, -tasks, -gateway and errand have to be where the cluster finds them, under the chart's tag and under NEXT_TAG.
Names of steps as arguments run those alone. NAMESPACE, RELEASE's values and INGRESS_ADDRESS can be set.
"""
import os
import subprocess
import sys
import time
import traceback

sys.dont_write_bytecode = True

import cluster
from scenarios import certificates, database, install, rollouts, scaling, settings

STEPS = {
    "install": install.installs_without_values,
    "session": install.serves_a_session,
    "helm-test": install.passes_its_own_tests,
    "small": install.is_small_and_quick,
    "scale": rollouts.scales_to_two_of_each,
    "upgrade": rollouts.upgrades_to_a_new_image,
    "rollback": rollouts.rolls_back,
    "restart": rollouts.restarts_each_service,
    "delete": rollouts.loses_a_pod_of_each,
    "settings": settings.take_effect_without_a_restart,
    "database": database.goes_away_and_comes_back,
    "autoscaling": scaling.scales_up_and_down,
    "certificates": certificates.are_asked_for_and_replaced,
    "uninstall": install.leaves_what_it_says,
}


def run(name):
    """Runs one step; whether it holds."""
    began = time.monotonic()
    try:
        said, held = STEPS[name](), True
    except (cluster.Failed, subprocess.TimeoutExpired) as error:
        said, held = str(error), False
    except Exception:
        said, held = traceback.format_exc(), False
    print(f"{'ok  ' if held else 'FAIL'} {name} ({time.monotonic() - began:.0f} s): {said}", flush=True)
    return held


def show_what_was_there():
    """For whoever looks into a failure."""
    for arguments in (["get", "pods", "-o", "wide"], ["get", "events", "--sort-by=.lastTimestamp"], ["logs", "-l", "app.kubernetes.io/part-of=errand", "--tail=15", "--prefix"]):
        done = subprocess.run(["kubectl", "--namespace", cluster.NAMESPACE, *arguments], capture_output=True, text=True)
        print("\n".join(done.stdout.splitlines()[-60:]), file=sys.stderr)


def main():
    chosen = sys.argv[1:] or list(STEPS)
    if unknown := [name for name in chosen if name not in STEPS]:
        sys.exit(f"no such step: {', '.join(unknown)}; there are {', '.join(STEPS)}")
    held, failed = 0, []
    for name in chosen:
        if run(name):
            held += 1
        else:
            failed.append(name)
            show_what_was_there()
            if name == "install":
                break
    print(f"{held} of {len(chosen)} steps hold" + (f"; not: {', '.join(failed)}" if failed else ""))
    print(f"{held} passed, {len(failed)} failed")
    sys.exit(bool(failed))


if __name__ == "__main__":
    main()
