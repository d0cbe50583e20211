// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * A vfio-user server: the card's side of QEMU's vfio-user-pci.
 *
 * The protocol is a stream of messages over a UNIX socket, file descriptors by
 * SCM_RIGHTS: docs/interop/vfio-user.rst in QEMU; the numbers that it takes
 * from VFIO are in linux/vfio.h. This server only answers. It never sends
 * DMA_READ or DMA_WRITE: the client waits for our replies while it holds the
 * lock that serving those would need, so guest memory is reached by mapping
 * the descriptors of DMA_MAP alone.
 *
 * Receiving never waits: a part of a message is kept until the rest arrives.
 * Sending waits for a client that does not read, with a time limit. A message
 * that breaks the framing ends the connection; any other bad message is answered
 * with an error and changes nothing.
 */
#define _GNU_SOURCE
#include "bus/vfio_user.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <json-c/json.h>
#include <linux/vfio.h>

#include "core/clock.h"
#include "bus/guest_ram.h"
#include "bus/pci.h"
#include "core/trace.h"
#include "bus/unix_socket.h"

enum vu_command {
	VU_VERSION = 1,
	VU_DMA_MAP = 2,
	VU_DMA_UNMAP = 3,
	VU_GET_INFO = 4,
	VU_GET_REGION_INFO = 5,
	VU_GET_REGION_IO_FDS = 6,
	VU_GET_IRQ_INFO = 7,
	VU_SET_IRQS = 8,
	VU_REGION_READ = 9,
	VU_REGION_WRITE = 10,
	VU_DMA_READ = 11,
	VU_DMA_WRITE = 12,
	VU_RESET = 13,
	VU_DIRTY_PAGES = 14,
	VU_REGION_WRITE_MULTI = 15,
};

/* Header flags */
#define VU_TYPE_MASK	0xfu
#define VU_TYPE_REQUEST	0u
#define VU_TYPE_REPLY	1u
#define VU_NO_REPLY	(1u << 4)
#define VU_ERROR	(1u << 5)

struct vu_header {
	uint16_t id;
	uint16_t command;
	uint32_t size;		/* of the message, with this header */
	uint32_t flags;
	uint32_t error;		/* errno in an error reply */
};

struct vu_version {
	uint16_t major;
	uint16_t minor;
	/* JSON text, ended by a NUL, may follow */
};

struct vu_dma_map {
	uint32_t argsz;
	uint32_t flags;
	uint64_t offset;
	uint64_t addr;
	uint64_t size;
};

struct vu_dma_unmap {
	uint32_t argsz;
	uint32_t flags;
	uint64_t addr;
	uint64_t size;
};

struct vu_device_info {
	uint32_t argsz;
	uint32_t flags;
	uint32_t num_regions;
	uint32_t num_irqs;
};

struct vu_region_info {
	uint32_t argsz;
	uint32_t flags;
	uint32_t index;
	uint32_t cap_offset;
	uint64_t size;
	uint64_t offset;
};

struct vu_irq_info {
	uint32_t argsz;
	uint32_t flags;
	uint32_t index;
	uint32_t count;
};

struct vu_irq_set {
	uint32_t argsz;
	uint32_t flags;
	uint32_t index;
	uint32_t start;
	uint32_t count;
	/* count bytes follow with VFIO_IRQ_SET_DATA_BOOL */
};

struct vu_region_access {
	uint64_t offset;
	uint32_t region;
	uint32_t count;
	/* count bytes follow in a write, and in the reply to a read */
};

struct vu_multi_write {
	uint64_t offset;
	uint32_t region;
	uint32_t count;
	uint8_t data[8];
};

#define VU_MAX_MESSAGE	(sizeof(struct vu_header) + \
			 sizeof(struct vu_region_access) + VU_MAX_DATA)
#define VU_SEND_TIMEOUT_MS	1000

/* What a descriptor in our epoll set is. */
enum vu_source {
	VU_LISTEN,
	VU_CLIENT,
	VU_MASK,	/* the client's eventfd that masks INTx */
	VU_UNMASK,
	VU_NUM_SOURCES,
};

/**
 * struct vu_server - one server and at most one client.
 * @dev: device behind it
 * @epoll: descriptor that becomes readable when vu_serve() has work
 * @fd: descriptor of each source, -1 if there is none
 * @path: of the socket, NULL without one
 * @versioned: VERSION has been exchanged
 * @client_fds: descriptors the client takes in one message
 * @client_data: most bytes the client moves in one message
 * @rx_len: bytes of the current message that have come
 * @rx_fds: descriptors that came with it; -1 once a handler has taken one over
 * @rx_num_fds: number of @rx_fds
 * @tx_len: bytes of payload in the reply
 * @tx_fd: descriptor to send with it, -1 for none
 * @rx: the current message
 * @tx: the reply
 */
