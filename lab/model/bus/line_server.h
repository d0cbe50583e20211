/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* A socket that answers lines, one by one. See line_server.c. */
#ifndef LAB_LINE_SERVER_H
#define LAB_LINE_SERVER_H

#include <poll.h>
#include <stddef.h>

#define LINE_SERVER_CLIENTS	4
#define LINE_SERVER_FDS		(LINE_SERVER_CLIENTS + 1)
#define LINE_SERVER_MAX		1024	/* longest line, with its end */

/* Carries out one line, whose end is cut off and which it may change. */
typedef void line_command(void *priv, char *line, char *out, size_t size);

struct line_server;

struct line_server *line_server_listen(const char *path, line_command *command, void *priv,
				       char *err, size_t err_size);
int line_server_poll_fds(struct line_server *srv, struct pollfd *fds, int max);
void line_server_serve(struct line_server *srv, const struct pollfd *fds, int count);
void line_server_close(struct line_server *srv);

#endif
