// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * radeon-model: one software Radeon as a process, for QEMU's vfio-user-pci.
 *
 * This file is the front thread: it reads the command line, then waits for what
 * front.c waits for, and for the display clock.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/card.h"
#include "core/clock.h"
#include "control.h"
#include "core/work.h"
#include "display/display.h"
#include "bus/front.h"
#include "core/trace.h"
#include "bus/vfio_user.h"

#define LATENCY_MAX_US	1000000u

struct options {
	const struct card_info *info;
	struct front_paths paths;
	const char *vram;
	unsigned int faults;
	unsigned int latency_us;
};

static const char * const fault_names[] = {
#define X(id, name, what) name,
	FAULTS(X)
#undef X
};

static const char * const fault_help[] = {
#define X(id, name, what) what,
	FAULTS(X)
#undef X
};

static void usage(FILE *out)
{
	char list[128];

	card_info_list(list, sizeof(list));
	fprintf(out,
		"usage: radeon-model --card NAME --socket PATH [options]\n"
		"A software Radeon for QEMU's vfio-user-pci device.\n\n"
		"  --card NAME        which card: %s\n"
		"  --socket PATH      vfio-user socket to listen on\n"
		"  --control PATH     control socket (stats, crc, screenshot, ...)\n"
		"  --log PATH         append messages there instead of standard error\n"
		"  --vram PATH        keep VRAM in this new file (on tmpfs), for others to map\n"
		"  --latency-us N     a fence takes at least N microseconds (default 0)\n"
		"  --trace LIST       vfio,pci,reg,packet,gart,2d,3d,display or all\n"
		"  --fault NAME       inject a fault, to show that a test can fail:\n",
		list);
	for (int i = 0; i < FAULT_COUNT; i++)
		fprintf(out, "       %-18s  %s\n", fault_names[i], fault_help[i]);
}

static unsigned int parse_fault(const char *name)
{
	unsigned int bit = fault_by_name(name);

	if (bit)
		return bit;
	die("no fault '%s'; --help lists them", name);
}

static unsigned int parse_latency(const char *text)
{
	unsigned long val;
	char *end;

	errno = 0;
	val = strtoul(text, &end, 10);
	if (errno || end == text || *end || val > LATENCY_MAX_US)
		die("--latency-us '%s' is not a number from 0 to %u", text,
		    LATENCY_MAX_US);
	return (unsigned int)val;
}

