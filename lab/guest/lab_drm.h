/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * Cards and BOs of the radeon driver, on top of libdrm.
 *
 * Functions that return int return 0 or a negative errno.
 */
#ifndef LAB_DRM_H
#define LAB_DRM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <radeon_drm.h>

#define LAB_PAGE_SIZE	4096u

/**
 * struct lab_card - one Radeon in this machine.
 * @fd: open DRM node
 * @minor: of its primary node, by which debugfs knows it
 * @dma_bits: bits of a bus address that the card drives, by the table of cards
 * @name: name in the table of cards (lab/cards.list)
 * @product: product name
 * @pci: PCI address, e.g. "0000:01:00.0"
 */
struct lab_card {
	int fd;
	unsigned int minor;
	unsigned int dma_bits;
	char name[16];
	char product[64];
	char pci[24];
};

/**
 * lab_card_open() - open a Radeon that the radeon driver has bound.
 * @card: filled in
 * @name: its name; NULL opens the only card of the machine
 * @render: open the render node; otherwise the primary node, as DRM master if
 *	there is no other master
 *
 * Return: 0; -ENODEV: no such card, or the driver is not loaded; -ENOTUNIQ:
 * several cards and no @name; or an error of open().
 */
int lab_card_open(struct lab_card *card, const char *name, bool render);

/**
 * lab_card_open_or_die() - lab_card_open() for main(): reports and exits on error.
 * @card: filled in
 * @name: as for lab_card_open()
 * @render: as for lab_card_open()
 * @test: name of the test, for the report
 */
void lab_card_open_or_die(struct lab_card *card, const char *name, bool render,
			  const char *test);

/**
 * lab_open_driver() - open the primary node of the first device of a driver, for main(): reports
 * and exits if there is none.
 * @driver: name of the driver, or its beginning: some drivers' names end in "-drm"
 * @test: name of the test, for the report
 *
 * Return: an open file, which is DRM master if there is no other master.
 */
int lab_open_driver(const char *driver, const char *test);

/**
 * lab_card_unbind() - unbind the driver from a card; the open file stays.
 * @card: card
 * @test: name of the test, for the report
 * @command: the command for a shell that takes the card away, or NULL for an unbind in sysfs
 *
 * Reports and exits on error. With CONFIG_DMA_API_DEBUG, reports a failure if streaming mappings of
 * the card are left. Needs root.
 */
void lab_card_unbind(const struct lab_card *card, const char *test, const char *command);

/**
 * struct lab_bo - a buffer object.
 * @handle: GEM handle
 * @size: bytes, a multiple of the page size
 * @map: CPU mapping, or NULL
 */
struct lab_bo {
	uint32_t handle;
	uint64_t size;
	void *map;
};

/**
 * lab_bo_create() - create a BO and map it.
 * @card: card
 * @size: bytes, a multiple of the page size
 * @domain: its first placement, RADEON_GEM_DOMAIN_GTT or _VRAM
 * @bo: filled in
 */
int lab_bo_create(const struct lab_card *card, uint64_t size, uint32_t domain,
		  struct lab_bo *bo);

/**
 * lab_bo_create_flags() - create a BO with a caching mode and map it.
 * @card: card
 * @size: bytes, a multiple of the page size
 * @domain: its first placement, RADEON_GEM_DOMAIN_GTT or _VRAM
 * @flags: RADEON_GEM_GTT_WC, RADEON_GEM_GTT_UC or 0
 * @bo: filled in
 */
int lab_bo_create_flags(const struct lab_card *card, uint64_t size, uint32_t domain,
			uint32_t flags, struct lab_bo *bo);

/** lab_bo_close() - unmap and free @bo of @card. */
void lab_bo_close(const struct lab_card *card, struct lab_bo *bo);

/** lab_bo_wait() - wait until @bo is idle; -EBUSY after 30 s. */
int lab_bo_wait(const struct lab_card *card, const struct lab_bo *bo);

/**
 * lab_bo_wait_or_die() - lab_bo_wait() for tests, independent of the host's load.
 * @card: card
 * @bo: BO
 * @test: name of the test, for the report
 *
 * The driver's 30 s also pass while the host does not run the machine, or when a wake-up is lost
 * (stock 7.3 loses some). So the wait is repeated twice. If the BO is still busy, or on another
 * error, reports the state of the ring and exits. A GPU that hangs gives another error, or is
 * reset, after ten seconds.
 */
void lab_bo_wait_or_die(const struct lab_card *card, const struct lab_bo *bo, const char *test);

/**
 * lab_bo_busy() - is a BO busy, and where is it placed?
 * @card: card
 * @bo: BO
 * @domain: set to its placement, RADEON_GEM_DOMAIN_*; may be NULL
 *
 * Return: 1 when it is busy, 0 when it is idle, or a negative errno.
 */
int lab_bo_busy(const struct lab_card *card, const struct lab_bo *bo, uint32_t *domain);

/**
 * lab_move() - have the GPU move BOs to a domain.
 * @card: card
 * @bos: BOs
 * @count: how many, at most LAB_MOVE_MAX
 * @domain: RADEON_GEM_DOMAIN_GTT or RADEON_GEM_DOMAIN_VRAM
 *
 * Submits a command stream of padding whose relocations ask for the BOs in @domain: the driver
 * moves its BOs with the copy engine before it runs a stream. The moves are queued in order; this
 * function does not wait for them.
 *
 * The driver may leave a BO where it is when VRAM is short, or after it has moved LAB_MOVE_BYTES
 * to VRAM for a stream: check the domain with lab_bo_busy() (radeon_bo_list_validate() in
 * radeon_object.c).
 */
int lab_move(const struct lab_card *card, struct lab_bo *const bos[], unsigned int count,
	     uint32_t domain);

#define LAB_MOVE_MAX	32u
#define LAB_MOVE_BYTES	(1024u * 1024u)

#endif
