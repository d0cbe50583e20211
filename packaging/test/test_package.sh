#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# make test-package: installs, upgrades and removes the packages on a Debian 13 disk, and boots it.
#
#   ONLY=REGEX    of the cases below, those whose name matches
#   BOOT=no       only what apt does
#   LIMIT=SECONDS, SILENCE=SECONDS   for each boot (900, 300)
#
# Each case runs in a chroot of the disk, at the host's speed, on the disk that the case which it
# needs has left (disk_cases.sh). Then that disk boots in the lab's machine, from GRUB on, with the
# card rv370, and reports which driver the card has, and whether the console is on its screen.
# Prints a line for each case and boot; logs are in out/test-package. Ends with 0 if none failed, 1
# if one did, 2 if the run could not be started.
LAB_TAG=test-package LAB_DIE_STATUS=2
# shellcheck source=../../lab/common.sh
. "$(dirname "$0")/../../lab/common.sh"

choose BOOT yes yes no
check_seconds LIMIT SILENCE
here=$LAB_TOP/packaging/test
out=$LAB_TOP/out/test-package
ONLY=${ONLY:-.}
status=0
# shellcheck disable=SC2319 # 2, if it cannot be compiled
[[ "" =~ $ONLY ]] || status=$?
((status < 2)) || die "ONLY=$ONLY is no regular expression: see regex(7)"
mapfile -t cases < <(grep -E '^case ' "$here/package-cases.list" | cut -d' ' -f2-)
mapfile -t chosen < <(printf '%s\n' "${cases[@]}" | awk -v only="$ONLY" '$1 ~ only')
((${#chosen[@]})) ||
	die "ONLY=$ONLY matches no case: choose of ${cases[*]%% *}"
sub "$LAB_TOP/packaging/make_deb.sh" || exit 2
disk=$(sub "$here/make_debian_disk.sh") || exit 2
[[ $BOOT == no ]] || sub "$LAB_TOP/lab/image/build_lab.sh" programs || exit 2
make_cache_dir
check_rights
build=$(build_name)
need_space 8000
lock_build "$LAB_TOP/out/test-package.lock"
rm -rf "$out"
mkdir -p "$out"
layers=$(mktemp -d "$LAB_CACHE/test-package.XXXXXX")
finish() {
	trap '' INT TERM HUP
	kill_ns
	remove_tree "$layers" 9>&-
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
passed=0 failed=0

# verdict NAME pass|fail TEXT: sets passed and failed.
verdict() {
	printf '%-28s %s  %s\n' "$1" "$2" "$3" | tee -a "$out/verdicts"
	if [[ $2 == pass ]]; then passed=$((passed + 1)); else failed=$((failed + 1)); fi
}

# inside LAYER[:LAYER]... COMMAND...: run it in the disk with these layers; the first can be
# written. Sets LAB_NS_PID.
inside() {
	local stack=$1 status=0

	shift
	in_ns "$BASH" "$here/enter_disk.sh" "$disk/root" "$stack" "$LAB_TOP" "$LAB_CACHE" "$@" \
		</dev/null 9>&-
	wait "$LAB_NS_PID" || status=$?
	LAB_NS_PID=
	return "$status"
}

# stack CASE: print its layer and those of the cases that it needs.
stack() {
	local name=$1 needs
	needs=$(printf '%s\n' "${cases[@]}" | awk -v name="$name" '$1 == name { print $2 }')
	echo -n "$layers/$name"
	[[ $needs == - ]] || { echo -n :; stack "$needs"; }
}

# run_case NAME NEEDS: run it once; those that it needs first.
run_case() {
	local name=$1 needs=$2 text

	[[ ! -e $layers/$name ]] || return 0
	if [[ $needs != - ]]; then
		run_case "$needs" "$(printf '%s\n' "${cases[@]}" |
			awk -v name="$needs" '$1 == name { print $2 }')"
	fi
	mkdir -p "$layers/$name"/{upper,work}
	if inside "$(stack "$name")" bash /src/packaging/test/disk_cases.sh "$name" \
		>"$out/$name.log" 2>&1; then
		verdict "$name" pass "$(tail -n 1 "$out/$name.log")"
	else
		text=$(grep -E '^(FAIL|E:|error:)' "$out/$name.log" | head -n 1) || true
		verdict "$name" fail "${text:-see $out/$name.log}"
	fi
}

# boot NAME MACHINE EXPECT WORD...: boot the disk as this case has left it.
boot() {
	local name=$1 machine=$2 expect=$3 dir options memory=3072M status=0 label
	local socket device

	shift 3
	label=$name-$machine
	dir=$out/$label
	mkdir -p "$dir"
	inside "$(stack "$name")" bash /src/packaging/test/pack_disk.sh "/build/$build" "$expect" \
		"$machine" "$*" >"$dir/pack.log" 2>&1 || {
		verdict "boot $label" fail "the disk could not be packed: see $dir/pack.log"
		return
	}
	mv "$layers/$name/image/disk.img" "$dir/disk.img"
	[[ $machine != xen ]] || memory=6144M
	options=(--out /out --run /run --model "/build/$build/model/radeon-model" --card rv370
		--limit "${LIMIT:-900}" --silence "${SILENCE:-300}")
	[[ " $* " != *' lab.display=qxl '* ]] || options+=(--display qxl)
	socket="{\"path\":\"/run/rv370.sock\",\"type\":\"unix\"}"
	device="{\"driver\":\"vfio-user-pci\",\"bus\":\"root-port1\",\"x-msg-timeout\":60000,
		\"socket\":$socket}"
	sub "$LAB_TOP/lab/image/enter.sh" --out "$dir" \
		"/build/$build/boot/supervise" "${options[@]}" -- \
		qemu-system-x86_64 -nodefaults -no-user-config -display none -no-reboot \
		-machine q35,memory-backend=mem,vmport=off,smbus=off,sata=off,usb=off \
		-accel tcg -cpu max -smp 1 -m "$memory" \
		-object "memory-backend-memfd,id=mem,size=$memory,share=on" \
		-chardev stdio,id=console,signal=off -serial chardev:console \
		-qmp unix:/run/monitor.sock,server=on,wait=off \
		-drive file=/out/disk.img,if=none,id=disk,format=raw,cache=unsafe \
		-device virtio-blk-pci,drive=disk,bootindex=0 \
		$([[ " $* " != *' lab.display=qxl '* ]] || echo -device qxl-vga,id=qxl) \
		-device pcie-root-port,id=root-port1,slot=1,chassis=1 \
		-device "$device" \
		>"$dir/supervise.log" 2>&1 9>&- || status=$?
	rm -f "$dir/disk.img"
	if ((status == 0)); then
		verdict "boot $label" pass "$(awk '$1 == "driver" { $1 = $2 = ""; print }' \
			"$dir/results.txt" | sed 's/^ *//')"
	else
		status=$(cat "$dir"/{problems.txt,supervise.log} 2>/dev/null | head -n 1)
		verdict "boot $label" fail "$status (see $dir)"
	fi
}

for line in "${chosen[@]}"; do
	read -r name needs <<<"$line"
	run_case "$name" "$needs"
	[[ $BOOT == yes ]] || continue
	while read -r _ of machine expect words; do
		# shellcheck disable=SC2086
		[[ $of != "$name" ]] || boot "$name" "$machine" "$expect" $words
	done < <(grep '^boot ' "$here/package-cases.list")
done
echo "$passed passed, $failed failed"
((failed == 0))
