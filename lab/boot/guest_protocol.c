// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * What the guest sends on its console: lines of the kernel, results, and requests that are answered
 * (see lab_console.h in guest/).
 */
#define _GNU_SOURCE
#include <string.h>
#include <time.h>

#include "monitor.h"
#include "supervise.h"

#define REPLY_MAX		4096

static void on_line(void *priv, const char *line)
{
	struct boot *boot = priv;
	enum kernel_log_verdict verdict;

	/* The text of a test result may quote the kernel's log. */
	if (strstr(line, "@lab "))
		return;
	verdict = kernel_log_check(boot->log, line);
	if (verdict == KERNEL_LOG_OTHER)
		return;
	fprintf(boot->kernel_log, "%s\n", line);
	fflush(boot->kernel_log);
	if (verdict == KERNEL_LOG_PROBLEM)
		problem(boot, "kernel log: %s", line);
	if (strstr(line, "as init process"))
		say(boot, "the kernel has started init");
}

static void on_result(void *priv, const char *name, enum ktap_outcome outcome,
		      const char *text)
{
	static const char *const words[] = {
		[KTAP_PASS] = "pass", [KTAP_FAIL] = "fail", [KTAP_SKIP] = "skip",
	};
	struct boot *boot = priv;

	fprintf(boot->results, "%s %s%s%s\n", name, words[outcome], *text ? " " : "", text);
	fflush(boot->results);
	boot->passed += outcome == KTAP_PASS;
	boot->failed_results += outcome == KTAP_FAIL;
	say(boot, "%s %s%s%s", words[outcome], name, *text ? ": " : "", text);
}

static void on_ktap_error(void *priv, const char *text)
{
	problem(priv, "%s", text);
}

static void on_ktap(struct boot *boot, const char *line)
{
	fprintf(boot->results_ktap, "%s\n", line);
	fflush(boot->results_ktap);
	ktap_line(&boot->ktap, line);
}

/*
 * The answer begins with its length: Xen keeps 128 characters for a dom0 that is slow to read, and
 * drops the rest. The guest then asks again.
 */
static void send_reply(struct boot *boot, const char *reply)
{
	char answer[REPLY_MAX + 32];
	int len = snprintf(answer, sizeof(answer), "@lab reply %zu %s\n", strlen(reply), reply);

	queue_input(boot, answer, (size_t)len);
}

/* The model of a card that is unplugged ends before the guest does. */
static void on_machine(struct boot *boot, const char *command, char *reply, size_t size)
{
	for (size_t i = 0; i < boot->card_count; i++) {
		struct boot_card *card = &boot->cards[i];

		if (!strncmp(command, "unplug ", 7) && !strcmp(command + 7, card->name))
			card->may_end = true;
	}
	machine_command(boot->run, command, reply, size);
}

static void on_card(struct boot *boot, const char *text)
{
	char name[64], reply[REPLY_MAX];
	int used = 0;

	if (sscanf(text, "%63s %n", name, &used) < 1 || !used)
		snprintf(reply, sizeof(reply), "error usage: @lab card CARD COMMAND");
	else if (!strcmp(name, "machine"))
		on_machine(boot, text + used, reply, sizeof(reply));
	else if (boot->display && !strcmp(name, boot->display))
		display_command(boot->run, boot->out, name, text + used, reply, sizeof(reply));
	else
		card_command(boot->run, boot->out, name, text + used, reply,
			     sizeof(reply));
	send_reply(boot, reply);
}

/*
 * CPU time that QEMU has used so far. On a busy host the guest's own clock also counts the time of
 * other processes.
 */
static void on_cpu(struct boot *boot)
{
	struct timespec ts;
	char reply[64];
	clockid_t clock;

	if (!boot->qemu || clock_getcpuclockid(boot->qemu, &clock) || clock_gettime(clock, &ts))
		snprintf(reply, sizeof(reply), "error no CPU time");
	else
		snprintf(reply, sizeof(reply), "%lld.%06ld", (long long)ts.tv_sec,
			 ts.tv_nsec / 1000);
	send_reply(boot, reply);
}

static void on_lab(void *priv, const char *text)
{
	struct boot *boot = priv;

	if (!strncmp(text, "ktap ", 5)) {
		on_ktap(boot, text + 5);
	} else if (!strncmp(text, "row ", 4)) {
		fprintf(boot->rows, "%s\n", text + 4);
		fflush(boot->rows);
	} else if (!strncmp(text, "card ", 5)) {
		on_card(boot, text + 5);
	} else if (!strcmp(text, "cpu")) {
		on_cpu(boot);
	} else if (!strncmp(text, "done", 4) && !boot->done) {
		boot->done = true;
		boot->end_time = elapsed(boot);
		snprintf(boot->done_status, sizeof(boot->done_status), "%s",
			 text[4] == ' ' ? text + 5 : "");
		ktap_end(&boot->ktap);
	}
}

const struct console_ops guest_console_ops = { .line = on_line, .lab = on_lab };
const struct ktap_ops guest_ktap_ops = { .result = on_result, .error = on_ktap_error };
