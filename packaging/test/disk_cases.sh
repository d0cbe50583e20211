#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# The cases of test_package.sh; runs inside the disk.
#
#   disk_cases.sh CASE
#
# Each is a function. apt has to end with 0 in all of them, the kernel's packages have to be as they
# were, and the kernel's own radeon.ko has to be there. The last line of the output says what was
# seen; a failure is a line "FAIL: TEXT".
set -eEuo pipefail

# What fails without a word of ours.
trap 'echo "FAIL: line $LINENO: $BASH_COMMAND"' ERR

before=/var/lib/lab-before
# Give dpkg our PATH, in which the compilers are ccache's.
apt_options=(-y -q -o APT::Keep-Downloaded-Packages=true -o Dpkg::Use-Pty=0 -o "DPkg::Path=$PATH")

fail() {
	echo "FAIL: $*"
	exit 1
}

# apt_ok ARGUMENT...: run apt-get; fail unless its status is 0. Its output is in /tmp/apt.log, too.
apt_ok() {
	apt-get "${apt_options[@]}" "$@" 2>&1 | tee /tmp/apt.log ||
		fail "apt-get $1 ends with status ${PIPESTATUS[0]}"
	[[ -z $(dpkg --audit) ]] ||
		fail "after apt-get $1: $(dpkg --audit | head -n 3 | paste -sd" ")"
}

# reconfigure: build again; sets /tmp/apt.log.
reconfigure() {
	dpkg-reconfigure radeon-rttm-dkms 2>&1 | tee /tmp/apt.log
}

# update: download the lists, which the disk does not keep.
update() {
	[[ -n $(find /var/lib/apt/lists -name '*_Packages*' -print -quit) ]] ||
		apt-get -q update || fail 'the mirror cannot be reached'
}

# kernel old|new|next: print the release of an installed kernel: the two of 6.12.y, or 7.x.
kernel() {
	local list

	list=$(linux-version list | linux-version sort)
	case $1 in
	old) grep '^6\.12\.' <<<"$list" | head -n 1 ;;
	new) grep '^6\.12\.' <<<"$list" | tail -n 1 ;;
	next) grep '^[7-9]\.' <<<"$list" | tail -n 1 ;;
	esac
}

# said TEXT: fail unless apt has printed this in a line of ours.
said() {
	grep 'radeon-rttm: ' /tmp/apt.log | grep -F -- "$1" >/dev/null ||
		fail "apt does not say '$1' but '$(grep 'radeon-rttm: ' /tmp/apt.log | paste -sd' ')'"
}

# list KERNEL: write what its initramfs has to /tmp/initramfs.
list() {
	lsinitramfs "/boot/initrd.img-$1" >/tmp/initramfs
}

# check_kernels: fail unless the kernels are as their packages have brought them.
check_kernels() {
	local changed release

	changed=$(dpkg-query -W -f '${Package} ${db:Status-Status}\n' |
		awk '$1 ~ /^linux-(image|modules|binary)-[0-9]/ && $2 == "installed" { print $1 }' |
		xargs dpkg --verify 2>&1) || [[ -n $changed ]]
	[[ -z $changed ]] || fail "dpkg --verify: $(head -n 2 <<<"$changed" | paste -sd' ')"
	for release in $(linux-version list); do
		compgen -G "/lib/modules/$release/kernel/drivers/gpu/drm/radeon/radeon.ko*" \
			>/dev/null ||
			fail "$release has lost its radeon.ko"
	done
}

# has_ours KERNEL: fail unless modules, modprobe and the initramfs are ours.
has_ours() {
	local release=$1 file card

	check_kernels
	for file in rttm radeon-rttm; do
		compgen -G "/lib/modules/$release/updates/dkms/$file.ko*" >/dev/null ||
			fail "$release has no $file.ko"
	done
	# An X300, as the lab has one.
	card=pci:v00001002d00005B60sv00001002sd00000302bc03sc00i00
	modprobe -S "$release" -n -v "$card" 2>&1 |
		grep '^install /usr/libexec/radeon-rttm-load' >/dev/null ||
		fail "modprobe does not run radeon-rttm-load for $release"
	[[ $(modinfo -k "$release" -F version radeon_rttm) == 0~git* ]] ||
		fail "radeon_rttm of $release has no version"
	list "$release"
	for file in updates/dkms/radeon-rttm.ko updates/dkms/rttm.ko libexec/radeon-rttm-load \
		modprobe.d/radeon-rttm.conf firmware/radeon/R300_cp.bin \
		kernel/drivers/gpu/drm/radeon/radeon.ko; do
		grep -qF "$file" /tmp/initramfs ||
			fail "the initramfs of $release has no $file"
	done
}

