// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * Starts the models, forwards the guest's commands to their control sockets, and checks how a
 * model ended.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "card_process.h"

#define START_TIMEOUT_MS	20000
#define START_POLL_MS		5
#define REPLY_TIMEOUT_MS	8000	/* below the guest's ten seconds */
#define PATH_MAX_LEN		256

/**
 * spawn() - start a program that is killed when this process ends.
 * @argv: program and arguments, NULL-terminated
 * @in: its standard input, or -1 for none
 * @out: its standard output
 * @err: its standard error
 *
 * Return: its process, or -1 with errno.
 */
pid_t spawn(const char *const *argv, int in, int out, int err)
{
	pid_t parent = getpid(), pid = fork();
	sigset_t none;

	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(127);
	/* Ctrl-C is for this process alone, which ends its children in order. */
	setpgid(0, 0);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (in < 0)
		in = open("/dev/null", O_RDONLY);
	if (dup2(in, 0) < 0 || dup2(out, 1) < 0 || dup2(err, 2) < 0)
		_exit(127);
	execvp(argv[0], (char *const *)argv);
	dprintf(2, "%s: %s\n", argv[0], strerror(errno));
	_exit(127);
}

/**
 * card_start() - start a model and wait until it accepts connections.
 * @card: card; pid is set
 * @run: directory for sockets and VRAM, on tmpfs
 * @out: directory for logs
 * @why: what went wrong
 * @why_size: its size in bytes
 *
 * Return: false, with @why, if the model ended or did not accept connections in time.
 */
bool card_start(struct boot_card *card, const char *run, const char *out, char *why,
		size_t why_size)
{
	char sock[PATH_MAX_LEN], control[PATH_MAX_LEN], log[PATH_MAX_LEN], err[PATH_MAX_LEN];
	char vram[PATH_MAX_LEN];
	const char *argv[16 + CARD_ARGS_MAX] = {
		card->model, "--socket", sock, "--control", control, "--log", log,
	};
	size_t argc = 7;
	struct stat st;
	int fd;

	snprintf(sock, sizeof(sock), "%s/%s.sock", run, card->name);
	snprintf(control, sizeof(control), "%s/%s.ctl", run, card->name);
	snprintf(vram, sizeof(vram), "%s/%s.vram", run, card->name);
	snprintf(log, sizeof(log), "%s/%s.log", out, card->name);
	snprintf(err, sizeof(err), "%s/%s.err", out, card->name);
	if (card->capability) {
		argv[argc++] = "--capability";
		argv[argc++] = card->capability;
	} else {
		argv[argc++] = "--card";
		argv[argc++] = card->name;
		argv[argc++] = "--vram";
		argv[argc++] = vram;
	}
	for (size_t i = 0; i < card->arg_count; i++)
		argv[argc++] = card->args[i];

	fd = open(err, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (fd < 0) {
		snprintf(why, why_size, "cannot write %s: %s", err, strerror(errno));
		return false;
	}
	card->pid = spawn(argv, -1, fd, fd);
	close(fd);
	if (card->pid < 0) {
		card->pid = 0;
		snprintf(why, why_size, "cannot start %s: %s", card->model, strerror(errno));
		return false;
	}
	/* The model creates the control socket last. */
	for (int ms = 0; ms < START_TIMEOUT_MS; ms += START_POLL_MS) {
		if (!stat(control, &st) && S_ISSOCK(st.st_mode))
			return true;
		if (waitpid(card->pid, &card->status, WNOHANG) == card->pid) {
			char line[512] = "";
			FILE *f = fopen(err, "re");

			if (f && fgets(line, sizeof(line), f))
				line[strcspn(line, "\n")] = '\0';
			if (f)
				fclose(f);
			card->pid = 0;
			snprintf(why, why_size, "the model of %s did not start: %s",
				 card->name, *line ? line : "no message");
			return false;
		}
		poll(NULL, 0, START_POLL_MS);
	}
	snprintf(why, why_size, "the model of %s is not ready after %d s: see %s",
		 card->name, START_TIMEOUT_MS / 1000, err);
	return false;
}

/**
 * plain_name() - may the guest choose this name for a file in the result directory?
 * @name: the name
 */
bool plain_name(const char *name)
{
	return *name && *name != '.' && strlen(name) < 64 &&
	       !name[strspn(name, "abcdefghijklmnopqrstuvwxyz"
				  "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-")];
}

/* Reads a line; false on a timeout or at the end of the file. */
static bool read_line(int fd, char *line, size_t size)
{
	size_t used = 0;

	while (used < size - 1) {
		struct pollfd pfd = { .fd = fd, .events = POLLIN };

		if (poll(&pfd, 1, REPLY_TIMEOUT_MS) <= 0 ||
		    read(fd, line + used, 1) != 1)
			return false;
		if (line[used] == '\n')
			break;
		used++;
	}
	line[used] = '\0';
	return true;
}

/**
 * card_command() - send a command to a card's control socket.
 * @run: directory of the sockets
 * @out: directory that a screenshot's name is in
 * @name: the card
 * @command: the command line
 * @reply: the answer; begins with "error" if there is none
 * @size: its size in bytes
 *
 * @name and @command come from the guest.
 */
void card_command(const char *run, const char *out, const char *name,
		  const char *command, char *reply, size_t size)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	char line[1024], file[80];
	unsigned int crtc;
	int fd, len;

	if (!plain_name(name)) {
		snprintf(reply, size, "error no such card");
		return;
	}
	if (sscanf(command, "screenshot %u %79s", &crtc, file) == 2) {
		if (!plain_name(file)) {
			snprintf(reply, size, "error '%s' is not a plain file name", file);
			return;
		}
		len = snprintf(line, sizeof(line), "screenshot %u %s/%s\n", crtc, out, file);
	} else if (!strncmp(command, "screenshot", strlen("screenshot"))) {
		snprintf(reply, size, "error usage: screenshot CRTC NAME");
		return;
	} else {
		len = snprintf(line, sizeof(line), "%s\n", command);
	}
	if (len >= (int)sizeof(line)) {
		snprintf(reply, size, "error the command is too long");
		return;
	}

	if (snprintf(addr.sun_path, sizeof(addr.sun_path), "%s/%s.ctl", run, name) >=
	    (int)sizeof(addr.sun_path)) {
		snprintf(reply, size, "error no such card");
		return;
	}
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || connect(fd, (struct sockaddr *)&addr, sizeof(addr)))
		snprintf(reply, size, "error no card %s: %s", name, strerror(errno));
	else if (send(fd, line, (size_t)len, MSG_NOSIGNAL) != len ||
		 !read_line(fd, reply, size))
		snprintf(reply, size, "error %s does not answer", name);
	if (fd >= 0)
		close(fd);
}

