/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * The command lines of the guest's programs: each has a table of its options, from which they
 * are parsed and --help is printed.
 */
#ifndef LAB_OPTIONS_H
#define LAB_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

/**
 * struct lab_option - an option, "--NAME" or "--NAME VALUE"; one of the pointers is set.
 * @name: its name, without dashes; NULL ends a table
 * @value: what --help calls its value
 * @help: what it does
 * @flag: set to true by an option without a value
 * @text: set to the value
 * @choices: the values that @text may have, NULL-terminated; NULL accepts any
 * @number: set to the value, decimal or with 0x in front
 * @min: least number
 * @max: greatest number
 */
struct lab_option {
	const char *name, *value, *help;
	bool *flag;
	const char **text;
	const char *const *choices;
	uint64_t *number, min, max;
};

/**
 * struct lab_program - a program's command line.
 * @name: its name
 * @arguments: what follows the options, for --help; NULL accepts nothing
 * @purpose: what it does, lines of at most 80 columns
 * @options: its options
 */
struct lab_program {
	const char *name, *arguments, *purpose;
	const struct lab_option *options;
};

/* The option that most programs have. */
#define LAB_OPTION_CARD(variable) {						\
	.name = "card", .value = "CARD", .text = (variable),			\
	.help = "name of the card; needed where there is more than one",	\
}

/**
 * lab_parse_options() - parse a command line.
 * @program: the program
 * @argc: as main() has it
 * @argv: as main() has it
 *
 * Prints the help and exits for --help. Prints an error and exits with status 2 for anything that
 * is not in the table.
 *
 * Return: the index of the first argument after the options, @argc if there is none.
 */
int lab_parse_options(const struct lab_program *program, int argc, char **argv);

/**
 * lab_usage_error() - print an error about the command line and exit with status 2.
 * @program: the program
 * @fmt: what is wrong and what to do
 */
void lab_usage_error(const struct lab_program *program, const char *fmt, ...)
	__attribute__((format(printf, 2, 3), noreturn));

#endif
