# Run "make" alone for the list of targets. Everything below works from a fresh clone on Debian and Ubuntu.

SHELL       := /bin/bash
.SHELLFLAGS := -o pipefail -ec
MAKEFLAGS   += --no-builtin-rules --no-print-directory

PREFIX   ?= /usr/local
DESTDIR  ?=
FUZZTIME ?= 30s
ROUNDS   ?= 40
ECHO_ROUNDS  ?= 7
ECHO_SECONDS ?= 1
# Of which starting a load generator is a small part.
CLIENT_SECONDS ?= 3
FOR          ?= 18m
HOSTS        ?= 10000
SEED         ?= 1
EACH_SCENARIO ?= intercontinental

# The toolchain is looked for (and fetched, see hack/ensure-go.sh) when the first recipe needs it, not before.
dry_run := $(findstring n,$(filter-out --%,$(firstword $(MAKEFLAGS))))
GO      = $(or $(go_found),$(if $(dry_run),go,$(eval go_found := $(shell hack/ensure-go.sh))$(or $(go_found),$(error no Go toolchain))))
WITH_GO = PATH="$(dir $(GO)):$$PATH" GOTOOLCHAIN=local CGO_ENABLED=0
LINT    = $(WITH_GO) $(GO) tool -modfile=tools/go.mod golangci-lint

# The version is the tag, or the last release in debian/changelog and the commit after it.
VERSION ?= $(shell { git describe --tags --match 'v[0-9]*' --dirty 2>/dev/null | sed 's/^v//' | grep . ; } \
	|| { sed -n '1s/.*(\(.*\)).*/\1/p' debian/changelog 2>/dev/null | grep . || echo 0.0.0; } \
	| sed "s/$$/$$(git describe --always --dirty 2>/dev/null | sed 's/^/+g/')/")
# The tags leave out what prints the documentation of urfave/cli, and HTTP/2. They stand in debian/rules, hack/deb.sh,
# hack/sbom.sh and hack/copyright too.
COMMIT   = $(shell git log -1 --format='-X main.commit=%H -X main.committed=%cI' 2>/dev/null)
# Where a host without Go gets its first one from, if nothing else is set.
GOPROXY_OF_GO = $(or $(goproxy_found),$(if $(dry_run),,$(eval goproxy_found := $(shell $(WITH_GO) hack/go-proxy.sh))$(goproxy_found)))
BUILD    = $(WITH_GO) $(GO) build -tags urfave_cli_no_docs,nethttpomithttp2 -trimpath -buildvcs=false -ldflags '-s -w -X main.version=$(VERSION) -X main.goProxy=$(GOPROXY_OF_GO) $(COMMIT)'

SUMMARY  = bin/summary
# Packages whose tests need no root and no other program.
UNIT     = $(shell $(WITH_GO) $(GO) list -e ./... | grep -v /test/) \
	   ./test/architecture ./test/bench ./test/fixtures ./test/markdown ./test/schema ./test/summary

.DEFAULT_GOAL := help

.PHONY: help
help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' Makefile

##@ use

.PHONY: apply
apply: build ## tune this machine: build, then run "tcptune apply" (as root)
	@code=0; $$([ "$$(id -u)" = 0 ] || echo sudo) bin/tcptune apply || code=$$?; \
	if [ $$code = 4 ]; then \
		echo; echo "make apply: done, except for what is named above as refused, skipped or overridden on this host (exit status 4)"; \
	elif [ $$code != 0 ]; then exit $$code; fi

