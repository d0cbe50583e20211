// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * The vfio-user server against a client made by hand: what QEMU sends, and what
 * a broken client could.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <json-c/json.h>
#include <linux/pci_regs.h>
#include <linux/vfio.h>

#include "bus/guest_ram.h"
#include "bus/pci.h"
#include "bus/vfio_user.h"

#define PAGE		4096u
#define HEADER		16u
#define BIG_SIZE	(4u << 20)	/* region 2 */

#define FLAG_REPLY	0x01u
#define FLAG_NO_REPLY	0x10u
#define FLAG_ERROR	0x20u

enum { VERSION = 1, DMA_MAP, DMA_UNMAP, GET_INFO, REGION_INFO, REGION_IO_FDS,
	IRQ_INFO, SET_IRQS, REGION_READ, REGION_WRITE, DMA_READ, DMA_WRITE,
	RESET, DIRTY_PAGES, WRITE_MULTI };

#define IRQ_NONE(action)	(VFIO_IRQ_SET_DATA_NONE | VFIO_IRQ_SET_ACTION_##action)
#define IRQ_BOOL(action)	(VFIO_IRQ_SET_DATA_BOOL | VFIO_IRQ_SET_ACTION_##action)
#define IRQ_EVENTFD(action)	(VFIO_IRQ_SET_DATA_EVENTFD | VFIO_IRQ_SET_ACTION_##action)

struct header {
	uint16_t id, command;
	uint32_t size, flags, error;
};

struct fixture {
	struct guest_ram ram;
	struct pci_function pci;
	struct vu_device dev;
	struct vu_server *vu;
	int client;
	int vram_fd;
	int open_fds;
	uint8_t mem[64];	/* region 1 */
	unsigned int resets;
	unsigned int writes;
	/* the last reply */
	struct header header;
	uint8_t reply[1u << 16];
	size_t reply_len;
	int reply_fd;
};

static int region_read(void *priv, unsigned int region, uint64_t off, void *buf,
		       uint32_t len)
{
	struct fixture *f = priv;

	switch (region) {
	case 1:
		memcpy(buf, f->mem + off, len);
		return 0;
	case VFIO_PCI_CONFIG_REGION_INDEX:
		return pci_config_read(&f->pci, off, buf, len);
	case 2:
		memset(buf, 0x22, len);
		return 0;
	}
	return -EIO;
}

static int region_write(void *priv, unsigned int region, uint64_t off,
			const void *buf, uint32_t len)
{
	struct fixture *f = priv;

	f->writes++;
	if (region == VFIO_PCI_CONFIG_REGION_INDEX)
		return pci_config_write(&f->pci, off, buf, len);
	memcpy(f->mem + off, buf, len);
	return 0;
}

static void reset(void *priv)
{
	struct fixture *f = priv;

	f->resets++;
}

