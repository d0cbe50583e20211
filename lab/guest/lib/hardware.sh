# shellcheck shell=dash
# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# The machine, its cards and its other devices.

# card_field CARD COLUMN: a column of a card's line in the table of cards.
card_field() {
	awk -v card="$1" -v column="$2" '
		/^#/ || !NF { next }
		!columns { while (++columns <= NF) number[$columns] = columns; next }
		$1 == card { print $number[column] }' /usr/lib/lab/cards.list
}

# cards: names of this machine's cards, on one line, in PCI order.
cards() {
	local device ids=

	for device in /sys/bus/pci/devices/*; do
		ids="$ids $(cat "$device/vendor"):$(cat "$device/device")"
	done
	awk -v ids="$ids" '
		/^#/ || !NF || !header++ { next }
		{ name[$2] = $1 }
		END {
			count = split(ids, id, " ")
			for (i = 1; i <= count; i++) {
				gsub("0x", "", id[i])
				if (id[i] in name)
					found = found " " name[id[i]]
			}
			print substr(found, 2)
		}' /usr/lib/lab/cards.list
}

# card_device CARD: its PCI device ID, as the driver prints it.
card_device() {
	local pci

	pci=$(card_field "$1" pci)
	echo "0x$(echo "${pci#*:}" | tr a-f A-F)"
}

# is_narrow CARD: does it drive only 32 bits of a bus address?
is_narrow() {
	[ "$(card_field "$1" dma)" -le 32 ]
}

# check_cards: fail unless the machine has the cards of lab.card=, or at least one.
check_cards() {
	local expect have

	expect=$(echo "$LAB_CARD" | tr , '\n' | sort | xargs)
	have=$(cards | tr ' ' '\n' | sort | xargs)
	if [ -z "$have" ]; then
		result fail cards "no card in this machine"
		finish
	elif [ -n "$expect" ] && [ "$have" != "$expect" ]; then
		result fail cards "this machine has '$have' instead of '$expect'"
		finish
	fi
}

# needs_card_kinds: for a scenario that needs a card of 32 bits and one of more. Sets narrow and
# wide to them.
needs_card_kinds() {
	local card

	narrow='' wide=''
	for card in $(cards); do
		if is_narrow "$card"; then
			narrow=$card
		else
			wide=$card
		fi
	done
	if [ -z "$narrow" ] || [ -z "$wide" ]; then
		result fail cards \
			"this needs a card of 32 bits and one of more: boot with CARD=both"
		finish
	fi
}

# minor CARD: the number of its primary node, N in /dev/dri/cardN.
minor() {
	local node pci id

	pci=$(card_field "$1" pci)
	for node in /sys/class/drm/card[0-9]*; do
		case $node in
		*-*) continue ;; # a connector
		esac
		id=$(cat "$node/device/vendor"):$(cat "$node/device/device")
		[ "$id" != "0x${pci%:*}:0x${pci#*:}" ] || echo "${node##*/card}"
	done
}

# pci_address CARD: its address, while the driver is bound to it.
pci_address() {
	basename "$(readlink -f "/sys/class/drm/card$(minor "$1")/device")"
}

# machine: what this kernel runs on. The UUID of dom0 is zero.
machine() {
	if [ "$(cat /sys/hypervisor/type 2>/dev/null)" != xen ]; then
		echo bare
	elif [ "$(cat /sys/hypervisor/guest_type)" = PVH ]; then
		echo "Xen PVH dom0"
	elif [ "$(tr -d 0- </sys/hypervisor/uuid)" = "" ]; then
		echo "Xen dom0"
	else
		echo "Xen domU"
	fi
}

# load_edu BITS,...: load the driver of the edu devices of EDU=yes. The driver cannot read how many
# bits they drive.
load_edu() {
	[ ! -d /sys/module/edu_dma ] || rmmod edu_dma
	insmod "/usr/lib/lab/modules/$(uname -r)/edu_dma.ko" "bits=$1"
	if [ ! -c /dev/edu-dma1 ]; then
		result fail edu "edu_dma.ko has not found two devices: boot with EDU=yes"
		finish
	fi
}
