// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * The supervisor's command line.
 */
#define _GNU_SOURCE
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "supervise.h"

static __attribute__((noreturn)) void usage(void)
{
	fputs("usage: supervise --out DIR --run DIR [options] -- QEMU [ARGUMENT]...\n"
	      "  --out DIR            result directory\n"
	      "  --run DIR            directory for sockets, CARD.sock and CARD.ctl\n"
	      "  --model PATH         the model of cards\n"
	      "  --card CARD          a card of the machine (repeat)\n"
	      "  --model-arg ARG      an argument for all models of cards (repeat)\n"
	      "  --pool-model PATH    the model of the pool device\n"
	      "  --pool-device LIST   the machine has a pool device with this capability\n"
	      "  --display NAME       a display that QEMU emulates\n"
	      "  --interactive        the terminal is the console; no limits\n"
	      "  --limit SECONDS      end the machine after this time\n"
	      "  --silence SECONDS    end it when the guest prints nothing for this time\n"
	      "  --allow REGEX        a kernel message that is expected (repeat)\n",
	      stderr);
	exit(2);
}

static double seconds(const char *text)
{
	char *end;
	double val = strtod(text, &end);

	if (end == text || *end || !(val > 0))
		die("'%s' is not a number of seconds", text);
	return val;
}

static struct boot_card *add_card(struct boot *boot)
{
	if (boot->card_count == CARDS_MAX)
		die("at most %d cards, with the pool device", CARDS_MAX);
	return &boot->cards[boot->card_count++];
}

/**
 * parse_options() - parse the command line.
 * @boot: filled in
 * @argc: as main() has it
 * @argv: as main() has it
 *
 * Prints an error and exits with status 2 for bad input. QEMU's arguments begin at optind.
 */
void parse_options(struct boot *boot, int argc, char **argv)
{
	static const struct option longopts[] = {
		{ "out", required_argument, NULL, 'o' },
		{ "run", required_argument, NULL, 'r' },
		{ "model", required_argument, NULL, 'm' },
		{ "card", required_argument, NULL, 'c' },
		{ "model-arg", required_argument, NULL, 'a' },
		{ "pool-model", required_argument, NULL, 'P' },
		{ "pool-device", required_argument, NULL, 'p' },
		{ "display", required_argument, NULL, 'd' },
		{ "interactive", no_argument, NULL, 'i' },
		{ "limit", required_argument, NULL, 'l' },
		{ "silence", required_argument, NULL, 's' },
		{ "allow", required_argument, NULL, 'A' },
		{ NULL, 0, NULL, 0 },
	};
	const char *args[CARD_ARGS_MAX], *model = NULL, *pool_model = NULL;
	size_t arg_count = 0;
	struct boot_card *card;
	int c;

	while ((c = getopt_long(argc, argv, "+", longopts, NULL)) != -1) {
		switch (c) {
		case 'o':
			boot->out = optarg;
			break;
		case 'r':
			boot->run = optarg;
			break;
		case 'm':
			model = optarg;
			break;
		case 'c':
			add_card(boot)->name = optarg;
			break;
		case 'P':
			pool_model = optarg;
			break;
		case 'p':
			card = add_card(boot);
			card->name = POOL_DEVICE_NAME;
			card->capability = optarg;
			break;
		case 'a':
			if (arg_count == CARD_ARGS_MAX)
				die("at most %d arguments for the models", CARD_ARGS_MAX);
			args[arg_count++] = optarg;
			break;
		case 'd':
			boot->display = optarg;
			break;
		case 'i':
			boot->interactive = true;
			break;
		case 'l':
			boot->limit = seconds(optarg);
			break;
		case 's':
			boot->silence = seconds(optarg);
			break;
		case 'A':
			if (!kernel_log_allow(boot->log, optarg))
				die("--allow '%s' is not a regular expression", optarg);
			break;
		default:
			usage();
		}
	}
	if (!boot->out || !boot->run || optind == argc)
		usage();
	for (size_t i = 0; i < boot->card_count; i++) {
		card = &boot->cards[i];
		card->model = card->capability ? pool_model : model;
		if (!card->model)
			usage();
		if (card->capability)
			continue;
		memcpy(card->args, args, sizeof(args));
		card->arg_count = arg_count;
	}
}
