#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# What a user can get wrong, or a machine can lack: each has to end in one clear line
# and a status other than 0, with nothing left behind.
#
#   bad_input.sh VERDICTS DIR    appends to VERDICTS, keeps logs in DIR
LAB_TAG=test
# shellcheck source=../common.sh
. "$(dirname "$0")/../common.sh"

verdicts=$1 dir=$2
mkdir -p "$dir"
make_cache_dir
check_rights

# refuse NAME PATTERN COMMAND...: it fails; its last line matches; no oops of a shell.
refuse() {
	local name=bad-input.$1 pattern=$2 log=$dir/$1.log status=0 what=

	shift 2
	"$@" >"$log" 2>&1 </dev/null || status=$?
	if ((status == 0)); then
		what="it succeeded"
	elif ! grep -vE '^make(\[[0-9]+\])?: ' "$log" | tail -n 1 | grep -qE "(error|radeon-model): .*$pattern"; then
		what="the last line is: $(grep -vE '^make(\[[0-9]+\])?: ' "$log" | tail -n 1)"
	elif grep -qE 'unbound variable|command not found|syntax error' "$log"; then
		what="a script broke: $(grep -E 'unbound|not found|syntax' "$log" | head -n 1)"
	fi
	if [[ -z $what ]]; then
		echo "$name pass" >>"$verdicts"
		say "pass  $name: $(grep -vE '^make(\[[0-9]+\])?: ' "$log" | tail -n 1 |
			sed 's/.*error: //' | cut -c1-100)"
	else
		echo "$name fail $what" >>"$verdicts"
		say "FAIL  $name: $what; see $log"
	fi
}

# nothing_left NAME DIR: no part of an image in a cache.
nothing_left() {
	if compgen -G "$2/radeon-ttm-pool/root-*" >/dev/null; then
		echo "bad-input.$1 fail a half-made image is left" >>"$verdicts"
		say "FAIL  bad-input.$1: a half-made image is left in $2"
	else
		echo "bad-input.$1 pass" >>"$verdicts"
		say "pass  bad-input.$1: no half-made image is left"
	fi
}

refuse card 'CARD=rv999 is unknown: choose rv370\|rv100' \
	make -s -C "$LAB_TOP" boot CARD=rv999
refuse kernel 'KERNEL=2.4 is unknown: choose 6.12\|7.3' \
	make -s -C "$LAB_TOP" boot KERNEL=2.4
refuse machine 'MACHINE=vax is unknown: choose bare\|xen' \
	make -s -C "$LAB_TOP" boot MACHINE=vax
refuse scenario 'RUN=nothing is unknown' \
	make -s -C "$LAB_TOP" boot RUN=nothing
refuse second-display 'SECOND_DISPLAY=vga is unknown: choose qxl\|bochs\|virtio_gpu' \
	make -s -C "$LAB_TOP" boot SECOND_DISPLAY=vga
refuse clock 'CLOCK=tsc is unknown: choose host\|instructions' \
	make -s -C "$LAB_TOP" boot CLOCK=tsc
refuse clock-kvm "ACCEL=kvm: .* choose CLOCK=host" \
	make -s -C "$LAB_TOP" boot CLOCK=instructions ACCEL=kvm
refuse pool-device 'POOL_DEVICE=vmware is unknown: choose default\|xen, or KEY=VALUE' \
	make -s -C "$LAB_TOP" boot POOL_DEVICE=vmware
refuse memory 'MEMORY=512M is not a size from 768M to 65536M' \
	make -s -C "$LAB_TOP" boot MACHINE=bare MEMORY=512M
refuse memory-xen 'MEMORY=768M is too little for Xen and a dom0' \
	make -s -C "$LAB_TOP" boot MACHINE=xen MEMORY=768M
refuse debug-pool 'POOL=stock: a debug kernel has no TTM but ours' \
	make -s -C "$LAB_TOP" boot MACHINE=bare KERNEL=6.12-debug POOL=stock
refuse cache 'cannot write to .*XDG_CACHE_HOME' \
	env XDG_CACHE_HOME=/proc/self/nowhere "$LAB_TOP/lab/image/make_image.sh"

# A mirror that nobody serves; downloads of this machine are not to help.
fresh=$(mktemp -d "$LAB_CACHE/test-cache.XXXXXX")
trap 'rm -rf "$fresh"' EXIT
refuse mirror 'mirror .* could not be reached' \
	env XDG_CACHE_HOME="$fresh" DEBIAN_MIRROR=http://127.0.0.1:9/debian \
	DEBIAN_SECURITY_MIRROR=http://127.0.0.1:9/debian-security \
	"$LAB_TOP/lab/image/make_image.sh"