struct vu_server {
	const struct vu_device *dev;
	int epoll;
	int fd[VU_NUM_SOURCES];
	char *path;
	bool versioned;
	uint64_t client_fds;
	uint64_t client_data;
	size_t rx_len;
	int rx_fds[VU_MAX_FDS];
	size_t rx_num_fds;
	size_t tx_len;
	int tx_fd;
	uint8_t rx[VU_MAX_MESSAGE];
	uint8_t tx[VU_MAX_MESSAGE];
};

static uint8_t *rx_payload(struct vu_server *vu)
{
	return vu->rx + sizeof(struct vu_header);
}

/* Append to the reply; all replies are smaller than VU_MAX_MESSAGE. */
static void reply_put(struct vu_server *vu, const void *data, size_t len)
{
	memcpy(vu->tx + sizeof(struct vu_header) + vu->tx_len, data, len);
	vu->tx_len += len;
}

static int take_fd(struct vu_server *vu, size_t i)
{
	int fd = vu->rx_fds[i];

	vu->rx_fds[i] = -1;
	return fd;
}

static void close_rx_fds(struct vu_server *vu)
{
	for (size_t i = 0; i < vu->rx_num_fds; i++)
		if (vu->rx_fds[i] >= 0)
			close(vu->rx_fds[i]);
	vu->rx_num_fds = 0;
}

/* Closing alone leaves it in the epoll set while the client has it open, too. */
static void close_source(struct vu_server *vu, enum vu_source source)
{
	if (vu->fd[source] < 0)
		return;
	epoll_ctl(vu->epoll, EPOLL_CTL_DEL, vu->fd[source], NULL);
	close(vu->fd[source]);
	vu->fd[source] = -1;
}

static int open_source(struct vu_server *vu, enum vu_source source, int fd)
{
	struct epoll_event ev = { .events = EPOLLIN, .data.u32 = source };

	if (epoll_ctl(vu->epoll, EPOLL_CTL_ADD, fd, &ev))
		return -errno;
	vu->fd[source] = fd;
	return 0;
}

/*
 * Version and capabilities
 */

/* A capability that is a number; absent leaves *val alone. */
static int get_number(json_object *caps, const char *name, uint64_t *val)
{
	json_object *obj;

	if (!json_object_object_get_ex(caps, name, &obj))
		return 0;
	if (!json_object_is_type(obj, json_type_int) ||
	    json_object_get_int64(obj) < 0)
		return -EINVAL;
	*val = json_object_get_uint64(obj);
	return 0;
}

static int read_capabilities(struct vu_server *vu, const char *text, size_t len)
{
	json_object *root, *caps;
	int ret = 0;

	/* The protocol's defaults. */
	vu->client_fds = 1;
	vu->client_data = VU_MAX_DATA;
	if (!len)
		return 0;
	if (text[len - 1])
		return -EINVAL;
	root = json_tokener_parse(text);
	if (!json_object_is_type(root, json_type_object)) {
		ret = -EINVAL;
	} else if (json_object_object_get_ex(root, "capabilities", &caps)) {
		if (!json_object_is_type(caps, json_type_object) ||
		    get_number(caps, "max_msg_fds", &vu->client_fds) ||
		    get_number(caps, "max_data_xfer_size", &vu->client_data))
			ret = -EINVAL;
	}
	json_object_put(root);
	return ret;
}

static int put_capabilities(struct vu_server *vu)
{
	json_object *root = json_object_new_object();
	json_object *caps = json_object_new_object();
	const char *text;

	json_object_object_add(root, "capabilities", caps);
	json_object_object_add(caps, "max_msg_fds",
			       json_object_new_int(VU_MAX_FDS));
	json_object_object_add(caps, "max_data_xfer_size",
			       json_object_new_int(VU_MAX_DATA));
	json_object_object_add(caps, "pgsizes",
			       json_object_new_int64(sysconf(_SC_PAGESIZE)));
	json_object_object_add(caps, "max_dma_maps",
			       json_object_new_int(GUEST_RAM_MAX_RANGES));
	json_object_object_add(caps, "write_multiple",
			       json_object_new_boolean(true));
	text = json_object_to_json_string_ext(root, JSON_C_TO_STRING_PLAIN);
	if (text)
		reply_put(vu, text, strlen(text) + 1);
	json_object_put(root);
	return text ? 0 : -ENOMEM;
}

