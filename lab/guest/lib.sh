# shellcheck shell=sh
# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# What the scenarios share: reports to the host, the cards of this machine, and
# loading the driver. Sourced; a scenario ends with "finish".

lab_failed=0

# lab TEXT: a line of the console protocol (see lab_console.h). A person has no
# use for it.
lab() {
	if [ -n "$LAB_RUN" ]; then
		echo "<1>@lab $*" >/dev/kmsg
	else
		echo "$*"
	fi
}

# result pass|fail|skip NAME TEXT...
result() {
	[ "$1" != fail ] || lab_failed=1
	outcome=$1
	name=$2
	shift 2
	lab "result $name $outcome $*"
}

# row KEY VALUE...
row() {
	lab "row $*"
}

# run COMMAND...: a test program, which reports itself; its failure is ours.
# One that dies has not reported.
run() {
	"$@"
	run_status=$?
	[ $run_status -eq 0 ] || lab_failed=1
	[ $run_status -le 1 ] || result fail "${1##*/}" "ended with status $run_status: $*"
	return $run_status
}

finish() {
	exit $lab_failed
}

# cards: the names of this machine's cards, on one line.
cards() {
	found=
	for device in /sys/bus/pci/devices/*; do
		case $(cat "$device/vendor"):$(cat "$device/device") in
		0x1002:0x5b60) found="$found rv370" ;;
		0x1002:0x5159) found="$found rv100" ;;
		esac
	done
	echo ${found# }
}

# card_device CARD: its PCI device ID, as the driver prints it.
card_device() {
	case $1 in
	rv370) echo 0x5B60 ;;
	rv100) echo 0x5159 ;;
	esac
}

# minor CARD: the number of its primary node, N in /dev/dri/cardN.
minor() {
	for node in /sys/class/drm/card[0-9]*; do
		case $node in
		*-*) continue ;; # a connector
		esac
		[ "$(tr a-f A-F <"$node/device/device" | tr X x)" != "$(card_device "$1")" ] ||
			echo "${node##*/card}"
	done
}

# backing_file CARD: where our pool says what it has for this card. Debian's has no such file.
backing_file() {
	echo "/sys/kernel/debug/dri/$(minor "$1")/ttm_backing"
}

# backing_value CARD KEY [cached|wc|uc|sum]: a value of that file; a line of its table
# has three.
backing_value() {
	awk -v key="$2" -v column="${3:-all}" '
		$1 != key { next }
		column == "cached" { print $2 }
		column == "wc" { print $3 }
		column == "uc" { print $4 }
		column == "sum" { print $2 + $3 + $4 }
		column == "all" { sub(/^[^ ]+ +/, ""); print }' "$(backing_file "$1")"
}

# check_cards: the cards that were asked for (lab.card=) are there.
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

# machine: what this kernel runs on. The UUID of dom0 is zero.
machine() {
	if [ "$(cat /sys/hypervisor/type 2>/dev/null)" != xen ]; then
		echo bare
	elif [ "$(tr -d 0- </sys/hypervisor/uuid)" = "" ]; then
		echo "Xen dom0"
	else
		echo "Xen domU"
	fi
}

# driver_log CARD: what the driver has logged about a card since it was last loaded.
driver_log() {
	dmesg | awk -v device="0x1002:$(card_device "$1")" '
		/@lab load radeon/ { lines = 0; here = 0 }
		/@lab / { next }	# what we say of the driver
		/initializing kernel modesetting/ { here = index($0, device) }
		here { line[lines++] = $0 }
		END { for (i = 0; i < lines; i++) print line[i] }'
}

# log_has NAME CARD PATTERN: one result: the driver has said so of this card.
log_has() {
	line=$(driver_log "$2" | grep -E "$3" | head -n 1 | sed 's/^\[[^]]*\] *//')
	if [ -n "$line" ]; then
		result pass "$2.$1" "$line"
	else
		result fail "$2.$1" "the driver did not say '$3'"
	fi
}

