# shellcheck shell=dash
# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# Other devices import BOs of each card: devices of 32 bits, of 40, and of 28, for which there is no
# memory. One BO is in use when the card is unbound. Then each card imports from an exporter that
# ignores the card's DMA limit, also while the card is unbound.
#
# limit: 1500
# needs: edu
# allow: cannot be shared with .* there is no memory that both devices reach
# allow: of raw_export cannot be imported

. /usr/lib/lab/lib.sh

check_cards
load_radeon
load_edu 32,40
for card in $(cards); do
	expect=--expect-no-copy
	# Most memory is above 4 GiB, and it is allocated first.
	is_narrow "$card" || expect=--expect-copies
	run foreign-import --card "$card" --device /dev/edu-dma0 $expect
	run foreign-import --card "$card" --device /dev/edu-dma1 --expect-no-copy
done
# The card is unbound while a device imports one of its BOs, and bound again.
for card in $(cards); do
	bdf=$(pci_address "$card")
	# With another backing the importer holds no memory of the card.
	kept=0
	[ "$(backing_value "$card" backing)" != device ] || kept=1
	consoles_off
	run foreign-import --card "$card" --device /dev/edu-dma1 --unbind
	coherent_left "$card" "$bdf" $kept
	bind_radeon "$bdf"
	run foreign-import --card "$card" --device /dev/edu-dma1
done
load_edu 28
for card in $(cards); do
	expect=--expect-refusals
	# All memory of a narrow card may be low enough by chance.
	! is_narrow "$card" || expect=--may-refuse
	run foreign-import --card "$card" $expect
done
insmod "/usr/lib/lab/modules/$(uname -r)/raw_export.ko"
for card in $(cards); do
	run foreign-export --card "$card"
done
# The card is unbound while it imports a BO of another device, and bound again.
for card in $(cards); do
	bdf=$(pci_address "$card")
	consoles_off
	kept=$(dmesg | grep -c "$bdf: [0-9]* bytes of coherent memory are freed when")
	run foreign-export --card "$card" --only unbound
	# The imported BO uses no memory of the card.
	coherent_left "$card" "$bdf" "$kept"
	bind_radeon "$bdf"
	run foreign-export --card "$card"
done
unload_radeon
rmmod edu_dma raw_export
finish