static void parse_options(int argc, char **argv, struct options *opt)
{
	static const struct option longopts[] = {
		{ "card", required_argument, NULL, 'c' },
		{ "socket", required_argument, NULL, 's' },
		{ "control", required_argument, NULL, 'C' },
		{ "log", required_argument, NULL, 'l' },
		{ "vram", required_argument, NULL, 'v' },
		{ "latency-us", required_argument, NULL, 'L' },
		{ "trace", required_argument, NULL, 't' },
		{ "fault", required_argument, NULL, 'f' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	char list[128];
	int c;

	while ((c = getopt_long(argc, argv, "", longopts, NULL)) != -1) {
		switch (c) {
		case 'c':
			opt->info = card_info_find(optarg);
			if (!opt->info) {
				card_info_list(list, sizeof(list));
				die("no card '%s'; there are %s", optarg, list);
			}
			break;
		case 's':
			opt->paths.socket = optarg;
			break;
		case 'C':
			opt->paths.control = optarg;
			break;
		case 'l':
			opt->paths.log = optarg;
			break;
		case 'v':
			opt->vram = optarg;
			break;
		case 'L':
			opt->latency_us = parse_latency(optarg);
			break;
		case 't':
			if (trace_parse(optarg))
				die("--trace '%s': classes are vfio, pci, reg, packet, gart, 2d, 3d, display, all",
				    optarg);
			break;
		case 'f':
			opt->faults |= parse_fault(optarg);
			break;
		case 'h':
			usage(stdout);
			exit(0);
		default:
			usage(stderr);
			exit(2);
		}
	}
	if (optind < argc)
		die("unexpected argument '%s'; --help lists the options",
		    argv[optind]);
	if (!opt->info || !opt->paths.socket)
		die("--card and --socket are needed; --help lists the options");
}

static int region_read(void *priv, unsigned int region, uint64_t off, void *buf,
		       uint32_t len)
{
	struct card *card = priv;

	if (region == VU_REGION_CONFIG)
		return pci_config_read(&card->pci, off, buf, len);
	return card_bar_read(card, region, off, buf, len);
}

static int region_write(void *priv, unsigned int region, uint64_t off,
			const void *buf, uint32_t len)
{
	struct card *card = priv;

	if (region == VU_REGION_CONFIG)
		return card_config_write(card, off, buf, len);
	return card_bar_write(card, region, off, buf, len);
}

static void device_reset(void *priv)
{
	card_reset(priv);
}

static void describe(struct vu_device *dev, struct card *card)
{
	*dev = (struct vu_device){
		.priv = card,
		.ram = &card->ram,
		.pci = &card->pci,
		.region_read = region_read,
		.region_write = region_write,
		.reset = device_reset,
	};
	for (int i = 0; i < VU_NUM_REGIONS; i++)
		dev->region[i].mmap_fd = -1;
	/*
	 * After its first INTx interrupt QEMU takes a device's mappings out of
	 * the guest and never puts them back, and a device with a mapping has
	 * to answer every write. So a card without MSI offers none: its writes
	 * are posted, and the lab lays RAM over BAR0 (--vram).
	 */
	dev->region[0] = (struct vu_region){ card->info->vram_size, true, true,
					     card->info->irq == CARD_IRQ_MSI ? card->vram_fd : -1 };
	dev->region[1] = (struct vu_region){ CARD_IO_SIZE, true, true, -1 };
	dev->region[2] = (struct vu_region){ CARD_MMIO_SIZE, true, true, -1 };
	dev->region[VU_REGION_ROM] = (struct vu_region){ card->rom_size, true,
						      false, -1 };
	dev->region[VU_REGION_CONFIG] = (struct vu_region){ PCI_CONFIG_SIZE, true,
							 true, -1 };
	dev->irq_count[VU_IRQ_INTX] = 1;
	dev->irq_count[VU_IRQ_MSI] = card->info->irq == CARD_IRQ_MSI ? 1 : 0;
	dev->irq_count[VU_IRQ_ERR] = 1;	/* QEMU warns without it; never used */
}

/* Returns the descriptor, or -1 if no file was asked for. */
static int make_vram_file(const struct options *opt)
{
	int fd;

	if (!opt->vram)
		return -1;
	fd = open(opt->vram, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		die("cannot make the VRAM file %s: %s", opt->vram,
		    strerror(errno));
	/* Allocated now: a full disk would be a SIGBUS later. */
	errno = posix_fallocate(fd, 0, (off_t)opt->info->vram_size);
	if (errno)
		die("cannot give the VRAM file %s %u bytes: %s", opt->vram,
		    opt->info->vram_size, strerror(errno));
	return fd;
}

static void wait_for_event(struct card *card, struct front *front)
{
	uint64_t next = display_next_event(card), now = clock_ns();
	struct timespec ts = { 0 };

	if (next > now && next != UINT64_MAX) {
		ts.tv_sec = (time_t)((next - now) / 1000000000u);
		ts.tv_nsec = (long)((next - now) % 1000000000u);
	}
	front_wait(front, next == UINT64_MAX ? NULL : &ts);
	display_tick(card, clock_ns());
}

static void print_stats(struct card *card)
{
	fprintf(stderr, "%s:", card->info->name);
#define X(name) \
	fprintf(stderr, " %s=%llu", #name, (unsigned long long)card->stats.name);
	CARD_STATS(X)
#undef X
	fputc('\n', stderr);
}

int main(int argc, char **argv)
{
	struct options opt = { 0 };
	struct vu_device dev;
	struct front front;
	struct card *card;
	int ret;

	parse_options(argc, argv, &opt);
	card = card_new(opt.info, make_vram_file(&opt));
	if (!card)
		die("cannot make the card: %s", strerror(errno));
	card->faults = opt.faults;
	card->latency_us = opt.latency_us;
	describe(&dev, card);

	front_open(&front, &opt.paths, &dev, control_command, card);
	ret = work_start(card);
	if (ret)
		die("cannot start the engine thread: %s", strerror(-ret));
	do
		wait_for_event(card, &front);
	while (front_serve(&front, &ret));

	atomic_store(&card->stopping, true);
	work_stop(card);
	front_close(&front);
	print_stats(card);
	card_free(card);
	return ret ? 1 : 0;
}
