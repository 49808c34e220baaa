# Every target calls `plumbline` (or pytest) and holds no logic of its own: what a target does is told by `plumbline --help`.
# Options: NETWORK= HELIOS_NETWORK= IMAGES= REGISTRY_MIRROR= ALLOW_UNPINNED=1 PROFILE= TARGET= CLUSTER_NAME= NODES= REACH= KEEP=1 FRESH=1;
# PYTEST= adds arguments for pytest.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.NOTPARALLEL:
MAKEFLAGS += --no-print-directory

# Compiling the modules anew in each of hundreds of processes costs more than what many of these do.
unexport PYTHONDONTWRITEBYTECODE
export PATH := $(CURDIR)/.plumbline/venv/bin:$(CURDIR)/.plumbline/bin:$(PATH)
PLUMBLINE := python -m plumbline
OPTIONS = $(strip $(if $(NETWORK),--network $(NETWORK)) $(if $(HELIOS_NETWORK),--helios-network $(HELIOS_NETWORK)) \
  $(if $(IMAGES),--images $(IMAGES)) $(if $(PROFILE),--profile $(PROFILE)) $(if $(TARGET),--target $(TARGET)) \
  $(if $(REGISTRY_MIRROR),--registry-mirror $(REGISTRY_MIRROR)) $(if $(ALLOW_UNPINNED),--allow-unpinned) \
  $(if $(CLUSTER_NAME),--cluster-name $(CLUSTER_NAME)) $(if $(NODES),--nodes $(NODES)) $(if $(REACH),--reach $(REACH)) $(if $(KEEP),--keep) $(if $(FRESH),--fresh))

.PHONY: help
help: ## this list
	@awk -F ':.*## ' '/^##@/ { printf "\n%s\n", substr($$0, 5) } \
	  /^[a-z-]+:.*## / { printf "  make %-24s %s\n", $$1, $$2 }' Makefile

##@ Prove it
.PHONY: verify alerts drills test lint
verify: env ## bring the stack up, prove every control, alert and drill on it, write the report (installs what is missing)
	$(PLUMBLINE) engine ensure
	$(PLUMBLINE) doctor $(OPTIONS)
	pytest suites/local suites/alerts suites/dr $(OPTIONS) $(PYTEST)

alerts: env ## what alerts tell of, really caused: until it is delivered, and until its end is told
	$(PLUMBLINE) engine ensure
	pytest suites/alerts $(OPTIONS) $(PYTEST)

drills: env ## snapshots, and restore drills under traffic with measured RPO and RTO
	$(PLUMBLINE) engine ensure
	pytest suites/dr $(OPTIONS) $(PYTEST)

test: lint ## the harness's own tests and checks; needs no cluster
	@requirements/packages.sh
	$(PLUMBLINE) images tools helm kubeconform promtool tofu checkov csi-sanity kubeseal
	pytest tests -n auto $(PYTEST)
	pytest suites/prod

lint: env ## style, types, import rules
	ruff check --quiet .
	ruff format --check --quiet .
	mypy
	lint-imports --no-logo

##@ Prove more of it (every night: .github/workflows/nightly.yml)
.PHONY: existing total-loss verify-multi verify-pull gitops faults repetitions
existing: env ## a stack of others, judged by reading alone; and our own, judged by the harness in the cluster itself
	$(PLUMBLINE) engine ensure
	pytest suites/existing $(OPTIONS) $(PYTEST)

total-loss: env ## a cluster of its own is exported, deleted and rebuilt: it must serve the same chain
	$(PLUMBLINE) engine ensure
	pytest suites/dr -m total_loss $(OPTIONS) $(PYTEST)

verify-multi: env ## every local control on a control plane and two workers
	$(PLUMBLINE) engine ensure
	pytest suites/local --nodes multi $(OPTIONS) $(PYTEST)

verify-pull: env ## a stack from pulled images, and every way in which a pull can fail, against a registry on this machine
	$(PLUMBLINE) engine ensure
	pytest suites/local -m pull $(OPTIONS) $(PYTEST)

gitops: env ## promotion and drift by Argo CD itself, which is built for it, and what must turn that red
	$(PLUMBLINE) engine ensure
	pytest suites/gitops --stack-goal network-policy $(OPTIONS) $(PYTEST)

faults: env ## break the standing stack in every known way: the right control must go red
	$(PLUMBLINE) engine ensure
	pytest suites/faults -n 2 $(OPTIONS) $(PYTEST)

repetitions: env ## up and down ten times, then interrupted at any moment: all green, and nothing left behind
	$(PLUMBLINE) engine ensure
	$(PLUMBLINE) bench cycles $(OPTIONS)
	$(PLUMBLINE) bench interruptions $(OPTIONS)

##@ The stack by hand: each brings up what it needs, and changes nothing when run again
.PHONY: all-local cluster metallb-local ingress-local deploy-monitoring-local deploy-eth-local deploy-helios-local
all-local: env ## the whole local stack, then the summary
	$(PLUMBLINE) up $(OPTIONS)
	$(PLUMBLINE) summary $(OPTIONS)

cluster: env ## the KinD cluster, as local/kind-config.yaml says
	$(PLUMBLINE) up cluster $(OPTIONS)

metallb-local: env ## MetalLB, with an address pool from the engine's own network
	$(PLUMBLINE) up load-balancer $(OPTIONS)

ingress-local: env ## the ingress controller, behind MetalLB
	$(PLUMBLINE) up ingress $(OPTIONS)

deploy-monitoring-local: env ## Prometheus and Alertmanager, and what they watch
	$(PLUMBLINE) up monitoring $(OPTIONS)

deploy-eth-local: env ## the devnet's beacon node and the Geth nodes, reached by the ingress
	$(PLUMBLINE) up execution ingress $(OPTIONS)

deploy-helios-local: env ## the Helios light client
	$(PLUMBLINE) up light-client $(OPTIONS)

##@ Look at it, and take it down
.PHONY: summary query report destroy
summary: env ## hosts, addresses, the /etc/hosts line, where credentials are (SHOW_CREDENTIALS=1 prints the local ones)
	$(PLUMBLINE) summary $(OPTIONS) $(if $(SHOW_CREDENTIALS),--show-credentials)

query: env ## peers and a rising block number, asked through the ingress
	$(PLUMBLINE) query $(OPTIONS)

report: env ## the report of the last run: its summary, and its page in one file
	$(PLUMBLINE) report

destroy: env ## delete the cluster and all that belongs to it
	$(PLUMBLINE) down $(OPTIONS)

##@ What machines need
.PHONY: env doctor engine engine-stop images
env: ## the Python environment, from the locked requirements
	@requirements/env.sh

doctor: env ## check this machine, each finding with its fix
	$(PLUMBLINE) doctor $(OPTIONS)

engine: env ## a container engine: the running one, else a private one (needs root on Debian)
	$(PLUMBLINE) engine up

engine-stop: env ## stop the private engine; no other is touched
	$(PLUMBLINE) engine down

images: env ## build (or pull) every image and tool of the stack ahead of time
	$(PLUMBLINE) images build
