/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * The front thread of a model: what its process listens to, and how it begins and
 * ends. See front.c.
 */
#ifndef LAB_FRONT_H
#define LAB_FRONT_H

#include <poll.h>
#include <stdbool.h>
#include <time.h>

#include "bus/line_server.h"
#include "bus/vfio_user.h"

/**
 * struct front_paths - where a model is to be reached, from its command line.
 * @socket: vfio-user socket
 * @control: control socket, or NULL for none
 * @log: file for messages, or NULL for standard error
 */
struct front_paths {
	const char *socket;
	const char *control;
	const char *log;
};

/**
 * struct front - what a model listens to.
 * @signal_fd: SIGTERM and SIGINT
 * @vu: the server of the device
 * @control: the control socket, or NULL
 * @fds: what front_wait() waits for
 * @count: number of @fds
 */
struct front {
	int signal_fd;
	struct vu_server *vu;
	struct line_server *control;
	struct pollfd fds[2 + LINE_SERVER_FDS];
	int count;
};

__attribute__((noreturn, format(printf, 1, 2)))
void die(const char *fmt, ...);
void front_open(struct front *front, const struct front_paths *paths,
		const struct vu_device *dev, line_command *command, void *priv);
void front_wait(struct front *front, const struct timespec *timeout);
bool front_serve(struct front *front, int *ret);
void front_close(struct front *front);

#endif
