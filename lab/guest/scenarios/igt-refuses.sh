# shellcheck shell=dash
# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# radeon-igt while processes use the card, and without rights: it refuses to run, in one line
# that names each process. Without --unsafe it leaves out tests that reset the GPU. No test makes
# more mappings than a process may have.
#
# needs: igt
# allow: \[IGT\] add ignored dmesg regex
# allow: GPU reset succeeded

. /usr/lib/lab/lib.sh

# refuses NAME TEXT [COMMAND]...: radeon-igt, run by the command, says only that text and ends with
# status 2.
refuses() {
	local name=$1 text=$2 status

	shift 2
	enter-igt "$@" radeon-igt --out /tmp/refused >/tmp/said 2>&1
	status=$?
	if [ $status -eq 2 ] && [ "$(wc -l </tmp/said)" -eq 1 ] && grep -qF "$text" /tmp/said &&
		[ ! -e /lab/tmp/refused ]; then
		result pass "refuses-$name" "$(cat /tmp/said)"
	else
		result fail "refuses-$name" \
			"status $status, expected '$text': $(head -n 3 /tmp/said | tr '\n' ' ')"
	fi
}

# holds FILE: a process has the file open.
holds() {
	local holder

	sleep 1000 3<>"$1" &
	holder=$!
	refuses "${1##*/}" "is in use by sleep ($holder, $1): stop"
	kill $holder
	wait $holder
}

# runs NAME TESTS [OPTION]...: radeon-igt runs these tests of a list.
runs() {
	local name=$1 tests=$2 found

	shift 2
	enter-igt radeon-igt --list /tmp/list.txt --out "/tmp/$name" "$@" >/tmp/said 2>&1
	found=$(cut -d' ' -f1,2 "/lab/tmp/$name/verdicts.txt" | tr '\n' ' ')
	if [ "$found" = "$tests" ]; then
		result pass "$name" "$found"
	else
		result fail "$name" "it ran '$found', expected '$tests': $(tail -n 1 /tmp/said)"
	fi
}

check_cards
load_radeon
enter-igt true
minor=$(minor "$LAB_CARD")
holds "/dev/dri/card$minor"
for file in "/sys/class/drm/card$minor/device/drm"/renderD*; do
	holds "/dev/dri/${file##*/}"
done
for file in "/sys/class/drm/card$minor/device/graphics"/fb*; do
	holds "/dev/${file##*/}"
done
graphics-console >/tmp/console &
holder=$!
for i in 1 2 3 4 5; do
	! grep -q ready /tmp/console || break
	sleep 1
done
# Meanwhile other processes start and end.
while :; do /bin/true; done &
others=$!
refuses graphics-console "$(cat /proc/$holder/comm) ($holder, /dev/tty1 in graphics mode): stop"
kill $holder $others
wait $holder $others
refuses no-rights "run it as root" /usr/bin/setpriv --reuid 65534 --clear-groups

refuses no-directory "cannot make a directory in /sys: set TMPDIR" /usr/bin/env TMPDIR=/sys

unsafe=/lab/usr/local/share/igt-gpu-tools/radeon/unsafe.txt
mv $unsafe /tmp/unsafe.txt
refuses no-unsafe "unsafe.txt cannot be read"
mv /tmp/unsafe.txt $unsafe

# GTT holds more BOs of this test than the process may map.
limit=$(cat /proc/sys/vm/max_map_count)
echo 1000 >/proc/sys/vm/max_map_count
echo igt@radeon/radeon_mapping@full-gtt-small >/lab/tmp/list.txt
runs few-mappings "radeon/radeon_mapping@full-gtt-small Pass "
echo "$limit" >/proc/sys/vm/max_map_count

printf '%s\n' igt@radeon/radeon_mapping@acceleration igt@radeon/radeon_mapping@reset \
	>/lab/tmp/list.txt
runs safe "radeon/radeon_mapping@acceleration Pass "
runs unsafe "radeon/radeon_mapping@acceleration Pass radeon/radeon_mapping@reset Pass " --unsafe
left=$(ls -d /lab/tmp/tmp.* 2>/dev/null)
if [ -z "$left" ]; then
	result pass leaves-no-directory "no temporary directory is left"
else
	result fail leaves-no-directory "temporary directories are left: $left"
fi
finish
