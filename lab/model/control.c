// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * Control socket: the monitor cable and the bench instruments of the card.
 *
 * A UNIX stream socket, lines in, one line out for each:
 *
 *   stats                  every counter as name=value
 *   crc CRTC               CRC-32 of the frame on the screen, RGB order
 *   screenshot CRTC PATH   the frame as a PNG file
 *   latency USEC           least time from a fence's fetch to its completion
 *   mutate NAME|none       a fault from now on (mutation.h), or none any more
 *   read ADDR LEN          bytes the card sees at a memory controller address
 *   translate ADDR...      the bus address that each leads to, or "none"
 *   find WORD              how many pages behind the GART begin with that 64-bit
 *                          word, and the addresses of the first 64 of them
 *
 * Answers start with "ok" or "error"; an error says what was wrong. The socket
 * belongs to the host: the guest reaches it only through the lab's supervisor.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <zlib.h>

#include "control.h"
#include "display.h"
#include "mc.h"
#include "mutation.h"
#include "unix_socket.h"

#define CONTROL_CLIENTS		4
#define CONTROL_LINE		1024
#define CONTROL_READ_MAX	256u
#define CONTROL_FIND_MAX	64u
#define LATENCY_MAX_US		1000000u

struct client {
	int fd;		/* -1: free */
	size_t used;
	char line[CONTROL_LINE];
};

struct control {
	int listen_fd;
	char path[sizeof(((struct sockaddr_un *)0)->sun_path)];
	struct card *card;
	struct client clients[CONTROL_CLIENTS];
};