/* Does a file contain a sanitizer's report? */
static bool has_report(const char *path)
{
	static const char *const phrases[] = {
		"ERROR: AddressSanitizer", "ERROR: LeakSanitizer",
		"WARNING: ThreadSanitizer", "runtime error:",
	};
	FILE *f = fopen(path, "re");
	size_t size = 0;
	bool found = false;
	char *line = NULL;

	if (!f)
		return false;
	while (!found && getline(&line, &size, f) > 0)
		for (size_t i = 0; i < sizeof(phrases) / sizeof(phrases[0]); i++)
			found |= strstr(line, phrases[i]) != NULL;
	free(line);
	fclose(f);
	return found;
}

/**
 * card_check() - has a model ended without an error?
 * @card: card; status is set
 * @out: directory of its logs
 * @why: what went wrong
 * @why_size: its size in bytes
 *
 * Return: false, with @why, if it crashed or failed, or a sanitizer reported an error.
 */
bool card_check(const struct boot_card *card, const char *out, char *why,
		size_t why_size)
{
	const char *ext[] = { "err", "log" };
	char path[PATH_MAX_LEN];

	for (int i = 0; i < 2; i++) {
		snprintf(path, sizeof(path), "%s/%s.%s", out, card->name, ext[i]);
		if (has_report(path)) {
			snprintf(why, why_size,
				 "a sanitizer reports an error in the model of %s: see %s.%s",
				 card->name, card->name, ext[i]);
			return false;
		}
	}
	if (WIFSIGNALED(card->status))
		snprintf(why, why_size, "the model of %s was ended by signal %d: see %s.log",
			 card->name, WTERMSIG(card->status), card->name);
	else if (WEXITSTATUS(card->status))
		snprintf(why, why_size, "the model of %s ended with status %d: see %s.log",
			 card->name, WEXITSTATUS(card->status), card->name);
	else
		return true;
	return false;
}
