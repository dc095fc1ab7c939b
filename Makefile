# Everything that is done by hand goes through here; `make` alone lists it.
.DEFAULT_GOAL := help
SHELL := bash
.SHELLFLAGS := -euo pipefail -c

# dev or release: `make run PROFILE=release` builds for minutes and is several times as fast.
PROFILE ?= dev
export LISTEN ?= 127.0.0.1:8080
export ADMIN_LISTEN ?= 127.0.0.1:9090
export DATA_DIR ?= data

.PHONY: help run run-split test rules-test observability-test drill-observability observability lint verify api-test bench drill-abuse drill-overload drill-housekeeping profile images chart-test e2e manifests clean

help: ## list these targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  \033[1mmake %-11s\033[0m %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run run-split: export LOG_FORMAT ?= pretty
run run-split: export DRAIN_DELAY ?= 0s

run: ## build and start everything in one process, on SQLite in data/, at http://127.0.0.1:8080
	cargo run --locked --profile $(PROFILE) --package errand --bin errand -- serve

run-split: ## build and start auth, tasks and gateway as three processes on PostgreSQL
	PROFILE=$(PROFILE) scripts/run-split

test: ## run every test, on SQLite and on a throw-away PostgreSQL
	scripts/test

rules-test: ## check the rules for Prometheus, and that each alert fires where it has to, by promtool
	scripts/rules-test

observability-test: ## show on a real Prometheus that panels, exemplars and alerts have something to show
	cargo build --locked --package auth --package tasks --package gateway --package errand --bins
	bench/observability/run

drill-observability: ## show on the cluster of KUBECONFIG, with the Prometheus operator, that a fault is seen, told of and found (bench/observability/drill)
	cargo build --locked --package errand --bin errand
	bench/observability/drill

observability: ## write docs/metrics.md, runbooks, rules and dashboards from the catalogue and what stands in xtask
	cargo run --locked --quiet --package xtask -- write

lint: ## check formatting, clippy's advice, the size of files and functions, and that what is written from the code is as the code
	cargo fmt --all -- --check
	cargo clippy --workspace --all-targets --locked -- -D warnings
	scripts/lint-size
	scripts/lint-dockerfiles
	cargo run --locked --quiet --package xtask -- check

verify: lint test ## what has to pass before a push: lint, test, and the dependencies by cargo-deny
	scripts/deny

api-test: ## judge the served API by its document: spectral, generated clients, and CASES (600) of schemathesis
	scripts/api-test $(CASES)

bench: ## measure throughput, latency, start, memory and size of release builds
	scripts/bench

drill-abuse: ## show that nobody's use hurts another's: ATTACKS (all) for SECONDS (60) each, beside the load of others
	cargo build --locked --release --package auth --package tasks --package gateway --bins
	bench/abuse/run $(if $(ATTACKS),--only $(ATTACKS)) $(if $(SECONDS),--seconds $(SECONDS))

drill-overload: ## show that who is asked for more than can be done does what can be done: SECONDS (10) for each load
	cargo build --locked --release --package auth --package tasks --package gateway --package arrivals --bins
	bench/overload/run $(if $(SECONDS),--seconds $(SECONDS))

drill-housekeeping: ## show that what is too old goes as fast as 1,000 writes/s for an hour bring it: SECONDS (900)
	cargo build --locked --release --package auth --package tasks --package gateway --package arrivals --bins
	bench/housekeeping/run $(if $(SECONDS),--seconds $(SECONDS))

profile: ## train the profile by which `make bench` and `make images` build, if it is there: a fifth to a third less CPU a request
	scripts/profile

images: ## build the four container images with docker (or DOCKER=podman)
	scripts/images

chart-test: ## check the Helm chart, the manifests and skaffold.yaml without a cluster; UPDATE_SNAPSHOTS=1 accepts what changed
	scripts/chart-test

e2e: ## install the chart on the cluster of KUBECONFIG and upgrade, restart, scale, break and uninstall it (see e2e/run.py)
	python3 e2e/run.py $(STEPS)

manifests: ## render manifests/base from the chart
	scripts/manifests

clean: ## remove what was built and the data of `make run`
	cargo clean
	rm -rf "$(DATA_DIR)"
