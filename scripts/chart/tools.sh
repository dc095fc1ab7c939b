# Finds or makes what the chart's scripts need: `$helm` and `$python`. To be sourced from the repository's root.
. scripts/tools.sh

if [ -z "${helm:=$(command -v helm || true)}" ]; then
  helm=$tools/helm
  if [ ! -x "$helm" ]; then
    command -v go >/dev/null || missing "there is no helm; install it from https://helm.sh, or go from https://go.dev"
    echo "Installing helm into target/tools"
    GOBIN=$tools GOFLAGS=-mod=mod go install helm.sh/helm/v3/cmd/helm@v3.22.0 || missing "helm cannot be built with go"
  fi
fi

python_with scripts/chart/requirements.txt python
export HELM=$helm
