# The two commands: `make demo` and `make test`. Each sets up everything it needs by itself.
# For those who work on it: `make check`, `make coverage`, `make long`, `make docs`.

UV := $(shell command -v uv 2>/dev/null || echo .uv/bin/uv)
PYTHON3 ?= python3
RUN := .venv/bin/python -m
# the operating system's certificates, so that set-up works behind a company's proxy too
export UV_SYSTEM_CERTS ?= 1

.PHONY: demo test check coverage long docs setup clean

demo: .venv/.for-running
	@$(RUN) livevision demo

test: check
	@$(RUN) pytest -n auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder

check: .venv/.for-testing
	@$(RUN) ruff check .
	@$(RUN) ruff format --check .
	@case "$$(.venv/bin/python -c 'import numpy; print(numpy.__version__)')" in \
	  1.*) $(RUN) mypy ;; \
	  *) echo "mypy is left out: the types are those of NumPy 1.26, which is for Python 3.11 and 3.12" ;; \
	esac

# what the tests reach
coverage: .venv/.for-testing
	@$(RUN) pytest --cov --cov-report=term:skip-covered --cov-report=html

# kills, races, signals, fuzzing, soaks, browsers: an hour
long: .venv/.for-testing
	@$(RUN) pytest -m long

docs: .venv/.for-testing | $(UV)
	@$(UV) sync --frozen --inexact --group docs --extra reference --extra serve --extra mqtt --extra train
	@$(RUN) sphinx -q -W --keep-going docs site
	@echo "open site/index.html"

setup: .venv/.for-running

# Packages ask for these, and nothing that livevision does imports them (tests/test_package.py): 51 MB.
LEFT_OUT := markdown-it-py mdurl ml-dtypes networkx pygments sentencepiece sounddevice tzdata

# what people need who use it ...
.venv/.for-running: uv.lock pyproject.toml | $(UV)
	@$(UV) sync --frozen --inexact --no-dev --extra serve --extra mqtt $(LEFT_OUT:%=--no-install-package %)
	@$(RUN) livevision doctor --only packages --quiet
	@$(RUN) livevision models setup >/dev/null  # where MediaPipe has no wheel
	@touch $@

# ... and what those need who work on it: TensorFlow for training, linters, pytest
.venv/.for-testing: uv.lock pyproject.toml | $(UV)
	@$(UV) sync --frozen --inexact --compile-bytecode --extra reference --extra serve --extra mqtt --extra train
	@$(RUN) livevision doctor --only packages --quiet
	@$(RUN) livevision models setup >/dev/null  # where MediaPipe has no wheel
	@touch $@ .venv/.for-running

.uv/bin/uv:
	@command -v $(PYTHON3) >/dev/null || { echo "livevision needs python3, with venv and pip. Debian, Ubuntu: sudo apt install python3-venv"; exit 1; }
	@$(PYTHON3) -m venv .uv || { echo "python3 has no venv. Debian, Ubuntu: sudo apt install python3-venv"; exit 1; }
	@.uv/bin/pip install --quiet --disable-pip-version-check "uv>=0.9"

clean:
	rm -rf .venv .uv demo.mp4 site htmlcov
