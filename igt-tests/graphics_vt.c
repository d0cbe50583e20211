// SPDX-License-Identifier: MIT
/*
 * graphics-vt: prints the device of the active virtual terminal if it is in graphics mode, as under
 * a display server. Ends with 0 if the terminal is in graphics mode, and with 1 if it is not or if
 * there is no virtual terminal.
 */
#include <fcntl.h>
#include <linux/kd.h>
#include <linux/vt.h>
#include <stdio.h>
#include <sys/ioctl.h>

int main(void)
{
	int fd = open("/dev/tty0", O_RDONLY | O_NOCTTY | O_CLOEXEC), mode;
	struct vt_stat state;

	if (fd < 0 || ioctl(fd, VT_GETSTATE, &state) || ioctl(fd, KDGETMODE, &mode) ||
	    mode != KD_GRAPHICS)
		return 1;
	printf("/dev/tty%d\n", state.v_active);
	return 0;
}