static int do_version(struct vu_server *vu, size_t len)
{
	struct vu_version version;
	int ret;

	memcpy(&version, rx_payload(vu), sizeof(version));
	if (vu->versioned || version.major != 0)
		return -EINVAL;
	ret = read_capabilities(vu, (char *)rx_payload(vu) + sizeof(version),
				len - sizeof(version));
	if (ret)
		return ret;
	/* 0.1 is the newest that we know; QEMU 11.1 accepts 0.0 alone. */
	if (version.minor > 1)
		version.minor = 1;
	reply_put(vu, &version, sizeof(version));
	ret = put_capabilities(vu);
	vu->versioned = !ret;
	return ret;
}

/*
 * Guest memory
 */

static int do_dma_map(struct vu_server *vu, size_t len)
{
	struct vu_dma_map map;
	unsigned int prot = 0;

	(void)len;
	memcpy(&map, rx_payload(vu), sizeof(map));
	if (map.argsz < sizeof(map) || vu->rx_num_fds > 1 ||
	    (map.flags & ~(uint32_t)(VFIO_DMA_MAP_FLAG_READ |
				     VFIO_DMA_MAP_FLAG_WRITE)))
		return -EINVAL;
	if (map.flags & VFIO_DMA_MAP_FLAG_READ)
		prot |= PROT_READ;
	if (map.flags & VFIO_DMA_MAP_FLAG_WRITE)
		prot |= PROT_WRITE;
	return guest_ram_map(vu->dev->ram, map.addr, map.size, prot,
			     vu->rx_num_fds ? vu->rx_fds[0] : -1, map.offset);
}

static int do_dma_unmap(struct vu_server *vu, size_t len)
{
	struct vu_dma_unmap unmap;
	int ret = 0;

	(void)len;
	memcpy(&unmap, rx_payload(vu), sizeof(unmap));
	if (unmap.argsz < sizeof(unmap) ||
	    (unmap.flags & ~(uint32_t)VFIO_DMA_UNMAP_FLAG_ALL))
		return -EINVAL;
	if (!(unmap.flags & VFIO_DMA_UNMAP_FLAG_ALL))
		ret = guest_ram_unmap(vu->dev->ram, unmap.addr, unmap.size);
	else if (unmap.addr || unmap.size)
		ret = -EINVAL;
	else
		guest_ram_unmap_all(vu->dev->ram);
	if (!ret)
		reply_put(vu, &unmap, sizeof(unmap));
	return ret;
}

/*
 * What the device is
 */

static int do_get_info(struct vu_server *vu, size_t len)
{
	struct vu_device_info info;

	(void)len;
	memcpy(&info, rx_payload(vu), sizeof(info));
	if (info.argsz < sizeof(info))
		return -EINVAL;
	info.argsz = sizeof(info);
	info.flags = VFIO_DEVICE_FLAGS_PCI | VFIO_DEVICE_FLAGS_RESET;
	info.num_regions = VU_NUM_REGIONS;
	info.num_irqs = VU_NUM_IRQS;
	reply_put(vu, &info, sizeof(info));
	return 0;
}

static int do_get_region_info(struct vu_server *vu, size_t len)
{
	const struct vu_region *region;
	struct vu_region_info info;

	(void)len;
	memcpy(&info, rx_payload(vu), sizeof(info));
	if (info.argsz < sizeof(info) || info.index >= VU_NUM_REGIONS)
		return -EINVAL;
	region = &vu->dev->region[info.index];
	info.argsz = sizeof(info);
	info.flags = 0;
	info.cap_offset = 0;
	info.size = region->size;
	info.offset = 0;
	if (region->size && region->readable)
		info.flags |= VFIO_REGION_INFO_FLAG_READ;
	if (region->size && region->writable)
		info.flags |= VFIO_REGION_INFO_FLAG_WRITE;
	if (region->size && region->mmap_fd >= 0 && vu->client_fds) {
		info.flags |= VFIO_REGION_INFO_FLAG_MMAP;
		vu->tx_fd = region->mmap_fd;
	}
	reply_put(vu, &info, sizeof(info));
	return 0;
}

/*
 * Interrupts. A function has one vector of each kind at most, so a start and
 * count that are in range always mean vector 0.
 */

