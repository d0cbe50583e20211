// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * pool-device-model: the pool device as a process, for QEMU's vfio-user-pci.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "bus/front.h"
#include "pool/pool_device.h"

struct options {
	struct front_paths paths;
	const char *capability;
};

static void usage(FILE *out)
{
	char keys[200];

	pool_device_keys(keys, sizeof(keys));
	fprintf(out,
		"usage: pool-device-model --socket PATH [options]\n"
		"A device that tells which memory has to be coherent, for QEMU's vfio-user-pci.\n\n"
		"  --socket PATH      vfio-user socket to listen on\n"
		"  --control PATH     control socket (set, show, stats)\n"
		"  --log PATH         append messages there instead of standard error\n"
		"  --capability LIST  fields of the capability, valid or not: KEY=VALUE,...; others\n"
		"                     have the values of a Xen PV domain (default, xen). Keys:\n"
		"                     %s\n", keys);
}

static void parse_options(int argc, char **argv, struct options *opt)
{
	static const struct option longopts[] = {
		{ "socket", required_argument, NULL, 's' },
		{ "control", required_argument, NULL, 'C' },
		{ "log", required_argument, NULL, 'l' },
		{ "capability", required_argument, NULL, 'c' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "", longopts, NULL)) != -1) {
		switch (c) {
		case 's':
			opt->paths.socket = optarg;
			break;
		case 'C':
			opt->paths.control = optarg;
			break;
		case 'l':
			opt->paths.log = optarg;
			break;
		case 'c':
			opt->capability = optarg;
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
		die("unexpected argument '%s'; --help lists the options", argv[optind]);
	if (!opt->paths.socket)
		die("--socket is needed; --help lists the options");
}

int main(int argc, char **argv)
{
	struct options opt = { .capability = "default" };
	struct pool_device pool;
	struct vu_device dev;
	struct front front;
	char text[1024];
	int ret;

	parse_options(argc, argv, &opt);
	pool_device_init(&pool);
	if (pool_device_set(&pool, opt.capability, text, sizeof(text)))
		die("--capability: %s", text);
	pool_device_describe(&pool, &dev);

	front_open(&front, &opt.paths, &dev, pool_device_command, &pool);
	do
		front_wait(&front, NULL);
	while (front_serve(&front, &ret));

	front_close(&front);
	pool_device_command(&pool, (char[]){ "stats" }, text, sizeof(text));
	fprintf(stderr, "pool: %s\n", text);
	pool_device_fini(&pool);
	return ret ? 1 : 0;
}
