// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * lab-probe: sends a command to the control socket of a card's model and prints the answer.
 *
 *   lab-probe CARD COMMAND...
 *
 * igt's tests call it as IGT_RADEON_PROBE (lib/igt_radeon_probe.c). The commands are in
 * model/control.c and model/pool/pool_device.c; the machine's are in boot/monitor.c.
 */
#include <stdio.h>
#include <string.h>

#include "lab_console.h"

int main(int argc, char **argv)
{
	char command[768] = "", reply[4096] = "";
	size_t used = 0;
	int ret;

	if (argc < 3) {
		fprintf(stderr, "usage: lab-probe CARD COMMAND...\n");
		return 2;
	}
	for (int i = 2; i < argc && used < sizeof(command); i++)
		used += (size_t)snprintf(command + used, sizeof(command) - used, "%s%s",
					 i > 2 ? " " : "", argv[i]);
	ret = lab_card_command(argv[1], command, reply, sizeof(reply));
	if (ret && !reply[0]) {
		fprintf(stderr, "lab-probe: error: no answer from the host: %s\n", strerror(-ret));
		return 1;
	}
	printf("%s\n", reply);
	return ret ? 1 : 0;
}
