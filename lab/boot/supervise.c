// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * supervise: one boot of the lab, from the models' start to the verdict.
 *
 * Starts a model for each card and for the pool device, then QEMU with the guest's
 * console on its standard input and output. Answers the guest's requests on the console
 * (see lab_console.h in guest/), enforces the time limits, and leaves in the result
 * directory:
 *
 *   console.log    what the guest printed, each line with its time in seconds
 *   kernel.log     those of its lines that come from the kernel or Xen
 *   results.ktap   the guest's test results, as it printed them
 *   results.txt    the same, one a line: NAME pass|fail|skip TEXT
 *   rows.txt       KEY VALUE...
 *   problems.txt   other reasons why the boot failed, a line each
 *   CARD.log/.err  a model's log, and its other output (pool: the pool device's)
 *   qemu.log       QEMU's messages, at most QEMU_LOG_MAX bytes
 *
 * Exit status: 0 if the guest reported success and there was no problem, 1 if there was
 * one, 2 if the boot could not be started, 130 if it was interrupted. All processes that
 * it started end with it.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "supervise.h"

/*
 * Xen keeps 128 characters of input for dom0 and drops the rest: feed it slowly enough for an
 * emulated dom0.
 */
#define INPUT_CHUNK		16
#define INPUT_PERIOD		0.010

#define POWEROFF_GRACE		20.0	/* from "@lab done" to the end */
#define TERMINATE_GRACE		3.0	/* from SIGTERM to SIGKILL */
#define PROGRESS_PERIOD		15.0
#define QEMU_LOG_MAX		(1u << 20)

#define ESCAPE			0x01	/* Ctrl-A */

static struct termios saved_termios;
static bool termios_saved;

static double clock_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec * 1e-9;
}

/**
 * elapsed() - seconds since the start.
 * @boot: boot
 */
double elapsed(const struct boot *boot)
{
	return clock_now() - boot->epoch;
}

static void restore_terminal(void)
{
	if (termios_saved)
		tcsetattr(0, TCSADRAIN, &saved_termios);
}

/**
 * die() - print an error and exit with status 2: the boot cannot be started.
 * @fmt: what is wrong
 */
