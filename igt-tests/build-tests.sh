#!/bin/bash
# SPDX-License-Identifier: MIT
#
# This folder has igt-gpu-tools tests for radeon, as they would stand in igt's own tree: lib/ and
# tests/. abi/ declares what they use of Debian's libigt.so.0, as Debian has no headers of igt.
# radeon-igt runs them, on a real card or in the lab; lists/ says which, expectations/ what has to
# come of them, ci/ how a farm runs them.
#
#   build-tests.sh            make igt: build them in the lab's root, and say where they are
#   build-tests.sh install    make igt-install: and put them, with radeon-igt, into this machine
#
#   IGT_SRC=DIR         build them in a real igt tree instead (in-tree.sh)
#   PREFIX=DIR          where to (/usr/local)
#   DESTDIR=DIR         below which root (none)
LAB_TAG=igt
# shellcheck source=../lab/common.sh
. "$(dirname "$0")/../lab/common.sh"

case ${1-} in
'' | install) ;;
*) die "unknown argument '$1': use none, or 'install'" ;;
esac
if [[ -n ${IGT_SRC:-} ]]; then
	[[ -z ${1-} ]] || die "IGT_SRC=$IGT_SRC: install what is in an igt tree with igt's own 'ninja install'"
	exec "$LAB_TOP/igt-tests/in-tree.sh"
fi
sub "$LAB_TOP/lab/image/build_lab.sh"
make_cache_dir
built=$LAB_CACHE/build/$(build_name)/igt
if [[ -z ${1-} ]]; then
	say "built: $(printf "$built/tests/radeon/%s " $(cd "$LAB_TOP/igt-tests/tests/radeon" && printf '%s\n' *.c | sed 's/\.c$//'))"
	exit 0
fi

PREFIX=${PREFIX:-/usr/local} DESTDIR=${DESTDIR:-}
[[ $PREFIX == /* ]] || die "PREFIX=$PREFIX is not an absolute path: choose one, like /usr/local"
to=$DESTDIR$PREFIX
mkdir -p "$to" 2>/dev/null && [[ -w $to ]] ||
	die "cannot write to $to: run it as root, or choose another PREFIX or DESTDIR"
install -d "$to"/bin "$to"/libexec/igt-gpu-tools/radeon "$to"/share/igt-gpu-tools/radeon/{lists,expectations}
install -t "$to/bin" "$LAB_TOP"/igt-tests/radeon-igt{,-report}
for test in "$LAB_TOP"/igt-tests/tests/radeon/*.c; do
	test=$(basename "$test" .c)
	install -t "$to/libexec/igt-gpu-tools/radeon" "$built/tests/radeon/$test"
done
install -m 644 -t "$to/share/igt-gpu-tools/radeon/lists" "$LAB_TOP"/igt-tests/lists/*.txt
install -m 644 -t "$to/share/igt-gpu-tools/radeon/expectations" "$LAB_TOP"/igt-tests/expectations/*
say "installed: $to/bin/radeon-igt (--help says how to run it)"
# Built against igt 2.5; Debian 13 has 2.0.
if [[ -z $DESTDIR ]] && ! { command -v igt_runner && command -v jq; } >/dev/null; then
	say "it needs igt_runner 2.4 or later and jq: Debian's igt-gpu-tools, igt-gpu-tools-tests (forky or sid) and jq"
fi
