# Finds or makes what the chart's scripts need: `$helm` and `$python`. To be sourced from the repository's root.
# What cannot be had ends the script: as a failure under CI=true, and visibly skipped elsewhere.

tools=$PWD/target/tools
mkdir -p "$tools"

missing() {
  echo "SKIPPED ${0##*/}: $1" >&2
  [ "${CI:-}" = true ] && exit 1
  exit 0
}

if [ -z "${helm:=$(command -v helm || true)}" ]; then
  helm=$tools/helm
  if [ ! -x "$helm" ]; then
    command -v go >/dev/null || missing "there is no helm; install it from https://helm.sh, or go from https://go.dev"
    echo "Installing helm into target/tools"
    GOBIN=$tools GOFLAGS=-mod=mod go install helm.sh/helm/v3/cmd/helm@v3.22.0 || missing "helm cannot be built with go"
  fi
fi

environment=$tools/python
requirements=scripts/chart/requirements.txt
if ! cmp -s "$requirements" "$environment/requirements.txt"; then
  echo "Installing what $requirements lists into target/tools"
  { python3 -m venv --clear "$environment" && "$environment/bin/pip" install --quiet --requirement "$requirements"; } ||
    missing "python3 with venv, or its packages, cannot be had"
  cp "$requirements" "$environment/requirements.txt"
fi
python=$environment/bin/python
export HELM=$helm
