# shellcheck shell=dash
# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# The driver is bound while memory has no large free block. R100's table of the GART is in system
# memory, in one block: of 512 KiB with the GART's default size.
#
# args: lab.gartsize=-1

. /usr/lib/lab/lib.sh

check_cards
load_radeon
consoles_off
for card in $(cards); do
	pci_address "$card" >"/tmp/address-$card"
	cat "/tmp/address-$card" >/sys/bus/pci/drivers/radeon/unbind
done
# Compaction makes large blocks: it starts only for a request that finds none.
echo 0 >/proc/sys/vm/compaction_proactiveness
echo 0 >/proc/sys/vm/watermark_boost_factor
echo 4096 >/proc/sys/vm/min_free_kbytes
mkfifo /tmp/fragment
fragment-memory </tmp/fragment >/tmp/said 2>&1 &
fragmenter=$!
exec 3>/tmp/fragment
while ! grep -q . /tmp/said && kill -0 $fragmenter 2>/dev/null; do
	usleep 200000
done
if grep -q ready /tmp/said; then
	result pass fragmented "$(cat /tmp/said)"
else
	result fail fragmented "$(cat /tmp/said)"
fi
for card in $(cards); do
	bind_radeon "$(cat "/tmp/address-$card")"
	run gtt-move --card "$card" --rounds 1 --limit-mib 8
done
exec 3>&-
wait $fragmenter
unload_radeon
finish