static int count_fds(void)
{
	int n = 0;

	for (int fd = 0; fd < 256; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

static void make_device(struct fixture *f)
{
	memset(f, 0, sizeof(*f));
	guest_ram_init(&f->ram);
	pci_init(&f->pci, 0x1002, 0x5b60, 0x03000000, 0x1002, 0x0302);
	pci_add_intx(&f->pci);
	f->vram_fd = memfd_create("vram", MFD_CLOEXEC);
	assert_int_equal(ftruncate(f->vram_fd, 4 * PAGE), 0);
	f->dev = (struct vu_device){
		.priv = f,
		.irq_count = { 1, 1, 0, 1, 0 },
		.ram = &f->ram,
		.pci = &f->pci,
		.region_read = region_read,
		.region_write = region_write,
		.reset = reset,
	};
	for (int i = 0; i < VU_NUM_REGIONS; i++)
		f->dev.region[i].mmap_fd = -1;
	f->dev.region[0] = (struct vu_region){ 4 * PAGE, true, true, f->vram_fd };
	f->dev.region[1] = (struct vu_region){ 64, true, true, -1 };
	f->dev.region[2] = (struct vu_region){ BIG_SIZE, true, false, -1 };
	f->dev.region[VFIO_PCI_CONFIG_REGION_INDEX] =
		(struct vu_region){ PCI_CONFIG_SIZE, true, true, -1 };
	f->client = -1;
	f->reply_fd = -1;
}

static void free_device(struct fixture *f)
{
	if (f->vu)
		vu_close(f->vu);
	if (f->client >= 0)
		close(f->client);
	close(f->vram_fd);
	guest_ram_fini(&f->ram);
	pci_fini(&f->pci);
}

static void send_raw(struct fixture *f, const void *data, size_t len,
		     const int *fds, size_t num_fds)
{
	char control[CMSG_SPACE(16 * sizeof(int))] = { 0 };
	struct iovec iov = { .iov_base = (void *)data, .iov_len = len };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };

	if (num_fds) {
		msg.msg_control = control;
		msg.msg_controllen = CMSG_SPACE(num_fds * sizeof(int));
		struct cmsghdr *cmsg = CMSG_FIRSTHDR(&msg);

		cmsg->cmsg_level = SOL_SOCKET;
		cmsg->cmsg_type = SCM_RIGHTS;
		cmsg->cmsg_len = CMSG_LEN(num_fds * sizeof(int));
		memcpy(CMSG_DATA(cmsg), fds, num_fds * sizeof(int));
	}
	assert_int_equal(sendmsg(f->client, &msg, MSG_NOSIGNAL), len);
}

static size_t make_message(uint8_t *msg, uint16_t command, uint32_t flags,
			   const void *payload, size_t len)
{
	struct header h = { 0x1234, command, (uint32_t)(HEADER + len), flags, 0 };

	memcpy(msg, &h, sizeof(h));
	if (len)
		memcpy(msg + HEADER, payload, len);
	return HEADER + len;
}

static bool ready(int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	return poll(&p, 1, 0) == 1;
}

/* Take one reply; false if there is none. */
static bool take_reply(struct fixture *f)
{
	char control[CMSG_SPACE(sizeof(int))];
	struct iovec iov[2] = { { &f->header, HEADER },
				{ f->reply, sizeof(f->reply) } };
	struct msghdr msg = { .msg_iov = iov, .msg_iovlen = 2,
			      .msg_control = control,
			      .msg_controllen = sizeof(control) };
	ssize_t n = recvmsg(f->client, &msg, MSG_DONTWAIT);
	struct cmsghdr *cmsg = n > 0 ? CMSG_FIRSTHDR(&msg) : NULL;

	f->reply_fd = -1;
	if (cmsg)
		memcpy(&f->reply_fd, CMSG_DATA(cmsg), sizeof(int));
	if (n <= 0)
		return false;
	assert_true(n >= HEADER);
	assert_int_equal(f->header.size, n);
	f->reply_len = (size_t)n - HEADER;
	return true;
}

/* Returns 0 or the errno of the reply, whose form it checks. */
static int call_fds(struct fixture *f, uint16_t command, const void *payload,
		    size_t len, const int *fds, size_t num_fds)
{
	uint8_t msg[HEADER + 4096];

	send_raw(f, msg, make_message(msg, command, 0, payload, len), fds, num_fds);
	assert_true(ready(vu_poll_fd(f->vu)));
	assert_int_equal(vu_serve(f->vu), 0);
	assert_false(ready(vu_poll_fd(f->vu)));
	assert_true(take_reply(f));
	assert_int_equal(f->header.id, 0x1234);
	assert_int_equal(f->header.command, command);
	if (f->header.flags == FLAG_REPLY) {
		assert_int_equal(f->header.error, 0);
		return 0;
	}
	assert_int_equal(f->header.flags, FLAG_REPLY | FLAG_ERROR);
	assert_int_equal(f->reply_len, 0);
	assert_int_not_equal(f->header.error, 0);
	return (int)f->header.error;
}

static int call(struct fixture *f, uint16_t command, const void *payload, size_t len)
{
	return call_fds(f, command, payload, len, NULL, 0);
}

static int say_version(struct fixture *f, uint16_t minor, const char *json)
{
	uint8_t payload[512] = { 0, 0, (uint8_t)minor, 0 };

	if (!json)
		return call(f, VERSION, payload, 4);
	strcpy((char *)payload + 4, json);
	return call(f, VERSION, payload, 4 + strlen(json) + 1);
}

static int setup_raw(void **state)
{
	static struct fixture f;
	int sv[2];

	make_device(&f);
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sv))
		return -1;
	f.client = sv[0];
	f.vu = vu_from_fd(sv[1], &f.dev);
	f.open_fds = count_fds();
	*state = &f;
	return !f.vu;
}

static int setup(void **state)
{
	return setup_raw(state) ||
	       say_version(*state, 0, "{\"capabilities\":{\"max_msg_fds\":8}}");
}

/* Every test must leave no descriptor behind that came with a message. */
static int teardown(void **state)
{
	struct fixture *f = *state;

	vu_close(f->vu);
	f->vu = NULL;
	assert_int_equal(f->ram.count, 0);
	assert_int_equal(f->pci.intx_fd, -1);
	assert_int_equal(f->pci.msi_fd, -1);
	/* gone: the server's end of the socket and its epoll descriptor */
	assert_int_equal(count_fds(), f->open_fds - 2);
	free_device(f);
	return 0;
}

static void version(void **state)
{
	struct fixture *f = *state;
	json_object *root, *caps, *val;

	/* As long as QEMU's request, which has no room for a longer reply. */
	assert_int_equal(say_version(f, 0,
		"{\"capabilities\": {\"migration\": {\"max_bitmap_size\": 268435456, "
		"\"pgsize\": 4096}, \"max_msg_fds\": 16, \"max_data_xfer_size\": 1048576, "
		"\"pgsizes\": 4096, \"max_dma_maps\": 65535, \"write_multiple\": true}}"), 0);
	assert_memory_equal(f->reply, "\0\0\0\0", 4);
	assert_true(f->reply_len < 190);
	assert_int_equal(f->reply[f->reply_len - 1], 0);
	root = json_tokener_parse((char *)f->reply + 4);
	assert_true(json_object_object_get_ex(root, "capabilities", &caps));
	assert_true(json_object_object_get_ex(caps, "max_data_xfer_size", &val));
	assert_int_equal(json_object_get_int(val), VU_MAX_DATA);
	assert_true(json_object_object_get_ex(caps, "max_msg_fds", &val));
	assert_int_equal(json_object_get_int(val), VU_MAX_FDS);
	json_object_put(root);
	assert_int_equal(say_version(f, 0, NULL), EINVAL);	/* twice */
}

