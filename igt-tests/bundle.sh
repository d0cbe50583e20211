#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Copies the parts of igt that the tests need, so that they run on a machine that has no igt, or an
# old one:
#
#   bundle.sh BUILD DIR    BUILD: where meson has built the tests
#
# DIR gets
#
#   bin/igt_runner   igt's runner
#   tests/           igt's own tests of lists/
#   lib/             libraries of these and of our tests, without glibc: the machine's has to be as
#                    new as the lab's (Debian 13)
#
# Runs inside the lab's root, which has Debian's igt.
set -euo pipefail

build=$1 dir=$2 lists=$(dirname "$0")/lists
mkdir -p "$dir"/{bin,lib,tests}
cp -L /usr/bin/igt_runner "$dir/bin"
sed -nE 's/^igt@([a-z0-9_]+)(@.*)?$/\1/p' "$lists"/*.txt | sort -u |
	while IFS= read -r test; do
		cp -L "/usr/libexec/igt-gpu-tools/$test" "$dir/tests"
	done
glibc=$(dpkg -L libc6 | sed -n 's|.*/||; /\.so\./p')
find "$dir/bin" "$dir/tests" "$build/tests/radeon" -type f -perm -100 -exec ldd {} + |
	sed -nE 's|.* => (/[^ ]+) .*|\1|p' | sort -u | while IFS= read -r lib; do
		! grep -qxF "${lib##*/}" <<<"$glibc" || continue
		cp -L "$lib" "$dir/lib"
	done
# It is looked for by name when it is needed.
cp -L /usr/lib/x86_64-linux-gnu/libgcc_s.so.1 "$dir/lib"