static int do_get_irq_info(struct vu_server *vu, size_t len)
{
	struct vu_irq_info info;

	(void)len;
	memcpy(&info, rx_payload(vu), sizeof(info));
	if (info.argsz < sizeof(info) || info.index >= VU_NUM_IRQS)
		return -EINVAL;
	info.argsz = sizeof(info);
	info.flags = VFIO_IRQ_INFO_EVENTFD;
	if (info.index == VFIO_PCI_INTX_IRQ_INDEX)
		info.flags |= VFIO_IRQ_INFO_MASKABLE | VFIO_IRQ_INFO_AUTOMASKED;
	else
		info.flags |= VFIO_IRQ_INFO_NORESIZE;
	info.count = vu->dev->irq_count[info.index];
	reply_put(vu, &info, sizeof(info));
	return 0;
}

/*
 * Writing to some other kind of descriptor could block or raise SIGPIPE, so
 * accept only an eventfd, and never wait on it.
 */
static int check_eventfd(int fd)
{
	static const char eventfd_link[] = "anon_inode:[eventfd]";
	char name[32], target[sizeof(eventfd_link)];
	ssize_t len;
	int flags;

	snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
	len = readlink(name, target, sizeof(target));
	if (len != sizeof(eventfd_link) - 1 ||
	    memcmp(target, eventfd_link, (size_t)len))
		return -EINVAL;
	flags = fcntl(fd, F_GETFL);
	if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK))
		return -errno;
	return 0;
}

/* An eventfd with which the client masks or unmasks INTx; none removes it. */
static int set_intx_control(struct vu_server *vu, enum vu_source source)
{
	int ret;

	close_source(vu, source);
	if (!vu->rx_num_fds)
		return 0;
	ret = open_source(vu, source, vu->rx_fds[0]);
	if (!ret)
		take_fd(vu, 0);
	return ret;
}

static int set_intx(struct vu_server *vu, uint32_t action, uint32_t type)
{
	bool eventfd = type == VFIO_IRQ_SET_DATA_EVENTFD;

	switch (action) {
	case VFIO_IRQ_SET_ACTION_MASK:
	case VFIO_IRQ_SET_ACTION_UNMASK:
		if (eventfd)
			return set_intx_control(vu,
				action == VFIO_IRQ_SET_ACTION_MASK ?
				VU_MASK : VU_UNMASK);
		pci_intx_mask(vu->dev->pci, action == VFIO_IRQ_SET_ACTION_MASK);
		return 0;
	default:
		if (eventfd)
			pci_intx_connect(vu->dev->pci,
					 vu->rx_num_fds ? take_fd(vu, 0) : -1);
		else
			pci_irq_loopback(vu->dev->pci, false);
		return 0;
	}
}

static int set_msi(struct vu_server *vu, uint32_t action, uint32_t type)
{
	if (action != VFIO_IRQ_SET_ACTION_TRIGGER)
		return -ENOTTY;
	if (type == VFIO_IRQ_SET_DATA_EVENTFD)
		pci_msi_connect(vu->dev->pci,
				vu->rx_num_fds ? take_fd(vu, 0) : -1);
	else
		pci_irq_loopback(vu->dev->pci, true);
	return 0;
}

static void disable_intx(struct vu_server *vu)
{
	close_source(vu, VU_MASK);
	close_source(vu, VU_UNMASK);
	pci_intx_connect(vu->dev->pci, -1);
}

/* TRIGGER without data and with count 0: the whole index off. */
static int disable_irqs(struct vu_server *vu, uint32_t index)
{
	if (index == VFIO_PCI_INTX_IRQ_INDEX)
		disable_intx(vu);
	else if (index == VFIO_PCI_MSI_IRQ_INDEX)
		pci_msi_connect(vu->dev->pci, -1);
	return 0;
}

