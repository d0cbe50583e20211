# shellcheck shell=dash
# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# The kernel's memory, and swap space.

# mib_total: memory of the machine in MiB.
mib_total() {
	awk '$1 == "MemTotal:" { print int($2 / 1024) }' /proc/meminfo
}

# swap_on MIB: turn on swap space in memory that the kernel has not used so far.
swap_on() {
	modprobe brd rd_nr=1 "rd_size=$(($1 * 1024))" && mkswap /dev/ram0 >/dev/null &&
		swapon /dev/ram0
}

# swapped_out: pages that the kernel has written to swap space.
swapped_out() {
	awk '$1 == "pswpout" { print $2 }' /proc/vmstat
}

# swap_on_disk: turn on swap space on the disk of SWAP_DISK=.
swap_on_disk() {
	mkswap "$LAB_SWAP_DISK" >/dev/null && swapon "$LAB_SWAP_DISK"
}