# log_lacks NAME CARD PATTERN: one result: the driver has not said so.
log_lacks() {
	line=$(driver_log "$2" | grep -E "$3" | head -n 1 | sed 's/^\[[^]]*\] *//')
	if [ -z "$line" ]; then
		result pass "$2.$1" "no '$3'"
	else
		result fail "$2.$1" "$line"
	fi
}

# load_radeon [PARAMETER=VALUE]...: load the driver; each card comes up with
# acceleration. A small GTT, so that a test can use all of it.
load_radeon() {
	lab "load radeon gartsize=64 $*"
	if ! load-radeon gartsize=64 "$@"; then
		result fail load "load-radeon gartsize=64 $* failed"
		finish
	fi
	for card in $(cards); do
		log_has ring-test "$card" "ring test succeeded"
		log_has ib-test "$card" "ib test succeeded"
		log_lacks accel "$card" "Disabling GPU acceleration"
		[ "$LAB_POOL" != new ] || check_choice "$card"
	done
}

# needed_backing CARD: the backing and shape that this machine and this card need: no
# coherent page on the bare machine, under Xen chunks, of single pages if the card reaches
# all of them (MEMORY is more than 32 bits reach). A pool device that is bound has the last word:
# that of POOL_DEVICE=default.
needed_backing() {
	for device in /sys/bus/pci/drivers/ttm-pool/*:*; do
		[ -e "$device" ] || continue
		case $1 in
		rv370) echo "hypervisor scattered" ;;
		rv100) echo "hypervisor contiguous" ;;
		esac
		return
	done
	case "$(machine)-$1" in
	Xen*-rv370) echo "device scattered" ;;
	Xen*-rv100) echo "device contiguous" ;;
	*) echo "shared -" ;;
	esac
}

# check_choice CARD: the pool has chosen what $expect_backing or the like for this card says
# ($expect_backing_rv370), or if that is empty, what is needed. Pages of a hypervisor's are
# counted together with other cards'.
check_choice() {
	eval "expect=\${expect_backing_$1:-\$expect_backing}"
	[ -n "$expect" ] || expect=$(needed_backing "$1")
	found="$(backing_value "$1" backing) $(backing_value "$1" shape)"
	text="$found, $(backing_value "$1" reason); $(backing_value "$1" chunks sum) chunks, $(backing_value "$1" in_use sum) of $(backing_value "$1" pages) pages in them"
	if [ "$found" != "$expect" ]; then
		result fail "$1.backing" "not $expect: $text"
	elif [ "$expect" = "shared -" ] && [ "$(backing_value "$1" chunk_allocs sum)" != 0 ]; then
		result fail "$1.backing" "coherent pages on the bare machine: $text"
	elif [ "${expect% *}" = device ] &&
	     [ "$(backing_value "$1" in_use sum)" != "$(backing_value "$1" pages)" ] ||
	     [ "${expect% *}" = hypervisor ] &&
	     [ "$(backing_value "$1" in_use sum)" -lt "$(backing_value "$1" pages)" ]; then
		result fail "$1.backing" "pages that are not the pool's: $text"
	else
		result pass "$1.backing" "$text"
	fi
	log_has choice "$1" "BO pages: ${expect% *}"
}

# moves_from NAME CARD EXPECT: the GPU moves BOs, whose pages come from there: a backing and a
# shape, see needed_backing. The seed is another one each time.
moves_from() {
	moves_seed=$((${moves_seed:-0} + 1))
	gtt-move --card "$2" --rounds 1 --seed $moves_seed --limit-mib "${moves_limit:-6}" >/tmp/moved 2>&1
	moved=$?
	found="$(backing_value "$2" backing) $(backing_value "$2" shape)"
	text="$found, $(backing_value "$2" reason)"
	if [ $moved -ne 0 ]; then
		cat /tmp/moved
		result fail "$1.$2" "wrong contents: $text"
	elif [ "$found" != "$3" ]; then
		result fail "$1.$2" "not $3: $text"
	else
		result pass "$1.$2" "$text"
	fi
}

# moves_during NAME COMMAND...: all GPUs move BOs while the command, which takes its time, is done
# again and again.
moves_during() {
	# result has a variable of the obvious name.
	moves_name=$1
	shift
	jobs=
	for card in $(cards); do
		gtt-move --card "$card" --rounds 2 --seed 77 --limit-mib 32 >"/tmp/moved.$card" 2>&1 &
		jobs="$jobs $card:$!"
	done
	turns=0 failed_turns=0
	while :; do
		busy=
		for job in $jobs; do
			! kill -0 "${job#*:}" 2>/dev/null || busy=y
		done
		[ "$busy" ] || break
		"$@" || failed_turns=$((failed_turns + 1))
		turns=$((turns + 1))
	done
	for job in $jobs; do
		card=${job%:*}
		wait "${job#*:}"
		moved=$?
		if [ $moved -eq 0 ] && [ $turns -gt 0 ] && [ $failed_turns -eq 0 ]; then
			result pass "$moves_name.$card" "contents are right after $turns turns"
		else
			cat "/tmp/moved.$card"
			result fail "$moves_name.$card" "status $moved; $failed_turns of $turns turns failed"
		fi
	done
}

# above_4g CARD: the option that makes gtt-move demand that the GPU reached
# memory above 4 GiB: what a Xen dom0 with enough memory cannot avoid on a card
# that drives 40 bits, and what shows that machine addresses were used.
above_4g() {
	[ "$(machine)" != "Xen dom0" ] || [ "$1" != rv370 ] || echo --expect-above-4g
}

# consoles_off: take the consoles off all frame buffers.
consoles_off() {
	for console in /sys/class/vtconsole/vtcon*; do
		! grep -q "frame buffer" "$console/name" || echo 0 >"$console/bind"
	done
}

# of_other_driver NODE: does a device node or a directory in debugfs belong to a driver
# that is not radeon?
of_other_driver() {
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

# pci_address CARD: where the driver finds it, for its unbind and bind.
pci_address() {
	basename "$(readlink -f "/sys/class/drm/card$(minor "$1")/device")"
}

# bind_radeon ADDRESS: give the driver back what it was unbound from.
bind_radeon() {
	[ -d "/sys/bus/pci/drivers/radeon/$1" ] || echo "$1" >/sys/bus/pci/drivers/radeon/bind
}

# bos_left CARD ADDRESS IN-USE STAY: the driver has let go of the card at this PCI address, and has
# found as many BOs that somebody had, of which it has kept the pages of those that STAY.
bos_left() {
	used=$(dmesg | grep -c "$2: .*BO of [0-9]* bytes is still in use")
	stay=$(dmesg | grep -c "$2: .*BO of [0-9]* bytes stays in memory")
	what="BOs of which the handle is left: $used, BOs that stay in memory: $stay"
	if [ "$used" -eq "$3" ] && [ "$stay" -eq "$4" ]; then
		result pass "$1.unbound" "$what"
	else
		result fail "$1.unbound" "$what; instead of $3 and $4"
	fi
}

# unload_radeon: take the consoles off the cards' frame buffers, remove the
# driver, and see that it has left nothing behind. Without radeon_unregister.ko
# (see there) the stock driver would crash the kernel; ours needs no help.
unload_radeon() {
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
	# Our TTM has no other user: it goes too, if nothing holds it.
	ours=rttm
	case $(uname -r) in
	*-debug) ours="drm_ttm_helper ttm" ;;
	esac
	for module in $ours; do
		if [ -d "/sys/module/$module" ] && ! rmmod "$module"; then
			result fail unload "rmmod $module failed"
			finish
		fi
	done
	left=
	[ ! -e /sys/module/radeon ] || left="$left /sys/module/radeon"
	for node in /dev/dri/card* /dev/dri/renderD* /dev/fb* /sys/kernel/debug/dri/[0-9]* \
		/sys/kernel/debug/rttm; do
		[ ! -e "$node" ] || of_other_driver "$node" || left="$left $node"
	done
	! grep -q radeon /proc/interrupts || left="$left an-interrupt"
	! grep -q radeon /proc/iomem || left="$left iomem"
	# What stock drivers leave in debugfs' root outlives them.
	for file in radeon_vram radeon_gtt ttm_backing; do
		if [ "$LAB_POOL" = stock ]; then
			stock_was_here=y
		elif [ -z "$stock_was_here" ] && [ -e "/sys/kernel/debug/$file" ]; then
			left="$left debugfs:$file"
		fi
	done
	if [ -z "$left" ]; then
		result pass unload "no device node, interrupt or memory region left"
	else
		result fail unload "left behind:$left"
	fi
}

# move_on_all: the GPUs of all cards move BOs at the same time.
move_on_all() {
	running=
	for card in $(cards); do
		gtt-move --card "$card" --rounds 1 --seed 7 &
		running="$running $!"
	done
	for job in $running; do
		run wait "$job"
	done
}

# load_edu BITS,...: the driver of the devices that are there with EDU=yes; how far they reach,
# it cannot tell but believes us.
load_edu() {
	[ ! -d /sys/module/edu_dma ] || rmmod edu_dma
	insmod "/usr/lib/lab/modules/$(uname -r)/edu_dma.ko" "bits=$1"
	if [ ! -c /dev/edu-dma1 ]; then
		result fail edu "edu_dma.ko has not found two devices: boot with EDU=yes"
		finish
	fi
}

# save_out DIR: put a directory into the boot's result directory. The host's file system is
# there for that time only, as it does not outlive a suspended machine.
save_out() {
	mkdir -p /tmp/out
	for module in virtio_pci 9pnet_virtio 9p; do
		modprobe -q $module
	done
	if mount -t 9p -o trans=virtio,msize=131072 out /tmp/out 2>/dev/null; then
		cp -r "$1" /tmp/out
		umount /tmp/out
	else
		echo "this kernel has no 9p: $1 is not saved"
	fi
}

# watch_suspend: the window over RV100's VRAM comes back when the machine does. Without it
# tests would pass, but take long.
watch_suspend() {
	stats=/sys/power/suspend_stats/success
	read -r before <$stats || return
	while usleep 200000; do
		read -r now <$stats
		if [ "$now" != "$before" ]; then
			before=$now
			. /usr/lib/lab/vram-window.sh
		fi
	done
}

# igt_driver: the driver's name in the names of expectation files. The stock driver's failures
# differ between bare machine and Xen.
igt_driver() {
	local where

	where=$(machine)
	case $LAB_POOL-$where in
	stock-bare) echo radeon-stock-bare ;;
	stock-*) echo radeon-stock-xen ;;
	*) echo radeon ;;
	esac
}

# run_igt LIST: igt's tests, by a list of igt-tests/lists, on each card; one result for each test,
# and a directory CARD-igt with radeon-igt's report for each card.
run_igt() {
	watch_suspend &
	watcher=$!
	for card in $(cards); do
		address=$(readlink -f "/sys/class/drm/card$(minor "$card")/device")
		# igt takes every alert in the kernel's log for a fault of the test.
		LAB_KMSG_LEVEL=6 IGT_RADEON_PROBE="lab-probe $card" \
			enter-igt radeon-igt --list "$1" --out "/tmp/$card-igt" \
			--card "${address##*/}" --gpu "$card" --driver "$(igt_driver)"
		igt_status=$?
		if [ $igt_status -gt 1 ]; then
			result fail "$card.igt" "radeon-igt ended with status $igt_status: see the console's log"
			continue
		fi
		# NAME RESULT MEANING SECONDS TEXT
		while read -r name found meaning seconds text; do
			case $found-$meaning in
			*-worse | *-better) result fail "$card.$name" "$found, $meaning than expected: $text" ;;
			Skip-*) result skip "$card.$name" "$text" ;;
			*) result pass "$card.$name" "$found in $seconds s" ;;
			esac
		done <"/lab/tmp/$card-igt/verdicts.txt"
		save_out "/lab/tmp/$card-igt"
	done
	kill $watcher 2>/dev/null
}