static void version_refused(void **state)
{
	struct fixture *f = *state;
	const struct vu_device_info { uint32_t argsz, rest[3]; } info = { 16, { 0 } };

	assert_int_equal(call(f, GET_INFO, &info, sizeof(info)), EINVAL);
	assert_int_equal(call(f, VERSION, "\1\0\0\0", 4), EINVAL);
	assert_int_equal(call(f, VERSION, "\0\0", 2), EINVAL);
	assert_int_equal(call(f, VERSION, "\0\0\0\0{}", 6), EINVAL);	/* no NUL */
	assert_int_equal(say_version(f, 0, "{\"capabilities\":"), EINVAL);
	assert_int_equal(say_version(f, 0, "[]"), EINVAL);
	assert_int_equal(say_version(f, 0, "{\"capabilities\":1}"), EINVAL);
	assert_int_equal(say_version(f, 0,
		"{\"capabilities\":{\"max_msg_fds\":\"8\"}}"), EINVAL);
	assert_int_equal(say_version(f, 0,
		"{\"capabilities\":{\"max_data_xfer_size\":-1}}"), EINVAL);
	assert_int_equal(say_version(f, 7, NULL), 0);
	assert_memory_equal(f->reply, "\0\0\1\0", 4);
	assert_int_equal(call(f, GET_INFO, &info, sizeof(info)), 0);
}

static void device_info(void **state)
{
	struct fixture *f = *state;
	uint32_t info[4] = { 16 };

	assert_int_equal(call(f, GET_INFO, info, 16), 0);
	memcpy(info, f->reply, 16);
	assert_int_equal(info[1], VFIO_DEVICE_FLAGS_PCI | VFIO_DEVICE_FLAGS_RESET);
	assert_int_equal(info[2], VU_NUM_REGIONS);
	assert_int_equal(info[3], VU_NUM_IRQS);
	info[0] = 8;
	assert_int_equal(call(f, GET_INFO, info, 16), EINVAL);
	info[0] = 16;	/* more than has come */
	assert_int_equal(call(f, GET_INFO, info, 12), EINVAL);

	assert_int_equal(f->resets, 0);
	assert_int_equal(call(f, RESET, NULL, 0), 0);
	assert_int_equal(f->resets, 1);
}

static struct vfio_region_info region_info(struct fixture *f, uint32_t index)
{
	struct vfio_region_info info = { .argsz = sizeof(info), .index = index };

	assert_int_equal(call(f, REGION_INFO, &info, sizeof(info)), 0);
	memcpy(&info, f->reply, sizeof(info));
	assert_int_equal(info.index, index);
	return info;
}

static void region_infos(void **state)
{
	struct fixture *f = *state;
	struct vfio_region_info info = region_info(f, 0);
	struct stat st;

	assert_int_equal(info.size, 4 * PAGE);
	assert_int_equal(info.flags, 7);
	assert_true(f->reply_fd >= 0);
	assert_int_equal(fstat(f->reply_fd, &st), 0);
	assert_int_equal(st.st_size, 4 * PAGE);
	close(f->reply_fd);
	info = region_info(f, 2);
	assert_int_equal(info.flags, VFIO_REGION_INFO_FLAG_READ);
	assert_int_equal(info.size, BIG_SIZE);
	assert_int_equal(f->reply_fd, -1);
	info = region_info(f, 4);
	assert_int_equal(info.flags, 0);
	assert_int_equal(info.size, 0);
	info.index = VU_NUM_REGIONS;
	assert_int_equal(call(f, REGION_INFO, &info, sizeof(info)), EINVAL);
}

static void no_mmap_without_fds(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(say_version(f, 0,
		"{\"capabilities\":{\"max_msg_fds\":0}}"), 0);
	assert_int_equal(region_info(f, 0).flags, 3);
	assert_int_equal(f->reply_fd, -1);
}

struct access {
	uint64_t off;
	uint32_t region, count;
	uint8_t data[64];
};

static int read_region(struct fixture *f, uint32_t region, uint64_t off,
		       uint32_t count)
{
	struct access a = { .off = off, .region = region, .count = count };

	return call(f, REGION_READ, &a, 16);
}

