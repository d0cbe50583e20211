#!/bin/bash
# SPDX-License-Identifier: MIT
#
# This folder has igt-gpu-tools tests for radeon, in the layout of igt's own tree: lib/ and tests/.
# abi/ declares the functions of Debian's libigt.so.0 that they use: Debian has no headers of igt.
# radeon-igt runs lists/ of them on a real card or in the lab and compares the results with
# expectations/. ci/ has jobs for test farms.
#
#   build-tests.sh            make igt: build the tests in the lab's root and print their paths
#   build-tests.sh install    make igt-install: build, and install them with radeon-igt and, as
#                             Debian 13 has igt 2.0 without a runner, with the igt of the image
#
#   IGT_SRC=DIR         build them in a real igt tree instead (in-tree.sh)
#   PREFIX=DIR          installation directory (/usr/local)
#   DESTDIR=DIR         root that PREFIX is in (none)
LAB_TAG=igt
# shellcheck source=../lab/common.sh
. "$(dirname "$0")/../lab/common.sh"

case ${1-} in
'' | install) ;;
*) die "unknown argument '$1': use none, or 'install'" ;;
esac
if [[ -n ${IGT_SRC:-} ]]; then
	[[ -z ${1-} ]] ||
		die "IGT_SRC=$IGT_SRC is for 'make igt': use igt's own 'ninja install' in an igt tree"
	exec "$LAB_TOP/igt-tests/in-tree.sh"
fi
sub "$LAB_TOP/lab/image/build_lab.sh"
make_cache_dir
built=$LAB_CACHE/build/$(build_name)/igt
if [[ -z ${1-} ]]; then
	for test in "$LAB_TOP"/igt-tests/tests/radeon/*.c; do
		say "built: $built/tests/radeon/$(basename "$test" .c)"
	done
	exit 0
fi

PREFIX=${PREFIX:-/usr/local} DESTDIR=${DESTDIR:-}
[[ $PREFIX == /* ]] ||
	die "PREFIX=$PREFIX is not an absolute path: choose one, like /usr/local"
to=$DESTDIR$PREFIX
mkdir -p "$to" 2>/dev/null && [[ -w $to ]] ||
	die "cannot write to $to: run it as root, or choose another PREFIX or DESTDIR"
share=$to/share/igt-gpu-tools/radeon
install -d "$to"/{bin,lib,libexec/igt-gpu-tools/radeon} "$share"/{lists,expectations}
# Libraries of an earlier installation could hide those of the system.
rm -rf "$to/lib/radeon-igt"
install -d "$to/lib/radeon-igt"
sub "$LAB_TOP/lab/image/enter.sh" --out "$to/lib/radeon-igt" \
	bash /src/igt-tests/bundle.sh "/build/$(build_name)/igt" /out
install -t "$to/bin" "$LAB_TOP"/igt-tests/radeon-igt{,-report}
install -t "$to/libexec/igt-gpu-tools" "$built/graphics-vt"
for test in "$LAB_TOP"/igt-tests/tests/radeon/*.c; do
	test=$(basename "$test" .c)
	install -t "$to/libexec/igt-gpu-tools/radeon" "$built/tests/radeon/$test"
done
install -m 644 -t "$share" "$LAB_TOP"/igt-tests/unsafe.txt
install -m 644 -t "$share/lists" "$LAB_TOP"/igt-tests/lists/*.txt
install -m 644 -t "$share/expectations" "$LAB_TOP"/igt-tests/expectations/*
say "installed: $to/bin/radeon-igt (radeon-igt --help prints its options)"
[[ -n $DESTDIR ]] || command -v jq >/dev/null || say "it needs jq: install the package jq"
