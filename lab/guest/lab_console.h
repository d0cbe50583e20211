/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * The console protocol: how a test in the guest reports to the lab on the host
 * and how it asks the card, from outside, what it has done.
 *
 * Reports go through /dev/kmsg. A line written there reaches the console whole
 * and in order with the kernel's own messages; a line written to the console's
 * tty could be cut in two by them.
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
 * Return: true in a scenario (init sets LAB_RUN). Otherwise a person has
 * started the program: reports go to stdout and the card cannot be asked. With LAB_REPORT_HERE
 * set, a scenario has the reports on stdout as well, and nowhere else.
 */
bool lab_supervised(void);

/**
 * lab_result() - report the outcome of one check.
 * @outcome: how it ended
 * @name: name of the check, without spaces
 * @fmt: what was found, for people
 *
 * A failure is remembered for lab_exit_status().
 */
void lab_result(enum lab_outcome outcome, const char *name, const char *fmt, ...)
	LAB_PRINTF(3, 4);

/**
 * lab_row() - report a number or text for the lab's table.
 * @key: key, without spaces
 * @fmt: the value
 */
void lab_row(const char *key, const char *fmt, ...) LAB_PRINTF(2, 3);

/**
 * lab_progress() - say how far a long test has come.
 * @fmt: that
 *
 * Whoever waits sees it, and the supervisor does not take a quiet guest for a dead one.
 */
void lab_progress(const char *fmt, ...) LAB_PRINTF(1, 2);

/**
 * lab_exit_status() - what main() returns.
 *
 * Return: 1 when lab_result() has reported a failure, otherwise 0.
 */
int lab_exit_status(void);

/**
 * lab_die() - report that the test could not be carried out, and exit.
 * @name: name of the test
 * @fmt: what went wrong and what to do
 *
 * Reports a failed result and exits with status 1.
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
 * lab_slow_down() - have a card take its time.
 * @card: the card's name
 * @test: name of the test, for the report
 * @what: "latency": a fence takes at least so long, or "pace": each row of a copy does
 * @usec: microseconds, up to a second and to 10 ms; 0 ends it
 *
 * For one that is busy when something else happens, or hangs. Without a supervisor the card does
 * not, and if it answers with an error the program ends.
 */
void lab_slow_down(const char *card, const char *test, const char *what, unsigned int usec);

/** lab_seconds() - the clock that tells how long something took. */
double lab_seconds(void);

/**
 * lab_machine_cpu() - ask for the CPU time that the host has spent on this machine.
 * @seconds: where it goes; it has a beginning of its own
 *
 * On a host with other work it says more of what a test costs than any clock in the guest.
 *
 * Return: 0 or an error of lab_card_command().
 */
int lab_machine_cpu(double *seconds);

/** struct lab_stats - what one card has done, as it counts it itself. */
struct lab_stats {
	char text[2048];
};

/**
 * lab_stats_read() - ask a card for its counters (CARD_STATS in model/card.h).
 * @card: the card's name
 * @stats: where they go
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
 * lab_stats_check() - fail for every counter of refusals that has grown.
 * @card: the card's name
 * @test: name of the test, for the report
 * @before: counters before the test
 * @after: counters after it
 */
void lab_stats_check(const char *card, const char *test, const struct lab_stats *before,
		     const struct lab_stats *after);

#endif
