# The commands of this project. `make demo` and `make test` work in a clean clone; both install first.

.DEFAULT_GOAL := help
.PHONY: help install lock demo test bench bench-screen break mutations screenshots format messages

help:
	@echo "make demo         start everything with a portal in a box, and say what to open"
	@echo "make test         check everything"
	@echo "make bench        measure beside the peers (LOADS=… ROUNDS=… PEERS=… BENCH=--sqlite; docs/performance.md)"
	@echo "make bench-screen measure the administrator's screen with 50,000 running workflows, in Chromium too"
	@echo "make break        break everything on purpose (RUNS=20 SEED=1 LANES=1 BREAK=…; docs/breaking.md)"
	@echo "make mutations    show that make break notices a spoilt engine"
	@echo "make install      make .venv from requirements.lock"
	@echo "make lock         renew requirements.lock from pyproject.toml"
	@echo "make format       format the Python code"
	@echo "make messages     bring the catalogs of translations up to date (LANGUAGES="ru pl"; docs/translating.md)"
	@echo "make screenshots  take the pictures of docs/screens.md anew"

install:
	@deploy/install.sh

# exec: signals of Ctrl-C and of a supervisor reach the demo itself.
demo: install
	@exec .venv/bin/python -m deploy.demo --end-with-parent

# Most of the time a test waits (for leases, pauses, a slow portal): three at once keep two cores busy.
test: JOBS ?= 3
test:
	@deploy/install.sh --with-browser
	@exec .venv/bin/python -m pytest --numprocesses $(JOBS) --dist loadfile --no-loadscope-reorder $(TESTS)

# Needs PostgreSQL (DATABASE_URL names another than the machine's own) and redis-server, or BENCH=--sqlite.
bench: install
	@exec .venv/bin/python -m tests.bench $(if $(LOADS),--loads $(LOADS)) $(if $(PEERS),--peers $(PEERS)) \
		$(if $(ROUNDS),--rounds $(ROUNDS)) $(BENCH)

bench-screen:
	@deploy/install.sh --with-browser
	@exec .venv/bin/python -m tests.bench --loads screen,screen-larger,painting $(BENCH)

# With DATABASE_URL on PostgreSQL: on databases of their own there, and Redis servers of their own.
break: install
	@exec .venv/bin/python -m tests.breaking --runs $(or $(RUNS),20) --seed $(or $(SEED),1) \
		--lanes $(or $(LANES),1) $(BREAK)

mutations: install
	@exec .venv/bin/python -m tests.breaking.mutations $(MUTATIONS)

screenshots:
	@deploy/install.sh --with-browser
	@mkdir -p docs/screens
	@FLOWSTOP_SCREENSHOTS=docs/screens exec .venv/bin/python -m pytest --numprocesses 2 --dist loadfile \
		tests/stories/test_cleaning_up.py tests/stories/test_ways_of_working.py

lock: install
	@deploy/lock.sh

format:
	@.venv/bin/ruff format . && .venv/bin/ruff check --fix .

# Compiled at once, as every install does.
messages: install
	@.venv/bin/python -m deploy.messages $(LANGUAGES)
	@.venv/bin/pybabel --quiet compile --directory bxapp/locale --domain django
