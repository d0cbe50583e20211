# shellcheck shell=dash
# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# Mutants, TTM modules that are deliberately broken, on a debug kernel without a card: for each
# mutant the KUnit test that it names has to fail.
#
# The kernel may print any message about them:
#
# allow: .

. /usr/lib/lab/lib.sh

# failed SUITE CASE: has that KUnit test failed?
failed() {
	grep -qE "^ *not ok [0-9]+ $2( |\$)" "/sys/kernel/debug/kunit/$1/results"
}

swap_on 64 || result fail swap-space "this kernel has no swap space"
modprobe kunit
modprobe ttm
rmmod ttm
found=
for dir in /usr/lib/lab/mutants/*/; do
	[ -f "$dir/ttm.ko" ] || continue
	[ -s "$dir/found-by" ] || continue
	found=y
	mutant=mutant.$(basename "$dir")
	test=$(cat "$dir/found-by")
	suite=${test%%.*}
	# This test alone: the others may crash. A newline would be part of the name.
	printf '%s' "$test" >/sys/module/kunit/parameters/filter_glob
	if ! insmod "$dir/ttm.ko" || ! modprobe "${suite}_test"; then
		result fail "$mutant" "it could not be loaded"
		finish
	fi
	if failed "$suite" "${test#*.}"; then
		result pass "$mutant" "found by $test: $(cat "$dir/what")"
	else
		result fail "$mutant" "not found by $test: $(cat "$dir/what")"
	fi
	rmmod "${suite}_test"
	for module in ttm_kunit_helpers ttm; do
		[ ! -d "/sys/module/$module" ] || rmmod "$module"
	done
	if [ -d /sys/module/ttm ]; then
		result fail "$mutant" "it could not be unloaded"
		finish
	fi
done
[ -n "$found" ] || result fail mutants "there are no mutants in this machine"
finish
