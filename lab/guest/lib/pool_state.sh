# shellcheck shell=dash
# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# What our pool reports in debugfs for a card, and what it should report.

# backing_file CARD: the pool's file for this card. Debian's TTM has no such file.
backing_file() {
	echo "/sys/kernel/debug/dri/$(minor "$1")/ttm_backing"
}

# backing_value CARD KEY [cached|wc|uc|sum]: a value of that file. A line of its table has three.
backing_value() {
	awk -v key="$2" -v column="${3:-all}" '
		$1 != key { next }
		column == "cached" { print $2 }
		column == "wc" { print $3 }
		column == "uc" { print $4 }
		column == "sum" { print $2 + $3 + $4 }
		column == "all" { sub(/^[^ ]+ +/, ""); print }' "$(backing_file "$1")"
}

# backing_of CARD: backing and shape, as needed_backing prints them.
backing_of() {
	echo "$(backing_value "$1" backing) $(backing_value "$1" shape)"
}

# with_shape BACKING CARD: backing and shape of chunks: single pages if the card reaches all memory
# (MEMORY is more than 32 bits reach).
with_shape() {
	if is_narrow "$2"; then
		echo "$1 contiguous"
	else
		echo "$1 scattered"
	fi
}

# needed_backing CARD: the right backing and shape for this machine and card. On the bare
# machine and in a PVH dom0 no page is coherent, unless the kernel bounces all mappings
# (swiotlb=force). A bound pool device decides; this is what POOL_DEVICE=default says.
needed_backing() {
	local device backing=device

	for device in /sys/bus/pci/drivers/ttm-pool/*:*; do
		[ ! -e "$device" ] || backing=hypervisor
	done
	case $backing-$(machine) in
	device-bare | device-*PVH*)
		if grep -q swiotlb=force /proc/cmdline; then
			echo "device contiguous"
		else
			echo "shared -"
		fi ;;
	*) with_shape $backing "$1" ;;
	esac
}

# check_choice CARD: a result: backing and shape are $expect_backing, or needed_backing if that is
# empty. $expect_backing may be a backing without a shape. Pages of the hypervisor's pool are
# counted together with those of other cards.
check_choice() {
	local card=$1 expect=$expect_backing found text in_use pages

	case $expect in
	'') expect=$(needed_backing "$card") ;;
	*' '*) ;;
	*) expect=$(with_shape "$expect" "$card") ;;
	esac
	found=$(backing_of "$card")
	in_use=$(backing_value "$card" in_use sum)
	pages=$(backing_value "$card" pages)
	text="$found, $(backing_value "$card" reason); $(backing_value "$card" chunks sum) chunks"
	text="$text with $in_use of the $pages pages of BOs"
	if [ "$found" != "$expect" ]; then
		result fail "$card.backing" "not $expect: $text"
	elif [ "$expect" = "shared -" ] &&
	     [ "$(backing_value "$card" chunk_allocs sum)" != 0 ]; then
		result fail "$card.backing" "coherent pages on the bare machine: $text"
	elif [ "${expect% *}" = device ] && [ "$in_use" != "$pages" ] ||
	     [ "${expect% *}" = hypervisor ] && [ "$in_use" -lt "$pages" ]; then
		result fail "$card.backing" "BOs have pages that are in no chunk: $text"
	else
		result pass "$card.backing" "$text"
	fi
	log_has choice "$card" "BO pages: ${expect% *}"
}

# ttm: name of the TTM that radeon uses, also of its directory in debugfs.
ttm() {
	if [ -e /sys/module/rttm/holders/radeon ]; then
		echo rttm
	else
		echo ttm
	fi
}
