/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* A listening UNIX socket, or an error that says why there is none. */
#ifndef LAB_UNIX_SOCKET_H
#define LAB_UNIX_SOCKET_H

#include <stddef.h>

int unix_socket_listen(const char *path, char *err, size_t err_size);

#endif
