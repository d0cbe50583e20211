# shellcheck shell=dash
# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# The radeon driver: load, log, unload, unbind, and its own tests.

# driver_log CARD: the driver's log lines about a card since it was last loaded.
driver_log() {
	dmesg | awk -v device="0x1002:$(card_device "$1")" '
		/@lab load radeon/ { lines = 0; here = 0 }
		/@lab / { next }	# our own lines
		/initializing kernel modesetting/ { here = index($0, device) }
		here { line[lines++] = $0 }
		END { for (i = 0; i < lines; i++) print line[i] }'
}

# first_log_line CARD PATTERN: the first of these lines that matches, without its time.
first_log_line() {
	driver_log "$1" | grep -E "$2" | head -n 1 | without_time
}

# without_time: removes the time from lines of the kernel's log.
without_time() {
	sed 's/^\[[^]]*\] *//'
}

# log_has NAME CARD PATTERN: a result: the driver's log of this card has such a line.
log_has() {
	local line

	line=$(first_log_line "$2" "$3")
	if [ -n "$line" ]; then
		result pass "$2.$1" "$line"
	else
		result fail "$2.$1" "no '$3' in the driver's log"
	fi
}

# log_lacks NAME CARD PATTERN: a result: the driver's log of this card has no such line.
log_lacks() {
	local line

	line=$(first_log_line "$2" "$3")
	if [ -z "$line" ]; then
		result pass "$2.$1" "no '$3'"
	else
		result fail "$2.$1" "$line"
	fi
}

# load_radeon [PARAMETER=VALUE]...: loads the driver. Each card must have acceleration and the
# expected backing. The GTT is small, so that a test can use all of it; lab.gartsize= sets another
# size in MiB, or the driver's default (-1).
load_radeon() {
	local card gartsize=${LAB_GARTSIZE:-64}

	host "load radeon gartsize=$gartsize $*"
	if ! load-radeon gartsize="$gartsize" "$@"; then
		result fail load "load-radeon gartsize=$gartsize $* failed"
		finish
	fi
	for card in $(cards); do
		log_has ring-test "$card" "ring test succeeded"
		log_has ib-test "$card" "ib test succeeded"
		log_lacks accel "$card" "Disabling GPU acceleration"
		[ "$LAB_POOL" != new ] || check_choice "$card"
	done
}

# consoles_off: unbind the consoles from all frame buffers.
consoles_off() {
	local console

	for console in /sys/class/vtconsole/vtcon*; do
		! grep -q "frame buffer" "$console/name" || echo 0 >"$console/bind"
	done
}

# of_other_driver NODE: does a device node or a directory in debugfs belong to another driver than
# radeon?
of_other_driver() {
	local owner

	case $1 in
	/dev/dri/*) owner=/sys/class/drm/${1##*/}/device/driver ;;
	/dev/fb*) owner=/sys/class/graphics/${1##*/}/device/driver ;;
	/sys/kernel/debug/dri/*)
		read -r owner _ <"$1/name" 2>/dev/null && [ "$owner" != radeon ]
		return ;;
	*) return 1 ;;
	esac
	owner=$(readlink "$owner") && [ "${owner##*/}" != radeon ]
}

# left_of_radeon: nodes, files and interrupts of the driver that exist after it was unloaded.
left_of_radeon() {
	local left='' node file

	[ ! -e /sys/module/radeon ] || left="$left /sys/module/radeon"
	for node in /dev/dri/card* /dev/dri/renderD* /dev/fb* /sys/kernel/debug/dri/[0-9]* \
		/sys/kernel/debug/rttm; do
		[ ! -e "$node" ] || of_other_driver "$node" || left="$left $node"
	done
	! grep -q radeon /proc/interrupts || left="$left an-interrupt"
	! grep -q radeon /proc/iomem || left="$left iomem"
	# The stock driver leaves these in the root of debugfs.
	for file in radeon_vram radeon_gtt ttm_backing; do
		[ -n "$stock_was_loaded" ] || [ ! -e "/sys/kernel/debug/$file" ] ||
			left="$left debugfs:$file"
	done
	echo "$left"
}

