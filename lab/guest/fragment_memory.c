// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * fragment-memory: leaves half of the free memory, but no large block of it.
 *
 * Takes the free memory as pages of its own, and frees every second one. Rings of packet sockets
 * take the large blocks that are left: they ask for a block of a fixed order and never call the
 * OOM killer (net/packet/af_packet.c, alloc_one_pg_vec_page()).
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lab_options.h"

#define PAGE		4096
#define MAX_RINGS	512
#define MIB_LEFT	24

/* Free memory in KiB, 0 if it is not known. */
static unsigned long long kib_free(void)
{
	FILE *file = fopen("/proc/meminfo", "re");
	unsigned long long kib = 0;
	char line[128];

	if (!file)
		return 0;
	while (fgets(line, sizeof(line), file))
		if (sscanf(line, "MemFree: %llu", &kib) == 1)
			break;
	fclose(file);
	return kib;
}

/* Free blocks of this order or a larger one, all zones but the lowest 16 MiB. */
static unsigned long large_blocks(unsigned int order)
{
	FILE *file = fopen("/proc/buddyinfo", "re");
	unsigned long sum = 0, blocks;
	char line[512], zone[32];
	unsigned int i;
	int at, length;

	if (!file)
		return 1;
	while (fgets(line, sizeof(line), file)) {
		if (sscanf(line, "Node %*u, zone %31s%n", zone, &at) != 1 || !strcmp(zone, "DMA"))
			continue;
		for (i = 0; sscanf(line + at, "%lu%n", &blocks, &length) == 1; i++) {
			at += length;
			if (i >= order)
				sum += blocks;
		}
	}
	fclose(file);
	return sum;
}

/* A ring of one block of this order. Returns false if there is none. */
static bool take_block(unsigned int order)
{
	struct tpacket_req ring = {
		.tp_block_size = PAGE << order, .tp_block_nr = 1,
		.tp_frame_size = PAGE, .tp_frame_nr = 1 << order,
	};
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);

	return fd >= 0 && !setsockopt(fd, SOL_PACKET, PACKET_RX_RING, &ring, sizeof(ring));
}

static int refuse(const char *what)
{
	fprintf(stderr, "fragment-memory: error: %s: %s\n", what, strerror(errno));
	return 1;
}

int main(int argc, char **argv)
{
	uint64_t order = 7;
	const struct lab_option option_table[] = {
		{ "order", "N", "leave no block of 2^N pages (7)", .number = &order, .min = 1,
		  .max = 10 },
		{ 0 },
	};
	const struct lab_program program = {
		.name = "fragment-memory",
		.purpose = "Fragments memory, and prints \"ready\", until standard input ends.",
		.options = option_table,
	};
	unsigned int rings = 0;
	size_t size, at;
	char *memory;

	lab_parse_options(&program, argc, argv);
	size = kib_free() * 1024;
	if (size < MIB_LEFT << 21) {
		fprintf(stderr, "fragment-memory: error: less than %u MiB are free\n",
			MIB_LEFT * 2);
		return 1;
	}
	size -= MIB_LEFT << 20;
	memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED || madvise(memory, size, MADV_NOHUGEPAGE))
		return refuse("memory");
	for (at = 0; at < size; at += PAGE)
		memory[at] = 1;
	for (at = 0; at < size; at += 2 * PAGE)
		if (madvise(memory + at, PAGE, MADV_DONTNEED))
			return refuse("memory");
	while (large_blocks(order) && rings < MAX_RINGS && take_block(order))
		rings++;
	if (large_blocks(order)) {
		fprintf(stderr, "fragment-memory: error: blocks are left after %u rings\n", rings);
		return 1;
	}
	printf("ready: %zu MiB of pages, %u blocks\n", size >> 20, rings);
	fflush(stdout);
	while (read(STDIN_FILENO, (char[1]) { 0 }, 1) > 0)
		;
	return 0;
}
