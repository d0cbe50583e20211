#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# make deb: builds the Debian packages radeon-rttm-dkms and radeon-rttm-tools, with their source
# package, in out/deb, and checks them with lintian.
#
#   RELEASES='VERSION...'   only for these point releases, like 6.12.118 (all that the mirror has)
#
# The maintainer is the person that git knows (user.name, user.email). Nothing is built if nothing
# has changed. Documentation/packaging.md says how the packages work.
LAB_TAG=deb
# shellcheck source=../lab/common.sh
. "$(dirname "$0")/../lab/common.sh"

out=$LAB_TOP/out/deb
for release in ${RELEASES:-}; do
	[[ $release =~ ^[0-9]+\.[0-9]+\.[0-9]+$ ]] ||
		die "RELEASES: '$release' is not a point release: write it like 6.12.118"
done
mkdir -p "$out" 2>/dev/null && [[ -w $out ]] ||
	die "cannot write to $out: make the checkout writable"
layer=$(sub "$LAB_TOP/lab/image/layer.sh" deb "$LAB_TOP/packaging/deb-packages") || exit 1
# shellcheck disable=SC2086
sources=$(sub "$LAB_TOP/packaging/fetch_sources.sh" ${RELEASES:-}) || exit 1
make_cache_dir

# What is in the packages, or makes them.
paths=(packaging ':!packaging/test' patches drivers include tools igt-tests lab/kernel LICENSES)
git=(git -c safe.directory='*' -C "$LAB_TOP")

# describe: sets version, date and maintainer. The version is that of the last commit that changes
# the packages.
describe() {
	local ident time commit

	maintainer='Radeon TTM pool developers <radeon-ttm-pool@example.org>'
	if ident=$("${git[@]}" -c user.useConfigOnly=true var GIT_COMMITTER_IDENT 2>/dev/null) &&
		[[ $ident != *' <> '* ]]; then
		maintainer=${ident% * *}
	fi
	read -r time commit < <("${git[@]}" log -1 --format='%ct %h' --abbrev=8 -- "${paths[@]}") ||
		die "$LAB_TOP is not a git checkout: the packages' version is that of the commit"
	version=0~git$(date -u -d "@$time" +%Y%m%d.%H%M)
	version+=.$commit
	[[ -z $("${git[@]}" status --porcelain -- "${paths[@]}") ]] || version+=+local
	date=$(date -u -R -d "@$time")
}

describe
lock_build "$LAB_TOP/out/deb.lock"
stamp=$(
	cd "$LAB_TOP"
	echo "$version $maintainer $sources $layer"
	"${git[@]}" ls-files -co --exclude-standard -- "${paths[@]}" | sort |
		xargs -d '\n' sha256sum 2>&1 || true
)
if [[ -e $out/stamp && $(<"$out/stamp") == "$stamp" ]]; then
	say "nothing has changed: the packages are in $out"
	exit 0
fi
need_space 1500
find "$out" -mindepth 1 -delete
log=$out/build.log
say "building radeon-rttm $version for $(wc -l <<<"$sources") point releases (log: $log)"
if ! sub "$LAB_TOP/lab/image/enter.sh" --layer "$layer" --out "$out" \
	bash /src/packaging/build_deb.sh "$version" "$date" "$maintainer" "$sources" \
	>"$log" 2>&1 9>&-; then
	build_failed "$log" "the packages could not be built"
fi
grep '^left out: ' "$log" || true
if grep -E '^[EW]: ' "$out/lintian.log"; then
	die "lintian has findings: see $out/lintian.log"
fi
echo "$stamp" >"$out/stamp"
say "built, and lintian has no finding:"
ls "$out"/*.deb
