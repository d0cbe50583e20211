// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * Fuzz target: what a client can send to the vfio-user server, with real guest
 * memory, config space and interrupts behind it. Besides crashes it finds
 * descriptors that the server forgets to close, and memory or eventfds of a
 * client that is gone.
 *
 * Input: byte 0, whose bit 0 sends VERSION first, and messages. A message is a flags
 * byte (enum message_flags), then 16 bytes of header, or a command byte if the
 * header is made here, then a payload length u16, and the payload.
 */
#define _GNU_SOURCE
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bus/guest_ram.h"
#include "bus/pci.h"
#include "bus/vfio_user.h"

#define HEADER		16u
#define PAGE		4096u
#define MAX_PAYLOAD	512u
#define REGION_CONFIG	7

enum message_flags {
	MSG_FDS = 3,		/* 0 none, 1 RAM, 2 an eventfd, 3 all, 10 in number */
	MSG_NO_ANSWER = 4,
	MSG_RAW_HEADER = 8,
	MSG_IN_PIECES = 16,
};

struct stream {
	const uint8_t *data;
	size_t left;
};

static struct guest_ram ram;
static struct pci_function pci;
static struct vu_device dev;
static uint8_t bar[256];
static int ram_fd, event_fd;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool ok)
{
	if (!ok)
		abort();
}

static int region_read(void *priv, unsigned int region, uint64_t off, void *buf,
		       uint32_t len)
{
	(void)priv;
	if (region == REGION_CONFIG)
		return pci_config_read(&pci, off, buf, len);
	check(off <= sizeof(bar) && len <= sizeof(bar) - off);
	memcpy(buf, bar + off, len);
	return 0;
}

static int region_write(void *priv, unsigned int region, uint64_t off,
			const void *buf, uint32_t len)
{
	(void)priv;
	if (region == REGION_CONFIG)
		return pci_config_write(&pci, off, buf, len);
	check(off <= sizeof(bar) && len <= sizeof(bar) - off);
	memcpy(bar + off, buf, len);
	return 0;
}

static void reset(void *priv)
{
	(void)priv;
	pci_reset(&pci);
}

static void make_device(void)
{
	if (dev.ram)
		return;
	ram_fd = memfd_create("ram", MFD_CLOEXEC);
	event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	check(ram_fd >= 0 && event_fd >= 0 && !ftruncate(ram_fd, 16 * PAGE));
	guest_ram_init(&ram);
	pci_init(&pci, 0x1002, 0x5b60, 0x03000000, 0x1002, 0x0302);
	pci_add_bar(&pci, 0, 0, PAGE);
	pci_add_bar(&pci, PCI_ROM_BAR, 0, PAGE);
	pci_add_intx(&pci);
	pci_add_pcie_endpoint(&pci);
	pci_add_msi(&pci);
	for (int i = 0; i < VU_NUM_REGIONS; i++)
		dev.region[i].mmap_fd = -1;
	dev.region[0] = (struct vu_region){ sizeof(bar), true, true, ram_fd };
	dev.region[1] = (struct vu_region){ sizeof(bar), true, true, -1 };
	dev.region[2] = (struct vu_region){ sizeof(bar), true, false, -1 };
	dev.region[REGION_CONFIG] = (struct vu_region){ PCI_CONFIG_SIZE, true,
							true, -1 };
	dev.irq_count[0] = dev.irq_count[1] = dev.irq_count[3] = 1;
	dev.pci = &pci;
	dev.region_read = region_read;
	dev.region_write = region_write;
	dev.reset = reset;
	dev.ram = &ram;
}

static const uint8_t *take(struct stream *s, size_t len)
{
	const uint8_t *data = s->data;

	if (len > s->left)
		return NULL;
	s->data += len;
	s->left -= len;
	return data;
}

static void send_piece(int client, const uint8_t *data, size_t len,
		       unsigned int fds)
{
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(10 * sizeof(int))] = { 0 };
	struct iovec iov = { .iov_base = (void *)data, .iov_len = len };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	unsigned int num = fds == 3 ? 10 : 1;
	struct cmsghdr *cmsg;

	if (fds) {
		msg.msg_control = control;
		msg.msg_controllen = CMSG_SPACE(num * sizeof(int));
		cmsg = CMSG_FIRSTHDR(&msg);
		cmsg->cmsg_level = SOL_SOCKET;
		cmsg->cmsg_type = SCM_RIGHTS;
		cmsg->cmsg_len = CMSG_LEN(num * sizeof(int));
		for (unsigned int i = 0; i < num; i++) {
			int fd = (fds == 3 ? i & 1 : fds - 1) ? event_fd : ram_fd;

			memcpy(CMSG_DATA(cmsg) + i * sizeof(fd), &fd, sizeof(fd));
		}
	}
	sendmsg(client, &msg, MSG_NOSIGNAL | MSG_DONTWAIT);
}

