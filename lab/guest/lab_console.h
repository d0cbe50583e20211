/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * What a test program of the guest reports, and how it asks the host about the card.
 *
 * Results are KTAP on standard output (Documentation/dev-tools/ktap.rst in the kernel): a
 * version line before the first result, "ok N NAME # TEXT", "not ok N NAME # TEXT" or
 * "ok N NAME # SKIP TEXT", and the plan "1..N" last. A scenario (ktap_report.sh) prints KTAP of its
 * own and passes a program's output on as subtests of one of its results.
 *
 * In a scenario all that is for the host goes to the console in lines that contain "@lab ":
 *
 *   @lab ktap LINE          a line of the scenario's KTAP, with its indentation
 *   @lab row KEY VALUE      a number or text for the host's tables
 *   @lab progress TEXT      the test is still at work
 *   @lab load radeon ...    the driver is about to be loaded (for driver_log in the guest)
 *   @lab card CARD COMMAND  a request to that card's control socket
 *   @lab cpu                a request for the CPU time of the machine
 *   @lab done STATUS        the scenario has ended; the machine is switched off
 *
 * The host answers a request by a line "@lab reply LENGTH TEXT" on the console's input. The lines
 * are written to /dev/kmsg. From there they reach the console whole, and in order with the
 * kernel's own messages; a line written to the console's tty could be cut in two by these.
 */
#ifndef LAB_CONSOLE_H
#define LAB_CONSOLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LAB_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))

/** enum lab_outcome - how a check ended. */
enum lab_outcome {
	LAB_PASS,
	LAB_FAIL,
	LAB_SKIP,
};

/**
 * lab_supervised() - is a supervisor on the host reading the console?
 *
 * Return: true in a scenario (init sets LAB_RUN). Otherwise the program was started by hand, and
 * the card cannot be asked.
 */
bool lab_supervised(void);

/**
 * lab_begin() - print the version line, if that was not done.
 *
 * Only for a program that prints subtests of its first result: lab_result() does it otherwise.
 */
void lab_begin(void);

/**
 * lab_result() - report the outcome of one check.
 * @outcome: how it ended
 * @name: name of the check, without spaces and "#"
 * @fmt: message that says what was found
 *
 * lab_finish() returns a failure after a failed check. In a process that was forked this prints a
 * diagnostic line without a number; the parent has to report the failure.
 */
void lab_result(enum lab_outcome outcome, const char *name, const char *fmt, ...)
	LAB_PRINTF(3, 4);

/**
 * lab_row() - report a number or text for the host's tables.
 * @key: key, without spaces
 * @fmt: the value
 */
void lab_row(const char *key, const char *fmt, ...) LAB_PRINTF(2, 3);

/**
 * lab_progress() - say how far a long test has come.
 * @fmt: text
 *
 * The supervisor ends a boot whose guest prints nothing for too long.
 */
void lab_progress(const char *fmt, ...) LAB_PRINTF(1, 2);

/** lab_passed() - has lab_result() reported no failure so far? */
bool lab_passed(void);

/**
 * lab_finish() - print the plan.
 *
 * Return: what main() returns, 1 if lab_result() has reported a failure, otherwise 0.
 */
int lab_finish(void);

/**
 * lab_die() - report that the test could not be carried out, and exit.
 * @name: name of the test
 * @fmt: what went wrong and what to do
 *
 * Reports a failure, prints the plan and exits with status 1.
 */
void lab_die(const char *name, const char *fmt, ...)
	LAB_PRINTF(2, 3) __attribute__((noreturn));

/**
 * lab_card_command() - have the card's control socket carry out a command.
 * @card: the card's name, e.g. "rv370"
 * @command: the command, e.g. "stats"
 * @reply: where the answer goes, a string
 * @size: its size in bytes
 *
 * Return: 0, -ENOTCONN without a supervisor, -ETIMEDOUT when it does not answer
 * within ten seconds, -EREMOTEIO when it answers with an error (text in @reply).
 */
int lab_card_command(const char *card, const char *command, char *reply, size_t size);

/**
 * lab_slow_down() - have a card delay its work.
 * @card: the card's name
 * @test: name of the test, for the report
 * @what: "latency" delays each fence, "pace" each row of a copy
 * @usec: microseconds, at most a second and 10 ms; 0 ends the delay
 *
 * Keeps a card busy for a test. Without a supervisor it does nothing; if the card answers with an
 * error the program ends.
 */
void lab_slow_down(const char *card, const char *test, const char *what, unsigned int usec);

/** lab_seconds() - a monotonic clock. */
double lab_seconds(void);

/**
 * lab_machine_cpu() - ask for the CPU time that the host has spent on this machine.
 * @seconds: set to it, counted from an arbitrary start
 *
 * On a busy host the guest's clocks also count the time of other processes.
 *
 * Return: 0 or an error of lab_card_command().
 */
int lab_machine_cpu(double *seconds);

/** struct lab_stats - the counters of a card's model. */
struct lab_stats {
	char text[2048];
};

/**
 * lab_stats_read() - ask a card for its counters (CARD_STATS in model/core/card.h).
 * @card: the card's name
 * @stats: filled in
 *
 * Return: 0 or an error of lab_card_command().
 */
int lab_stats_read(const char *card, struct lab_stats *stats);

/**
 * lab_stats_get() - one counter.
 * @stats: from lab_stats_read()
 * @key: its name; a name the card does not have ends the program
 *
 * Return: the counter.
 */
uint64_t lab_stats_get(const struct lab_stats *stats, const char *key);

/**
 * lab_stats_check() - report a failure for each counter of errors that has grown.
 * @card: the card's name
 * @test: name of the test, for the report
 * @before: counters before the test
 * @after: counters after it
 */
void lab_stats_check(const char *card, const char *test, const struct lab_stats *before,
		     const struct lab_stats *after);

#endif
