// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * graphics-console: takes the active virtual terminal, as a display server does, until it is ended.
 *
 *   graphics-console
 *
 * Prints "ready" when the terminal is in graphics mode, and restores text mode at the end.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/kd.h>
#include <linux/vt.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

int main(void)
{
	int fd = open("/dev/tty0", O_RDONLY | O_NOCTTY | O_CLOEXEC), number;
	struct vt_stat state;
	char path[32] = "/dev/tty0";
	sigset_t signals;

	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	if (fd >= 0 && !ioctl(fd, VT_GETSTATE, &state)) {
		snprintf(path, sizeof(path), "/dev/tty%d", state.v_active);
		close(fd);
		fd = open(path, O_RDWR | O_NOCTTY | O_CLOEXEC);
	}
	if (fd < 0 || ioctl(fd, KDSETMODE, KD_GRAPHICS)) {
		fprintf(stderr, "graphics-console: error: %s: %s\n", path,
			strerror(errno));
		return 1;
	}
	puts("ready");
	fflush(stdout);
	sigwait(&signals, &number);
	ioctl(fd, KDSETMODE, KD_TEXT);
	return 0;
}
