#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# The checks of the patches and of our kernel files.
#
#   check_kernel.sh patches   checkpatch --strict, kernel-doc, sparse, coccicheck
#   check_kernel.sh bisect    all that the series change builds without a warning after each patch
#   check_kernel.sh series    what series.sh writes applies, builds and passes checkpatch
#   check_kernel.sh tree      all users of TTM in the whole kernel compile without a warning
#
#   KERNEL=6.12|7.3   for this one (both; tree: 7.3). series: 6.12.y as well, the newest such
#                     kernel in Debian's archive, without Debian's patches (all three)
#   FILES=all|ours    ours: coccicheck on new files only, sparse on new and changed ones only
#                     instead of all of radeon and TTM, which is less than half the time (all)
#   OUT=DIR           where logs are kept (out/check)
#
# Prints a line "pass" or "FAIL" for each check. Ends with status 1 if one has failed.
LAB_TAG=check LAB_DIE_STATUS=2
# shellcheck source=../common.sh
. "$(dirname "$0")/../common.sh"

what=${1-}
case $what in
patches | bisect) choose KERNEL '6.12 7.3' 6.12 7.3 ;;
series) choose KERNEL '6.12 7.3 6.12.y' 6.12 7.3 6.12.y ;;
tree) choose KERNEL 7.3 6.12 7.3 ;;
*) die "unknown check '$what': choose patches|bisect|series|tree" ;;
esac
choose FILES all all ours

# write_series NAME: write the series to check to OUT/series-NAME. Sets source to the path of the
# tarball inside the lab's root.
write_series() {
	local name=$1 tarball

	if [[ $name == *.y ]]; then
		tarball=$(sub "$LAB_TOP/lab/kernel/newest_source.sh" "${name%.y}" |
			tee /dev/fd/3 | tail -n 1) || return 1
		source=${tarball#"$LAB_CACHE"}
	else
		tarball=
		source=/usr/src/linux-source-$name.tar.xz
	fi
	rm -rf "$OUT/series-$name"
	KERNEL=${name%.y} SOURCE=$tarball OUT=$OUT/series-$name SIGNOFF=no \
		sub "$LAB_TOP/lab/kernel/series.sh" >&3
}

OUT=${OUT:-$LAB_TOP/out/check}
mkdir -p "$OUT" 2>/dev/null && [[ -w $OUT ]] ||
	die "cannot write to $OUT: make the checkout writable"
OUT=$(cd "$OUT" && pwd -P)
sub "$LAB_TOP/lab/image/make_image.sh"
make_cache_dir
name=$(build_name)
mkdir -p "$LAB_CACHE/build"
failed=
exec 3>&1
for kernel in $KERNEL; do
	case $what in
	patches)
		KERNEL=$kernel sub "$LAB_TOP/lab/kernel/modules.sh"
		need_space 500
		lock=$name-modules-$kernel
		arguments=("$kernel" "/build/$lock" /build "$FILES") ;;
	bisect)
		need_space 2500
		say "building kernel $kernel's TTM, radeon and tests after each patch"
		lock=$name-bisect-$kernel
		arguments=("$kernel" "/build/$lock") ;;
	series)
		need_space 2500
		write_series "$kernel" ||
			die "the series for $kernel could not be written: see above"
		lock=$name-bisect-$kernel
		arguments=("${kernel%.y}" "$kernel" "$source" "/build/$lock") ;;
	tree)
		need_space 3500
		say "compiling the users of TTM in kernel $kernel"
		lock=$name-users-$kernel
		arguments=("$kernel" "/build/$lock" /build) ;;
	esac
	exec 9>"$LAB_CACHE/build/$lock.lock"
	if ! flock -n 9; then
		say "another check or build of these is running: waiting for it"
		flock 9
	fi
	log=$OUT/$what-$kernel-messages.log
	while read -r outcome check text; do
		case $outcome in
		progress) say "      $kernel: $check $text" ;;
		pass) say "pass  $check-$kernel: $text" ;;
		fail)
			failed=y
			say "FAIL  $check-$kernel: $text; see $OUT/$check-$kernel.log" ;;
		esac
	done < <(sub "$LAB_TOP/lab/image/enter.sh" --out "$OUT" \
		bash "/src/lab/kernel/check_$what.sh" "${arguments[@]}" 2>"$log" 9>&-)
	if ! wait "$!"; then
		grep -E 'error|Error|ERROR|Patch failed' "$log" | head -n 20 >&2 || true
		die "the check of kernel $kernel broke off: see $log"
	fi
	[[ -s $log ]] || rm "$log"
done
[[ -z $failed ]]