static void region_access(void **state)
{
	struct fixture *f = *state;
	struct access a = { .off = 3, .region = 1, .count = 5, .data = "hello" };

	assert_int_equal(call(f, REGION_WRITE, &a, 16 + 5), 0);
	assert_int_equal(f->reply_len, 16);
	assert_int_equal(read_region(f, 1, 2, 7), 0);
	assert_int_equal(f->reply_len, 16 + 7);
	assert_memory_equal(f->reply + 16, "\0hello\0", 7);
	assert_int_equal(read_region(f, VFIO_PCI_CONFIG_REGION_INDEX, 0, 4), 0);
	assert_memory_equal(f->reply + 16, "\x02\x10\x60\x5b", 4);

	assert_int_equal(read_region(f, 1, 64, 0), 0);
	assert_int_equal(read_region(f, 1, 61, 4), EINVAL);
	assert_int_equal(read_region(f, 1, UINT64_MAX, 4), EINVAL);
	assert_int_equal(read_region(f, 9, 0, 4), EINVAL);
	assert_int_equal(read_region(f, 4, 0, 4), EINVAL);
	assert_int_equal(read_region(f, 2, 0, VU_MAX_DATA + 1), EINVAL);
	assert_int_equal(read_region(f, 0, 0, 4), EIO);	/* the device's errno */
	a.off = 60;
	assert_int_equal(call(f, REGION_WRITE, &a, 16 + 5), EINVAL);
	a.off = 0;
	a.count = 6;	/* more than the message has */
	assert_int_equal(call(f, REGION_WRITE, &a, 16 + 5), EINVAL);
	a.count = UINT32_MAX;
	assert_int_equal(call(f, REGION_WRITE, &a, 16 + 5), EINVAL);
	a.count = 5;
	a.region = 2;	/* read-only */
	assert_int_equal(call(f, REGION_WRITE, &a, 16 + 5), EINVAL);
	assert_int_equal(f->writes, 1);
}

static void client_limits_reads(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(say_version(f, 0,
		"{\"capabilities\":{\"max_data_xfer_size\":32}}"), 0);
	assert_int_equal(read_region(f, 1, 0, 33), EINVAL);
	assert_int_equal(read_region(f, 1, 0, 32), 0);
}

static void write_multi(void **state)
{
	struct fixture *f = *state;
	struct {
		uint64_t count;
		struct { uint64_t off; uint32_t region, count; uint8_t data[8]; } w[3];
	} m = { 3, { { 0, 1, 4, "abcd" }, { 4, 1, 1, "e" }, { 5, 1, 2, "fg" } } };
	uint64_t done;

	assert_int_equal(call(f, WRITE_MULTI, &m, sizeof(m)), 0);
	memcpy(&done, f->reply, sizeof(done));
	assert_int_equal(done, 3);
	assert_memory_equal(f->mem, "abcdefg\0", 8);
	m.w[1].count = 9;
	assert_int_equal(call(f, WRITE_MULTI, &m, sizeof(m)), EINVAL);
	assert_int_equal(f->writes, 4);
	m.count = 4;
	assert_int_equal(call(f, WRITE_MULTI, &m, sizeof(m)), EINVAL);
	m.count = UINT64_MAX / 24 + 2;
	assert_int_equal(call(f, WRITE_MULTI, &m, sizeof(m)), EINVAL);
	assert_int_equal(f->writes, 4);
}

static int dma_map(struct fixture *f, uint64_t addr, uint64_t size,
		   uint32_t flags, const int *fd)
{
	struct { uint32_t argsz, flags; uint64_t off, addr, size; } m = {
		32, flags, 0, addr, size };

	return call_fds(f, DMA_MAP, &m, sizeof(m), fd, fd ? 1 : 0);
}

static int dma_unmap(struct fixture *f, uint64_t addr, uint64_t size,
		     uint32_t flags)
{
	struct { uint32_t argsz, flags; uint64_t addr, size; } m = {
		24, flags, addr, size };

	return call(f, DMA_UNMAP, &m, sizeof(m));
}

static void dma(void **state)
{
	struct fixture *f = *state;
	uint32_t val = 0x12345678, got = 0;

	assert_int_equal(dma_map(f, 0x100000000, 2 * PAGE, 3, &f->vram_fd), 0);
	assert_int_equal(f->reply_len, 0);
	assert_int_equal(dma_map(f, 0, PAGE, 1, &f->vram_fd), 0);
	assert_int_equal(dma_map(f, 0xc0000, PAGE, 3, NULL), 0);
	assert_int_equal(dma_map(f, 0xc0000, PAGE, 3, NULL), EEXIST);
	assert_int_equal(dma_map(f, 0x10000, 5 * PAGE, 3, &f->vram_fd), EINVAL);
	assert_int_equal(dma_map(f, 0x10000, PAGE, 8, &f->vram_fd), EINVAL);
	assert_int_equal(guest_ram_write(&f->ram, 0x100001000, &val, 4), 0);
	assert_int_equal(pread(f->vram_fd, &got, 4, PAGE), 4);
	assert_int_equal(got, val);
	assert_int_equal(guest_ram_write(&f->ram, 0, &val, 4), -EFAULT);
	assert_int_equal(guest_ram_read(&f->ram, 0xc0000, &val, 4), -EFAULT);

	assert_int_equal(dma_unmap(f, 0x100000000, PAGE, 0), EINVAL);
	assert_int_equal(dma_unmap(f, 0x100000000, 2 * PAGE, 0), 0);
	assert_int_equal(f->reply_len, 24);
	assert_int_equal(guest_ram_read(&f->ram, 0x100001000, &val, 4), -EFAULT);
	assert_int_equal(dma_unmap(f, 0, 0, VFIO_DMA_UNMAP_FLAG_GET_DIRTY_BITMAP),
			 EINVAL);
	assert_int_equal(dma_unmap(f, 0, PAGE, VFIO_DMA_UNMAP_FLAG_ALL), EINVAL);
	assert_int_equal(f->ram.count, 2);
	assert_int_equal(dma_unmap(f, 0, 0, VFIO_DMA_UNMAP_FLAG_ALL), 0);
	assert_int_equal(f->ram.count, 0);
}

