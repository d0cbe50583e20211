#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# More packages above the lab's root, without a change of it:
#
#   layer.sh NAME FILE    FILE lists the packages, one a line
#
# Prints the directory that "enter.sh --layer" takes: layer-NAME-KEY in the cache, where KEY is a
# hash of the image and of FILE. It is made once, with the network; layers of other lists go.
LAB_TAG=${LAB_TAG:-layer}
# shellcheck source=../common.sh
. "$(dirname "$0")/../common.sh"

name=$1 file=$2
sub "$LAB_TOP/lab/image/make_image.sh" >&2
check_rights
make_cache_dir
image=$LAB_CACHE/root-$(image_key)
key=$( (cat "$image/complete" "$file"; cat "$0") | sha256sum | cut -c1-16)
layer=$LAB_CACHE/layer-$name-$key
lock_build "$LAB_CACHE/layer-$name.lock" >&2
if [[ -e $layer/complete ]]; then
	echo "$layer"
	exit 0
fi
need_space 600
mapfile -t packages < <(sed -E 's/#.*//; s/[[:space:]]+$//; /^$/d' "$file")
say "installing ${#packages[@]} packages above the lab's root (a minute)" >&2
for old in "$LAB_CACHE/layer-$name"-*; do
	[[ ! -d $old ]] || remove_tree "$old" 9>&-
done
log=$LAB_CACHE/layer-$name.log
mkdir -p "$layer/upper" "$layer/work"
# Its standard input is closed, so that no package asks. The lists are for this step alone.
if ! sub "$LAB_TOP/lab/image/enter.sh" --layer "$layer" --env DEBIAN_FRONTEND=noninteractive \
	sh -ec '
		apt-get -q update
		apt-get -q install -y --no-install-recommends "$@"
		apt-get -q clean
		rm -rf /var/lib/apt/lists/*
	' - "${packages[@]}" >"$log" 2>&1 </dev/null 9>&-; then
	remove_tree "$layer" 9>&-
	build_failed "$log" "the packages of $file could not be installed"
fi
rm -rf "$layer/work"
: >"$layer/complete"
echo "$layer"
