#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# The whole kernel with our changes: Debian's source as one commit, tagged "base", and a commit for
# each patch (patches/README.md). The last commit of each series is tagged with its name.
#
#   KERNEL=6.12|7.3   (7.3)
#   OUT=DIR           where, a directory that is empty or does not exist yet
#                     (one in the cache, which is made anew if the patches changed)
#
# The last line names the directory.
LAB_TAG=tree
# shellcheck source=../common.sh
. "$(dirname "$0")/../common.sh"

choose KERNEL 7.3 6.12 7.3

sub "$LAB_TOP/lab/image/make_image.sh"
make_cache_dir
if [[ -n ${OUT:-} ]]; then
	mkdir -p "$OUT" 2>/dev/null && [[ -w $OUT && -z $(ls -A "$OUT") ]] ||
		die "OUT=$OUT is not an empty directory that you can write: choose another"
	OUT=$(cd "$OUT" && pwd -P)
	inside=/out
	# An incomplete tree would make the next attempt fail.
	trap 'find "$OUT" -mindepth 1 -delete' EXIT
else
	OUT=$LAB_CACHE/build/$(build_name)-linux-$KERNEL
	inside=/build/$(build_name)-linux-$KERNEL
	mkdir -p "$OUT"
fi
need_space 4000
say "making the tree of kernel $KERNEL (about a minute)"
sub "$LAB_TOP/lab/image/enter.sh" --out "$OUT" bash /src/lab/kernel/make_tree.sh \
	"$KERNEL" "$inside" ||
	die "the tree of kernel $KERNEL could not be made: see above"
trap - EXIT
echo "$OUT"
