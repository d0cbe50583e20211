/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * The model processes of a boot, of cards and of the pool device, and their control
 * sockets. See card_process.c.
 */
#ifndef LAB_BOOT_CARD_PROCESS_H
#define LAB_BOOT_CARD_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define CARDS_MAX	4
#define POOL_DEVICE_NAME	"pool"
#define CARD_ARGS_MAX	32

/**
 * struct boot_card - a card of this boot, or the pool device.
 * @name: its name on the model's command line and in the names of its files
 * @model: the model's program
 * @capability: the pool device's capability; NULL for a card
 * @args: further arguments of the model
 * @arg_count: their number
 * @may_end: the model may end before the guest does
 * @pid: the model's process, 0 when it is not running
 * @status: as waitpid() gave it, once it has ended
 */
struct boot_card {
	const char *name;
	const char *model;
	const char *capability;
	const char *args[CARD_ARGS_MAX];
	size_t arg_count;
	bool may_end;
	pid_t pid;
	int status;
};

pid_t spawn(const char *const *argv, int in, int out, int err);
bool plain_name(const char *name);
bool card_start(struct boot_card *card, const char *run, const char *out, char *why,
		size_t why_size);
void card_command(const char *run, const char *out, const char *name,
		  const char *command, char *reply, size_t size);
bool card_check(const struct boot_card *card, const char *out, char *why,
		size_t why_size);

#endif
