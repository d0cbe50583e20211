# shellcheck shell=dash
# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# All GPUs move BOs while the machine repeats an action, lab.during=:
#
#   balloon     a Xen dom0 gives half of its memory back, and gets it again
#   hibernate   the devices are suspended and resumed, as for a memory image
#
# limit: 1200

. /usr/lib/lab/lib.sh

balloon=/sys/devices/system/xen_memory/xen_memory0

# balloon_to KIB: wait until dom0 has that much memory.
balloon_to() {
	local turn current

	echo "$1" >$balloon/target_kb
	for turn in $(seq 300); do
		read -r current <$balloon/info/current_kb
		[ "$current" -ne "$1" ] || return 0
		usleep 100000
	done
	echo "dom0 has $current KiB instead of $1"
	return 1
}

during_balloon() {
	balloon_to $((full / 2)) && balloon_to "$full"
}

during_hibernate() {
	local status=0

	echo disk >/sys/power/state || status=1
	# The kernel has restored all BARs.
	. /usr/lib/lab/vram-window.sh
	# Processes were frozen: let them work.
	sleep 5
	return $status
}

check_cards
case $LAB_DURING in
balloon)
	if ! read -r full <$balloon/target_kb; then
		result fail balloon "this machine has no balloon: boot with MACHINE=xen"
		finish
	fi ;;
hibernate)
	if ! echo core >/sys/power/pm_test || ! echo shutdown >/sys/power/disk; then
		result fail hibernate "this kernel cannot test hibernation"
		finish
	fi ;;
*)
	result fail moves-during "lab.during=$LAB_DURING is unknown: choose balloon|hibernate"
	finish ;;
esac
load_radeon
moves_during "$LAB_DURING" "during_$LAB_DURING"
for card in $(cards); do
	run gtt-move --card "$card" --rounds 1 --limit-mib 8
done
unload_radeon
finish
