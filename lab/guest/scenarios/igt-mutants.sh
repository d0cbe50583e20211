# shellcheck shell=dash
# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# Mutants, TTM and radeon modules that are deliberately broken, on a debug kernel with both cards:
# for each, the igt test or the program of the guest that it names has to fail. With the
# unbroken modules the same tests pass. lab.mutant=NAME,... runs these alone.
#
# The kernel may print any message about them:
#
# limit: 4800
# silence: 400
# needs: igt
# needs: edu
# allow: .

. /usr/lib/lab/lib.sh

# load TTM PARAMETER,...: a TTM, and the radeon in its directory or the kernel's.
load() {
	# shellcheck disable=SC2046 # several parameters
	insmod "$1" $(echo "$2" | tr , ' ') || return
	if [ -f "${1%/*}/radeon.ko" ] && [ "$1" != "$sound" ]; then
		modprobe drm_ttm_helper
		insmod "${1%/*}/radeon.ko" gartsize=64
	else
		modprobe radeon gartsize=64
	fi
}

unload() {
	local module

	consoles_off
	rmmod radeon
	for module in drm_ttm_helper ttm; do
		[ ! -d "/sys/module/$module" ] || rmmod "$module"
	done
	[ ! -d /sys/module/ttm ]
}

# lab_finds CARD PROGRAM [ARGUMENT]...: as igt_finds, for a program of the guest. The program's
# results are not reported. Sets igt_found and igt_stuck.
lab_finds() {
	local card=$1

	shift
	igt_stuck=
	igt_found=Fail
	timeout -k 5 200 "$@" --card "$card" >/tmp/found 2>&1
	case $? in
	0) igt_found=Pass ;;
	1) ;;
	*) igt_found="it ended with status $?" ;;
	esac
	grep -v '^ok ' /tmp/found
	[ "$igt_found" = Fail ]
}

check_cards
load_edu 32,40
insmod "/usr/lib/lab/modules/$(uname -r)/raw_export.ko"
modprobe radeon gartsize=64
sound=$(find /lib/modules -name ttm.ko)
enter-igt true
unload
mutants=/usr/lib/lab/mutants
found=
for what in sound mutants; do
	# freed-in-use may crash the machine, so it is the last.
	for dir in $(find $mutants -mindepth 1 -maxdepth 1 ! -name freed-in-use | sort) \
		$mutants/freed-in-use; do
		[ -f "$dir/ttm.ko" ] || continue
		[ -s "$dir/igt" ] || [ -s "$dir/lab" ] || continue
		mutant=$(basename "$dir")
		case ,${LAB_MUTANT:-$mutant}, in
		*,"$mutant",*) ;;
		*) continue ;;
		esac
		found=y
		finds=igt_finds
		[ -s "$dir/igt" ] || finds=lab_finds
		read -r card parameter test <"$dir/${finds%_finds}"
		if [ $what = sound ]; then
			ttm=$sound name=sound.$mutant
		else
			ttm=$dir/ttm.ko name=igt-mutant.$mutant
		fi
		if ! load "$ttm" "$parameter"; then
			result fail "$name" "it could not be loaded"
			finish
		fi
		# shellcheck disable=SC2086 # a program has arguments
		$finds "$card" $test
		case $what-$? in
		mutants-0)
			result pass "$name" "found by $test ($igt_found): $(cat "$dir/what")" ;;
		mutants-*) result fail "$name" \
			"not found by $test ($igt_found): $(cat "$dir/what")" ;;
		sound-*)
			if [ "$igt_found" = Pass ]; then
				result pass "$name" "$test with unbroken modules: $igt_found"
			else
				result fail "$name" \
					"$test ($igt_found) does not pass with unbroken modules"
			fi ;;
		esac
		# No other test can run on this kernel.
		[ -z "$igt_stuck" ] || finish
		if ! unload; then
			result fail "$name" "it could not be unloaded"
			finish
		fi
	done
done
[ -n "$found" ] || result fail igt-mutants \
	"there are no mutants in this machine${LAB_MUTANT:+, or none of $LAB_MUTANT}"
finish