nothing_left mirror-cleanup "$fresh"

# A disk that is too small.
refuse disk 'MiB of free disk space' \
	unshare "${LAB_NS[@]}" bash -c '
	mount -t tmpfs -o size=64m small "$1" && XDG_CACHE_HOME=$1 "$2/lab/image/make_image.sh"
	' - "$fresh" "$LAB_TOP"

# A user without subordinate IDs.
if ((EUID == 0)); then
	refuse rights 'no subordinate IDs|user namespaces|lacks uidmap' \
		setpriv --reuid=65534 --regid=65534 --clear-groups \
		env XDG_CACHE_HOME=/tmp/radeon-lab-nobody.$$ "$LAB_TOP/lab/image/make_image.sh"
	rm -rf "/tmp/radeon-lab-nobody.$$"
fi

# A socket that a model listens on already.
refuse socket 'in use by another process' \
	"$LAB_TOP/lab/image/enter.sh" bash -c '
	model=$1/model/radeon-model
	$model --card rv370 --socket /tmp/s --log /tmp/log &
	until [[ -S /tmp/s ]]; do sleep 0.1; done
	exec $model --card rv370 --socket /tmp/s' - "/build/$(build_name)"

# What the pool device cannot say: its model knows.
for what in 'key:colour=3:there is no key .colour.: choose from vendor, .*, raw' \
	'limit:xen,width=256:width=256 is over the limit of 255' \
	'escape:hypervisor=\n:two hexadecimal digits are needed'; do
	IFS=: read -r name list pattern <<<"$what"
	refuse "pool-device-$name" "the model of pool did not start: pool-device-model: --capability: .*$pattern" \
		env BUILD=no MACHINE=bare CARD=none RUN=check OUT="$dir/pool-device-$name" \
		POOL_DEVICE="$list" "$LAB_TOP/lab/boot/boot.sh"
done

# A QEMU that is too old.
refuse qemu 'this QEMU has no vfio-user-pci device' \
	"$LAB_TOP/lab/image/enter.sh" bash -c '
	mkdir /tmp/bin
	printf "#!/bin/sh\n" >/tmp/bin/qemu-system-x86_64
	chmod +x /tmp/bin/qemu-system-x86_64
	PATH=/tmp/bin:$PATH exec bash /src/lab/image/compile_lab.sh "$1"' - "/build/$(build_name)"

# A machine that goes on for too long is ended, and what it last printed is told.
mkdir -p "$dir/limit"
status=0
BUILD=no RUN=reload OUT=$dir/limit MACHINE=bare LIMIT=6 \
	"$LAB_TOP/lab/boot/boot.sh" >"$dir/limit.log" 2>&1 </dev/null || status=$?
if ((status == 1)) &&
	grep -qE 'ended after the limit of 6 s; the guest last printed: .+' "$dir/limit.log"; then
	echo "bad-input.limit pass" >>"$verdicts"
	say "pass  bad-input.limit: $(grep -o 'ended after the limit.*' "$dir/limit.log" | cut -c1-100)"
else
	echo "bad-input.limit fail status $status" >>"$verdicts"
	say "FAIL  bad-input.limit: status $status; see $dir/limit.log"
fi

# An interrupted boot leaves no process. They are all of one session, QEMU and the model
# too, whose own arguments would not tell whose they are.
interrupted=$dir/interrupted
mkdir -p "$interrupted"
BUILD=no RUN=reload OUT=$interrupted MACHINE=bare \
	setsid "$LAB_TOP/lab/boot/boot.sh" >"$dir/interrupted.log" 2>&1 </dev/null &
session=$!
for ((i = 0; i < 600; i++)); do
	! grep -q 'Linux version' "$interrupted/console.log" 2>/dev/null || break
	sleep 0.1
done
before=$(pgrep -s "$session" -c 'qemu|radeon-model' || true)
kill -TERM "$session" 2>/dev/null || true
wait "$session" || true
for ((i = 0; i < 50; i++)); do
	left=$(pgrep -s "$session" -c . || true)
	((left)) || break
	sleep 0.1
done
if ((before == 2 && left == 0)); then
	echo "bad-input.interrupt pass" >>"$verdicts"
	say "pass  bad-input.interrupt: QEMU and the model were there, and no process is left"
else
	echo "bad-input.interrupt fail $before of QEMU and model before, $left left" >>"$verdicts"
	say "FAIL  bad-input.interrupt: $before of QEMU and model before, $left left"
fi