.PHONY: build
build: ## build bin/tcptune, static
	@for main in cmd/*/; do [ -e "$$main/main.go" ] || continue; \
		echo "go build $$main ($(VERSION))"; $(BUILD) -o "bin/$$(basename "$$main")" "./$$main"; done

.PHONY: install
install: build ## copy the programs, their manual and completions to DESTDIR and PREFIX (/usr/local)
	@for program in bin/tcptune bin/tcptune-server; do [ ! -e $$program ] || \
		install -D -m 0755 -t "$(DESTDIR)$(PREFIX)/bin" $$program; done
	@for program in tcptune tcptune-server; do \
		install -D -m 0644 docs/completion/$$program.bash "$(DESTDIR)$(PREFIX)/share/bash-completion/completions/$$program"; done
	@install -D -m 0644 -t "$(DESTDIR)$(PREFIX)/share/zsh/site-functions" docs/completion/_*
	@install -D -m 0644 -t "$(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d" docs/completion/*.fish
	@for page in docs/man/*.[0-9] docs/man/links/*.[0-9]; do install -D -m 0644 -t "$(DESTDIR)$(PREFIX)/share/man/man$${page##*.}" $$page; done

# Debian's name of the architecture that a package is for.
ARCH ?= $(shell dpkg --print-architecture)

.PHONY: deb
deb: deb-deps ## the packages, in bin/deb, without a network but for modules that are missing; ARCH=arm64 builds for the other
	@$(WITH_GO) hack/deb.sh -a $(ARCH) -V '$(VERSION)' bin/deb && ls -l bin/deb/*_$(ARCH).deb

.PHONY: prove-test
prove-test: ## what tcptune prove must show, with iperf3 over the same path: a quarter of an hour, as root
	@hack/apt-install.sh iperf3
	@$(WITH_GO) $(GO) test -count=1 -timeout 60m -v -exec "$(CURDIR)/hack/as-root.sh" ./prove -run Long -long

.PHONY: pages-test
pages-test: ## the HTML pages in a browser without a window: wide and narrow, dark and light; pictures in bin/pages
	@hack/apt-install.sh chromium fonts-dejavu-core
	@$(WITH_GO) $(GO) test -count=1 -timeout 10m -v ./test/pages

.PHONY: arm64-test
arm64-test: ## tests of what uses raw system calls and structs of the kernel, built for arm64, under qemu's user mode emulation
	@hack/apt-install.sh qemu-user-static
	@$(WITH_GO) $(GO) run ./hack/arm64

# Measured over a path that loses packets, which is where most keys can buy something.
.PHONY: prove-each
prove-each: build ## what each key of profile server bought, in docs/what-it-changes.md: FOR (18m), on a machine that does nothing else, as root
	@mkdir -p bin; hack/as-root.sh bin/tcptune prove --each --profile server --scenario $(EACH_SCENARIO) --for $(FOR) --json >bin/each.json || [ $$? = 4 ]
	@cp bin/each.json hack/changes/each.json
	@$(WITH_GO) $(GO) run ./hack/changes >bin/changes && mv bin/changes docs/what-it-changes.md

.PHONY: deb-deps
deb-deps:
	@hack/apt-install.sh debhelper dpkg-dev git jq xz-utils

.PHONY: apt-repo
apt-repo: ## an apt repository with the packages of bin/deb, in bin/apt-repo, signed with KEY (KEY=throw-away makes one)
	@hack/apt-repo.sh bin/deb bin/apt-repo $(KEY)

.PHONY: release
release: ## what is published, in bin/release: packages for both architectures, lists of modules, checksums; signed with KEY
	@rm -rf bin/deb
	@$(MAKE) deb
	@$(MAKE) deb ARCH=arm64
	@hack/release.sh bin/deb bin/release $(KEY)

.PHONY: publish
publish: ## the release of this tag at GitHub, with what is in bin/release (needs gh)
	@tag="v$$(dpkg-parsechangelog -S Version)"; \
	git describe --tags --exact-match --match "$$tag" >/dev/null || \
		{ echo "make publish: this commit has no tag $$tag, which is the version in debian/changelog" >&2; exit 1; }; \
	gh release create "$$tag" --verify-tag --title "$$tag" --notes "See CHANGELOG.md." bin/release/*

##@ check

.PHONY: test
test: export TCPTUNE_SOAK := $(or $(TCPTUNE_SOAK),30s)
test: test-deps lint test-go test-race ## what CI runs: install what the tests need, lint, run the tests, count them

.PHONY: test-deps
test-deps:
	@hack/apt-install.sh $$(grep -v '^#' test/apt-packages.txt) || echo "make test: going on without; what needs them will skip or fail" >&2
	@hack/apt-unpack.sh bin/fleet prometheus prometheus-node-exporter prometheus-alertmanager haproxy liblua5.3-0 libopentracing-c-wrapper0 libopentracing1 \
		libluajit2-5.1-2 libboost-program-options1.74.0 libsodium23 libsqlite3-0 pdns-backend-bind pdns-tools pdns-server || echo "make test: going on without; what needs them will skip" >&2

# One after the other: each wants both cores.
.PHONY: test-all
test-all: export PORTCHECK_FIGHTS = 1000
test-all: export FAULTS = all
test-all: export TCPTUNE_LONG = 1
test-all: export DIAGNOSE_RUNS = 200
test-all: export TCPTUNE_SOAK = 5m
test-all: export TCPTUNE_DIFFERENTIAL = 100000
test-all: ## everything: make test, changes under load (load-test), the packages (deb-test) and machines that reboot (vm-test); hours
	@hack/apt-install.sh ansible-lint || echo "make test-all: going on without; what needs it will skip" >&2
	@hack/apt-unpack.sh bin/fleet packer buildah golang-github-containers-common golang-github-containers-image libgpgme11 libassuan0 libdevmapper1.02.1 libseccomp2 libsubid4 || echo "make test-all: going on without; what needs it will skip" >&2
	@$(MAKE) test
	@$(MAKE) load-test
	@$(MAKE) prove-test
	@$(MAKE) arm64-test
	@$(MAKE) pages-test
	@$(MAKE) deb-test
	@$(MAKE) vm-test

# What lasts longest begins first, so that nothing is left to run alone. Three packages at a time: some wait more than they work.
# "make lint" has vetted the code.
LONG     = ./test/vm ./test/container ./test/faults ./test/toolchain

# Tests of the server run a second time, on goroutines alone, but for those that compare both.
OF_AN_ENGINE = -skip 'BothEngines|NothingLeaksUnderChurn'

.PHONY: test-go
test-go: build $(SUMMARY) ## the Go tests alone, those that need root as root (or through sudo -n)
	@{ $(WITH_GO) $(GO) test -json -count=1 -vet=off -p 3 -parallel 4 -timeout 60m -exec "$(CURDIR)/hack/as-root.sh" $(LONG) ./...; \
		TCPTUNE_TEST_ENGINE=goroutine $(WITH_GO) $(GO) test -json -count=1 -vet=off -timeout 10m $(OF_AN_ENGINE) ./server; } | $(SUMMARY)

.PHONY: test-race
test-race: $(SUMMARY) ## the tests of the server under the race detector, those of goroutines as well with TCPTUNE_LONG=1 (needs cc)
	@{ TCPTUNE_SOAK=2s $(WITH_GO) CGO_ENABLED=1 $(GO) test -race -json -count=1 -timeout 20m ./server/... ./cmd/tcptune-server; \
		[ -z "$$TCPTUNE_LONG" ] || \
		TCPTUNE_TEST_ENGINE=goroutine $(WITH_GO) CGO_ENABLED=1 $(GO) test -race -json -count=1 -timeout 20m $(OF_AN_ENGINE) ./server; } | $(SUMMARY)

.PHONY: test-unit
test-unit: $(SUMMARY) ## the tests that need neither root nor other programs: under a minute
	@$(WITH_GO) $(GO) test -json -short -vet=off -p 4 -parallel 8 -timeout 5m $(UNIT) | $(SUMMARY)

.PHONY: $(SUMMARY)
$(SUMMARY):
	@$(BUILD) -o $@ ./test/summary

.PHONY: lint
lint: ## golangci-lint and actionlint, built from tools/go.mod (the first time takes two minutes)
	@echo actionlint; $(WITH_GO) $(GO) tool -modfile=tools/go.mod actionlint .github/workflows/*.yml deploy/ci/github.yml deploy/github-actions/*.yml
	@echo golangci-lint; $(LINT) run ./...

.PHONY: vuln
vuln: ## govulncheck: known vulnerabilities in what we import (needs the network)
	@$(WITH_GO) hack/vuln.sh $(GO)

.PHONY: fuzz
fuzz: ## each fuzz target for FUZZTIME (30s)
	@for pkg in $$($(WITH_GO) $(GO) list ./...); do \
		for target in $$($(WITH_GO) $(GO) test -list '^Fuzz' "$$pkg" | grep '^Fuzz' || true); do \
			echo "$$pkg $$target"; \
			$(WITH_GO) $(GO) test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 10x "$$pkg"; \
		done; \
	done

.PHONY: bench
bench: build test-deps bench-servers ## compare whole processes: with sysctl, ss, lsof, fuser, curl and tar, and servers with servers; ROUNDS (40), as root
	@$(WITH_GO) $(GO) build -trimpath -buildvcs=false -o bin/bench ./test/bench
	@hack/as-root.sh bin/bench -rounds $(ROUNDS) bin/tcptune
	@hack/as-root.sh bin/bench -suite modules -rounds $(ROUNDS) bin/tcptune
	@hack/as-root.sh bin/bench -suite port -rounds $(ROUNDS) bin/tcptune
	@hack/as-root.sh bin/bench -suite echo -rounds $(ECHO_ROUNDS) -seconds $(ECHO_SECONDS) -others bin/echo bin/tcptune-server
	@hack/as-root.sh bin/bench -suite client -rounds $(ECHO_ROUNDS) -seconds $(CLIENT_SECONDS) -others bin/echo bin/tcptune
	@hack/as-root.sh bin/bench -suite honesty -rounds 3 -others bin/echo
	@hack/as-root.sh bin/bench -suite mtu
	@hack/as-root.sh bin/bench -suite diagnose -rounds $$(( $(ROUNDS) / 5 + 1 )) bin/tcptune
	@$(WITH_GO) hack/as-root.sh bin/bench -suite go -rounds $$(( $(ROUNDS) / 4 + 1 )) bin/tcptune

# Minutes on a quiet machine, and three gigabytes of memory.
.PHONY: bench-fleet
bench-fleet: test-deps ## ten thousand hosts: the planner, and Prometheus with the rules over what they tell; HOSTS (10000), SEED (1)
	@$(WITH_GO) $(GO) build -trimpath -buildvcs=false -o bin/scale ./test/scale
	@bin/scale -hosts $(HOSTS) -seed $(SEED)

# What cannot be built here has no row in the comparison, which says so. The module of netpoll needs the network once.
.PHONY: bench-servers
bench-servers:
	@rm -rf bin/echo; mkdir -p bin/echo
	@$(WITH_GO) $(GO) build -trimpath -buildvcs=false -o bin/echo/net ./test/bench/servers/net
	@$(WITH_GO) $(GO) -C test/bench/servers/netpoll build -trimpath -buildvcs=false -o "$(CURDIR)/bin/echo/netpoll" . || \
		echo "make bench: going on without netpoll" >&2
	@cc -O2 -Wall -Wextra -o bin/echo/epoll test/bench/servers/epoll/epoll.c || echo "make bench: going on without the server in C" >&2
	@cc -O2 -Wall -Wextra -o bin/echo/client test/bench/clients/epoll/epoll.c || echo "make bench: going on without the client in C" >&2
	@hack/apt-install.sh wrk || echo "make bench: going on without wrk" >&2

.PHONY: container-shell
container-shell: build ## a shell in a throw-away container with a booted systemd, and bin/tcptune in it
	@$(WITH_GO) $(GO) run ./test/container/shell -program bin/tcptune

.PHONY: vm-shell
vm-shell: build ## a shell in a throw-away virtual machine with its own kernel (a minute to boot), and bin/tcptune in it
	@hack/apt-install.sh $$(grep -v '^#' test/apt-packages.txt) openssh-client
	@$(WITH_GO) $(GO) run ./test/vm/shell -program bin/tcptune

# UBUNTU_ROOT is the root folder of a real Ubuntu to boot instead of Debian's.
.PHONY: load-test
load-test: test-deps ## each change of a service five times while 1,200 clients come and go and stay: none may lose a request
	@$(WITH_GO) $(GO) test -count=1 -timeout 40m -v -exec "$(CURDIR)/hack/as-root.sh" ./test/container -run 'LosesARequest|LosesNoRequest' -whole | grep -v '^        '

.PHONY: vm-test
vm-test: test-deps ## what happens to the packages on machines that reboot or lose their power; UBUNTU_ROOT=DIR boots that
	@$(MAKE) deb
	@$(WITH_GO) hack/deb.sh -v "$$(dpkg-parsechangelog -S Version)+next" -V next bin/deb/next
	@$(MAKE) apt-repo KEY=throw-away
	@$(WITH_GO) $(GO) test -count=1 -timeout 100m -v -exec "$(CURDIR)/hack/as-root.sh" ./test/vm -packages "$(CURDIR)/bin"

# Minutes: it builds four times, once without a cache, and installs in machines of its own.
.PHONY: deb-test
deb-test: build test-deps ## all about the packages: equal bytes, lintian, piuparts, arm64, install, upgrade, also of two hosts in turn, purge, apt
	@hack/apt-install.sh lintian piuparts qemu-user-static reprepro
	@rm -rf bin/deb
	@$(MAKE) deb
	@$(MAKE) deb ARCH=arm64
	@$(WITH_GO) hack/deb.sh -v "$$(dpkg-parsechangelog -S Version)+next" -V next bin/deb/next
	@cache=$$(mktemp -d); umask 077; code=0; TZ=Asia/Shanghai LC_ALL=C.UTF-8 GOCACHE=$$cache $(WITH_GO) \
		hack/deb.sh -V '$(VERSION)' bin/deb/again || code=$$?; rm -rf "$$cache"; exit $$code
	@$(MAKE) apt-repo KEY=throw-away
	@$(WITH_GO) $(GO) test -count=1 -timeout 60m -v -exec "$(CURDIR)/hack/as-root.sh" ./test/package -packages "$(CURDIR)/bin"
	@$(WITH_GO) $(GO) test -count=1 -timeout 30m -v -exec "$(CURDIR)/hack/as-root.sh" ./test/fleet -run 'TwoHosts|WithoutPower' -packages "$(CURDIR)/bin"

##@ keep

.PHONY: generate
generate: ## go generate, go mod tidy, debian/copyright, the manual pages, docs/what-it-changes.md, and the completions
	@mkdir -p bin
	@$(WITH_GO) $(GO) generate ./...
	@$(WITH_GO) $(GO) mod tidy
	@$(WITH_GO) $(GO) run ./hack/manual
	@$(WITH_GO) $(GO) run ./hack/copyright >bin/copyright && mv bin/copyright debian/copyright
	@$(WITH_GO) $(GO) run ./hack/changes >bin/changes && mv bin/changes docs/what-it-changes.md
	@$(WITH_GO) $(GO) run ./hack/completion docs/completion

.PHONY: fmt
fmt: ## format all Go files (gofumpt)
	@$(LINT) fmt ./...

.PHONY: clean
clean: ## remove bin/
	@rm -rf bin
