#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# make mutants: faults in the pool (lab/test/mutants), each of which a KUnit test has to
# find, on a debug kernel; a table of which did.
#
#   KERNEL=6.12|7.3   on this one (7.3)
LAB_TAG=mutants LAB_DIE_STATUS=2
# shellcheck source=../common.sh
. "$(dirname "$0")/../common.sh"

case ${KERNEL:=7.3} in
6.12 | 7.3) ;;
*) die "KERNEL=$KERNEL is unknown: choose 6.12|7.3" ;;
esac

OUT=$LAB_TOP/out/mutants
rm -rf "$OUT"
mkdir -p "$OUT" 2>/dev/null || die "cannot write to $OUT: make the checkout writable"
status=0
MACHINE=bare KERNEL=$KERNEL-debug CARD=none RUN=mutants OUT=$OUT SILENCE=${SILENCE:-240} \
	"$LAB_TOP/lab/boot/boot.sh" || status=$?
((status < 2)) || exit "$status"
[[ -s $OUT/results.txt ]] || die "the guest reported nothing: see $OUT/console.log"
echo
awk '{
	name = $1
	sub(/^mutant\./, "", name)
	outcome = $2 == "pass" ? "found" : "NOT FOUND"
	sub(/^[^ ]+ [^ ]+ /, "")
	printf "  %-24s %-10s %s\n", name, outcome, $0
}' "$OUT/results.txt"
echo
echo "  all logs: $OUT"
exit "$status"