# igt_finds CARD TEST: does that one test fail? igt_found says what it came to; igt_stuck is set if the
# process that has failed never ends, as a fault in the kernel may have it. The program alone, as
# igt's runner would wait for that.
igt_finds() {
	igt_failed="\\[IGT\\] .*: finished subtest ${2#*@}, FAIL"
	igt_before=$(dmesg | grep -c "$igt_failed")
	LAB_KMSG_LEVEL=6 IGT_RADEON_PROBE="lab-probe $1" IGT_FORCE_DRIVER=radeon \
		IGT_DEVICE="drm:/dev/dri/card$(minor "$1")" \
		enter-igt timeout -k 5 100 "/usr/local/libexec/igt-gpu-tools/radeon/${2%@*}" \
		--run-subtest "${2#*@}" &
	igt_job=$!
	igt_stuck=
	igt_grace=15
	while kill -0 $igt_job 2>/dev/null; do
		sleep 1
		[ "$(dmesg | grep -c "$igt_failed")" -gt "$igt_before" ] || continue
		igt_grace=$((igt_grace - 1))
		if [ $igt_grace -eq 0 ]; then
			igt_stuck=y
			igt_found="Fail, and the kernel does not let it end"
			return 0
		fi
	done
	wait $igt_job
	igt_status=$?
	case $igt_status in
	0) igt_found=Pass ;;
	77) igt_found=Skip ;;
	*) igt_found="Fail, status $igt_status" ;;
	esac
	[ $igt_status -ne 0 ] && [ $igt_status -ne 77 ]
}