static struct vfio_irq_info irq_info(struct fixture *f, uint32_t index)
{
	struct vfio_irq_info info = { .argsz = sizeof(info), .index = index };

	assert_int_equal(call(f, IRQ_INFO, &info, sizeof(info)), 0);
	memcpy(&info, f->reply, sizeof(info));
	return info;
}

static void irq_infos(void **state)
{
	struct fixture *f = *state;
	struct vfio_irq_info info = irq_info(f, VFIO_PCI_INTX_IRQ_INDEX);

	assert_int_equal(info.count, 1);
	assert_int_equal(info.flags, VFIO_IRQ_INFO_EVENTFD |
			 VFIO_IRQ_INFO_MASKABLE | VFIO_IRQ_INFO_AUTOMASKED);
	info = irq_info(f, VFIO_PCI_MSI_IRQ_INDEX);
	assert_int_equal(info.count, 1);
	assert_int_equal(info.flags, VFIO_IRQ_INFO_EVENTFD | VFIO_IRQ_INFO_NORESIZE);
	assert_int_equal(irq_info(f, VFIO_PCI_MSIX_IRQ_INDEX).count, 0);
	info.index = VU_NUM_IRQS;
	assert_int_equal(call(f, IRQ_INFO, &info, sizeof(info)), EINVAL);
}

/* start, count, and one byte of data */
static int set_irqs_at(struct fixture *f, uint32_t index, uint32_t flags,
		       uint32_t start, uint32_t count, uint8_t byte,
		       const int *fds, size_t num_fds)
{
	uint8_t payload[21];
	uint32_t set[5] = { sizeof(payload), flags, index, start, count };

	memcpy(payload, set, sizeof(set));
	payload[20] = byte;
	return call_fds(f, SET_IRQS, payload, sizeof(payload), fds, num_fds);
}

static int set_irq(struct fixture *f, uint32_t index, uint32_t flags, int fd)
{
	return set_irqs_at(f, index, flags, 0, 1, 1, &fd, fd >= 0);
}

static unsigned int count(int fd)
{
	uint64_t n;

	return read(fd, &n, sizeof(n)) == sizeof(n) ? (unsigned int)n : 0;
}

static void signal_server(struct fixture *f, int fd)
{
	const uint64_t one = 1;

	assert_int_equal(write(fd, &one, sizeof(one)), sizeof(one));
	assert_true(ready(vu_poll_fd(f->vu)));
	assert_int_equal(vu_serve(f->vu), 0);
	assert_false(ready(vu_poll_fd(f->vu)));
}

static void intx(void **state)
{
	struct fixture *f = *state;
	const uint32_t index = VFIO_PCI_INTX_IRQ_INDEX;
	int fd = eventfd(0, EFD_NONBLOCK), mask = eventfd(0, 0), unmask = eventfd(0, 0);

	assert_int_equal(set_irq(f, index, IRQ_EVENTFD(TRIGGER), fd), 0);
	assert_true(pci_irq_set(&f->pci, true));
	assert_int_equal(count(fd), 1);
	assert_int_equal(set_irq(f, index, IRQ_NONE(UNMASK), -1), 0);
	assert_int_equal(count(fd), 1);		/* still asserted */
	/* BOOL with a zero byte does nothing. */
	assert_int_equal(set_irqs_at(f, index, IRQ_BOOL(UNMASK), 0, 1, 0, NULL, 0), 0);
	assert_int_equal(count(fd), 0);
	assert_int_equal(set_irq(f, index, IRQ_BOOL(UNMASK), -1), 0);
	assert_int_equal(count(fd), 1);
	pci_irq_set(&f->pci, false);
	assert_int_equal(set_irq(f, index, IRQ_NONE(MASK), -1), 0);
	assert_false(pci_irq_set(&f->pci, true));
	/* Masks and unmasks by eventfd */
	assert_int_equal(set_irq(f, index, IRQ_EVENTFD(UNMASK), unmask), 0);
	assert_int_equal(set_irq(f, index, IRQ_EVENTFD(MASK), mask), 0);
	signal_server(f, unmask);
	assert_int_equal(count(fd), 1);
	pci_irq_set(&f->pci, false);
	signal_server(f, unmask);
	signal_server(f, mask);
	assert_false(pci_irq_set(&f->pci, true));
	assert_int_equal(set_irq(f, index, IRQ_EVENTFD(UNMASK), -1), 0);
	assert_int_equal(write(unmask, &(uint64_t){ 1 }, 8), 8);
	assert_false(ready(vu_poll_fd(f->vu)));
	/* Loopback and off */
	assert_int_equal(set_irq(f, index, IRQ_NONE(TRIGGER), -1), 0);
	assert_int_equal(set_irq(f, index, IRQ_BOOL(TRIGGER), -1), 0);
	assert_int_equal(count(fd), 2);
	assert_int_equal(set_irqs_at(f, index, IRQ_NONE(TRIGGER), 0, 0, 0, NULL, 0), 0);
	assert_int_equal(f->pci.intx_fd, -1);
	pci_irq_set(&f->pci, false);
	assert_false(pci_irq_set(&f->pci, true));
	close(fd);
	close(mask);
	close(unmask);
}

