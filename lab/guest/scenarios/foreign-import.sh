# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# BOs of every card that other devices import: one of 32 bits, one of 40, and one of 28, for
# which there is no memory.
#
# needs: edu
# allow: cannot be shared with .* there is no way to memory that both reach

. /usr/lib/lab/lib.sh

check_cards
load_radeon
load_edu 32,40
for card in $(cards); do
	narrow=
	# Most of a machine of this size is beyond 4 GiB.
	[ "$card" != rv370 ] || narrow=--expect-copies
	run foreign-import --card "$card" --device /dev/edu-dma0 $narrow
	run foreign-import --card "$card" --device /dev/edu-dma1
done
load_edu 28
for card in $(cards); do
	run foreign-import --card "$card" --expect-refusals
done
unload_radeon
rmmod edu_dma
finish
