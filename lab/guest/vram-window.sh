# shellcheck shell=dash
# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# Maps RAM over BAR0 of each card that has INTx alone. Sourced by init, and again after a suspend:
# the kernel then restores all BARs in its own order.
#
# From the first INTx interrupt on, QEMU traps all accesses to the BARs of such a card
# (vfio_intx_interrupt() disables the mappings, and vfio-user-pci has no timer to enable them
# again): each access to VRAM would be a message to the model, which takes 75 us. The machine has
# the same memory a second time, as an ivshmem device in front of the card. If two BARs have the
# same address, QEMU takes the one that was programmed last; so BAR2 of that device gets the address
# of the card's BAR0. The driver notices nothing, and registers and interrupts are the card's.

# map_window CARD WINDOW: devices in sysfs.
map_window() {
	local bar bytes byte

	# "0x00000000f8000000 0x... 0x...": BAR0; that of a PCI card is below 4 GiB.
	read -r bar _ <"$1/resource"
	bar=${bar#0x????????}
	bytes=
	for byte in "${bar#??????}" "$(echo "$bar" | cut -c5-6)" "$(echo "$bar" | cut -c3-4)" \
		"$(echo "$bar" | cut -c1-2)"; do
		bytes="$bytes\\x$byte"
	done
	# PCI_COMMAND without memory, PCI_BASE_ADDRESS_2 and _3, then PCI_COMMAND_MEMORY
	printf '\000\000' |
		dd of="$2/config" bs=2 seek=2 conv=notrunc 2>/dev/null
	# shellcheck disable=SC2059 # the escapes are in the variable
	printf "$bytes\\0\\0\\0\\0" |
		dd of="$2/config" bs=8 seek=3 conv=notrunc 2>/dev/null
	printf '\002\000' |
		dd of="$2/config" bs=2 seek=2 conv=notrunc 2>/dev/null
}

# map_windows: each card with INTx alone and the window in front of it.
map_windows() {
	local device id window='' intx

	intx=$(awk '!/^#/ && $5 == "intx" {
		split($2, id, ":")
		printf " 0x%s:0x%s ", id[1], id[2] }' /usr/lib/lab/cards.list)
	for device in /sys/bus/pci/devices/*; do
		id=$(cat "$device/vendor"):$(cat "$device/device")
		[ "$id" != 0x1af4:0x1110 ] || window=$device
		case $intx in
		*" $id "*)
			[ -z "$window" ] || map_window "$device" "$window"
			window='' ;;
		esac
	done
}

map_windows
