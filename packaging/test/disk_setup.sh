#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# Hooks of mmdebstrap in make_debian_disk.sh:
#
#   disk_setup.sh before|after ROOT
#
# "before" any package: grub-probe cannot see a disk in a chroot, so one that knows the lab's disk
# answers for it. "after": the disk reports to the lab when it has booted.
set -euo pipefail

here=$(dirname "$0") root=$2
case $1 in
before)
	mkdir -p "$root/usr/sbin" "$root/boot/grub" "$root/etc/default/grub.d" "$root/var/lib/dpkg"
	: >"$root/boot/grub/grub.cfg" ;;
after)
	chroot "$root" dpkg-divert --local --rename --add /usr/sbin/grub-probe
	install -m 755 "$here/on-disk/grub-probe" "$root/usr/sbin/grub-probe"
	install -D -m 644 "$here/on-disk/lab-report.service" \
		"$root/etc/systemd/system/lab-report.service"
	chroot "$root" systemctl enable lab-report.service
	# One line of input a reply: a login prompt would take it.
	chroot "$root" systemctl mask serial-getty@ttyS0.service serial-getty@hvc0.service
	cat >"$root/etc/fstab" <<-END
	/dev/vda1 / ext4 defaults,errors=remount-ro 0 1
	END
	echo lab-disk >"$root/etc/hostname"
	chroot "$root" passwd -d root
	# Fewer jobs of no interest.
	chroot "$root" systemctl mask apt-daily.timer apt-daily-upgrade.timer systemd-timesyncd \
		e2scrub_reap.service man-db.timer || true
	printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"
	chmod 755 "$root/usr/sbin/policy-rc.d"
	cat >"$root/etc/default/grub" <<-END
	GRUB_DEFAULT=0
	GRUB_TIMEOUT=0
	GRUB_DISTRIBUTOR=Debian
	GRUB_TERMINAL=serial
	GRUB_SERIAL_COMMAND="serial --speed=115200"
	GRUB_DISABLE_OS_PROBER=true
	GRUB_CMDLINE_LINUX_DEFAULT=""
	END
	chroot "$root" update-grub ;;
esac
