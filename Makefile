# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# The project's commands; each prints what it is doing. See README.md.
.DEFAULT_GOAL := help
.PHONY: help run test image image-refresh build boot modules tree

help:
	@echo 'make run             a Xen dom0 with the card: the GPU moves all of its GTT and back'
	@echo 'make test            all tests, unattended (ONLY=REGEX for some)'
	@echo 'make boot MACHINE=bare|xen KERNEL=6.12|7.3 CARD=rv370|rv100|both POOL=stock|new'
	@echo '                     a shell in the lab; further variables: lab/boot/boot.sh'
	@echo 'make modules KERNEL=6.12|7.3'
	@echo '                     radeon.ko and our TTM for a Debian kernel (made when needed)'
	@echo 'make tree KERNEL=6.12|7.3 [OUT=DIR]'
	@echo '                     all of that kernel, with our patches as commits'
	@echo 'make image           the Debian root the lab runs in (made when needed)'
	@echo 'make image-refresh   the same from what the mirror offers today'
	@echo 'make build           the model and the guest (made when needed)'

run:
	@lab/test/run.sh

test:
	@lab/test/test.sh

image:
	@lab/image/make.sh

image-refresh:
	@lab/image/make.sh refresh

build:
	@lab/image/build.sh

modules:
	@lab/kernel/modules.sh

tree:
	@lab/kernel/tree.sh

# Variables on make's command line are in the environment of its commands.
boot:
	@lab/boot/boot.sh
