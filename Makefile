# The two commands: `make demo` and `make test`. Each sets up everything it needs by itself.

UV := $(shell command -v uv 2>/dev/null || echo .uv/bin/uv)
PYTHON3 ?= python3
RUN := .venv/bin/python -m
# the operating system's certificates, so that set-up works behind a company's proxy too
export UV_SYSTEM_CERTS ?= 1

.PHONY: demo test check setup clean

demo: .venv/.for-running
	@$(RUN) livevision demo

test: .venv/.for-testing
	@$(RUN) ruff check .
	@$(RUN) ruff format --check .
	@$(RUN) mypy
	@$(RUN) pytest

setup: .venv/.for-running

# what people need who use it ...
.venv/.for-running: uv.lock pyproject.toml | $(UV)
	@$(UV) sync --frozen --inexact --no-dev --extra reference --extra serve
	@$(RUN) livevision doctor --only packages --quiet
	@touch $@

# ... and what those need who work on it: TensorFlow for training, linters, pytest
.venv/.for-testing: uv.lock pyproject.toml | $(UV)
	@$(UV) sync --frozen --inexact --extra reference --extra serve --extra train
	@$(RUN) livevision doctor --only packages --quiet
	@touch $@ .venv/.for-running

.uv/bin/uv:
	@command -v $(PYTHON3) >/dev/null || { echo "livevision needs python3, with venv and pip. Debian, Ubuntu: sudo apt install python3-venv"; exit 1; }
	@$(PYTHON3) -m venv .uv || { echo "python3 has no venv. Debian, Ubuntu: sudo apt install python3-venv"; exit 1; }
	@.uv/bin/pip install --quiet --disable-pip-version-check "uv>=0.9"

clean:
	rm -rf .venv .uv demo.mp4