static void drain(int client)
{
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int))];
	static uint8_t buf[1u << 16];
	struct cmsghdr *cmsg;
	int fd;

	for (;;) {
		struct iovec iov = { .iov_base = buf, .iov_len = sizeof(buf) };
		struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1,
				      .msg_control = control,
				      .msg_controllen = sizeof(control) };

		if (recvmsg(client, &msg, MSG_DONTWAIT) <= 0)
			return;
		for (cmsg = CMSG_FIRSTHDR(&msg); cmsg;
		     cmsg = CMSG_NXTHDR(&msg, cmsg)) {
			memcpy(&fd, CMSG_DATA(cmsg), sizeof(fd));
			close(fd);
		}
	}
}

/* Returns what vu_serve() says: not 0 when the client is gone. */
static int serve(struct vu_server *vu, int client)
{
	struct pollfd p = { .fd = vu_poll_fd(vu), .events = POLLIN };
	int ret = 0;

	while (!ret && poll(&p, 1, 0) == 1) {
		ret = vu_serve(vu);
		drain(client);
	}
	return ret;
}

/* The card's side meanwhile: DMA at any address, and its interrupt. */
static void use_device(const uint8_t *payload, size_t len)
{
	uint8_t buf[64];
	uint64_t addr;

	for (size_t off = 0; off + sizeof(addr) <= len && off < 32;
	     off += sizeof(addr)) {
		memcpy(&addr, payload + off, sizeof(addr));
		guest_ram_read(&ram, addr - 8, buf, sizeof(buf));
		guest_ram_write(&ram, addr, buf, sizeof(buf));
	}
	pci_irq_set(&pci, true);
	pci_irq_message(&pci);
	if (len & 1)
		pci_irq_set(&pci, false);
}

static size_t next_message(struct stream *s, uint8_t *msg, unsigned int *flags)
{
	const uint8_t *p = take(s, 1);
	uint16_t len;

	if (!p)
		return 0;
	*flags = *p;
	p = take(s, (*flags & MSG_RAW_HEADER ? HEADER : 1) + sizeof(len));
	if (!p)
		return 0;
	memset(msg, 0, HEADER);
	if (*flags & MSG_RAW_HEADER) {
		memcpy(msg, p, HEADER);
		p += HEADER;
	} else {
		msg[2] = *p++;
		msg[8] = *flags & MSG_NO_ANSWER ? 0x10 : 0;
	}
	memcpy(&len, p, sizeof(len));
	len = (uint16_t)(len % (MAX_PAYLOAD + 1));
	if (len > s->left)
		len = (uint16_t)s->left;
	memcpy(msg + HEADER, take(s, len), len);
	if (!(*flags & MSG_RAW_HEADER)) {
		uint32_t size = HEADER + len;

		memcpy(msg + 4, &size, sizeof(size));
	}
	return HEADER + len;
}

static int one_message(struct vu_server *vu, int client, const uint8_t *msg,
		       size_t len, unsigned int flags)
{
	size_t first = flags & MSG_IN_PIECES ? len / 2 : len;
	int ret;

	send_piece(client, msg, first, flags & MSG_FDS);
	ret = serve(vu, client);
	if (!ret && first < len) {
		send_piece(client, msg + first, len - first, flags & MSG_FDS);
		ret = serve(vu, client);
	}
	use_device(msg + HEADER, len - HEADER);
	return ret;
}

static int lowest_free_fd(void)
{
	int fd = dup(ram_fd);

	close(fd);
	return fd;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint8_t version[HEADER + 4] = { 0, 0, 1, 0, sizeof(version) };
	struct stream s = { data, size };
	uint8_t msg[HEADER + MAX_PAYLOAD];
	struct vu_server *vu;
	unsigned int flags;
	int sv[2], ret = 0, free_fd;
	size_t len;

	make_device();
	free_fd = lowest_free_fd();
	if (!size || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sv))
		return 0;
	vu = vu_from_fd(sv[1], &dev);
	check(vu);
	if (*take(&s, 1) & 1)
		ret = one_message(vu, sv[0], version, sizeof(version), 0);
	while (!ret && (len = next_message(&s, msg, &flags)))
		ret = one_message(vu, sv[0], msg, len, flags);
	if (!ret)
		vu_close(vu);
	check(!ram.count && pci.intx_fd < 0 && pci.msi_fd < 0);
	if (ret)
		vu_close(vu);
	close(sv[0]);
	pci_reset(&pci);
	check(lowest_free_fd() == free_fd);
	return 0;
}
