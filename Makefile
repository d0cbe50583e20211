# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# The project's commands; each prints what it is doing. See README.md.
.DEFAULT_GOAL := help
.PHONY: help run check test test-full bench goals prime igt igt-run igt-install image image-refresh
.PHONY: build boot modules tree series import debug-kernel kunit mutants test-debug
.PHONY: check-patches check-bisect check-tree

help:
	@echo 'make run             a Xen dom0 with the card: the GPU moves all of its GTT and back'
	@echo 'make check           tests that boot nothing and build no kernel: two minutes'
	@echo 'make test            these and the boots of each machine, kernel and card: half an hour'
	@echo 'make test-full       all tests: hours'
	@echo '                     (for all three: ONLY=REGEX, CHANGED=REV; Documentation/testing.md)'
	@echo 'make bench           the stock pool and the new one measured beside each other'
	@echo '                     (KERNEL=6.12|7.3)'
	@echo 'make goals           the same with the driver'\''s own tests on every machine, and 50 loads on a'
	@echo '                     debug kernel: every goal of the pool in one table (KERNEL=6.12|7.3)'
	@echo 'make prime           BOs that two GPUs share, stock and new'
	@echo '                     (KERNEL=6.12|7.3|both MACHINE=bare|xen|xen-pool-device|all)'
	@echo 'make boot MACHINE=bare|xen KERNEL=6.12|7.3 CARD=rv370|rv100|both POOL=stock|new'
	@echo '                     a shell in the lab; further variables: lab/boot/boot.sh'
	@echo 'make modules KERNEL=6.12|7.3'
	@echo '                     radeon.ko and our TTM for a Debian kernel (made when needed)'
	@echo 'make tree KERNEL=6.12|7.3 [OUT=DIR]'
	@echo '                     all of that kernel, with our patches as commits'
	@echo 'make series KERNEL=6.12|7.3 [SOURCE=DIR|TARBALL] [OUT=DIR]'
	@echo '                     our patches as six series for that kernel, or for any other'
	@echo 'make import TREE=DIR SERIES=FOLDER [COMMIT=REV]'
	@echo '                     a commit of a tree of make tree, as a patch in patches/'
	@echo 'make debug-kernel KERNEL=6.12|7.3 MACHINE=bare|xen'
	@echo '                     our own build of it, with the kernel'\''s checkers (made when needed)'
	@echo 'make kunit           the rows of make test-full on the debug kernels: the KUnit tests of TTM'
	@echo 'make mutants         broken TTM modules, each of which a KUnit test has to find'
	@echo 'make test-debug      50 loads and allocations that fail'
	@echo '                     (for all three: KERNEL=6.12|7.3; test-debug: MACHINE=bare|xen)'
	@echo 'make igt-run MACHINE=bare|xen KERNEL=6.12|7.3 CARD=rv370|rv100|both POOL=new|stock|both'
	@echo '             LIST=short|full|two-gpus|generic'
	@echo '                     igt'\''s tests on the card, and a report'
	@echo 'make igt [IGT_SRC=DIR]'
	@echo '                     our igt tests against Debian'\''s libigt, or in an igt tree as a series'
	@echo 'make igt-install [PREFIX=/usr/local] [DESTDIR=]'
	@echo '                     radeon-igt and the tests, for this machine'\''s own card'
	@echo 'make check-patches [KERNEL=6.12|7.3]'
	@echo '                     checkpatch, kernel-doc, sparse and coccicheck on patches and new files'
	@echo 'make check-bisect [KERNEL=6.12|7.3]'
	@echo '                     our modules build after each patch'
	@echo 'make check-tree [KERNEL=6.12|7.3]'
	@echo '                     all users of TTM in that kernel compile'
	@echo 'make image           the Debian root the lab runs in (made when needed)'
	@echo 'make image-refresh   the same from what the mirror offers today'
	@echo 'make build           the model and the guest (made when needed)'

run:
	@lab/test/show_run.sh

check test:
	@TIER=$@ lab/test/runner.sh

test-full:
	@TIER=full lab/test/runner.sh

bench:
	@bench/run_bench.sh

goals:
	@GOALS=all bench/run_bench.sh

prime:
	@bench/run_prime.sh

igt:
	@igt-tests/build-tests.sh

igt-run:
	@lab/test/igt_run.sh

igt-install:
	@igt-tests/build-tests.sh install

image:
	@lab/image/make_image.sh

image-refresh:
	@lab/image/make_image.sh refresh

build:
	@lab/image/build_lab.sh

modules:
	@lab/kernel/modules.sh

tree:
	@lab/kernel/tree.sh

series:
	@lab/kernel/series.sh

import:
	@lab/kernel/import_patch.sh

debug-kernel:
	@lab/kernel/debug_kernel.sh

kunit mutants:
	@RESULTS=all lab/test/run_debug.sh $@

test-debug:
	@RESULTS=all lab/test/run_debug.sh debug

check-patches check-bisect check-tree:
	@lab/kernel/check_kernel.sh $(@:check-%=%)

# Variables on make's command line are in the environment of its commands.
boot:
	@lab/boot/boot.sh
