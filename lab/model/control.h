/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* Control socket: what a person or a test asks of the card. See control.c. */
#ifndef LAB_CONTROL_H
#define LAB_CONTROL_H

#include <poll.h>

#include "card.h"

struct control;

struct control *control_listen(const char *path, struct card *card, char *err,
			       size_t err_size);
int control_poll_fds(struct control *ctl, struct pollfd *fds, int max);
void control_serve(struct control *ctl, const struct pollfd *fds, int count);
void control_close(struct control *ctl);

#endif
