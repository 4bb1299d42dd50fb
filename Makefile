# photoferry's front door: `make` lists what there is. How a stage works is in scripts/<stage>.ts.
#
# Node: the packages want 22.19 or newer. Where `node` is older, npm ci brings a pinned Node 24 (as a package with
# integrity, no install script), which stands in node_modules/.bin; a newer one that is already there is used.
# Before it stands how many MB a stage may take: three quarters of what there is, where V8 by itself would stop at a
# quarter, and a million photos need three GB.
NODE := $(shell node -e 'const [a, b] = process.versions.node.split("."); const most = Math.min(os.totalmem(), process.constrainedMemory?.() || Infinity); console.log(Math.floor(most * 0.75 / 2 ** 20), +a > 22 || (+a == 22 && +b >= 19) ? process.execPath : "")' 2>/dev/null)
NEW_NODE := $(word 2,$(NODE))
HEAP := $(firstword $(NODE))
BIN := $(CURDIR)/node_modules/.bin
export PATH := $(if $(NEW_NODE),$(dir $(NEW_NODE)):)$(BIN):$(PATH)
# Compiled code is kept between runs: a stage starts in half the time.
export NODE_COMPILE_CACHE ?= $(CURDIR)/node_modules/.cache/node
# tsx as a loader of the one process: its own command would start a second.
RUN = node $(if $(HEAP),--max-old-space-size=$(HEAP)) --import tsx
ARGS ?=

.DEFAULT_GOAL := help
# The stages share one state file, so they never run side by side, even under -j.
.NOTPARALLEL:

.PHONY: help
help:
	@awk 'BEGIN { FS = ":.*## " } /^##@/ { printf "\n%s\n", substr($$0, 5) } \
	  /^[a-z-]+:.*## / { printf "  %-15s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

##@ Stages, in order. Flags go in ARGS, e.g. make link ARGS="--strictness exact"
auth:          ## Set up the Immich server: address, key, what the key may do
index-gphotos: ## List every photo and album of a Takeout: make index-gphotos TAKEOUT="/path/to/zips"
index-immich:  ## List every asset and album of the Immich server
link:          ## Find the photos that Immich has already
transfer:      ## Send the rest: pictures, times, places, captions, albums

##@ Around them
sync:          ## All of it in order, with a plan first: make sync TAKEOUT=... IMMICH_URL=... IMMICH_API_KEY=...
verify:        ## Ask Immich again and compare every field with what was sent
status:        ## What is known, sent and owed, and what to type next
report:        ## The same account as a page to look at: data/report.html
doctor:        ## What is configured, reachable and permitted, and what to do about the rest
cron:          ## Print lines for crontab and a systemd timer that run sync by themselves; installs nothing

##@ Duplicates on the server, in order (docs/duplicates.md)
dupes-analyze: ## Look at the groups of duplicates, and decide which of each stands for the others; changes nothing
review:        ## Decide by hand, on a page in your browser: duplicates by class or one by one, photos that link cannot tell, files that look alike
dupes-execute: ## Back up the others, give the one that stays what it lacks, trash them: begin with ARGS=--dry-run
dupes-verify:  ## Check what was done: fields, trash, copies
dupes-restore: ## Bring it back as it was

##@ Folders, without a server (docs/folders.md)
mirror:        ## All of it into plain folders, without a server: make mirror TAKEOUT=... LIBRARY=/mnt/photos
organize:      ## Sort inboxes into a gallery by month: make organize IMPORTS="~/Sync/Phone ~/Sync/PC" GALLERY=~/Photos
dedupe:        ## Find photos that are in folders twice; nothing goes without ARGS="--method AEO", and then to a trash folder
backup:        ## Copy the gallery by rsync, rclone, restic, and check: BACKUP_TO="/mnt/disk/photos rclone:secret:photos"

STAGES := auth index-gphotos index-immich link transfer mirror sync verify status report doctor cron dupes-analyze review dupes-execute dupes-verify dupes-restore organize dedupe backup
.PHONY: $(STAGES)
$(STAGES): node_modules
	@$(RUN) scripts/$@.ts $(ARGS)

##@ Try it and change it
.PHONY: demo test test-immich soak check bench screenshots
demo:          ## The whole pipeline on a made-up Takeout and a stand-in Immich
demo: node_modules
	@$(RUN) test/sandbox/demo.ts $(ARGS)
test:          ## Run the tests
test: node_modules
	vitest run $(ARGS)
test-immich:   ## The contract suite, every kind of case and the circle of duplicates on the test server in IMMICH_URL, IMMICH_API_KEY; cleans up after itself
test-immich: node_modules
	@test -n "$(IMMICH_URL)" -a -n "$(IMMICH_API_KEY)" || (echo 'Cannot test against Immich: IMMICH_URL and IMMICH_API_KEY must both be set' >&2; false)
	vitest run --no-file-parallelism test/contract.test.ts test/every.test.ts test/dupes-circle.test.ts test/dupes-kills.test.ts $(ARGS)
soak:          ## Load, kills, a bad network and damaged input, for longer than the tests: ARGS="--minutes 30"
soak: node_modules
	@$(RUN) test/soak.ts $(ARGS)
bench:         ## Measure the stages against the least that they could cost: ARGS="--items 1000000"
bench: node_modules
	@$(RUN) test/bench/bench.ts $(ARGS)
screenshots:   ## The pictures of the README, from the demo's data: wants chromium
screenshots: demo
	@$(RUN) test/sandbox/screenshots.ts
check:         ## Types, lint, format
check: node_modules
	tsc
	biome check

node_modules: package.json package-lock.json
	npm ci --no-audit --no-fund --loglevel=error
	@touch $@