static int do_set_irqs(struct vu_server *vu, size_t len)
{
	struct vu_irq_set set;
	uint32_t type, action;
	size_t data = 0;
	int ret;

	memcpy(&set, rx_payload(vu), sizeof(set));
	type = set.flags & VFIO_IRQ_SET_DATA_TYPE_MASK;
	action = set.flags & VFIO_IRQ_SET_ACTION_TYPE_MASK;
	if (set.flags != (type | action) || !type || (type & (type - 1)) ||
	    !action || (action & (action - 1)) || set.index >= VU_NUM_IRQS)
		return -EINVAL;
	if (type == VFIO_IRQ_SET_DATA_BOOL)
		data = set.count;
	if (set.argsz < sizeof(set) || set.argsz - sizeof(set) < data ||
	    len - sizeof(set) < data)
		return -EINVAL;

	if (!set.count && !set.start && type == VFIO_IRQ_SET_DATA_NONE &&
	    action == VFIO_IRQ_SET_ACTION_TRIGGER)
		return disable_irqs(vu, set.index);
	if (!set.count || set.start >= vu->dev->irq_count[set.index] ||
	    set.count > vu->dev->irq_count[set.index] - set.start)
		return -EINVAL;

	if (type == VFIO_IRQ_SET_DATA_EVENTFD && vu->rx_num_fds) {
		if (vu->rx_num_fds != set.count)
			return -EINVAL;
		ret = check_eventfd(vu->rx_fds[0]);
		if (ret)
			return ret;
	}
	if (type == VFIO_IRQ_SET_DATA_BOOL && !rx_payload(vu)[sizeof(set)])
		return 0;
	switch (set.index) {
	case VFIO_PCI_INTX_IRQ_INDEX:
		return set_intx(vu, action, type);
	case VFIO_PCI_MSI_IRQ_INDEX:
		return set_msi(vu, action, type);
	default:
		/* Errors and requests to release the device never occur. */
		return action == VFIO_IRQ_SET_ACTION_TRIGGER ? 0 : -ENOTTY;
	}
}

/*
 * Region accesses
 */

static const struct vu_region *check_access(struct vu_server *vu,
					    uint32_t index, uint64_t off,
					    uint32_t len)
{
	const struct vu_region *region;

	if (index >= VU_NUM_REGIONS)
		return NULL;
	region = &vu->dev->region[index];
	if (off > region->size || len > region->size - off)
		return NULL;
	return region;
}

static int write_region(struct vu_server *vu, uint32_t index, uint64_t off,
			const void *data, uint32_t len)
{
	const struct vu_region *region = check_access(vu, index, off, len);

	if (!region || !region->writable)
		return -EINVAL;
	return len ? vu->dev->region_write(vu->dev->priv, index, off, data, len) : 0;
}

static int do_region_read(struct vu_server *vu, size_t len)
{
	const struct vu_region *region;
	struct vu_region_access access;
	int ret = 0;

	(void)len;
	memcpy(&access, rx_payload(vu), sizeof(access));
	region = check_access(vu, access.region, access.offset, access.count);
	if (!region || !region->readable || access.count > VU_MAX_DATA ||
	    access.count > vu->client_data)
		return -EINVAL;
	reply_put(vu, &access, sizeof(access));
	if (access.count)
		ret = vu->dev->region_read(vu->dev->priv, access.region,
				access.offset,
				vu->tx + sizeof(struct vu_header) + vu->tx_len,
				access.count);
	vu->tx_len += access.count;
	return ret;
}

static int do_region_write(struct vu_server *vu, size_t len)
{
	struct vu_region_access access;
	int ret;

	memcpy(&access, rx_payload(vu), sizeof(access));
	if (access.count != len - sizeof(access))
		return -EINVAL;
	ret = write_region(vu, access.region, access.offset,
			   rx_payload(vu) + sizeof(access), access.count);
	reply_put(vu, &access, sizeof(access));
	return ret;
}

static int do_region_write_multi(struct vu_server *vu, size_t len)
{
	const uint8_t *entry = rx_payload(vu) + sizeof(uint64_t);
	struct vu_multi_write write;
	uint64_t count, done;
	int ret = 0;

	memcpy(&count, rx_payload(vu), sizeof(count));
	if (count > (len - sizeof(count)) / sizeof(write))
		return -EINVAL;
	for (done = 0; done < count; done++, entry += sizeof(write)) {
		memcpy(&write, entry, sizeof(write));
		if (write.count > sizeof(write.data))
			ret = -EINVAL;
		else
			ret = write_region(vu, write.region, write.offset,
					   write.data, write.count);
		if (ret)
			break;
	}
	reply_put(vu, &done, sizeof(done));
	return ret;
}

static int do_reset(struct vu_server *vu, size_t len)
{
	(void)len;
	vu->dev->reset(vu->dev->priv);
	return 0;
}

/*
 * Messages
 */