void die(const char *fmt, ...)
{
	va_list ap;

	fputs("[boot] error: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	exit(2);
}

/**
 * say() - print a line of progress, with "\r\n" because the terminal may be raw.
 * @boot: boot
 * @fmt: text
 */
void say(const struct boot *boot, const char *fmt, ...)
{
	va_list ap;

	printf("[boot] %4.0fs  ", elapsed(boot));
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	fputs(termios_saved ? "\r\n" : "\n", stdout);
	fflush(stdout);
}

/**
 * problem() - report a problem that is not a test result. It fails the boot.
 * @boot: boot
 * @fmt: what is wrong
 */
void problem(struct boot *boot, const char *fmt, ...)
{
	char text[CONSOLE_LINE_MAX + 256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	boot->problems++;
	fprintf(boot->problem_file, "%s\n", text);
	fflush(boot->problem_file);
	say(boot, "problem: %s", text);
}

static const char *last_words(const struct boot *boot)
{
	const struct console *con = &boot->console;

	if (con->length)
		return con->line;
	return *con->last ? con->last : "(nothing)";
}

static void end_qemu(struct boot *boot)
{
	if (boot->ending || !boot->qemu)
		return;
	boot->ending = true;
	boot->end_time = elapsed(boot);
	kill(boot->qemu, SIGTERM);
}

/**
 * queue_input() - queue input for the guest's console; dropped if the guest does not read.
 * @boot: boot
 * @data: bytes
 * @size: their number
 */
void queue_input(struct boot *boot, const char *data, size_t size)
{
	if (size > sizeof(boot->input) - boot->input_used)
		return;
	memcpy(boot->input + boot->input_used, data, size);
	boot->input_used += size;
}

static FILE *open_result(const char *out, const char *name)
{
	char path[512];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", out, name);
	f = fopen(path, "we");
	if (!f)
		die("cannot write %s: %s", path, strerror(errno));
	return f;
}

static void start_qemu(struct boot *boot, const char *const *argv)
{
	int in[2], out[2], err[2];

	boot->qemu_log.file = open_result(boot->out, "qemu.log");
	boot->qemu_log.left = QEMU_LOG_MAX;
	if (pipe2(in, O_CLOEXEC) || pipe2(out, O_CLOEXEC) || pipe2(err, O_CLOEXEC))
		die("cannot start QEMU: %s", strerror(errno));
	boot->qemu = spawn(argv, in[0], out[1], err[1]);
	if (boot->qemu < 0)
		die("cannot start QEMU: %s", strerror(errno));
	close(in[0]);
	close(out[1]);
	close(err[1]);
	boot->qemu_err = err[0];
	boot->console_in = in[1];
	boot->console_out = out[0];
	fcntl(boot->console_in, F_SETFL, O_NONBLOCK);
}

static void read_console(struct boot *boot)
{
	char buf[8192];
	ssize_t n = read(boot->console_out, buf, sizeof(buf));

	if (n <= 0) {
		close(boot->console_out);
		boot->console_out = -1;
		return;
	}
	boot->heard = elapsed(boot);
	if (boot->interactive && write(1, buf, (size_t)n) < 0)
		end_qemu(boot);
	console_feed(&boot->console, buf, (size_t)n, boot->heard);
}

static void read_qemu_messages(struct boot *boot)
{
	char buf[4096];
	ssize_t n = read(boot->qemu_err, buf, sizeof(buf));

	if (n <= 0) {
		close(boot->qemu_err);
		boot->qemu_err = -1;
		return;
	}
	message_log_feed(&boot->qemu_log, buf, (size_t)n);
}

static const char *qemu_message(const struct boot *boot)
{
	return *boot->qemu_log.line ? boot->qemu_log.line : "no message";
}

static void write_console(struct boot *boot)
{
	size_t want = boot->input_used < INPUT_CHUNK ? boot->input_used : INPUT_CHUNK;
	ssize_t n = write(boot->console_in, boot->input, want);

	boot->input_time = elapsed(boot) + INPUT_PERIOD;
	if (n <= 0)
		return;
	boot->input_used -= (size_t)n;
	memmove(boot->input, boot->input + n, boot->input_used);
}

/* Ctrl-A x ends the machine, Ctrl-A Ctrl-A is a Ctrl-A for the guest. */
static bool read_terminal(struct boot *boot)
{
	char buf[256];
	ssize_t n = read(0, buf, sizeof(buf));

	if (n <= 0)
		return false;
	for (ssize_t i = 0; i < n; i++) {
		if (!boot->escaped && buf[i] == ESCAPE && termios_saved) {
			boot->escaped = true;
			continue;
		}
		if (boot->escaped && (buf[i] == 'x' || buf[i] == 'X'))
			end_qemu(boot);
		else
			queue_input(boot, &buf[i], 1);
		boot->escaped = false;
	}
	return true;
}

static void raw_terminal(struct boot *boot)
{
	struct termios raw;

	if (!isatty(0) || tcgetattr(0, &saved_termios))
		return;
	raw = saved_termios;
	cfmakeraw(&raw);
	if (tcsetattr(0, TCSADRAIN, &raw))
		return;
	termios_saved = true;
	atexit(restore_terminal);
	say(boot, "this terminal is the guest's console; Ctrl-A x ends the machine");
}

/* Collects processes that have ended. */
static void reap(struct boot *boot)
{
	char why[512];
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (pid == boot->qemu) {
			boot->qemu = 0;
			boot->qemu_status = status;
			continue;
		}
		for (size_t i = 0; i < boot->card_count; i++) {
			struct boot_card *card = &boot->cards[i];

			if (pid != card->pid)
				continue;
			card->pid = 0;
			card->status = status;
			if (!card_check(card, boot->out, why, sizeof(why)))
				problem(boot, "%s", why);
			else if (boot->qemu && !boot->ending && !boot->done && !card->may_end)
				problem(boot, "the model of %s ended before the guest did; QEMU: %s",
					card->name, qemu_message(boot));
			else
				break;
			end_qemu(boot);
		}
	}
}

static void check_limits(struct boot *boot)
{
	double now = elapsed(boot);

	if (boot->ending) {
		if (boot->qemu && !boot->killed && now > boot->end_time + TERMINATE_GRACE) {
			boot->killed = true;
			kill(boot->qemu, SIGKILL);
		}
		return;
	}
	if (boot->done) {
		if (now > boot->end_time + POWEROFF_GRACE)
			end_qemu(boot);
		return;
	}
	if (boot->interactive)
		return;
	if (now > boot->limit) {
		problem(boot, "ended after the limit of %.0f s; the guest last printed: %s",
			boot->limit, last_words(boot));
		end_qemu(boot);
	} else if (now > boot->heard + boot->silence) {
		problem(boot, "ended after %.0f s of silence; the guest last printed: %s",
			boot->silence, last_words(boot));
		end_qemu(boot);
	} else if (now > boot->progress + PROGRESS_PERIOD) {
		boot->progress = now;
		say(boot, "... %.100s", last_words(boot));
	}
}

static void run_machine(struct boot *boot, int signal_fd)
{
	bool terminal = boot->interactive;

	while (boot->qemu || boot->console_out >= 0 || boot->qemu_err >= 0) {
		struct pollfd fds[] = {
			{ .fd = signal_fd, .events = POLLIN },
			{ .fd = boot->console_out, .events = POLLIN },
			{ .fd = terminal ? 0 : -1, .events = POLLIN },
			{ .fd = boot->qemu_err, .events = POLLIN },
		};
		int timeout = boot->input_used ? (int)(INPUT_PERIOD * 1000) : 200;

		poll(fds, sizeof(fds) / sizeof(fds[0]), timeout);
		/* Do this first: the report of a model's end quotes QEMU's message. */
		if (fds[3].revents)
			read_qemu_messages(boot);
		if (fds[0].revents) {
			struct signalfd_siginfo info;

			if (read(signal_fd, &info, sizeof(info)) == sizeof(info) &&
			    info.ssi_signo != SIGCHLD) {
				boot->interrupted = true;
				end_qemu(boot);
			}
			reap(boot);
		}
		if (fds[1].revents)
			read_console(boot);
		if (fds[2].revents)
			terminal = read_terminal(boot);
		if (boot->input_used && elapsed(boot) >= boot->input_time)
			write_console(boot);
		check_limits(boot);
	}
	console_flush(&boot->console);
}

static void end_models(struct boot *boot)
{
	double start = elapsed(boot);
	bool killed = false;

	for (size_t i = 0; i < boot->card_count; i++)
		if (boot->cards[i].pid)
			kill(boot->cards[i].pid, SIGTERM);
	for (;;) {
		bool running = false;

		reap(boot);
		for (size_t i = 0; i < boot->card_count; i++) {
			struct boot_card *card = &boot->cards[i];

			if (!card->pid)
				continue;
			running = true;
			if (!killed && elapsed(boot) > start + TERMINATE_GRACE) {
				problem(boot, "the model of %s did not end when told to: see %s.log",
					card->name, card->name);
				kill(card->pid, SIGKILL);
			}
		}
		if (!running)
			return;
		killed |= elapsed(boot) > start + TERMINATE_GRACE;
		poll(NULL, 0, 10);
	}
}

static void judge_end(struct boot *boot)
{
	bool by_itself = !boot->interactive && !boot->interrupted && !boot->ending;

	if (by_itself && (WIFSIGNALED(boot->qemu_status) || WEXITSTATUS(boot->qemu_status)))
		problem(boot, "QEMU failed: %s", qemu_message(boot));
	else if (by_itself && !boot->done)
		problem(boot, "the machine ended before its guest was done; it last printed: %s",
			last_words(boot));
	if (boot->done && strcmp(boot->done_status, "0") && !boot->failed_results)
		problem(boot, "the guest was done with status '%s'", boot->done_status);
}

int main(int argc, char **argv)
{
	static struct boot boot = {
		.limit = 300, .silence = 60, .console_out = -1, .qemu_err = -1,
	};
	sigset_t signals;
	char why[512];
	int signal_fd;

	boot.epoch = clock_now();
	boot.log = kernel_log_new();
	if (!boot.log)
		die("out of memory");
	parse_options(&boot, argc, argv);
	boot.console.ops = &guest_console_ops;
	boot.console.priv = &boot;
	boot.console.log = open_result(boot.out, "console.log");
	boot.ktap.ops = &guest_ktap_ops;
	boot.ktap.priv = &boot;
	boot.kernel_log = open_result(boot.out, "kernel.log");
	boot.results = open_result(boot.out, "results.txt");
	boot.results_ktap = open_result(boot.out, "results.ktap");
	boot.rows = open_result(boot.out, "rows.txt");
	boot.problem_file = open_result(boot.out, "problems.txt");

	sigemptyset(&signals);
	sigaddset(&signals, SIGCHLD);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGHUP);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	signal(SIGPIPE, SIG_IGN);
	signal_fd = signalfd(-1, &signals, SFD_CLOEXEC);
	if (signal_fd < 0)
		die("signalfd: %s", strerror(errno));

	for (size_t i = 0; i < boot.card_count; i++)
		if (!card_start(&boot.cards[i], boot.run, boot.out, why, sizeof(why)))
			die("%s", why);
	if (boot.interactive)
		raw_terminal(&boot);
	start_qemu(&boot, (const char *const *)argv + optind);
	run_machine(&boot, signal_fd);
	judge_end(&boot);
	end_models(&boot);
	kernel_log_free(boot.log);

	if (boot.interrupted)
		return 130;
	if (!boot.interactive)
		say(&boot, "%u passed, %u failed, %u other problems; logs in the result directory",
		    boot.passed, boot.failed_results, boot.problems);
	return boot.problems || boot.failed_results ? 1 : 0;
}
