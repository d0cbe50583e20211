# shellcheck shell=dash
# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# The driver is unbound and bound while memory is fragmented. R100's table of the GART is in system
# memory, in one block: of 512 KiB with the GART's default size.
#
# limit: 1200
# silence: 240
# args: lab.gartsize=-1

. /usr/lib/lab/lib.sh

# largest_free: print the order of the largest free block below 4 GiB.
largest_free() {
	awk '/ DMA32 / {
		for (i = 5; i <= NF; i++)
			if ($i > 0)
				order = i - 5
	}
	END { print order + 0 }' /proc/buddyinfo
}

check_cards
load_radeon
consoles_off
# The kernel keeps 32 MiB of this machine for itself.
echo 2048 >/proc/sys/vm/min_free_kbytes
mkfifo /tmp/fragment
fragment-memory --ready /tmp/fragmented </tmp/fragment &
fragmenter=$!
sleep 100000 >/tmp/fragment &
holder=$!
while [ ! -e /tmp/fragmented ] && kill -0 $fragmenter 2>/dev/null; do
	usleep 200000
done
order=$(largest_free)
if [ "$order" -lt 7 ]; then
	result pass fragmented "the largest free block is of order $order"
else
	result fail fragmented "there is a free block of order $order"
fi
for card in $(cards); do
	bdf=$(pci_address "$card")
	echo "$bdf" >/sys/bus/pci/drivers/radeon/unbind
	bind_radeon "$bdf"
	run gtt-move --card "$card" --rounds 1 --limit-mib 8
done
kill $holder
wait $fragmenter
unload_radeon
finish
