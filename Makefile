# Everything runs in .venv, which is made on first use from requirements.lock. Nothing else on the machine is touched.
PYTHON ?= python3
python := .venv/bin/python
pip := $(python) -m pip --disable-pip-version-check
locked := $(pip) install --constraint requirements.lock --no-build-isolation

.DEFAULT_GOAL := help
.PHONY: book test check generate lab bench experiments record lock clean help

book: .venv/installed  ## build the book into _build/html: kernels generated, checked, every notebook executed
	$(python) book/build.py

test: .venv/installed  ## hold every kernel against its symbolic form (no GPU, browser or network; make test ARGS="-k softmax")
	$(python) -m pytest -n auto --dist loadfile -m "not gpu and not browser and not network and not torch" $(ARGS)

check: .venv/installed  ## lint, types, and whether the committed kernels are what the derivations emit
	$(python) -m ruff check
	$(python) -m mypy
	$(python) -m kdeviz.codegen --check

generate: .venv/installed  ## write the kernels anew from the derivations
	$(python) -m kdeviz.codegen

lab: .venv/with-lab  ## open the notebooks in JupyterLab
	$(python) -m jupyterlab

bench: .venv/installed  ## run the benchmarks, one after another: ratios in one run, medians
	set -e; for script in benchmarks/*.py; do echo "$$script"; $(python) $$script; done

experiments: .venv/installed  ## rerun the experiments (half an hour on two cores; interrupted, it goes on where it was)
	$(python) -m book.experiments

record: .venv/installed  ## record the Robocode battles anew (needs Java and Robocode)
	$(python) book/data/record.py

lock: .venv/installed  ## pin everything anew in requirements.lock
	$(pip) install --quiet uv
	.venv/bin/uv pip compile pyproject.toml --universal --python-version 3.11.2 --fork-strategy fewest --upgrade \
	  --extra book --extra dev --extra lab --extra figures --extra numba --extra cupy --extra nvcc \
	  --extra jax --extra dask --extra experiments \
	  --quiet --no-annotate --custom-compile-command "make lock" --output-file requirements.lock

clean:  ## remove what was built; the environment stays (remove it with: rm -r .venv)
	rm -rf _build dist .pytest_cache .ruff_cache .mypy_cache .hypothesis
	find . -name __pycache__ -not -path './.venv/*' -prune -exec rm -r {} +

help:  ## show this list
	@sed -n 's/^\([a-z]*\):.*##  *\(.*\)/make \1	\2/p' $(MAKEFILE_LIST) | expand -t 16

# The stamp is written last, so an interrupted install starts over; it is newer than the pins, or they are installed anew.
.venv/installed: pyproject.toml requirements.lock
	@$(PYTHON) .ci/check_python.py
	@$(python) -m pip --version >/dev/null 2>&1 || { echo "Making .venv"; $(PYTHON) -m venv --clear .venv; }
	$(pip) install --constraint requirements.lock pip hatchling
	$(locked) --editable '.[book,dev]'
	@touch $@

# Any further extra of pyproject.toml: make .venv/with-cupy
.venv/with-%: .venv/installed
	$(locked) --editable '.[$*]'
	@touch $@
