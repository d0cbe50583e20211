#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# The inner half of watch.sh for one release; runs inside the lab's root.
#
#   watch_build.sh VERSION RELEASE
#
# /out/headers has the headers' packages. Builds the modules as dkms does on a user's machine.
set -euo pipefail

version=$1 release=$2
mkdir -p /tmp/headers
for deb in /out/headers/*.deb; do
	dpkg-deb -x "$deb" /tmp/headers
done
bash /src/packaging/make_dkms_source.sh /build/kernel-parts /out "$version"
cd /out
# The headers refer to each other by absolute paths below /usr.
mkdir -p /run/usr/{upper,work}
busybox mount -t overlay -o lowerdir=/tmp/headers/usr:/usr overlay /usr
./dkms-prepare build "$release" "/usr/src/linux-headers-$release"
