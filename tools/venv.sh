#!/bin/sh
# Make .venv with a Python of at least 3.11 and what requirements/$1.txt locks. Called by make.
set -eu
venv=.venv
lock=requirements/$1.txt

fail() {
    echo "twin: $1" >&2
    exit 1
}

find_python() {
    for name in ${PYTHON:-} python3 python3.14 python3.13 python3.12 python3.11; do
        if command -v "$name" >/dev/null 2>&1 &&
            "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            echo "$name"
            return
        fi
    done
    fail "no Python of at least 3.11 was found; install one, or name it: make PYTHON=/path/to/python3"
}

make_venv() {
    python=$(find_python)
    if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
        # Debian keeps pip for environments in a package of its own.
        package=$("$python" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')
        if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
            apt-get update -qq && apt-get install -y -qq --no-install-recommends "$package" >/dev/null ||
                fail "could not install $package"
        else
            fail "this Python has no ensurepip; install it (on Debian: apt-get install $package)"
        fi
    fi
    "$python" -m venv "$venv"
}

[ -x "$venv/bin/python" ] || make_venv
pip="$venv/bin/python -m pip --disable-pip-version-check"
if ! cmp -s "$lock" "$venv/.installed-$1"; then
    echo "Installing Python packages ($lock)"
    # wheels alone; demjson3, which a client of SensorThings in the tests needs, has none
    $pip install --quiet --require-hashes --only-binary :all: --no-binary demjson3 -r "$lock"
    $pip install --quiet --no-deps --no-build-isolation -e .
    cp "$lock" "$venv/.installed-$1"
fi