/* A handler gets the payload's length, at least min; returns 0 or an errno. */
static const struct {
	const char *name;
	size_t min;
	int (*handle)(struct vu_server *vu, size_t len);
} commands[] = {
	[VU_VERSION] = { "VERSION", sizeof(struct vu_version), do_version },
	[VU_DMA_MAP] = { "DMA_MAP", sizeof(struct vu_dma_map), do_dma_map },
	[VU_DMA_UNMAP] = { "DMA_UNMAP", sizeof(struct vu_dma_unmap),
			   do_dma_unmap },
	[VU_GET_INFO] = { "GET_INFO", sizeof(struct vu_device_info),
			  do_get_info },
	[VU_GET_REGION_INFO] = { "GET_REGION_INFO",
				 sizeof(struct vu_region_info),
				 do_get_region_info },
	[VU_GET_IRQ_INFO] = { "GET_IRQ_INFO", sizeof(struct vu_irq_info),
			      do_get_irq_info },
	[VU_SET_IRQS] = { "SET_IRQS", sizeof(struct vu_irq_set), do_set_irqs },
	[VU_REGION_READ] = { "REGION_READ", sizeof(struct vu_region_access),
			     do_region_read },
	[VU_REGION_WRITE] = { "REGION_WRITE", sizeof(struct vu_region_access),
			      do_region_write },
	[VU_RESET] = { "RESET", 0, do_reset },
	[VU_REGION_WRITE_MULTI] = { "REGION_WRITE_MULTI", sizeof(uint64_t),
				    do_region_write_multi },
};

static uint64_t now_ms(void)
{
	return clock_ns() / 1000000;
}

/* Send len bytes of vu->tx; 0, or a negative errno: the connection is broken. */
static int send_all(struct vu_server *vu, size_t len)
{
	char control[CMSG_SPACE(sizeof(int))] = { 0 };
	uint64_t deadline = now_ms() + VU_SEND_TIMEOUT_MS;
	struct iovec iov = { .iov_base = vu->tx, .iov_len = len };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	struct cmsghdr *cmsg;
	ssize_t n;

	if (vu->tx_fd >= 0) {
		msg.msg_control = control;
		msg.msg_controllen = sizeof(control);
		cmsg = CMSG_FIRSTHDR(&msg);
		cmsg->cmsg_level = SOL_SOCKET;
		cmsg->cmsg_type = SCM_RIGHTS;
		cmsg->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(cmsg), &vu->tx_fd, sizeof(int));
	}
	while (iov.iov_len) {
		n = sendmsg(vu->fd[VU_CLIENT], &msg, MSG_NOSIGNAL);
		if (n < 0 && errno != EINTR)
			return errno == EAGAIN ? -ETIMEDOUT : -errno;
		if (n > 0) {
			iov.iov_base = (uint8_t *)iov.iov_base + n;
			iov.iov_len -= (size_t)n;
			msg.msg_control = NULL;
			msg.msg_controllen = 0;
		}
		if (iov.iov_len && now_ms() > deadline)
			return -ETIMEDOUT;
	}
	return 0;
}

/* Handle the message in vu->rx and answer it. */
static int handle_message(struct vu_server *vu)
{
	struct vu_header header;
	size_t len;
	int ret = -EOPNOTSUPP;

	memcpy(&header, vu->rx, sizeof(header));
	len = header.size - sizeof(header);
	vu->tx_len = 0;
	vu->tx_fd = -1;
	if (header.command < sizeof(commands) / sizeof(commands[0]) &&
	    commands[header.command].handle) {
		if (len < commands[header.command].min ||
		    (!vu->versioned && header.command != VU_VERSION))
			ret = -EINVAL;
		else
			ret = commands[header.command].handle(vu, len);
		trace(TRACE_VFIO, "%s: %zu bytes, %zu fds: %s",
		      commands[header.command].name, len, vu->rx_num_fds,
		      strerror(-ret));
	} else {
		trace(TRACE_VFIO, "command %u is not supported",
		      (unsigned int)header.command);
	}
	if (header.flags & VU_NO_REPLY)
		return 0;

	header.flags = VU_TYPE_REPLY;
	header.error = 0;
	if (ret) {
		header.flags |= VU_ERROR;
		header.error = (uint32_t)-ret;
		vu->tx_len = 0;
		vu->tx_fd = -1;
	}
	header.size = (uint32_t)(sizeof(header) + vu->tx_len);
	memcpy(vu->tx, &header, sizeof(header));
	return send_all(vu, header.size);
}