# has_none KERNEL: fail unless it has its own driver alone.
has_none() {
	check_kernels
	! compgen -G "/lib/modules/$1/updates/dkms/radeon-rttm.ko*" >/dev/null ||
		fail "$1 has radeon-rttm.ko"
	list "$1"
	! grep -qE '/(rttm|radeon-rttm)\.ko' /tmp/initramfs ||
		fail "the initramfs of $1 has our modules"
}

# state: print what a purge has to put back: files with their sizes, and the initramfs.
state() {
	local release

	find / -xdev \( -path /var/log -o -path /var/cache -o -path /tmp -o -path /var/tmp \
		-o -path /var/lib/apt -o -path /var/lib/lab-before -o -path /var/lib/dpkg \
		-o -path '/boot/initrd.img-*' -o -path '/boot/grub*' -o -path /root -o -path /src \
		-o -path /packages -o -path /build -o -path /image -o -path /run \
		-o -path '/var/lib/dkms/mok.*' \
		-o -path /etc/ld.so.cache -o -path '*/__pycache__' -o -path /var/lib/systemd \
		\) -prune \
		-o -type f -printf '%p %s\n' -o ! -type d -printf '%p %l\n' | sort
	# When dkms is removed, no initramfs is made: it keeps a file of dkms with only comments.
	for release in $(linux-version list); do
		lsinitramfs "/boot/initrd.img-$release" | grep -vx etc/modprobe.d/dkms.conf | sort |
			sed "s/^/initramfs $release /"
	done
}

# our_packages: install them as INSTALL.md does.
our_packages() {
	apt_ok install /packages/radeon-rttm-dkms_*_all.deb /packages/radeon-rttm-tools_*_amd64.deb
}

# What the package depends on, for the cases that change it.
dependencies() {
	update
	apt_ok install dkms jq patch
}

# unpacked: unpack our package, so that a case can change it before it is configured. Sets tree.
unpacked() {
	dpkg --unpack /packages/radeon-rttm-dkms_*_all.deb
	tree=$(echo /usr/src/radeon-rttm-*)
}

install() {
	update
	[[ -e $before ]] || state >"$before"
	our_packages
	has_ours "$(kernel old)"
	said 'the driver is there and is used from the next boot on'
	said 'this machine has no Radeon'
	dkms status
}

switched_off() {
	has_ours "$(kernel old)"
	echo '# instead of the file of the package' >/etc/modprobe.d/radeon-rttm.conf
	/usr/libexec/radeon-rttm-finish kernel "$(kernel old)" 2>&1 | tee /tmp/apt.log
	said 'the driver is there and is not used, because'
	rm /etc/modprobe.d/radeon-rttm.conf
}

# Only the boot differs.
unenrolled_key() {
	has_ours "$(kernel old)"
}

second_display() {
	has_ours "$(kernel old)"
}

xen() {
	update
	apt_ok install --no-install-recommends xen-system-amd64
	grep -q multiboot2 /boot/grub/grub.cfg || fail 'GRUB does not know Xen'
}

xen_install() {
	install
}

upgrade() {
	apt_ok full-upgrade
	[[ $(kernel new) != "$(kernel old)" ]] || fail 'there is no second kernel'
	has_ours "$(kernel new)"
	has_ours "$(kernel old)"
	echo "from $(kernel old) to $(kernel new)"
}

xen_upgrade() {
	upgrade
}

next_kernel() {
	apt_ok install -t trixie-backports linux-image-amd64 linux-headers-amd64
	has_ours "$(kernel next)"
	echo "from $(kernel old) to $(kernel next)"
}

unknown_kernel() {
	local release

	release=$(apt-cache policy linux-image-amd64 | sed -nE 's/^  Candidate: ([0-9.]+)-.*/\1/p')
	rm -r /usr/src/radeon-rttm-*/trees/"$release"
	apt_ok full-upgrade
	has_none "$(kernel new)"
	said "no sources for Linux $release"
}

from_source() {
	local diff

	apt_ok install linux-source-6.12
	diff=$(echo /usr/src/radeon-rttm-*/patches/6.12.diff)
	cp "$diff" /tmp/right.diff
	sed -i 's/^-[^-]/-other/' "$diff"
	reconfigure
	said 'the patches do not apply to the linux-source of'
	has_none "$(kernel new)"
	cp /tmp/right.diff "$diff"
	reconfigure
	has_ours "$(kernel new)"
	echo "made from $(dpkg-query -W linux-source-6.12 | paste -sd' ')"
}

