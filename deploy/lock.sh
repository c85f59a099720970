#!/usr/bin/env bash
# Renews requirements.lock: every package that any part of the project needs, for every Python from 3.11 on,
# with hashes and without the address of any package index.
set -euo pipefail
cd "$(dirname "$0")/.."

readonly UV_VENV=.venv/uv
if [ ! -x "$UV_VENV/bin/uv" ]; then
  .venv/bin/python -m venv "$UV_VENV"
  "$UV_VENV/bin/python" -m pip install --disable-pip-version-check --quiet uv
fi
"$UV_VENV/bin/uv" pip compile pyproject.toml --quiet --all-extras --generate-hashes --no-emit-index-url --universal \
  --python-version 3.11 --custom-compile-command "make lock" --output-file requirements.lock "$@"
