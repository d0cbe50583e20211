// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * A UNIX stream socket: lines in, one line out for each.
 *
 * The owner interprets the lines. Answers start with "ok" or "error".
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "bus/line_server.h"
#include "bus/unix_socket.h"

struct client {
	int fd;		/* -1: free */
	size_t used;
	char line[LINE_SERVER_MAX];
};

struct line_server {
	int listen_fd;
	char path[sizeof(((struct sockaddr_un *)0)->sun_path)];
	line_command *command;
	void *priv;
	struct client clients[LINE_SERVER_CLIENTS];
};

/**
 * line_server_listen() - make the socket
 * @path: where; a stale socket is replaced, one in use is refused
 * @command: carries out a line
 * @priv: handed to @command
 * @err: receives one line on failure
 * @err_size: bytes in @err
 *
 * Return: the server, or NULL with @err filled.
 */
struct line_server *line_server_listen(const char *path, line_command *command, void *priv,
				       char *err, size_t err_size)
{
	struct line_server *srv = calloc(1, sizeof(*srv));

	if (!srv) {
		snprintf(err, err_size, "out of memory");
		return NULL;
	}
	srv->command = command;
	srv->priv = priv;
	for (int i = 0; i < LINE_SERVER_CLIENTS; i++)
		srv->clients[i].fd = -1;
	srv->listen_fd = unix_socket_listen(path, err, err_size);
	if (srv->listen_fd < 0) {
		free(srv);
		return NULL;
	}
	snprintf(srv->path, sizeof(srv->path), "%s", path);
	return srv;
}

/**
 * line_server_poll_fds() - what to poll for
 * @srv: server
 * @fds: receives the descriptors
 * @max: number of entries in @fds; LINE_SERVER_FDS is enough
 *
 * Return: number of entries filled.
 */
int line_server_poll_fds(struct line_server *srv, struct pollfd *fds, int max)
{
	int n = 0;

	if (n < max)
		fds[n++] = (struct pollfd){ .fd = srv->listen_fd, .events = POLLIN };
	for (int i = 0; i < LINE_SERVER_CLIENTS && n < max; i++)
		if (srv->clients[i].fd >= 0)
			fds[n++] = (struct pollfd){ .fd = srv->clients[i].fd,
						    .events = POLLIN };
	return n;
}

static void client_close(struct client *client)
{
	close(client->fd);
	client->fd = -1;
	client->used = 0;
}

static void client_serve(struct line_server *srv, struct client *client)
{
	char out[4096];
	ssize_t got;
	char *end;

	got = recv(client->fd, client->line + client->used,
		   sizeof(client->line) - 1 - client->used, MSG_DONTWAIT);
	if (got <= 0) {
		if (got == 0 || (errno != EAGAIN && errno != EINTR))
			client_close(client);
		return;
	}
	client->used += (size_t)got;
	client->line[client->used] = '\0';
	while ((end = strchr(client->line, '\n'))) {
		size_t len;

		*end++ = '\0';
		srv->command(srv->priv, client->line, out, sizeof(out) - 1);
		len = strlen(out);
		out[len++] = '\n';
		if (send(client->fd, out, len, MSG_NOSIGNAL | MSG_DONTWAIT) !=
		    (ssize_t)len) {
			client_close(client);
			return;
		}
		client->used -= (size_t)(end - client->line);
		memmove(client->line, end, client->used + 1);
	}
	if (client->used == sizeof(client->line) - 1)
		client_close(client);	/* a line without an end */
}

/**
 * line_server_serve() - handle what poll() found
 * @srv: server
 * @fds: entries that line_server_poll_fds() made, after poll()
 * @count: number of entries
 */
void line_server_serve(struct line_server *srv, const struct pollfd *fds, int count)
{
	for (int n = 0; n < count; n++) {
		if (!fds[n].revents)
			continue;
		if (fds[n].fd == srv->listen_fd) {
			int fd = accept4(srv->listen_fd, NULL, NULL, SOCK_CLOEXEC);
			int i;

			for (i = 0; fd >= 0 && i < LINE_SERVER_CLIENTS; i++)
				if (srv->clients[i].fd < 0) {
					srv->clients[i].fd = fd;
					break;
				}
			if (i == LINE_SERVER_CLIENTS)
				close(fd);
			continue;
		}
		for (int i = 0; i < LINE_SERVER_CLIENTS; i++)
			if (srv->clients[i].fd == fds[n].fd)
				client_serve(srv, &srv->clients[i]);
	}
}

/**
 * line_server_close() - close the socket and remove its file
 * @srv: server, or NULL
 */
void line_server_close(struct line_server *srv)
{
	if (!srv)
		return;
	for (int i = 0; i < LINE_SERVER_CLIENTS; i++)
		if (srv->clients[i].fd >= 0)
			client_close(&srv->clients[i]);
	close(srv->listen_fd);
	unlink(srv->path);
	free(srv);
}
