// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * A listening UNIX socket, for vfio-user and for the control socket.
 *
 * A socket file stays behind when its owner is killed. Such a file is
 * replaced; one on which a process still listens is not.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "bus/unix_socket.h"

/* Returns true if @addr is free now: it was free, or a stale socket was removed. */
static bool make_free(const struct sockaddr_un *addr, char *err, size_t err_size)
{
	struct stat st;
	int fd, ret;

	if (lstat(addr->sun_path, &st))
		return true;	/* bind() says what else is wrong */
	if (!S_ISSOCK(st.st_mode)) {
		snprintf(err, err_size, "%s exists and is not a socket; choose another path",
			 addr->sun_path);
		return false;
	}
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0) {
		snprintf(err, err_size, "socket: %s", strerror(errno));
		return false;
	}
	ret = connect(fd, (const struct sockaddr *)addr, sizeof(*addr));
	if (ret && errno == ECONNREFUSED) {
		close(fd);
		unlink(addr->sun_path);
		return true;
	}
	close(fd);
	snprintf(err, err_size, "%s is in use by another process; end it or choose another path",
		 addr->sun_path);
	return false;
}

/**
 * unix_socket_listen() - make a listening stream socket
 * @path: path of the socket
 * @err: receives one line that says what is wrong and what to do
 * @err_size: bytes in @err
 *
 * Return: the descriptor, or -1 with @err filled.
 */
int unix_socket_listen(const char *path, char *err, size_t err_size)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd;

	if (strlen(path) >= sizeof(addr.sun_path)) {
		snprintf(err, err_size, "socket path %s has %zu characters, over the limit of %zu; use a shorter directory",
			 path, strlen(path), sizeof(addr.sun_path) - 1);
		return -1;
	}
	strcpy(addr.sun_path, path);
	if (!make_free(&addr, err, err_size))
		return -1;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || bind(fd, (struct sockaddr *)&addr, sizeof(addr)) ||
	    listen(fd, 4)) {
		snprintf(err, err_size, "cannot listen on %s: %s%s", path,
			 strerror(errno),
			 errno == ENOENT ? "; make the directory first" : "");
		if (fd >= 0)
			close(fd);
		return -1;
	}
	return fd;
}