static void msi(void **state)
{
	struct fixture *f = *state;
	const uint32_t index = VFIO_PCI_MSI_IRQ_INDEX;
	int fd = eventfd(0, EFD_NONBLOCK);

	assert_int_equal(set_irq(f, index, IRQ_EVENTFD(TRIGGER), fd), 0);
	assert_true(pci_irq_set(&f->pci, true));
	assert_int_equal(set_irq(f, index, IRQ_NONE(TRIGGER), -1), 0);
	assert_int_equal(count(fd), 2);
	assert_int_equal(set_irq(f, index, IRQ_NONE(MASK), -1), ENOTTY);
	assert_int_equal(set_irq(f, index, IRQ_EVENTFD(TRIGGER), -1), 0);
	assert_int_equal(f->pci.msi_fd, -1);
	assert_int_equal(set_irq(f, index, IRQ_EVENTFD(TRIGGER), fd), 0);
	assert_int_equal(set_irqs_at(f, index, IRQ_NONE(TRIGGER), 0, 0, 0, NULL, 0), 0);
	assert_int_equal(f->pci.msi_fd, -1);
	/* An index without vectors, or one that is never signalled */
	assert_int_equal(set_irq(f, VFIO_PCI_MSIX_IRQ_INDEX, IRQ_EVENTFD(TRIGGER), fd),
			 EINVAL);
	assert_int_equal(set_irq(f, VFIO_PCI_ERR_IRQ_INDEX, IRQ_EVENTFD(TRIGGER), fd), 0);
	close(fd);
}

static void bad_irq_sets(void **state)
{
	struct fixture *f = *state;
	int fd = eventfd(0, EFD_NONBLOCK), pipe_fds[2];
	int two[2] = { fd, fd };
	uint32_t set[5] = { 20, IRQ_BOOL(TRIGGER), 1, 0, 1 };

	assert_int_equal(set_irqs_at(f, 1, IRQ_EVENTFD(TRIGGER), 0, 1, 0, two, 2), EINVAL);
	assert_int_equal(set_irqs_at(f, 1, IRQ_EVENTFD(TRIGGER), 0, 2, 0, two, 2), EINVAL);
	assert_int_equal(set_irqs_at(f, 1, IRQ_EVENTFD(TRIGGER), 1, 1, 0, &fd, 1), EINVAL);
	assert_int_equal(set_irqs_at(f, 1, IRQ_NONE(TRIGGER), UINT32_MAX, 2, 0, NULL, 0),
			 EINVAL);
	assert_int_equal(set_irqs_at(f, 1, IRQ_NONE(TRIGGER), 1, 0, 0, NULL, 0), EINVAL);
	assert_int_equal(set_irqs_at(f, 5, IRQ_NONE(TRIGGER), 0, 0, 0, NULL, 0), EINVAL);
	assert_int_equal(set_irq(f, 0, VFIO_IRQ_SET_DATA_NONE, -1), EINVAL);
	assert_int_equal(set_irq(f, 0, VFIO_IRQ_SET_ACTION_TRIGGER, -1), EINVAL);
	assert_int_equal(set_irq(f, 0, IRQ_NONE(TRIGGER) | IRQ_BOOL(TRIGGER), -1), EINVAL);
	assert_int_equal(set_irq(f, 0, IRQ_NONE(MASK) | IRQ_NONE(UNMASK), -1), EINVAL);
	assert_int_equal(set_irq(f, 0, IRQ_NONE(MASK) | 1u << 9, -1), EINVAL);
	assert_int_equal(call(f, SET_IRQS, set, sizeof(set)), EINVAL);	/* no bool */
	/* Writing to a pipe could raise SIGPIPE or block. */
	assert_int_equal(pipe(pipe_fds), 0);
	assert_int_equal(set_irq(f, 0, IRQ_EVENTFD(TRIGGER), pipe_fds[1]), EINVAL);
	assert_int_equal(set_irq(f, 0, IRQ_EVENTFD(UNMASK), pipe_fds[0]), EINVAL);
	close(pipe_fds[0]);
	close(pipe_fds[1]);
	close(fd);
}

