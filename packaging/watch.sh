#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# make watch: do the patches follow Debian's kernels? Prints a line for each point release that the
# mirror has and that was not tested since our last change:
#
#   VERSION pass|fail TEXT
#
#   ALL=yes    also releases that were tested
#   BOOT=no    without the boots
#   BOOTS=REGEX  which tests of "make test" run then (bare-7.3-rv370 and xen-6.12-rv370)
#   RELEASES='VERSION...'  only these point releases
#
# For each: the patches apply, and the modules compile for its headers package. If one is new, the
# image is made again, and the tests of BOOTS run on its kernels, the newest ones. It ends with 1 if
# one failed. Earlier verdicts are in the cache, in watch/verdicts.
LAB_TAG=watch LAB_DIE_STATUS=2
# shellcheck source=../lab/common.sh
. "$(dirname "$0")/../lab/common.sh"
# shellcheck source=mirror.sh
. "$LAB_TOP/packaging/mirror.sh"

choose ALL no yes no
choose BOOT yes yes no
BOOTS=${BOOTS:-'^(bare-7.3-rv370|xen-6.12-rv370)$'}
sub "$LAB_TOP/lab/image/make_image.sh" || exit 2
make_cache_dir
check_rights
watch=$LAB_CACHE/watch
mkdir -p "$watch"
lock_build "$watch.lock"
# shellcheck disable=SC2086
sources=$(sub "$LAB_TOP/packaging/fetch_sources.sh" ${RELEASES:-}) || exit 2
work=$(mktemp -d "$watch/.work.XXXXXX")
trap 'kill_ns; rm -rf "$work"' EXIT
mirror_update "$work/apt" || die "the mirror cannot be reached: see the network and the host's apt"

# What a verdict depends on beside the release.
ours=$(cd "$LAB_TOP" && find patches drivers include packaging/dkms lab/kernel -type f | sort |
	xargs -d '\n' sha256sum | sha256sum | cut -c1-16)
failed=0

# headers VERSION: print "RELEASE PACKAGE..." of the newest headers of that point release.
headers() {
	local release

	release=$(mirror_apt apt-cache pkgnames "linux-headers-$1+" |
		sed -nE 's/^linux-headers-([0-9.]+\+deb13(\.[0-9]+)?-amd64)$/\1/p' | sort -V |
		tail -n 1)
	[[ -n $release ]] || return 0
	echo "$release linux-headers-$release linux-headers-${release%-amd64}-common" \
		"linux-kbuild-${release%-amd64}"
}

# check VERSION: print pass or fail and why.
check() {
	local version=$1 release packages log=$watch/$1.log

	rm -rf "$work/out"
	mkdir -p "$work/out/headers"
	read -r release packages < <(headers "$version") || true
	if [[ -z ${release:-} ]]; then
		echo "fail the mirror has no linux-headers of it"
		return
	fi
	# shellcheck disable=SC2086
	if ! (cd "$work/out/headers" && mirror_apt apt-get -q download $packages) >"$log" 2>&1; then
		echo "fail its headers cannot be downloaded: see $log"
		return
	fi
	if sub "$LAB_TOP/lab/image/enter.sh" --out "$work/out" \
		bash /src/packaging/watch_build.sh "$version" "$release" >>"$log" 2>&1 9>&-; then
		echo "pass $release: the patches apply, the modules compile"
	else
		echo "fail $release: $(grep -E "^(left out|radeon-rttm|error)" "$log" |
			tail -n 1) (see $log)"
	fi
}

# boots: run the short list, on the image's kernels, which are the newest of their series.
boots() {
	if ONLY=$BOOTS "$LAB_TOP/lab/test/runner.sh" >"$watch/boots.log" 2>&1; then
		echo "pass $(tail -n 1 "$watch/boots.log")"
	else
		echo "fail $(tail -n 1 "$watch/boots.log") (see $watch/boots.log)"
	fi
}

new=
while read -r version debian; do
	if line=$(grep "^$version $debian $ours " "$watch/verdicts" 2>/dev/null); then
		[[ $line == *" pass "* ]] || failed=1
		[[ $ALL == no ]] || echo "$version ${line#* * * }"
		continue
	fi
	verdict=$(check "$version")
	new=y
	[[ $verdict == pass* ]] || failed=1
	echo "$version $verdict"
	[[ $verdict == *'cannot be downloaded'* ]] ||
		echo "$version $debian $ours $verdict" >>"$watch/verdicts"
done <<<"$sources"
if [[ -n $new && $BOOT == yes ]]; then
	# The image takes the newest kernels.
	sub "$LAB_TOP/lab/image/make_image.sh" refresh >"$watch/image.log" 2>&1 ||
		die "the image cannot be made anew: see $watch/image.log"
	verdict=$(boots)
	echo "boots $verdict"
	[[ $verdict == pass* ]] || failed=1
fi
exit "$failed"