no_headers() {
	apt_ok install linux-image-amd64
	has_none "$(kernel new)"
	said "the kernel's headers are missing"
}

headers_later() {
	apt_ok install linux-headers-amd64
	has_ours "$(kernel new)"
	echo "the initramfs of $(kernel new) was made again"
}

broken_tree() {
	local file

	unpacked
	find "$tree/trees" -name ttm_module.c | while read -r file; do
		echo '#error "a tree that does not compile"' >>"$file"
	done
	apt_ok --fix-broken install
	has_none "$(kernel old)"
	said 'the modules do not compile'
	echo 'exit 1' >"$tree/rename_symbols.sh"
	reconfigure
	said 'the modules cannot be built'
}

# broken_probe STATEMENT: install a package in which the driver's probe does only this.
broken_probe() {
	local file

	unpacked
	find "$tree/trees" -name radeon_drv.c | while read -r file; do
		sed -i "/^static struct pci_driver radeon_kms_pci_driver/i\\
#include <linux/delay.h>\\
static int broken_probe(struct pci_dev *pdev, const struct pci_device_id *id)\\
{\\
	$1\\
	return -EIO;\\
}\\
" "$file"
		sed -i 's/\.probe = radeon_pci_probe/.probe = broken_probe/' "$file"
	done
	apt_ok --fix-broken install
	has_ours "$(kernel old)"
}

probe_fails() {
	broken_probe ''
}

probe_hangs() {
	broken_probe 'ssleep(100000);'
	[[ -e /etc/systemd/system/multi-user.target.wants/radeon-rttm-dkms.service ]] ||
		fail 'the service is not enabled'
}

boot_full() {
	local used

	update
	used=$(du -sm /boot | cut -f1)
	cp -a /boot /tmp/boot
	mount -t tmpfs -o size=$((used + 15))M tmpfs /boot
	cp -a /tmp/boot/. /boot
	our_packages
	said 'the initramfs could not be made'
	! grep 'is used from the next boot on' /tmp/apt.log ||
		fail 'apt says that the next boot uses our driver'
	check_kernels
	cmp /boot/initrd.img-"$(kernel old)" /tmp/boot/initrd.img-"$(kernel old)" ||
		fail 'the old initramfs is gone'
	umount /boot
}

disk_full() {
	unpacked
	mkdir -p /var/lib/dkms
	cp -a /var/lib/dkms /tmp/dkms
	# The sources and the tree fit, and a third of what the compiler writes.
	mount -t tmpfs -o size=$(($(du -sm "$tree" | cut -f1) + 18))M tmpfs /var/lib/dkms
	cp -a /tmp/dkms/. /var/lib/dkms
	sed -i 's/^need_mib=.*/need_mib=1/' "$tree/dkms-prepare"
	apt_ok --fix-broken install
	said 'the modules do not compile'
	sed -i 's/^need_mib=.*/need_mib=250/' "$tree/dkms-prepare"
	reconfigure
	said 'MiB free'
	has_none "$(kernel old)"
	umount /var/lib/dkms
}

# As if dkms were that of Debian 12: the package requires a version that does not exist.
old_dkms() {
	unpacked
	sed -i 's/ge 3\.2\.2~/ge 99~/' "$tree/dkms-prepare"
	apt_ok --fix-broken install
	has_none "$(kernel old)"
	said 'is too old'
}

two_versions() {
	local version

	version=$(dpkg-query -W -f '${Version}' radeon-rttm-dkms)
	dpkg-deb -R /packages/radeon-rttm-dkms_*_all.deb /tmp/second
	mv "/tmp/second/usr/src/radeon-rttm-$version" "/tmp/second/usr/src/radeon-rttm-$version.1"
	sed -i "s/$version/$version.1/g" /tmp/second/DEBIAN/{control,postinst,prerm} \
		"/tmp/second/usr/src/radeon-rttm-$version.1/dkms.conf"
	sed -i 's/^Depends: .*/Depends: dkms/' /tmp/second/DEBIAN/control
	rm -f /tmp/second/DEBIAN/md5sums
	dpkg-deb -b /tmp/second /tmp/second.deb
	apt_ok install /tmp/second.deb
	has_ours "$(kernel old)"
	[[ $(dkms status radeon-rttm | grep -c .) == 1 ]] ||
		fail "dkms has several: $(dkms status radeon-rttm | paste -sd' ')"
	dkms status radeon-rttm
}