# reload_radeon [COUNT]: the driver goes, comes back and works: three times, or COUNT. What it
# says of itself is looked at the first time and the last. If it had no acceleration, nothing
# would be moved.
reload_radeon() {
	for turn in $(seq "${1:-3}"); do
		unload_radeon
		if [ "$turn" -eq 1 ] || [ "$turn" -eq "${1:-3}" ]; then
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

# faults_in_ttm: the allocations that fail on a kernel with fault injection, for a task that says
# itself which (/proc/self/fail-nth): those that TTM makes or has made, whoever called it, and not a
# line for each. What the driver's other paths do without memory is not the pool's concern; one of
# them oopsed until a patch of ours.
faults_in_ttm() {
	text=$(awk '$4 == "[ttm]" && $2 ~ /[tT]/ { print $1 }' /proc/kallsyms | sort)
	first=$(echo "$text" | head -n 1)
	last=$(echo "$text" | tail -n 1)
	for attribute in failslab fail_page_alloc; do
		dir=/sys/kernel/debug/$attribute
		echo Y >$dir/task-filter
		echo N >$dir/ignore-gfp-wait
		echo 0 >$dir/verbose
		echo 32 >$dir/stacktrace-depth
		echo "0x$first" >$dir/require-start
		# The last function is somewhere in the last page.
		echo "0x${last%???}fff" >$dir/require-end
	done
	echo N >/sys/kernel/debug/fail_page_alloc/ignore-gfp-highmem
	echo 0 >/sys/kernel/debug/fail_page_alloc/min-order
}

# leaks_from_here: kmemleak scans when we say so. What the kernel's own start has left is not the
# driver's. Nothing, as leaks, on a kernel without it.
leaks_from_here() {
	[ -e /sys/kernel/debug/kmemleak ] || return 0
	echo scan=off >/sys/kernel/debug/kmemleak
	echo clear >/sys/kernel/debug/kmemleak
}

# leaks NAME: memory that nothing points at any more. An object counts once it is five
# seconds old and has not changed since the scan before.
leaks() {
	[ -e /sys/kernel/debug/kmemleak ] || return 0
	sleep 6
	echo scan >/sys/kernel/debug/kmemleak
	echo scan >/sys/kernel/debug/kmemleak
	count=$(grep -c '^unreferenced object' /sys/kernel/debug/kmemleak)
	if [ "$count" -eq 0 ]; then
		result pass "leaks.$1" "kmemleak: no unreferenced object"
	else
		head -n 120 /sys/kernel/debug/kmemleak | while read -r line; do
			echo "<4>kmemleak report: $line" >/dev/kmsg
		done
		result fail "leaks.$1" "kmemleak: $count unreferenced objects, see the log"
	fi
}
