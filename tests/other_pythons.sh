#!/usr/bin/env bash
# Runs what does not need torch under other interpreters: tests/other_pythons.sh python3.12 python3.13
# (torch is left out because only the wheel of one Python version may be at hand.)
set -euo pipefail
cd "$(dirname "$0")/.."
tests="tests/music tests/render tests/export tests/widgets tests/latent/test_interpolate.py tests/test_colour.py tests/test_features.py tests/test_notebook.py"
for python in "$@"; do
  home=$(mktemp -d)
  trap 'rm -rf "$home"' EXIT
  "$python" -m venv "$home/venv"
  "$home/venv/bin/python" - > "$home/requirements.txt" <<'PY'
import tomllib
project = tomllib.load(open("pyproject.toml", "rb"))["project"]
wanted = project["dependencies"] + ["pytest", "hypothesis", "nbconvert", "ipykernel", "pyfluidsynth", "scipy"]
print("\n".join(r for r in wanted if not r.startswith("torch")))
PY
  "$home/venv/bin/python" -m pip install --quiet -r "$home/requirements.txt"
  "$home/venv/bin/python" -m pip install --quiet --no-deps .
  echo "== $("$python" --version)"
  # shellcheck disable=SC2086 - a list of paths
  "$home/venv/bin/python" -m pytest -q -p no:cacheprovider -m "not browser and not install" $tests
  rm -rf "$home"
done