static void unknown_commands(void **state)
{
	struct fixture *f = *state;
	static const uint16_t cmds[] = { 0, REGION_IO_FDS, DMA_READ, DMA_WRITE,
					 DIRTY_PAGES, 16, 0xffff };
	uint8_t payload[32] = { 0 };

	for (size_t i = 0; i < sizeof(cmds) / sizeof(cmds[0]); i++)
		assert_int_equal(call_fds(f, cmds[i], payload, sizeof(payload),
					  &f->client, 1), ENOTSUP);
	assert_int_equal(call(f, DMA_MAP, payload, 31), EINVAL);
	assert_int_equal(call(f, SET_IRQS, payload, 0), EINVAL);
}

static void no_reply(void **state)
{
	struct fixture *f = *state;
	struct access a = { .off = 0, .region = 1, .count = 4, .data = "abcd" };
	uint8_t msg[256];
	size_t len = make_message(msg, REGION_WRITE, FLAG_NO_REPLY, &a, 20);

	send_raw(f, msg, len, NULL, 0);
	assert_int_equal(vu_serve(f->vu), 0);
	assert_memory_equal(f->mem, "abcd", 4);
	assert_false(take_reply(f));
}

static void pieces_and_batches(void **state)
{
	struct fixture *f = *state;
	struct access a = { .off = 0, .region = 1, .count = 4, .data = "abcd" };
	uint8_t msg[512];
	size_t len = make_message(msg, REGION_WRITE, 0, &a, 20);

	for (size_t i = 0; i < len; i++) {
		assert_false(take_reply(f));
		/* A descriptor with some piece, which the command does not use */
		send_raw(f, msg + i, 1, &f->client, i == 20);
		assert_int_equal(vu_serve(f->vu), 0);
	}
	assert_true(take_reply(f));
	assert_int_equal(f->writes, 1);

	/* Two at once: one per call, in order. */
	len += make_message(msg + len, RESET, 0, NULL, 0);
	send_raw(f, msg, len, NULL, 0);
	assert_int_equal(vu_serve(f->vu), 0);
	assert_int_equal(f->writes, 2);
	assert_int_equal(f->resets, 0);
	assert_true(ready(vu_poll_fd(f->vu)));
	assert_int_equal(vu_serve(f->vu), 0);
	assert_int_equal(f->resets, 1);
	assert_int_equal(vu_serve(f->vu), 0);
}

/* Sends a header as it is and returns what vu_serve() says in the end. */
static int broken(struct fixture *f, struct header h)
{
	int fds[2] = { f->vram_fd, f->vram_fd };

	assert_int_equal(dma_map(f, 0, PAGE, 3, &f->vram_fd), 0);
	send_raw(f, &h, sizeof(h), fds, 2);
	return vu_serve(f->vu);
}

static void size_too_small(void **state)
{
	assert_int_equal(broken(*state, (struct header){ 1, RESET, 15, 0, 0 }), -EPROTO);
	assert_int_equal(vu_serve(((struct fixture *)*state)->vu), -ENOTCONN);
}

static void size_too_large(void **state)
{
	assert_int_equal(broken(*state, (struct header){ 1, RESET,
				HEADER + 16 + VU_MAX_DATA + 1, 0, 0 }), -EPROTO);
}

static void not_a_request(void **state)
{
	assert_int_equal(broken(*state, (struct header){ 1, RESET, HEADER,
				FLAG_REPLY, 0 }), -EPROTO);
}

static void too_many_fds(void **state)
{
	struct fixture *f = *state;
	struct header h = { 1, RESET, HEADER, 0, 0 };
	int fds[VU_MAX_FDS + 1];

	for (int i = 0; i <= VU_MAX_FDS; i++)
		fds[i] = f->vram_fd;
	send_raw(f, &h, sizeof(h), fds, VU_MAX_FDS + 1);
	assert_int_equal(vu_serve(f->vu), -EPROTO);
	assert_int_equal(f->resets, 0);
}

static void disconnect(void **state)
{
	struct fixture *f = *state;
	int fd = eventfd(0, 0);

	assert_int_equal(dma_map(f, 0, PAGE, 3, &f->vram_fd), 0);
	assert_int_equal(set_irq(f, 0, IRQ_EVENTFD(TRIGGER), fd), 0);
	shutdown(f->client, SHUT_RDWR);
	assert_int_equal(vu_serve(f->vu), 1);
	assert_int_equal(f->ram.count, 0);
	assert_int_equal(f->pci.intx_fd, -1);
	close(fd);
}

static void disconnect_inside_a_message(void **state)
{
	struct fixture *f = *state;
	struct header h = { 1, RESET, HEADER, 0, 0 };

	send_raw(f, &h, 7, NULL, 0);
	assert_int_equal(vu_serve(f->vu), 0);
	shutdown(f->client, SHUT_RDWR);
	assert_int_equal(vu_serve(f->vu), -EPROTO);
}

static void client_that_does_not_read(void **state)
{
	struct fixture *f = *state;
	struct access a = { .region = 2, .count = VU_MAX_DATA };
	uint8_t msg[64];
	size_t len = make_message(msg, REGION_READ, 0, &a, 16);
	int ret = 0;

	for (int i = 0; i < 8 && !ret; i++) {
		send_raw(f, msg, len, NULL, 0);
		ret = vu_serve(f->vu);
	}
	assert_int_equal(ret, -ETIMEDOUT);
}

