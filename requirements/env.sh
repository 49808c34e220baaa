#!/usr/bin/env bash
# Make the virtual environment of the harness, or leave it alone when nothing that decides its content has changed.
# PYTHON names an interpreter to use; PLUMBLINE_VENV another place for the environment.
set -euo pipefail
cd "$(dirname "$0")/.."
venv=${PLUMBLINE_VENV:-.plumbline/venv}
oldest="3.12"

# Whether a command is a Python that is new enough and can make environments. Being on PATH proves nothing: pyenv's shims are.
fits() {
    "$1" -c "import sys, venv, ensurepip; sys.exit(sys.version_info < tuple(map(int, '$oldest'.split('.'))))" 2>/dev/null
}

find_python() {
    local candidate pyenv=${PYENV_ROOT:-$HOME/.pyenv}/versions
    for candidate in ${PYTHON:-python3.13 python3.12 python3 "$pyenv"/3.13*/bin/python3 "$pyenv"/3.12*/bin/python3}; do
        if fits "$candidate"; then
            echo "$candidate"
            return
        fi
    done
    cat >&2 <<TEXT
plumbline: no Python $oldest or newer that can make virtual environments was found${PYTHON:+ (PYTHON=$PYTHON)}; here is $(python3 --version 2>/dev/null || echo none).
  Debian 13, Ubuntu 24.04 or newer:  apt-get install python3 python3-venv
  pyenv:                             pyenv install 3.13
  anything else:                     make ... PYTHON=/path/to/python3
TEXT
    exit 3
}

mkdir -p "$(dirname "$venv")"
if command -v flock >/dev/null; then # two commands at once make one environment
    exec 9>"$venv.lock"
    flock 9
fi
wanted=$(cat requirements/harness.txt pyproject.toml requirements/env.sh | sha256sum | cut -d' ' -f1)
if [ "$(cat "$venv/.made-from" 2>/dev/null)" = "$wanted" ] && "$venv/bin/python" -c '' 2>/dev/null; then
    exit 0
fi
python=$(find_python)
echo "plumbline: making $venv with $("$python" --version) from requirements/harness.txt" >&2
"$python" -m venv --clear "$venv"
pip=("$venv/bin/python" -m pip --disable-pip-version-check --quiet)
# The lock is complete, so nothing is resolved; pip check would say if it were not.
# Byte code is made when a module is first used: most never are.
"${pip[@]}" install --no-compile --require-hashes --no-deps --requirement requirements/harness.txt
"${pip[@]}" check
PYTHONWARNINGS=ignore "${pip[@]}" install --no-deps --no-build-isolation --editable .
echo "$wanted" >"$venv/.made-from"
