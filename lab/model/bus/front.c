// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * The front thread of a model: it waits for the client's messages, the control
 * socket and signals. It ends when the client disconnects or on SIGTERM.
 */
#define _GNU_SOURCE
#include "bus/front.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

/**
 * die() - print on standard error why this program cannot continue, and end it.
 * @fmt: one line, without the program's name and without its end
 */
void die(const char *fmt, ...)
{
	va_list ap;

	fprintf(stderr, "%s: ", program_invocation_short_name);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	exit(2);
}

/**
 * front_open() - make the sockets; ends the program with a message if it cannot.
 * @front: front
 * @paths: where
 * @dev: device, outlives the front
 * @command: carries out a line of the control socket
 * @priv: handed to @command
 *
 * Before any other thread is made, so that only the front takes signals. The control
 * socket is made last: once it exists, clients can connect to both.
 */
void front_open(struct front *front, const struct front_paths *paths,
		const struct vu_device *dev, line_command *command, void *priv)
{
	sigset_t signals;
	char err[512];

	*front = (struct front){ 0 };
	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	signal(SIGPIPE, SIG_IGN);
	front->signal_fd = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
	if (front->signal_fd < 0)
		die("signalfd: %s", strerror(errno));

	front->vu = vu_listen(paths->socket, dev, err, sizeof(err));
	if (!front->vu)
		die("%s", err);
	if (paths->control) {
		front->control = line_server_listen(paths->control, command, priv, err,
						    sizeof(err));
		if (!front->control) {
			vu_close(front->vu);
			die("%s", err);
		}
	}
	if (paths->log && !freopen(paths->log, "a", stderr))
		die("cannot open the log %s: %s", paths->log, strerror(errno));
	setvbuf(stderr, NULL, _IOLBF, 0);
}

/**
 * front_wait() - wait until front_serve() has something to do.
 * @front: front
 * @timeout: longest wait, or NULL
 */
void front_wait(struct front *front, const struct timespec *timeout)
{
	front->fds[0] = (struct pollfd){ .fd = front->signal_fd, .events = POLLIN };
	front->fds[1] = (struct pollfd){ .fd = vu_poll_fd(front->vu), .events = POLLIN };
	front->count = 2;
	if (front->control)
		front->count += line_server_poll_fds(front->control, front->fds + 2,
						     LINE_SERVER_FDS);
	/* An interrupted wait leaves them alone. */
	for (int i = 0; i < front->count; i++)
		front->fds[i].revents = 0;
	ppoll(front->fds, (nfds_t)front->count, timeout, NULL);
}

/**
 * front_serve() - handle what front_wait() has found.
 * @front: front
 * @ret: what the program ends with: 0 at an orderly end, or a negative errno
 *
 * Return: false at the end, with @ret.
 */
bool front_serve(struct front *front, int *ret)
{
	*ret = 0;
	if (front->fds[0].revents)
		return false;
	if (front->fds[1].revents) {
		int status = vu_serve(front->vu);

		if (status < 0)
			fprintf(stderr, "%s: connection ended: %s\n",
				program_invocation_short_name, strerror(-status));
		if (status) {
			*ret = status < 0 ? status : 0;
			return false;
		}
	}
	if (front->control)
		line_server_serve(front->control, front->fds + 2, front->count - 2);
	return true;
}

/**
 * front_close() - close the sockets and remove their files.
 * @front: front
 */
void front_close(struct front *front)
{
	line_server_close(front->control);
	vu_close(front->vu);
	close(front->signal_fd);
}