static void do_stats(struct card *card, char *out, size_t size)
{
	size_t used = (size_t)snprintf(out, size, "ok");

#define X(name) \
	if (used < size) \
		used += (size_t)snprintf(out + used, size - used, " %s=%llu", \
			#name, (unsigned long long)card->stats.name);
	CARD_STATS(X)
#undef X
}

static void do_crc(struct card *card, unsigned int crtc, char *out, size_t size)
{
	struct scanout frame;
	int ret = scanout_frame(card, crtc, &frame);

	if (ret) {
		snprintf(out, size, "error crtc %u: %s", crtc, strerror(-ret));
		return;
	}
	snprintf(out, size, "ok crc=%08lx width=%u height=%u",
		 crc32(0, frame.rgb, frame.width * frame.height * 3),
		 frame.width, frame.height);
	free(frame.rgb);
}

static void do_read(struct card *card, uint32_t addr, uint32_t len, char *out,
		    size_t size)
{
	uint8_t bytes[CONTROL_READ_MAX];
	size_t used;
	int ret;

	if (len > sizeof(bytes)) {
		snprintf(out, size, "error length %u is over the limit of %u",
			 len, CONTROL_READ_MAX);
		return;
	}
	ret = mc_read(card, addr, bytes, len);
	used = (size_t)snprintf(out, size, "ok %s ",
				ret ? "refused" : "answered");
	for (uint32_t i = 0; i < len && used + 2 < size; i++)
		used += (size_t)snprintf(out + used, size - used, "%02x",
					 bytes[i]);
}

static void do_find(struct card *card, uint64_t word, char *out, size_t size)
{
	uint32_t addrs[CONTROL_FIND_MAX];
	unsigned int count = mc_gart_find(card, word, addrs, CONTROL_FIND_MAX);
	size_t used = (size_t)snprintf(out, size, "ok %u", count);

	for (unsigned int i = 0; i < count && i < CONTROL_FIND_MAX && used < size; i++)
		used += (size_t)snprintf(out + used, size - used, " %x", addrs[i]);
}

static void do_translate(struct card *card, char *list, char *out, size_t size)
{
	size_t used = (size_t)snprintf(out, size, "ok");
	char *save, *word;

	for (word = strtok_r(list, " ", &save); word; word = strtok_r(NULL, " ", &save)) {
		unsigned long addr;
		uint64_t bus;
		char *end;

		errno = 0;
		addr = strtoul(word, &end, 16);
		if (*end || errno || addr > UINT32_MAX) {
			snprintf(out, size, "error '%.20s' is not an address of 32 bits in hexadecimal",
				 word);
			return;
		}
		if (size - used < sizeof(" 0123456789abcdef")) {
			snprintf(out, size, "error too many addresses for one answer");
			return;
		}
		if (mc_bus_address(card, (uint32_t)addr, &bus))
			used += (size_t)snprintf(out + used, size - used, " %" PRIx64, bus);
		else
			used += (size_t)snprintf(out + used, size - used, " none");
	}
}

/* One line in, one line out. */
static void control_command(struct card *card, char *line, char *out,
			    size_t size)
{
	unsigned int n, len;
	unsigned long long word;
	char path[CONTROL_LINE];

	if (!strcmp(line, "stats")) {
		do_stats(card, out, size);
	} else if (sscanf(line, "crc %u", &n) == 1) {
		do_crc(card, n, out, size);
	} else if (sscanf(line, "screenshot %u %1000[^\n]", &n, path) == 2) {
		int ret = scanout_png(card, n, path);

		if (ret)
			snprintf(out, size, "error screenshot of crtc %u to %s: %s",
				 n, path, strerror(-ret));
		else
			snprintf(out, size, "ok %s", path);
	} else if (sscanf(line, "latency %u", &n) == 1) {
		if (n > LATENCY_MAX_US) {
			snprintf(out, size, "error latency %u us is over the limit of %u us",
				 n, LATENCY_MAX_US);
			return;
		}
		pthread_mutex_lock(&card->lock);
		card->latency_us = n;
		pthread_mutex_unlock(&card->lock);
		snprintf(out, size, "ok");
	} else if (!strncmp(line, "mutate ", strlen("mutate "))) {
		const char *name = line + strlen("mutate ");
		unsigned int mutation = mutation_by_name(name);

		if (!mutation && strcmp(name, "none")) {
			snprintf(out, size, "error there is no mutation '%.40s'", name);
			return;
		}
		card->mutations = mutation;
		snprintf(out, size, "ok");
	} else if (sscanf(line, "read %x %u", &n, &len) == 2) {
		do_read(card, n, len, out, size);
	} else if (!strncmp(line, "translate ", strlen("translate "))) {
		do_translate(card, line + strlen("translate "), out, size);
	} else if (sscanf(line, "find %llx", &word) == 1) {
		do_find(card, word, out, size);
	} else {
		snprintf(out, size, "error unknown command '%.100s': have stats, crc CRTC, screenshot CRTC PATH, latency USEC, mutate NAME|none, read ADDR LEN, translate ADDR..., find WORD",
			 line);
	}
}

/**
 * control_listen() - make the control socket
 * @path: where; a stale socket is replaced, one in use is refused
 * @card: the card it talks about
 * @err: receives one line on failure
 * @err_size: bytes in @err
 *
 * Return: the control socket, or NULL with @err filled.
 */
struct control *control_listen(const char *path, struct card *card, char *err,
			       size_t err_size)
{
	struct control *ctl = calloc(1, sizeof(*ctl));

	if (!ctl) {
		snprintf(err, err_size, "out of memory");
		return NULL;
	}
	ctl->card = card;
	for (int i = 0; i < CONTROL_CLIENTS; i++)
		ctl->clients[i].fd = -1;
	ctl->listen_fd = unix_socket_listen(path, err, err_size);
	if (ctl->listen_fd < 0) {
		free(ctl);
		return NULL;
	}
	snprintf(ctl->path, sizeof(ctl->path), "%s", path);
	return ctl;
}

/**
 * control_poll_fds() - what to poll for
 * @ctl: control socket
 * @fds: receives the descriptors
 * @max: number of entries in @fds, at least CONTROL_CLIENTS + 1
 *
 * Return: number of entries filled.
 */
int control_poll_fds(struct control *ctl, struct pollfd *fds, int max)
{
	int n = 0;

	if (n < max)
		fds[n++] = (struct pollfd){ .fd = ctl->listen_fd, .events = POLLIN };
	for (int i = 0; i < CONTROL_CLIENTS && n < max; i++)
		if (ctl->clients[i].fd >= 0)
			fds[n++] = (struct pollfd){ .fd = ctl->clients[i].fd,
						    .events = POLLIN };
	return n;
}

static void client_close(struct client *client)
{
	close(client->fd);
	client->fd = -1;
	client->used = 0;
}

static void client_serve(struct control *ctl, struct client *client)
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
		control_command(ctl->card, client->line, out, sizeof(out) - 1);
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
 * control_serve() - handle what poll() found
 * @ctl: control socket
 * @fds: entries that control_poll_fds() made, after poll()
 * @count: number of entries
 */
void control_serve(struct control *ctl, const struct pollfd *fds, int count)
{
	for (int n = 0; n < count; n++) {
		if (!fds[n].revents)
			continue;
		if (fds[n].fd == ctl->listen_fd) {
			int fd = accept4(ctl->listen_fd, NULL, NULL, SOCK_CLOEXEC);
			int i;

			for (i = 0; fd >= 0 && i < CONTROL_CLIENTS; i++)
				if (ctl->clients[i].fd < 0) {
					ctl->clients[i].fd = fd;
					break;
				}
			if (i == CONTROL_CLIENTS)
				close(fd);
			continue;
		}
		for (int i = 0; i < CONTROL_CLIENTS; i++)
			if (ctl->clients[i].fd == fds[n].fd)
				client_serve(ctl, &ctl->clients[i]);
	}
}

/**
 * control_close() - close the socket and remove its file
 * @ctl: control socket, or NULL
 */
void control_close(struct control *ctl)
{
	if (!ctl)
		return;
	for (int i = 0; i < CONTROL_CLIENTS; i++)
		if (ctl->clients[i].fd >= 0)
			client_close(&ctl->clients[i]);
	close(ctl->listen_fd);
	unlink(ctl->path);
	free(ctl);
}
