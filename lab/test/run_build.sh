#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# Carries out one build that rows of lab/test/tests.list need.
#
#   run_build.sh NAME DIR
#
#   programs                        the model, the supervisor, the guest's programs, unit tests
#   sanitized, fuzz                 the same sources with ASan and UBSan, and the fuzzers
#   modules-6.12, ...               our modules for Debian's kernel
#   debug-6.12-bare, ...            our debug kernel for that machine
#   mutants-6.12, ...               broken TTM modules for it
#   initrd-6.12[-igt], ...          a first file system for the guest
#   disk-screen, ...                a disk for the guest
#
# Writes how long it took, and its CPU time, to DIR/seconds.
LAB_TAG=build LAB_DIE_STATUS=2
# shellcheck source=../common.sh
. "$(dirname "$0")/../common.sh"
# shellcheck source=results.sh
. "$LAB_TOP/lab/test/results.sh"

name=$1 dir=$2

# variant TARGETS COMPILER OPTION...: build the sources of build_lab.sh with other options, only the
# targets that match.
variant() {
	make_cache_dir
	sub "$LAB_TOP/lab/image/enter.sh" --env CC="$2" bash -c '
		set -e
		[[ -e $1/build.ninja ]] || meson setup "$1" /src/lab "${@:3}"
		# The list of targets is of the last configuration.
		ninja -C "$1" build.ninja
		ninja -C "$1" $(ninja -C "$1" -t targets all | sed -nE "s#^($2): .*#\1#p")
		' - "/build/$(build_name)-$name" "$1" -Db_sanitize=address,undefined \
		-Db_lundef=false "${@:3}"
}

series=${name#*-}
series=${series%%-*}
case $name in
programs | initrd-*) sub "$LAB_TOP/lab/image/build_lab.sh" "$name" ;;
disk-*) sub "$LAB_TOP/lab/image/make_disk.sh" "${name#disk-}" ;;
modules-*) KERNEL=$series sub "$LAB_TOP/lab/kernel/modules.sh" ;;
debug-*) KERNEL=$series MACHINE=${name##*-} sub "$LAB_TOP/lab/kernel/debug_kernel.sh" ;;
mutants-*) KERNEL=$series sub "$LAB_TOP/lab/kernel/mutant_modules.sh" ;;
sanitized)
	variant 'model/(radeon|pool-device)-model|guest/[a-z-]+|[a-z]*/.*test[-_][a-z0-9_]*' gcc ;;
fuzz) variant 'model/fuzz/fuzz_[a-z0-9_]*' clang -Dfuzz=true ;;
*) die "there is no build '$name'" ;;
esac
spent