# machine VENDOR CLASS DRIVER: make a stand-in for /sys with one display device, in /tmp/sys.
machine() {
	local device=/tmp/sys/bus/pci/devices/0000:01:00.0

	rm -rf /tmp/sys
	mkdir -p "$device" /tmp/sys/module/module/parameters
	echo "$1" >"$device/vendor"
	echo "$2" >"$device/class"
	ln -s "../../drivers/$3" "$device/driver"
	echo N >/tmp/sys/module/module/parameters/sig_enforce
}

# finish_says TEXT: fail unless radeon-rttm-finish prints this on the stand-in.
finish_says() {
	RADEON_RTTM_SYS=/tmp/sys /src/packaging/radeon-rttm-finish package 2>&1 |
		tee /tmp/apt.log
	said "$1"
}

other_machines() {
	machine 0x1002 0x030000 amdgpu
	finish_says 'amdgpu drives 0000:01:00.0'
	machine 0x8086 0x030000 i915
	finish_says 'this machine has no Radeon'
	machine 0x1002 0x030000 radeon
	echo Y >/tmp/sys/module/module/parameters/sig_enforce
	finish_says 'mokutil --import /var/lib/dkms/mok.pub'
	rm -r /tmp/sys/module
	mkdir -p /tmp/sys/firmware/efi/efivars
	printf '\006\000\000\000\001' >/tmp/sys/firmware/efi/efivars/SecureBoot-x
	finish_says 'mokutil --import /var/lib/dkms/mok.pub'
}

# What Debian's own tests do for a dkms package: a build for each headers package.
autopkgtest() {
	local count

	apt_ok install linux-headers-amd64
	cd /tmp
	/usr/lib/dkms/dkms-autopkgtest /packages/radeon-rttm-dkms_*_all.deb 2>&1 |
		tee /tmp/apt.log ||
		fail "dkms-autopkgtest: $(grep -E '^I: (SKIP|FAIL)' /tmp/apt.log | paste -sd' ')"
	count=$(grep -c '^I: PASS' /tmp/apt.log)
	((count == $(find /lib/modules/*/build -maxdepth 0 | wc -l))) ||
		fail "dkms-autopkgtest: $(grep -E '^I: (SKIP|FAIL)' /tmp/apt.log | paste -sd' ')"
	echo "$count kernels: pass"
}

remove() {
	apt_ok remove radeon-rttm-dkms
	has_none "$(kernel old)"
	[[ ! -e /usr/lib/modprobe.d/radeon-rttm.conf ]] || fail 'modprobe.d has our file'
}

purge() {
	apt_ok purge radeon-rttm-dkms radeon-rttm-tools
	# The disk was made without recommended packages. apt would keep two that came with ours:
	# gcc, as apt suggests dpkg-dev, which recommends it; libc6-dev, as gcc-14 recommends it.
	apt_ok autoremove --purge -o APT::AutoRemove::SuggestsImportant=false \
		-o APT::AutoRemove::RecommendsImportant=false
	check_kernels
	state >/tmp/after
	diff "$before" /tmp/after >/tmp/changes ||
		fail "a purge leaves $(grep -c "^[<>]" /tmp/changes) changes: $(
			grep "^[<>]" /tmp/changes |
			head -n 5 | paste -sd' ')"
	echo "$(wc -l </tmp/after) files and parts of the initramfs are as before"
}

xen_purge() {
	purge
}

# Runs the commands of INSTALL.md for Debian 13 unchanged, without the build and the reboot.
words() {
	local line count=0

	# A newly installed Debian has no kernel headers.
	apt_ok purge --autoremove linux-headers-amd64
	sudo() { "$@"; }
	cd /packages
	printf 'APT::Get::Assume-Yes "true";\n' >/etc/apt/apt.conf.d/yes
	while IFS= read -r line; do
		case $line in
		*reboot | 'make deb' | *ttm-pool-info) continue ;;
		esac
		count=$((count + 1))
		eval "$line" </dev/null || fail "'$line' of INSTALL.md ends with status $?"
	done < <(sed -n '/^## Debian 13$/,/^### Secure Boot$/s/^    //p' /src/INSTALL.md)
	((count == 4)) || fail "INSTALL.md has $count commands, not 4"
	has_ours "$(kernel new)"
	echo "$count commands"
}

"${1//-/_}"
