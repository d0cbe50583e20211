/* SPDX-License-Identifier: MIT */
/*
 * Functions of Debian's libigt.so.0 for ioctls that all drivers have; see igt_core.h.
 */
#ifndef ABI_IOCTL_WRAPPERS_H
#define ABI_IOCTL_WRAPPERS_H

#include <errno.h>
#include <stdint.h>

extern __thread int (*igt_ioctl)(int fd, unsigned long request, void *arg);

void gem_close(int fd, uint32_t handle);
int prime_handle_to_fd(int fd, uint32_t handle);
uint32_t prime_fd_to_handle(int fd, int dma_buf_fd);

#define do_ioctl(fd, request, arg)					\
	do {								\
		igt_assert_eq(igt_ioctl((fd), (request), (arg)), 0);	\
		errno = 0;						\
	} while (0)

#endif