/* The client has disconnected or is dropped: release all that belongs to it. */
static void drop_client(struct vu_server *vu)
{
	close_source(vu, VU_CLIENT);
	disable_intx(vu);
	pci_msi_connect(vu->dev->pci, -1);
	guest_ram_unmap_all(vu->dev->ram);
	close_rx_fds(vu);
	vu->rx_len = 0;
	vu->versioned = false;
}

/* Keep the descriptors that came with a piece of a message. */
static int keep_fds(struct vu_server *vu, struct msghdr *msg)
{
	struct cmsghdr *cmsg;
	int ret = msg->msg_flags & MSG_CTRUNC ? -EPROTO : 0;

	for (cmsg = CMSG_FIRSTHDR(msg); cmsg; cmsg = CMSG_NXTHDR(msg, cmsg)) {
		size_t num = (cmsg->cmsg_len - CMSG_LEN(0)) / sizeof(int);

		if (cmsg->cmsg_level != SOL_SOCKET ||
		    cmsg->cmsg_type != SCM_RIGHTS)
			continue;
		for (size_t i = 0; i < num; i++) {
			int fd;

			memcpy(&fd, CMSG_DATA(cmsg) + i * sizeof(fd), sizeof(fd));
			if (vu->rx_num_fds < VU_MAX_FDS) {
				vu->rx_fds[vu->rx_num_fds++] = fd;
			} else {
				close(fd);
				ret = -EPROTO;
			}
		}
	}
	return ret;
}

/* Receive up to want bytes: their number, 0 at the end, or a negative errno. */
static ssize_t receive(struct vu_server *vu, size_t want)
{
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(VU_MAX_FDS * sizeof(int))];
	struct iovec iov = { .iov_base = vu->rx + vu->rx_len, .iov_len = want };
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control),
	};
	ssize_t n;
	int ret;

	do {
		n = recvmsg(vu->fd[VU_CLIENT], &msg,
			    MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	ret = keep_fds(vu, &msg);
	return ret ? ret : n;
}

/* Bytes that are still missing of the message, 0 if none, or -EPROTO. */
static ssize_t missing(struct vu_server *vu)
{
	struct vu_header header;

	if (vu->rx_len < sizeof(header))
		return (ssize_t)(sizeof(header) - vu->rx_len);
	memcpy(&header, vu->rx, sizeof(header));
	if (header.size < sizeof(header) || header.size > VU_MAX_MESSAGE ||
	    (header.flags & VU_TYPE_MASK) != VU_TYPE_REQUEST)
		return -EPROTO;
	return (ssize_t)(header.size - vu->rx_len);
}

/* As vu_serve(), for the connection; a negative errno or 1: drop it. */
static int serve_client(struct vu_server *vu)
{
	ssize_t want, n;
	int ret;

	while ((want = missing(vu)) > 0) {
		n = receive(vu, (size_t)want);
		if (n == -EAGAIN)
			return 0;
		/* ECONNRESET: it disconnected without reading all replies. */
		if (!vu->rx_len && (!n || n == -ECONNRESET))
			return 1;
		if (n <= 0)
			return n ? (int)n : -EPROTO;
		vu->rx_len += (size_t)n;
	}
	if (want < 0)
		return (int)want;

	ret = handle_message(vu);
	close_rx_fds(vu);
	vu->rx_len = 0;
	return ret == -EPIPE || ret == -ECONNRESET ? 1 : ret;
}

static int set_client(struct vu_server *vu, int fd)
{
	struct timeval timeout = {
		.tv_sec = VU_SEND_TIMEOUT_MS / 1000,
		.tv_usec = VU_SEND_TIMEOUT_MS % 1000 * 1000,
	};

	if (setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof(timeout)))
		return -errno;
	return open_source(vu, VU_CLIENT, fd);
}

/* Reject a second client at once. */
static int serve_listen(struct vu_server *vu)
{
	int fd = accept4(vu->fd[VU_LISTEN], NULL, NULL, SOCK_CLOEXEC);
	int ret;

	if (fd < 0)
		return errno == EAGAIN || errno == EINTR ||
		       errno == ECONNABORTED ? 0 : -errno;
	ret = vu->fd[VU_CLIENT] >= 0 ? -EBUSY : set_client(vu, fd);
	if (ret)
		close(fd);
	return ret == -EBUSY ? 0 : ret;
}

static int serve_intx_control(struct vu_server *vu, enum vu_source source)
{
	uint64_t count;

	if (read(vu->fd[source], &count, sizeof(count)) == sizeof(count))
		pci_intx_mask(vu->dev->pci, source == VU_MASK);
	return 0;
}

