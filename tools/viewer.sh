#!/bin/sh
# Build the viewer into viewer/static with the machine's Node (20 or later), else with the one from PyPI.
set -eu
stamp=viewer/static/.built
if [ -f "$stamp" ] && [ -z "$(find viewer/src viewer/*.html viewer/public viewer/package-lock.json viewer/*.ts -newer "$stamp" -type f 2>/dev/null | head -n 1)" ]; then
    exit 0
fi
if ! command -v node >/dev/null 2>&1 || ! node -e 'process.exit(parseInt(process.versions.node) < 20 ? 1 : 0)' ||
    ! command -v npm >/dev/null 2>&1; then
    echo "Installing Node.js (requirements/node.txt)"
    .venv/bin/python -m pip --disable-pip-version-check install --quiet --require-hashes --only-binary :all: \
        -r requirements/node.txt
    PATH="$PWD/.venv/bin:$PATH"
    export PATH
fi
echo "Building the viewer"
cd viewer
if ! cmp -s package-lock.json node_modules/.installed; then
    npm ci --no-audit --no-fund --loglevel=error
    cp package-lock.json node_modules/.installed
fi
npm run --silent build
touch static/.built
