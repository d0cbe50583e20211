# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# Lays RAM over RV100's BAR0. Sourced by init, and again when the machine was suspended: the
# kernel then gives all BARs their places back, in its own order.
#
# A card with INTx alone has its BARs trapped by QEMU from its first interrupt on
# (vfio_intx_interrupt() disables the mappings, and vfio-user-pci has no timer to
# enable them again): each access to VRAM would be a message to the model, 75 us
# instead of none. The lab's machine has the same memory a second time, as an
# ivshmem device. Given the address of BAR0, its BAR is the one that is seen, as
# of two at one place QEMU takes the one that came last. The driver notices
# nothing, and registers and interrupts are the card's.

vram_card= vram_window=
for device in /sys/bus/pci/devices/*; do
	case $(cat "$device/vendor"):$(cat "$device/device") in
	0x1002:0x5159) vram_card=$device ;;
	0x1af4:0x1110) vram_window=$device ;;
	esac
done
if [ -n "$vram_card" ] && [ -n "$vram_window" ]; then
	# "0x00000000f8000000 0x... 0x...": BAR0; a 32-bit card's is below 4 GiB.
	read -r bar _ <"$vram_card/resource"
	bar=${bar#0x????????}
	bytes=
	for byte in "${bar#??????}" "$(expr substr "$bar" 5 2)" \
		"$(expr substr "$bar" 3 2)" "$(expr substr "$bar" 1 2)"; do
		bytes="$bytes\\x$byte"
	done
	# PCI_COMMAND without memory, PCI_BASE_ADDRESS_2 and _3, then PCI_COMMAND_MEMORY
	printf '\000\000' |
		dd of="$vram_window/config" bs=2 seek=2 conv=notrunc 2>/dev/null
	printf "$bytes\\0\\0\\0\\0" |
		dd of="$vram_window/config" bs=8 seek=3 conv=notrunc 2>/dev/null
	printf '\002\000' |
		dd of="$vram_window/config" bs=2 seek=2 conv=notrunc 2>/dev/null
fi
