#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# The KUnit tests of the chunk allocator in user space, with the stubs of bench/scale: they need no
# kernel and no boot. Then each mutant of lab/test/mutants that one of them has to find.
#
#   chunk_tests.sh DIR    appends to DIR/results.txt, keeps what the tests print in DIR
LAB_TAG=test
# shellcheck source=../common.sh
. "$(dirname "$0")/../common.sh"
# shellcheck source=results.sh
. "$LAB_TOP/lab/test/results.sh"

dir=$1

in_lab() {
	sub "$LAB_TOP/lab/image/enter.sh" --out "$dir" "$@"
}

# build: compile the files of /out/NAME for each NAME, as /out/NAME/kunit.
build() {
	in_lab bash -euc '
		for name; do
			cd "/out/$name"
			ttm=drivers/gpu/drm/ttm
			for header in $(sed -n "s/^#include <\(.*\)>.*/\1/p" \
				$ttm/*.[ch] $ttm/tests/ttm_chunk_test.c | sort -u); do
				mkdir -p "include/$(dirname "$header")"
				echo "#include \"kunit_stubs.h\"" >"include/$header"
			done
			gcc -O1 -g -std=gnu11 -w -fsanitize=undefined -fno-sanitize-recover \
				-fno-strict-aliasing -DPAGE_SHIFT=12 -I/src/bench/scale -Iinclude \
				-I$ttm /src/bench/scale/{kunit_main,simulation}.c $ttm/*.c \
				$ttm/tests/ttm_chunk_test.c -o kunit
		done' - "$@"
}

# copy NAME: the allocator's files in the directory NAME.
copy() {
	local ttm=drivers/gpu/drm/ttm

	rm -rf "${dir:?}/$1"
	mkdir -p "$dir/$1/$ttm/tests"
	cp "$LAB_TOP/$ttm"/ttm_chunk*.[ch] "$LAB_TOP/$ttm"/ttm_dma_pool.[ch] "$dir/$1/$ttm"
	cp "$LAB_TOP/$ttm/tests/ttm_chunk_test.c" "$dir/$1/$ttm/tests"
}

copy plain
names=(plain)
for mutant in "$LAB_TOP"/lab/test/mutants/*.patch; do
	grep -q '^Found-by: ttm_chunk\.' "$mutant" || continue
	name=$(basename "$mutant" .patch)
	copy "$name"
	patch -s -p0 -d "$dir/$name" <"$mutant" || die "$mutant does not apply"
	names+=("$name")
done
say "compiling the tests, and ${#names[@]} variants of the allocator"
build "${names[@]}" || die "the allocator's tests could not be compiled in user space"

in_lab timeout 300 /out/plain/kunit >"$dir/plain.log" || true
while read -r outcome name; do
	case $outcome in
	ok) result "$name" pass ;;
	"not") result "${name#ok }" fail "see $dir/plain.log" ;;
	esac
done < <(grep -E '^(not )?ok ' "$dir/plain.log")
for name in "${names[@]:1}"; do
	test=$(sed -n 's/^Found-by: ttm_chunk\.//p' "$LAB_TOP/lab/test/mutants/$name.patch")
	if in_lab timeout 300 "/out/$name/kunit" "$test" >"$dir/$name.log" 2>&1; then
		result "mutant-$name" fail "$test does not find it"
	elif grep -q "^not ok $test" "$dir/$name.log"; then
		result "mutant-$name" pass "$test finds it"
	else
		result "mutant-$name" fail "$test broke off; see $dir/$name.log"
	fi
done
