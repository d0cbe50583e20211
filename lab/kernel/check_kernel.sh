#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# What a kernel maintainer wants to be clean.
#
#   check_kernel.sh patches   checkpatch --strict, kernel-doc, sparse, coccicheck
#   check_kernel.sh bisect    our modules build without a warning after each patch
#   check_kernel.sh tree      all users of TTM in the whole kernel compile without a warning
#
#   KERNEL=6.12|7.3   for this one (both; tree: 7.3)
#   FILES=all|ours    ours: coccicheck on new files alone, sparse on new and changed ones alone
#                     instead of all of radeon and TTM, which is less than half the time (all)
#   OUT=DIR           where logs are kept (out/check)
#
# A line "pass" or "FAIL" for each check. Ends with status 1 if one has failed.
LAB_TAG=check LAB_DIE_STATUS=2
# shellcheck source=../common.sh
. "$(dirname "$0")/../common.sh"

what=${1-}
case $what in
patches | bisect) : "${KERNEL:=6.12 7.3}" ;;
tree) : "${KERNEL:=7.3}" ;;
*) die "unknown check '$what': choose patches|bisect|tree" ;;
esac
case $KERNEL in
6.12 | 7.3 | '6.12 7.3') ;;
*) die "KERNEL=$KERNEL is unknown: choose 6.12|7.3" ;;
esac

case ${FILES:=all} in
all | ours) ;;
*) die "FILES=$FILES is unknown: choose all|ours" ;;
esac

OUT=${OUT:-$LAB_TOP/out/check}
mkdir -p "$OUT" 2>/dev/null && [[ -w $OUT ]] ||
	die "cannot write to $OUT: make the checkout writable"
sub "$LAB_TOP/lab/image/make_image.sh"
make_cache_dir
name=$(build_name)
mkdir -p "$LAB_CACHE/build"
failed=
for series in $KERNEL; do
	case $what in
	patches)
		KERNEL=$series sub "$LAB_TOP/lab/kernel/modules.sh"
		need_space 500
		lock=$name-modules-$series ;;
	bisect)
		need_space 1500
		say "building our modules for kernel $series after each patch"
		lock=$name-bisect-$series ;;
	tree)
		need_space 3500
		say "compiling the users of TTM in kernel $series"
		lock=$name-users-$series ;;
	esac
	exec 9>"$LAB_CACHE/build/$lock.lock"
	flock -n 9 || { say "another check or build of these is running: waiting for it"; flock 9; }
	log=$OUT/$what-$series-messages.log
	while read -r outcome check text; do
		case $outcome in
		pass) say "pass  $check-$series: $text" ;;
		fail)
			failed=y
			say "FAIL  $check-$series: $text; see $OUT/$check-$series.log" ;;
		esac
	done < <(sub "$LAB_TOP/lab/image/enter.sh" --out "$OUT" bash "/src/lab/kernel/check_$what.sh" \
		"$series" "/build/$lock" /build "$FILES" 2>"$log" 9>&- || echo "$?" >"$OUT/broken")
	if [[ -e $OUT/broken ]]; then
		rm "$OUT/broken"
		grep -E 'error|Error|ERROR|Patch failed' "$log" | head -n 20 >&2 || true
		die "the check of kernel $series broke off: see $log"
	fi
	[[ -s $log ]] || rm "$log"
done
[[ -z $failed ]]
