#!/usr/bin/env bash
# Builds the sdist and the wheel, and checks both on every supported Python, in
# fresh virtual environments: uses the wheel in an empty directory, runs the
# quick tests of the unpacked sdist, and executes its notebooks whole. Each
# Python takes about 3 GB of disk and a quarter of an hour.
#
#   tools/release.sh [DIRECTORY [PYTHON ...]]
#   tools/release.sh dist python3.11 python3.12 python3.13
set -euo pipefail

dist=$(mkdir -p "${1:-dist}" && cd "${1:-dist}" && pwd)
pythons=("${@:2}")
if ((${#pythons[@]} == 0)); then
  pythons=(python3.11 python3.12 python3.13)
fi
for python in "${pythons[@]}"; do
  "$python" --version
done
cd "$(dirname "$0")/.."
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

"${pythons[0]}" -m venv "$folder/build"
"$folder/build/bin/pip" install -q build
rm -f "$dist"/rethink_keras-*
"$folder/build/bin/python" -m build --outdir "$dist" .
wheel=$(echo "$dist"/rethink_keras-*.whl)
for python in "${pythons[@]}"; do
  "$python" -m venv "$folder/venv"
  "$folder/venv/bin/pip" install -q "$wheel"
  tools/try_wheel.sh "$folder/venv"
  "$folder/venv/bin/pip" install -q "${wheel}[test]"
  mkdir "$folder/sdist"
  tar -xzf "$dist"/rethink_keras-*.tar.gz -C "$folder/sdist"
  (
    cd "$folder"/sdist/*
    "$folder/venv/bin/pytest" -m quick
    "$folder/venv/bin/python" tools/notebooks.py
  )
  rm -rf "$folder/venv" "$folder/sdist"
  echo "$("$python" --version): the wheel and the tests of the sdist work"
done
if grep -q REPOSITORY_URL README.md setup.cfg examples/*.ipynb; then
  echo "before an upload, replace REPOSITORY_URL in README.md, setup.cfg and" \
    "examples/*.ipynb"
fi