/* The socket */

struct place {
	struct fixture f;
	char dir[32];
	char path[64];
	char err[512];
};

static int setup_place(void **state)
{
	static struct place p;

	make_device(&p.f);
	strcpy(p.dir, "/tmp/test_vu.XXXXXX");
	if (!mkdtemp(p.dir))
		return -1;
	snprintf(p.path, sizeof(p.path), "%s/sock", p.dir);
	*p.err = 0;
	*state = &p;
	return 0;
}

static int teardown_place(void **state)
{
	struct place *p = *state;

	free_device(&p->f);
	unlink(p->path);
	return rmdir(p->dir);
}

static int connect_to(const char *path)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	strcpy(addr.sun_path, path);
	assert_int_equal(connect(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	return fd;
}

static void listen_accepts_one(void **state)
{
	struct place *p = *state;
	struct fixture *f = &p->f;
	int second;
	char c;

	f->vu = vu_listen(p->path, &f->dev, p->err, sizeof(p->err));
	assert_non_null(f->vu);
	assert_int_equal(vu_serve(f->vu), 0);
	for (int round = 0; round < 2; round++) {
		f->client = connect_to(p->path);
		assert_true(ready(vu_poll_fd(f->vu)));
		assert_int_equal(vu_serve(f->vu), 0);
		assert_int_equal(say_version(f, 0, NULL), 0);
		/* A second client is refused, and the first is not affected. */
		second = connect_to(p->path);
		assert_int_equal(vu_serve(f->vu), 0);
		assert_int_equal(recv(second, &c, 1, MSG_DONTWAIT), 0);
		close(second);
		assert_int_equal(read_region(f, 1, 0, 4), 0);
		close(f->client);
		assert_int_equal(vu_serve(f->vu), 1);
	}
	f->client = -1;
	vu_close(f->vu);
	f->vu = NULL;
	assert_int_equal(access(p->path, F_OK), -1);
}

static void listen_refuses_used_socket(void **state)
{
	struct place *p = *state;
	struct fixture *f = &p->f;

	f->vu = vu_listen(p->path, &f->dev, p->err, sizeof(p->err));
	assert_non_null(f->vu);
	assert_null(vu_listen(p->path, &f->dev, p->err, sizeof(p->err)));
	assert_non_null(strstr(p->err, p->path));
	assert_non_null(strstr(p->err, "in use"));
	/* That probe was not a client: the server must continue. */
	while (ready(vu_poll_fd(f->vu)))
		assert_int_equal(vu_serve(f->vu), 0);
	f->client = connect_to(p->path);
	assert_int_equal(vu_serve(f->vu), 0);
	assert_int_equal(say_version(f, 0, NULL), 0);
}

static void listen_replaces_stale_socket(void **state)
{
	struct place *p = *state;
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	strcpy(addr.sun_path, p->path);
	assert_int_equal(bind(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
	close(fd);
	p->f.vu = vu_listen(p->path, &p->f.dev, p->err, sizeof(p->err));
	assert_non_null(p->f.vu);
}

static void listen_says_what_is_wrong(void **state)
{
	struct place *p = *state;
	char path[256];
	int fd = open(p->path, O_CREAT | O_WRONLY, 0600);

	assert_null(vu_listen(p->path, &p->f.dev, p->err, sizeof(p->err)));
	assert_non_null(strstr(p->err, p->path));
	assert_int_equal(access(p->path, F_OK), 0);	/* a file of the user */
	close(fd);
	snprintf(path, sizeof(path), "%s/missing/sock", p->dir);
	assert_null(vu_listen(path, &p->f.dev, p->err, sizeof(p->err)));
	assert_non_null(strstr(p->err, path));
	memset(path, 'x', sizeof(path) - 1);
	path[sizeof(path) - 1] = 0;
	*p->err = 0;
	assert_null(vu_listen(path, &p->f.dev, p->err, sizeof(p->err)));
	assert_int_not_equal(*p->err, 0);
}

#define RAW(name) cmocka_unit_test_setup_teardown(name, setup_raw, teardown)
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
#define SOCK(name) cmocka_unit_test_setup_teardown(name, setup_place, teardown_place)

int main(void)
{
	const struct CMUnitTest tests[] = {
		RAW(version),
		RAW(version_refused),
		RAW(no_mmap_without_fds),
		RAW(client_limits_reads),
		TEST(device_info),
		TEST(region_infos),
		TEST(region_access),
		TEST(write_multi),
		TEST(dma),
		TEST(irq_infos),
		TEST(intx),
		TEST(msi),
		TEST(bad_irq_sets),
		TEST(unknown_commands),
		TEST(no_reply),
		TEST(pieces_and_batches),
		TEST(size_too_small),
		TEST(size_too_large),
		TEST(not_a_request),
		TEST(too_many_fds),
		TEST(disconnect),
		TEST(disconnect_inside_a_message),
		TEST(client_that_does_not_read),
		SOCK(listen_accepts_one),
		SOCK(listen_refuses_used_socket),
		SOCK(listen_replaces_stale_socket),
		SOCK(listen_says_what_is_wrong),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
