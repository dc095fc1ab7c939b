# What the scripts need beside the toolchain is found, or made in target/tools. To be sourced from the repository's root.

tools=$PWD/target/tools
mkdir -p "$tools"

# What cannot be had ends the script: as a failure under CI=true, and visibly skipped elsewhere.
missing() {
  if [ "${CI:-}" = true ]; then
    echo "FAILED ${0##*/}: $1; with CI=true nothing may be skipped" >&2
    exit 1
  fi
  echo "SKIPPED ${0##*/}: $1" >&2
  exit 0
}

# python_with REQUIREMENTS NAME: `$python` has what the file lists, in an environment of that name.
python_with() {
  local environment=$tools/$2
  python=$environment/bin/python
  if ! cmp -s "$1" "$environment/requirements.txt"; then
    echo "Installing what $1 lists into target/tools"
    { python3 -m venv --clear "$environment" && "$environment/bin/pip" install --quiet --requirement "$1"; } ||
      missing "python3 with venv, or its packages, cannot be had"
    cp "$1" "$environment/requirements.txt"
  fi
}

# node_with PACKAGE.JSON NAME: the folder `$node` has what the file lists.
node_with() {
  node=$tools/$2
  if ! cmp -s "$1" "$node/installed.json"; then
    echo "Installing what $1 lists into target/tools"
    command -v npm >/dev/null || missing "there is no npm; install Node.js 20 or newer"
    rm -rf "$node"
    mkdir -p "$node"
    cp "$1" "$node/package.json"
    npm install --prefix "$node" --ignore-scripts --no-audit --no-fund --loglevel error >/dev/null || missing "the packages of $1 cannot be had"
    cp "$1" "$node/installed.json"
  fi
}