/**
 * vu_serve() - handle one thing that is ready: a client that connects, or a
 * message.
 * @vu: server
 *
 * Returns at once if nothing is ready. Waits at most VU_SEND_TIMEOUT_MS, for a
 * client that does not read replies. When a client goes or has to be dropped,
 * its memory is unmapped and its interrupts are disconnected; a server with a
 * socket then takes the next client. Front thread.
 *
 * Return: 0; 1 when the client has disconnected; a negative errno when it was
 * dropped (-EPROTO: broken framing, -ETIMEDOUT: does not read) or the server
 * cannot continue (-ENOTCONN: no client, and no socket for another).
 */
int vu_serve(struct vu_server *vu)
{
	struct epoll_event ev;
	bool was_client;
	int n, ret;

	n = epoll_wait(vu->epoll, &ev, 1, 0);
	if (n < 0)
		return errno == EINTR ? 0 : -errno;
	if (!n)
		return vu->fd[VU_CLIENT] < 0 && vu->fd[VU_LISTEN] < 0 ?
		       -ENOTCONN : 0;
	switch (ev.data.u32) {
	case VU_LISTEN:
		return serve_listen(vu);
	case VU_CLIENT:
		was_client = vu->versioned;
		ret = serve_client(vu);
		if (!ret)
			return 0;
		drop_client(vu);
		/* unix_socket_listen() of another process: is it in use? */
		return ret == 1 && !was_client && vu->fd[VU_LISTEN] >= 0 ?
		       0 : ret;
	default:
		return serve_intx_control(vu, ev.data.u32);
	}
}

/**
 * vu_poll_fd() - descriptor to poll for input.
 * @vu: server
 *
 * Return: a descriptor that is the same for the server's whole life and becomes
 * readable when vu_serve() has something to do.
 */
int vu_poll_fd(struct vu_server *vu)
{
	return vu->epoll;
}

static struct vu_server *vu_new(const struct vu_device *dev)
{
	struct vu_server *vu = calloc(1, sizeof(*vu));

	for (unsigned int i = 0; i < VU_NUM_IRQS; i++)
		assert(dev->irq_count[i] <= 1);
	if (!vu)
		return NULL;
	vu->dev = dev;
	for (unsigned int i = 0; i < VU_NUM_SOURCES; i++)
		vu->fd[i] = -1;
	vu->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (vu->epoll < 0) {
		free(vu);
		return NULL;
	}
	return vu;
}

/**
 * vu_from_fd() - serve a client that is connected already.
 * @fd: stream socket; the server owns it, unless it could not be made
 * @dev: device, outlives the server
 *
 * Return: server, or NULL with errno set.
 */
struct vu_server *vu_from_fd(int fd, const struct vu_device *dev)
{
	struct vu_server *vu = vu_new(dev);
	int ret;

	if (!vu)
		return NULL;
	ret = set_client(vu, fd);
	if (ret) {
		vu_close(vu);
		errno = -ret;
		return NULL;
	}
	return vu;
}

/**
 * vu_listen() - make a UNIX socket and wait for a client there.
 * @path: of the socket; a stale one is replaced
 * @dev: device, outlives the server
 * @err: takes a line for the user that names the path and says what to do
 * @err_size: its size in bytes
 *
 * Return: server, or NULL with the reason in @err.
 */
struct vu_server *vu_listen(const char *path, const struct vu_device *dev,
			    char *err, size_t err_size)
{
	struct vu_server *vu;
	int fd, ret;

	fd = unix_socket_listen(path, err, err_size);
	if (fd < 0)
		return NULL;
	ret = -ENOMEM;
	vu = vu_new(dev);
	if (vu)
		vu->path = strdup(path);
	if (vu && vu->path) {
		ret = fcntl(fd, F_SETFL, O_NONBLOCK) ? -errno : 0;
		if (!ret)
			ret = open_source(vu, VU_LISTEN, fd);
		if (!ret)
			return vu;
	}
	snprintf(err, err_size, "cannot serve %s: %s", path, strerror(-ret));
	close(fd);
	unlink(path);
	if (vu)
		vu_close(vu);
	return NULL;
}

/**
 * vu_close() - drop the client, remove the socket and free the server.
 * @vu: server
 */
void vu_close(struct vu_server *vu)
{
	drop_client(vu);
	close_source(vu, VU_LISTEN);
	if (vu->path)
		unlink(vu->path);
	free(vu->path);
	close(vu->epoll);
	free(vu);
}
