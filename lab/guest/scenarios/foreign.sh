# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# BOs of every card that other devices import: one of 32 bits, one of 40, and one of 28, for
# which there is no memory; one that is in use when the card goes. And what every card imports
# from an exporter that gives whatever it has, also when the card goes meanwhile.
#
# limit: 1500
# silence: 240
# needs: edu
# allow: cannot be shared with .* there is no way to memory that both reach
# allow: of raw_export cannot be imported
# allow: [0-9]+ pages of [0-9]+ chunks are still in use: they stay in memory

. /usr/lib/lab/lib.sh

check_cards
load_radeon
load_edu 32,40
for card in $(cards); do
	narrow=--expect-no-copy
	# Most of a machine of this size is beyond 4 GiB, but what a pool device serves from.
	if [ "$card" = rv370 ] && [ "$(backing_value "$card" backing)" != hypervisor ]; then
		narrow=--expect-copies
	fi
	run foreign-import --card "$card" --device /dev/edu-dma0 $narrow
	run foreign-import --card "$card" --device /dev/edu-dma1 --expect-no-copy
done
# A card goes while a device has one of its BOs, and comes back.
for card in $(cards); do
	bdf=$(pci_address "$card")
	consoles_off
	run foreign-import --card "$card" --device /dev/edu-dma1 --unbind
	bos_left "$card" "$bdf" 0 1
	bind_radeon "$bdf"
	run foreign-import --card "$card" --device /dev/edu-dma1
done
load_edu 28
for card in $(cards); do
	# All that RV100 has may be low enough by chance.
	refusals=--may-refuse
	[ "$card" != rv370 ] || refusals=--expect-refusals
	run foreign-import --card "$card" $refusals
done
insmod "/usr/lib/lab/modules/$(uname -r)/raw_export.ko"
hidden=
case $(uname -r) in
*-debug) hidden=--pages-hidden ;;
esac
for card in $(cards); do
	run foreign-export --card "$card" $hidden
done
# A card goes while it has what another device exports, and comes back.
for card in $(cards); do
	bdf=$(pci_address "$card")
	consoles_off
	run foreign-export --card "$card" --only unbound
	# The one that stays is that of before: an import does not.
	bos_left "$card" "$bdf" 0 1
	bind_radeon "$bdf"
	run foreign-export --card "$card" $hidden
done
unload_radeon
rmmod edu_dma raw_export
finish
