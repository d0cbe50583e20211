#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# Runs a command inside the lab's root:
#
#   enter.sh [--out DIR] [--source DIR] [--layer DIR] [--env NAME=VALUE]... COMMAND [ARGUMENT]...
#
# It sees the checkout at /src (read-only), the cache's build directory at /build (writable), the
# DIR of --out at /out (writable), that of --source at /run/source (read-only), a root it cannot
# change, and no process or mount but its own. With --layer the root also has the packages that
# lab/image/layer.sh has put into DIR. When it ends, or this script is killed, all its processes
# and mounts end.
LAB_TAG=${LAB_TAG:-lab}
# shellcheck source=../common.sh
. "$(dirname "$0")/../common.sh"

out='' source='' layer='' env=()
while (($#)); do
	case $1 in
	--out) out=$2; shift 2 ;;
	--source) source=$2; shift 2 ;;
	--layer) layer=$2; shift 2 ;;
	--env) env+=("$2"); shift 2 ;;
	--*) die "enter.sh: unknown option '$1'" ;;
	*) break ;;
	esac
done
(($#)) || die "no command given: call enter.sh [OPTION]... COMMAND [ARGUMENT]..."

make_cache_dir
check_rights
image=$LAB_CACHE/root-$(image_key)
image_valid "$image" || die "there is no image yet: run 'make image' first"
mkdir -p "$LAB_CACHE/build"

# A script that replaces or removes this image waits for this lock, or does not touch the image.
exec 8<"$image/use.lock"
flock -s 8

# A command that was killed cannot restore the terminal.
terminal=$(stty -g 2>/dev/null) || terminal=
finish() {
	kill_ns
	[[ -z $terminal ]] || stty "$terminal" 2>/dev/null || true
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
trap 'exit 129' HUP
# Compilers run through ccache. It identifies them by the versions of their packages. The directory
# that debug information names does not matter. In depend mode a file that is not in the cache is
# compiled without being preprocessed first, which takes a third of the CPU time of a cold build.
compilers=$(grep -E '^(binutils|clang|cpp|gcc|libgcc|libllvm)' "$image/manifest" |
	sha256sum | cut -c1-16)
ccache=(CCACHE_DIR=/build/ccache CCACHE_MAXSIZE=5G CCACHE_NOHASHDIR=1 CCACHE_DEPEND=1
	"CCACHE_COMPILERCHECK=string:$compilers")
in_ns "$BASH" "$LAB_TOP/lab/image/inside.sh" "$image/root" "$LAB_TOP" \
	"$LAB_CACHE/build" "${out:-$LAB_CACHE/build}" "$source" "$layer" \
	env -i PATH=/usr/lib/ccache:/usr/sbin:/usr/bin:/sbin:/bin HOME=/tmp LC_ALL=C.UTF-8 \
	TERM="${TERM:-dumb}" "${ccache[@]}" "${env[@]}" "$@" 8<&-
status=0
wait "$LAB_NS_PID" || status=$?
LAB_NS_PID=
exit "$status"
