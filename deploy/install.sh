#!/usr/bin/env bash
# Makes .venv from requirements.lock, with every package checked against its hash.
# Quick when nothing has changed. With "--with-browser" Chromium is made sure of too (the tests need it).
# What is missing is installed where this runs as root on a Debian; otherwise one sentence says what to do.
set -euo pipefail
cd "$(dirname "$0")/.."

readonly VENV=.venv
readonly STAMP=$VENV/installed-from
readonly LOG=var/install.log
mkdir -p var

fail() {
  printf 'make install: %s\n' "$*" >&2
  exit 1
}

can_use_apt() { [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; }

# system_package PACKAGE... : installs Debian packages, or says in one sentence that somebody has to.
system_package() {
  can_use_apt || fail "the system package '$1' is missing; install it as root (apt-get install $*), then try again."
  printf 'Installing the system package %s …\n' "$*"
  { apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends "$@"; } \
    </dev/null >"$LOG" 2>&1 ||
    fail "the system package '$1' could not be installed (no network?); apt-get's own words are in $LOG."
}

suits() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }

find_python() {
  local candidate
  for candidate in ${PYTHON:-python3 python3.14 python3.13 python3.12 python3.11}; do
    if command -v "$candidate" >/dev/null && suits "$candidate"; then
      command -v "$candidate"
      return
    fi
  done
  return 1
}

make_venv() {
  local python
  if ! python=$(find_python); then
    [ -z "${PYTHON:-}" ] || fail "PYTHON=$PYTHON is no Python 3.11 or newer."
    if command -v python3 >/dev/null; then
      fail "Python 3.11 or newer is needed, but python3 is $(python3 -V 2>&1 | cut -d' ' -f2); name a newer one with PYTHON=…"
    fi
    system_package python3 python3-venv
    python=$(find_python) || fail "Python 3.11 or newer is needed, and this system's packages have none."
  fi
  "$python" -c 'import ensurepip, venv' 2>/dev/null || system_package python3-venv
  rm -rf "$VENV"
  "$python" -m venv "$VENV" >"$LOG" 2>&1 || fail "the virtual environment could not be made; see $LOG."
}

install_packages() {
  printf 'Installing the packages of requirements.lock into %s …\n' "$VENV"
  "$VENV/bin/python" -m pip install --disable-pip-version-check --no-input --retries 2 \
    --require-hashes --requirement requirements.lock </dev/null >"$LOG" 2>&1 && return
  if grep -qE 'THESE PACKAGES DO NOT MATCH THE HASHES' "$LOG"; then
    fail "a downloaded package does not have the hash that requirements.lock tells, so nothing of it was used; see $LOG."
  fi
  if grep -qE 'Temporary failure in name resolution|NewConnectionError|ConnectTimeout|Network is unreachable|Max retries|Could not find a version' "$LOG"; then
    fail "the packages could not be downloaded: no network, or no package index can be reached; pip's own words are in $LOG."
  fi
  fail "pip could not install requirements.lock; its own words are in $LOG."
}

# The stamp is written last and holds the lock's hash: an install that was broken off is taken up again.
wanted=$(sha256sum requirements.lock | cut -d' ' -f1)
exec 9>var/install.lock
flock 9
if [ "$(cat "$STAMP" 2>/dev/null)" != "$wanted" ] || ! "$VENV/bin/python" -c 'import django' 2>/dev/null; then
  "$VENV/bin/python" -c 'import pip' 2>/dev/null && suits "$VENV/bin/python" || make_venv
  install_packages
  printf '%s\n' "$wanted" >"$STAMP"
fi

if [ -n "$(find bxapp/locale -name '*.po' 2>/dev/null | head -n 1)" ]; then
  "$VENV/bin/pybabel" --quiet compile --directory bxapp/locale --domain django >"$LOG" 2>&1 ||
    fail "the translations could not be compiled; see $LOG."
fi

if [ "${1:-}" = --with-browser ] && ! command -v chromium >/dev/null; then
  system_package chromium
fi
