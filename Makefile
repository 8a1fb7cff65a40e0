# The one door to Liandan's tools. `make` alone lists what there is.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

# Every binary is static: SQLite is pure Go here, so nothing needs a C compiler. Only the race detector does.
export CGO_ENABLED := 0

# Where goroutines meet: the commit groups, the database, the intake.
RACE_PKGS := ./internal/record/... ./internal/store/... ./internal/httpapi/...
# Of these packages, the tests in which one goroutine asks one database after the other: plans of queries, triggers, old
# schemas. The detector has nothing to find there; `make test` runs them all the same. TestRaceSkips says so where one of
# them starts a goroutine, or is no more.
RACE_SKIP := TestEvidenceRefusesChange|TestListsWalkTheirIndex|TestFindingsWalkTheirIndex|TestSearchesWalkAnIndex|TestImportsOnlyGrow|TestFindOrganisations|TestSampleListsRefuseChanges|TestNoSecretOfAccountsAtRest|TestAccountsMigrationGoesDown|TestKeysFromBeforeHistories
# Tests that `make test` leaves to their own targets, and lint must see all the same.
TAGS := jdk,soak
BENCH_PKGS ?= ./...
BENCH ?= .
FUZZTIME ?= 5s
SOAK ?= 10m
DEMO ?= data/demo
SHOTS ?= data/shots

TOOLS := $(CURDIR)/internal/tools/go.mod

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# The verifier for the browser is built into the server, and never committed; a server built without it says so.
.PHONY: wasm
wasm: ## build liandan-verify for the browser into internal/web/wasm, from where the server embeds it
	@.ci/wasm.sh

.PHONY: build
build: wasm ## build bin/liandan and bin/liandan-verify, static
	@mkdir -p bin
	go build -trimpath -o bin/liandan ./cmd/liandan
	go build -trimpath -o bin/liandan-verify ./cmd/liandan-verify

.PHONY: run
run: build ## build, play a small city's day on an embedded SQLite file, and keep serving it
	@exec bin/liandan demo --data $(DEMO)

.PHONY: test
test: wasm ## all tests but the two below, on SQLite and a private PostgreSQL; installs what is missing (Debian, Ubuntu)
	@.ci/setup.sh database browser barcode papers node
	@LIANDAN_WASM=built .ci/postgres.sh run -- .ci/modules.sh code go test -count=1 ./...

# What a person sees, for a person to look at: the same tests, which keep pictures where they are told to.
.PHONY: shots
shots: wasm ## pictures of every page on a phone and at a desk, as the tests of the pages go through them (SHOTS=data/shots)
	@.ci/setup.sh browser barcode
	@mkdir -p $(SHOTS)
	@cd internal/contract && LIANDAN_WASM=built LIANDAN_SHOTS=$(abspath $(SHOTS)) go test -count=1 -run 'Browser|Phone|Tablet|Camera|InBothLanguages' .

.PHONY: test-race
test-race: ## the tests of the concurrent packages under the race detector (but RACE_SKIP)
	@.ci/setup.sh database race
	CGO_ENABLED=1 .ci/postgres.sh run -- go test -count=1 -race -skip '^($(RACE_SKIP))$$' $(RACE_PKGS)

.PHONY: test-jdk
test-jdk: ## the integrator's Java client against the real server; installs a JDK where there is none
	@.ci/setup.sh node jdk
	go test -count=1 -tags jdk ./internal/clients/...

.PHONY: lint format vet staticcheck
lint: format vet staticcheck ## gofmt, go vet and staticcheck, in all modules
format:
	@files=$$(gofmt -l .); if [ -n "$$files" ]; then printf 'gofmt would change:\n%s\n' "$$files" >&2; exit 1; fi
vet:
	@.ci/modules.sh code go vet -tags=$(TAGS) ./...
staticcheck:
	@.ci/modules.sh code go tool -modfile=$(TOOLS) staticcheck -tags=$(TAGS) ./...

.PHONY: generate
generate: ## write the generated code anew (go generate, with the tools of internal/tools)
	@.ci/modules.sh code go generate ./...

.PHONY: assets
assets: ## fetch the pages' library files from npm as internal/web/vendor.tsv pins them (they are committed)
	@.ci/setup.sh node
	@.ci/assets.sh

.PHONY: font
font: ## make the font of printed papers anew (it is committed)
	@.ci/setup.sh node
	@.ci/font.sh

.PHONY: tidy-check
tidy-check: ## say which go.mod or go.sum is not tidy
	@.ci/modules.sh all go mod tidy -diff

.PHONY: bench
bench: build ## the product's figures as ratios against the machine's own limits; run it on an idle machine (FIGURES=2000000: of indicators over so many events)
	@.ci/setup.sh database
	@go run ./internal/bench -binary bin/liandan -figures $(or $(FIGURES),400000)

.PHONY: bench-go
bench-go: ## Go's own benchmarks of single packages (BENCH_PKGS=, BENCH=)
	@.ci/postgres.sh run -- go test -count=1 -run='^$$' -bench='$(BENCH)' -benchmem -timeout=0 $(BENCH_PKGS)

.PHONY: soak
soak: ## long runs under load and kill -9 (SOAK=10m each)
	@.ci/setup.sh database
	@.ci/postgres.sh run -- .ci/tests-named.sh soak $(SOAK)

.PHONY: fuzz
fuzz: ## every fuzz target for a few seconds (FUZZTIME=5s each)
	@.ci/tests-named.sh fuzz $(FUZZTIME)

# It asks the vulnerability database of the Go project (vuln.go.dev) over the network. By hand it must be reached; CI, which
# may have no way there, says that the check was not made. See .ci/vuln.sh for a mirror.
.PHONY: vuln
vuln: ## known vulnerabilities in what we call (LIANDAN_VULN=if-reachable, LIANDAN_VULN_DB=file:///DIR)
	@.ci/vuln.sh
