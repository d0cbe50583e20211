#!/bin/bash
# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# The inner half of make_deb.sh; runs inside the lab's root with the layer "deb".
#
#   build_deb.sh VERSION DATE MAINTAINER SOURCES
#
# SOURCES is what fetch_sources.sh prints. /out gets the packages and lintian.log.
set -euo pipefail

version=$1 date=$2 maintainer=$3 sources=$4
top=/tmp/deb/radeon-rttm-$version
mkdir -p "$top"
cd "$top"
mapfile -t releases < <(cut -d' ' -f1 <<<"$sources")

mkdir dkms
/src/packaging/make_dkms_source.sh /build/kernel-parts dkms "${releases[@]}"
cp -r /src/packaging/{debian,man,tools.bash,radeon-rttm.conf,radeon-rttm-load,radeon-rttm-boot} .
cp -r /src/packaging/{radeon-rttm-finish,initramfs-hook,kernel-hook} .
cp -r /src/tools /src/igt-tests /src/LICENSES .
mkdir debian/source
echo '3.0 (native)' >debian/source/format
control=$(<debian/control)
printf '%s\n' "${control//@MAINTAINER@/"$maintainer"}" >debian/control
cat >debian/changelog <<END
radeon-rttm ($version) unstable; urgency=medium

  * Build of the radeon-ttm-pool sources.

 -- $maintainer  $date
END
# The sources that the trees are made of.
echo "linux:Built-Using=$(while read -r release debian; do
	[[ ! -d dkms/trees/$release ]] || echo "linux (= $debian)"
done <<<"$sources" | paste -sd, | sed 's/,/, /g')" >debian/built-using

dpkg-buildpackage -us -uc
cd ..
lintian --allow-root --tag-display-limit 0 --fail-on none ./*.changes >/out/lintian.log 2>&1 || true
cat /out/lintian.log
rm -rf "$top"
cp -- * /out
