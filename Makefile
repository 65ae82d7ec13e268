# Two commands do everything from a fresh clone: `make demo` and `make test`.
PYTHON ?= python3
BIN := .venv/bin
NOTEBOOKS ?= notebooks/*.ipynb
# More threads than free cores make small decodes many times slower.
export OMP_NUM_THREADS ?= 1

.PHONY: demo lab test lint pytest notebook pictures js browser soak install-check build benchmarks fluidsynth clean

demo: .venv/demo
	$(BIN)/python notebooks/demo.py

lab: .venv/demo
	$(BIN)/jupyter lab notebooks/*.ipynb

test: .venv/dev node_modules/.package-lock.json /usr/bin/chromium fluidsynth
	$(MAKE) lint js pytest notebook browser install-check

lint: .venv/dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

js: node_modules/.package-lock.json
	npm run check
	npm test
	npm run build
	git diff --exit-code --stat -- mvae_widgets/static

pytest: .venv/dev
	$(BIN)/pytest -m "not browser and not install" -n 2 --dist loadfile

notebook: .venv/dev
	$(BIN)/pytest --nbmake --nbmake-timeout=300 -p no:warnings notebooks/*.ipynb

# Run all notebooks and keep what they show, as a code host shows them; after new weights, say.
pictures: .venv/dev
	$(BIN)/jupyter nbconvert --to notebook --inplace --execute --ExecutePreprocessor.record_timing=False \
	  --NotebookExporter.preprocessors=mvae_widgets.export.html.StaticPicturePreprocessor \
	  --StaticPicturePreprocessor.enabled=True $(NOTEBOOKS)

# Sound is recorded as it plays, which a hiccup of the machine can spoil: what failed is asked once more, alone.
browser: .venv/dev /usr/bin/chromium
	$(BIN)/pytest -m browser || $(BIN)/pytest -m browser --last-failed --last-failed-no-failures none

# Ten minutes of the random gestures of which tests/browser/test_soak.py makes a minute; SOAK_SEED=2 makes others.
soak: .venv/dev /usr/bin/chromium
	SOAK_ROUNDS=60 $(BIN)/pytest tests/browser/test_soak.py -s

install-check: .venv/dev
	$(BIN)/pytest -m install

build: .venv/dev node_modules/.package-lock.json
	npm run build
	$(BIN)/python -m build

benchmarks: .venv/dev
	$(BIN)/python benchmarks/decode.py

clean:
	rm -rf .venv node_modules out dist

# torch first and by exact version: where only a CPU wheel lies at hand, the version finds it.
.venv/demo: pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet -c constraints.txt "$$(grep '^torch==' constraints.txt)"
	$(BIN)/python -m pip install --quiet -c constraints.txt -e ".[lab]"
	touch $@

.venv/dev: .venv/demo
	$(BIN)/python -m pip install --quiet -c constraints.txt -e ".[dev]"
	touch $@

node_modules/.package-lock.json: package-lock.json
	npm ci --no-audit --no-fund

# Better sound for to_wav; without it the tests of FluidSynth are skipped and our own synthesiser plays.
fluidsynth:
	@ldconfig -p | grep -q libfluidsynth || (apt-get update -qq && apt-get install -y -qq libfluidsynth3) \
		|| echo "libfluidsynth could not be installed; going on without it."

/usr/bin/chromium:
	@echo "Chromium is missing; installing it with apt."
	(apt-get update -qq && apt-get install -y -qq chromium fonts-noto-cjk) \
		|| echo "Chromium could not be installed; the browser tests will be skipped."