# unload_radeon: unbind the consoles, unload the driver, and check that it leaves nothing. The
# stock driver would crash the kernel without radeon_unregister.ko (see there). Sets
# stock_was_loaded, for left_of_radeon.
unload_radeon() {
	local helper module ours=rttm left

	helper=/usr/lib/lab/modules/$(uname -r)/radeon_unregister.ko
	if [ "$LAB_POOL" != new ] && [ ! -d /sys/module/radeon_unregister ] &&
	   ! insmod "$helper"; then
		result fail unload "radeon cannot be unloaded without $helper"
		finish
	fi
	consoles_off
	if ! rmmod radeon; then
		result fail unload "rmmod radeon failed"
		finish
	fi
	# Our TTM has no other user and must be unloadable.
	case $(uname -r) in
	*-debug | *-src) ours="drm_ttm_helper ttm" ;;
	esac
	for module in $ours; do
		if [ -d "/sys/module/$module" ] && ! rmmod "$module"; then
			result fail unload "rmmod $module failed"
			finish
		fi
	done
	[ "$LAB_POOL" != stock ] || stock_was_loaded=y
	left=$(left_of_radeon)
	if [ -z "$left" ]; then
		result pass unload "no device node, interrupt or memory region left"
	else
		result fail unload "left behind:$left"
	fi
}

# reload_radeon [COUNT]: unload the driver, load it and have the GPUs move BOs, COUNT times (3).
# The driver's log is checked the first time and the last. Without acceleration a move fails.
reload_radeon() {
	local turn card count=${1:-3}

	for turn in $(seq "$count"); do
		unload_radeon
		if [ "$turn" -eq 1 ] || [ "$turn" -eq "$count" ]; then
			load_radeon
		elif ! load-radeon gartsize=64; then
			result fail load "load-radeon gartsize=64 failed after $((turn - 1)) turns"
			finish
		fi
		for card in $(cards); do
			run gtt-move --card "$card" --rounds 1 --seed "$turn" --limit-mib 8
		done
	done
}

# bind_radeon ADDRESS: bind the driver to a card that it was unbound from.
bind_radeon() {
	[ -d "/sys/bus/pci/drivers/radeon/$1" ] || echo "$1" >/sys/bus/pci/drivers/radeon/bind
}

# coherent_left CARD ADDRESS COUNT: a result after the driver was unbound from the card at this PCI
# address: the driver has logged since the boot that importers hold COUNT BOs in its coherent
# memory.
coherent_left() {
	local count

	count=$(dmesg | grep -c "$2: [0-9]* bytes of coherent memory are freed when")
	if [ "$count" -eq "$3" ]; then
		result pass "$1.unbound" "BOs in coherent memory that importers hold: $count"
	else
		result fail "$1.unbound" \
			"BOs in coherent memory that importers hold: $count instead of $3"
	fi
}

# driver_selftest: the driver's own tests: ring, indirect buffer, and its move of the whole GTT.
# With Debian's driver the move test leaves its buffers pinned: it is the last test of a boot.
driver_selftest() {
	local emulation card offsets tested='Tested GTT->VRAM and VRAM->GTT copy for GTT offset'

	# VRAM is full of pinned buffers, without room for the frame buffer of a console.
	modprobe drm_kms_helper
	for emulation in /sys/module/*/parameters/fbdev_emulation; do
		echo N >"$emulation"
	done
	load_radeon test=1
	for card in $(cards); do
		log_lacks move-errors "$card" \
			"Error while testing BO move|Incorrect .* copy|Failed .* copy"
		offsets=$(driver_log "$card" |
			sed -n "s/.*$tested \(0x[0-9a-f]*\).*/\1/p" | sort -u | wc -l)
		# The number of BOs of 1 MiB in 64 MiB, less the pinned ones.
		if [ "$offsets" -gt 20 ]; then
			result pass "$card.move-test" \
				"$offsets GTT offsets of 1 MiB to VRAM and back"
		else
			result fail "$card.move-test" "only $offsets GTT offsets tested"
		fi
	done
}
