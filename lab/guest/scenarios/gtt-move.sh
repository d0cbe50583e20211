# shellcheck shell=dash
# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# The GPU moves the whole GTT to VRAM and back, and every word is checked.

. /usr/lib/lab/lib.sh

# behind_iommu CARD: a result: an IOMMU translates the card's addresses.
behind_iommu() {
	local type=none

	read -r type <"/sys/bus/pci/devices/$(pci_address "$1")/iommu_group/type"
	case $type in
	DMA*) result pass "$1.iommu" "its addresses are translated: $type" ;;
	*) result fail "$1.iommu" "its addresses are not translated: $type" ;;
	esac
}

check_cards
load_radeon
for card in $(cards); do
	! grep -qw intel_iommu=on /proc/cmdline || behind_iommu "$card"
	move_whole_gtt "$card"
done
finish
