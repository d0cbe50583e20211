/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* One boot of the lab, and what the parts of the supervisor share. See supervise.c. */
#ifndef LAB_BOOT_SUPERVISE_H
#define LAB_BOOT_SUPERVISE_H

#include <stdbool.h>
#include <stdio.h>
#include <sys/types.h>

#include "card_process.h"
#include "console.h"
#include "kernel_log.h"
#include "ktap.h"
#include "message_log.h"

#define INPUT_QUEUE		65536u

/**
 * struct boot - everything about one boot; times in seconds since its start.
 * @display: a display that QEMU emulates, or NULL
 * @interactive: the user's terminal is the console
 * @limit: longest time that the boot may take
 * @silence: longest time that the guest may print nothing
 * @done: the guest has reported its end, with @done_status
 * @passed: results that were "pass"
 * @failed_results: results that were "fail"
 * @problems: everything else that was wrong
 * @ending: QEMU was told to end, at @end_time
 */
struct boot {
	const char *out;
	const char *run;
	const char *display;
	bool interactive;
	bool interrupted;
	double limit;
	double silence;
	struct boot_card cards[CARDS_MAX];
	size_t card_count;

	double epoch;
	double heard;
	double progress;
	pid_t qemu;
	int qemu_status;
	int console_in;
	int console_out;
	int qemu_err;
	struct message_log qemu_log;
	struct console console;
	struct kernel_log *log;
	FILE *kernel_log;
	struct ktap ktap;
	FILE *results;
	FILE *results_ktap;
	FILE *rows;
	FILE *problem_file;

	bool done;
	char done_status[64];
	unsigned int passed;
	unsigned int failed_results;
	unsigned int problems;
	bool ending;
	bool killed;
	double end_time;

	char input[INPUT_QUEUE];
	size_t input_used;
	double input_time;
	bool escaped;
};

extern const struct console_ops guest_console_ops;
extern const struct ktap_ops guest_ktap_ops;

void parse_options(struct boot *boot, int argc, char **argv);

double elapsed(const struct boot *boot);
void say(const struct boot *boot, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void problem(struct boot *boot, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void queue_input(struct boot *boot, const char *data, size_t size);
void die(const char *fmt, ...) __attribute__((noreturn, format(printf, 1, 2)));

#endif
