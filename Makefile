# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# The project's commands; each prints what it is doing. See README.md.
.DEFAULT_GOAL := help
.PHONY: help run check test test-full bench bench-scale goals prime igt igt-run igt-install
.PHONY: image image-refresh
.PHONY: build boot modules tree series import debug-kernel kunit mutants test-debug
.PHONY: check-patches check-bisect check-series check-tree
.PHONY: deb test-package watch

define HELP
Variables: KERNEL=6.12|7.3  MACHINE=bare|xen  CARD=rv370|rv100|both  POOL=new|stock

make run            a Xen dom0 with the card: the GPU moves its whole GTT to VRAM and back
make boot           a shell in the lab, on a MACHINE with a KERNEL, a CARD and a POOL, or with your
                    own kernel tree (KERNEL_SRC=DIR); further variables: lab/boot/boot.sh
make check          tests that boot nothing and build no kernel: two minutes
make test           these and the boots of each machine, kernel and card: half an hour
make test-full      all tests: hours
                    (ONLY=REGEX, CHANGED=REV for some, KERNEL_SRC=DIR for your own kernel tree:
                    Documentation/testing.md)
make kunit, make mutants, make test-debug
                    rows of test-full on debug kernels: TTM's and radeon's KUnit tests; broken
                    TTM modules that they have to find; 50 loads and allocations that fail
                    (KERNEL, MACHINE)
make bench          the stock pool and the new one, measured in the same boots (KERNEL)
make bench-scale    the pool's allocator with 1 GiB to 1 TiB and 1 to 64 threads, on a simulated
                    machine: minutes, no kernel
make goals          bench, the driver's own tests on every machine, and 50 loads on a debug
                    kernel: every goal of the pool in one table (KERNEL)
make prime          BOs that two GPUs share, stock and new
                    (KERNEL=6.12|7.3|both MACHINE=bare|xen|xen-pool-device|all)
make igt-run        igt's tests on the card, and a report
                    (LIST=short|full|two-gpus|generic, POOL=both to compare)
make igt            builds our igt tests with Debian's libigt, or in an igt tree, with a series for
                    its list (IGT_SRC=DIR)
make igt-install    radeon-igt and the tests, for this machine's own card (PREFIX, DESTDIR)
make modules        radeon.ko and our TTM for a Debian kernel (KERNEL; made when needed)
make debug-kernel   a small kernel with our patches and the kernel's checkers (KERNEL, MACHINE; made
                    when needed)
make tree           the source of a Debian kernel, with our patches as commits (KERNEL, OUT=DIR)
make series         our patches as six series for a Debian kernel, or for any other
                    (KERNEL, SOURCE=DIR|TARBALL, OUT=DIR)
make import         a commit of a tree of "make tree", as a patch in patches/
                    (TREE=DIR SERIES=FOLDER, COMMIT=REV)
make check-patches  checkpatch, kernel-doc, sparse and coccicheck on patches and files (KERNEL)
make check-bisect   all that the patches change builds after each patch (KERNEL)
make check-series   the mails of "make series" apply without fuzz and build (KERNEL)
make check-tree     all users of TTM in the kernel compile (KERNEL)
make deb            Debian packages: the driver for dkms, and the tools (Documentation/packaging.md)
make test-package   these installed, upgraded and removed on a Debian disk, which boots each time
make watch          whether the patches follow the kernels of the mirror: a line a version
make image          the Debian root the lab runs in (made when needed)
make image-refresh  makes this root again from the packages that the mirror has today
make build          the model and the guest (made when needed)
endef
export HELP

help:
	@echo "$$HELP"

run:
	@lab/test/show_run.sh

check test:
	@TIER=$@ exec lab/test/runner.sh

test-full:
	@TIER=full exec lab/test/runner.sh

bench:
	@bench/run_bench.sh

bench-scale:
	@bench/run_scale.sh

goals:
	@GOALS=all exec bench/run_bench.sh

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
	@TIER=full ONLY='^$@-' RESULTS=all exec lab/test/runner.sh

test-debug:
	@TIER=full ONLY='^debug-' RESULTS=all exec lab/test/runner.sh

check-patches check-bisect check-series check-tree:
	@lab/kernel/check_kernel.sh $(@:check-%=%)

deb:
	@packaging/make_deb.sh

test-package:
	@packaging/test/test_package.sh

watch:
	@packaging/watch.sh

# Variables on make's command line are in the environment of its commands.
boot:
	@lab/boot/boot.sh
