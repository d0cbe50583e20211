// SPDX-License-Identifier: GPL-2.0 OR MIT
/* Config space as a driver and QEMU probe it, and when interrupts are sent. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <linux/pci_regs.h>

#include "bus/pci.h"

static int setup(void **state)
{
	static struct pci_function pci;

	pci_init(&pci, 0x1002, 0x5b60, 0x03000000, 0x1002, 0x0302);
	pci_add_bar(&pci, 0, PCI_BASE_ADDRESS_MEM_PREFETCH, 64u << 20);
	pci_add_bar(&pci, 1, PCI_BASE_ADDRESS_SPACE_IO, 0x100);
	pci_add_bar(&pci, 2, 0, 0x10000);
	pci_add_bar(&pci, PCI_ROM_BAR, 0, 0x10000);
	pci_add_intx(&pci);
	pci_add_pcie_endpoint(&pci);
	pci_add_msi(&pci);
	pci_add_power_management(&pci);
	*state = &pci;
	return 0;
}

static int teardown(void **state)
{
	pci_fini(*state);
	return 0;
}

static uint32_t get(struct pci_function *pci, unsigned int off, unsigned int len)
{
	uint8_t buf[4] = { 0 };

	assert_int_equal(pci_config_read(pci, off, buf, len), 0);
	return buf[0] | (uint32_t)buf[1] << 8 | (uint32_t)buf[2] << 16 |
	       (uint32_t)buf[3] << 24;
}

static void set(struct pci_function *pci, unsigned int off, uint32_t val,
		unsigned int len)
{
	uint8_t buf[4] = { (uint8_t)val, (uint8_t)(val >> 8),
			   (uint8_t)(val >> 16), (uint8_t)(val >> 24) };

	assert_int_equal(pci_config_write(pci, off, buf, len), 0);
}

/* Write all ones, read what sticks, restore: as every PCI driver sizes. */
static uint32_t size_bar(struct pci_function *pci, unsigned int off,
			 uint32_t ones)
{
	uint32_t old = get(pci, off, 4), val;

	set(pci, off, ones, 4);
	val = get(pci, off, 4);
	set(pci, off, old, 4);
	return val;
}

static void header(void **state)
{
	struct pci_function *pci = *state;

	assert_int_equal(get(pci, PCI_VENDOR_ID, 4), 0x5b601002);
	assert_int_equal(get(pci, PCI_CLASS_REVISION, 4), 0x03000000);
	assert_int_equal(get(pci, PCI_SUBSYSTEM_VENDOR_ID, 4), 0x03021002);
	assert_int_equal(get(pci, PCI_HEADER_TYPE, 1), 0);
	assert_int_equal(get(pci, PCI_INTERRUPT_PIN, 1), 1);
	/* Read-only: IDs, status, pin. */
	for (unsigned int off = 0; off < PCI_BASE_ADDRESS_0; off += 4)
		set(pci, off, 0xffffffff, 4);
	set(pci, PCI_INTERRUPT_LINE, 0xffff, 2);
	assert_int_equal(get(pci, PCI_VENDOR_ID, 4), 0x5b601002);
	assert_int_equal(get(pci, PCI_COMMAND, 4),
			 PCI_COMMAND_IO | PCI_COMMAND_MEMORY |
			 PCI_COMMAND_MASTER | PCI_COMMAND_INTX_DISABLE |
			 PCI_STATUS_CAP_LIST << 16);
	assert_int_equal(get(pci, PCI_CLASS_REVISION, 4), 0x03000000);
	assert_int_equal(get(pci, PCI_INTERRUPT_LINE, 2), 0x1ff);
}

static void bars(void **state)
{
	struct pci_function *pci = *state;

	assert_int_equal(size_bar(pci, PCI_BASE_ADDRESS_0, ~0u), 0xfc000008);
	assert_int_equal(size_bar(pci, PCI_BASE_ADDRESS_1, ~0u), 0xffffff01);
	assert_int_equal(size_bar(pci, PCI_BASE_ADDRESS_2, ~0u), 0xffff0000);
	assert_int_equal(size_bar(pci, PCI_BASE_ADDRESS_3, ~0u), 0);
	/* As QEMU sizes a ROM, and as a BIOS does. */
	assert_int_equal(size_bar(pci, PCI_ROM_ADDRESS, 0xfffff800), 0xffff0000);
	assert_int_equal(size_bar(pci, PCI_ROM_ADDRESS, ~0u), 0xffff0001);

	set(pci, PCI_BASE_ADDRESS_0, 0xe0000000, 4);
	set(pci, PCI_BASE_ADDRESS_1, 0xc000, 4);
	set(pci, PCI_ROM_ADDRESS, 0xfe000001, 4);
	assert_int_equal(pci_bar_address(pci, 0), 0xe0000000);
	assert_int_equal(pci_bar_address(pci, 1), 0xc000);
	assert_int_equal(pci_bar_address(pci, PCI_ROM_BAR), 0xfe000000);
	assert_int_equal(pci_bar_address(pci, 3), 0);
	assert_int_equal(pci_bar_address(pci, 99), 0);
	/* Byte by byte, not aligned. */
	set(pci, PCI_BASE_ADDRESS_0 + 3, 0xd4, 1);
	assert_int_equal(get(pci, PCI_BASE_ADDRESS_0 + 1, 3), 0xd40000);
}

static void accesses_stay_inside(void **state)
{
	struct pci_function *pci = *state;
	uint8_t all[PCI_CONFIG_SIZE + 1];

	assert_int_equal(pci_config_read(pci, 0, all, PCI_CONFIG_SIZE), 0);
	assert_int_equal(pci_config_read(pci, 0, all, PCI_CONFIG_SIZE + 1),
			 -EINVAL);
	assert_int_equal(pci_config_read(pci, 0xfd, all, 4), -EINVAL);
	assert_int_equal(pci_config_write(pci, 0x100, all, 1), -EINVAL);
	assert_int_equal(pci_config_write(pci, UINT64_MAX, all, 2), -EINVAL);
	assert_int_equal(pci_config_read(pci, PCI_CONFIG_SIZE, all, 0), 0);
}

static void capabilities(void **state)
{
	struct pci_function *pci = *state;
	unsigned int exp = get(pci, PCI_CAPABILITY_LIST, 1);
	unsigned int msi = get(pci, exp + PCI_CAP_LIST_NEXT, 1);
	unsigned int pm = get(pci, msi + PCI_CAP_LIST_NEXT, 1);

	assert_int_equal(exp % 4, 0);
	assert_int_equal(get(pci, exp, 1), PCI_CAP_ID_EXP);
	assert_int_equal(get(pci, exp + PCI_EXP_FLAGS, 2), 2);
	assert_int_equal(get(pci, exp + PCI_EXP_LNKCAP, 4) & 0x3ff, 0x101);
	assert_int_equal(get(pci, exp + PCI_EXP_LNKSTA, 2) & 0x3ff, 0x101);
	assert_int_equal(get(pci, msi, 2), PCI_CAP_ID_MSI | pm << 8);
	assert_int_equal(get(pci, msi + PCI_MSI_FLAGS, 2), PCI_MSI_FLAGS_64BIT);
	set(pci, msi, 0xffffffff, 4);
	assert_int_equal(get(pci, msi, 4),
			 PCI_CAP_ID_MSI | pm << 8 | (PCI_MSI_FLAGS_64BIT |
			 PCI_MSI_FLAGS_QSIZE | PCI_MSI_FLAGS_ENABLE) << 16);
	set(pci, msi + PCI_MSI_ADDRESS_LO, 0xffffffff, 4);
	set(pci, msi + PCI_MSI_ADDRESS_HI, 0xffffffff, 4);
	set(pci, msi + PCI_MSI_DATA_64, 0xffffffff, 4);
	assert_int_equal(get(pci, msi + PCI_MSI_ADDRESS_LO, 4), 0xfffffffc);
	assert_int_equal(get(pci, msi + PCI_MSI_ADDRESS_HI, 4), 0xffffffff);
	assert_int_equal(get(pci, msi + PCI_MSI_DATA_64, 4), 0xffff);

	assert_int_equal(pm, pci->pm_cap);
	assert_int_equal(get(pci, pm, 1), PCI_CAP_ID_PM);
	assert_false(pci_in_d3(pci));
	set(pci, pm + PCI_PM_CTRL, 0xffff, 2);
	assert_int_equal(get(pci, pm + PCI_PM_CTRL, 2), PCI_PM_CTRL_NO_SOFT_RESET | 3);
	assert_true(pci_in_d3(pci));
}

static void reset(void **state)
{
	struct pci_function *pci = *state;
	uint8_t before[PCI_CONFIG_SIZE], ones[PCI_CONFIG_SIZE], after[PCI_CONFIG_SIZE];

	assert_int_equal(pci_config_read(pci, 0, before, sizeof(before)), 0);
	memset(ones, 0xff, sizeof(ones));
	assert_int_equal(pci_config_write(pci, 0, ones, sizeof(ones)), 0);
	pci_irq_set(pci, true);
	assert_true(pci_bus_master(pci));
	pci_reset(pci);
	assert_int_equal(pci_config_read(pci, 0, after, sizeof(after)), 0);
	assert_memory_equal(before, after, sizeof(before));
	assert_false(pci_bus_master(pci));
}

/* An eventfd of the client; count() takes what has been signalled. */
static int client_fd(int *mine)
{
	*mine = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	assert_true(*mine >= 0);
	return dup(*mine);
}

static unsigned int count(int fd)
{
	uint64_t n;

	return read(fd, &n, sizeof(n)) == sizeof(n) ? (unsigned int)n : 0;
}

static void intx_masks_itself(void **state)
{
	struct pci_function *pci = *state;
	int fd;

	assert_false(pci_irq_set(pci, true));	/* no eventfd */
	assert_int_equal(get(pci, PCI_STATUS, 2) & PCI_STATUS_INTERRUPT,
			 PCI_STATUS_INTERRUPT);
	pci_intx_connect(pci, client_fd(&fd));
	assert_int_equal(count(fd), 1);		/* was asserted already */
	assert_false(pci_irq_set(pci, true));
	assert_false(pci_irq_message(pci));
	assert_int_equal(count(fd), 0);		/* masked */
	pci_intx_mask(pci, false);
	assert_int_equal(count(fd), 1);		/* still asserted */
	assert_false(pci_irq_set(pci, false));
	assert_int_equal(get(pci, PCI_STATUS, 2) & PCI_STATUS_INTERRUPT, 0);
	pci_intx_mask(pci, false);
	assert_int_equal(count(fd), 0);
	assert_true(pci_irq_set(pci, true));
	assert_int_equal(count(fd), 1);
	pci_irq_set(pci, false);
	pci_intx_mask(pci, true);
	assert_false(pci_irq_set(pci, true));
	pci_intx_connect(pci, -1);
	pci_intx_mask(pci, false);
	assert_int_equal(count(fd), 0);
	close(fd);
}

static void intx_disable_gates(void **state)
{
	struct pci_function *pci = *state;
	int fd;

	pci_intx_connect(pci, client_fd(&fd));
	set(pci, PCI_COMMAND, PCI_COMMAND_INTX_DISABLE, 2);
	assert_false(pci_irq_set(pci, true));
	assert_int_equal(count(fd), 0);
	set(pci, PCI_COMMAND + 1, 0, 1);
	assert_int_equal(count(fd), 1);
	close(fd);
}

static void msi_sends_edges(void **state)
{
	struct pci_function *pci = *state;
	int intx, msi;

	pci_intx_connect(pci, client_fd(&intx));
	pci_msi_connect(pci, client_fd(&msi));
	assert_false(pci_irq_message(pci));
	assert_true(pci_irq_set(pci, true));
	assert_false(pci_irq_set(pci, true));
	assert_int_equal(count(msi), 1);
	assert_true(pci_irq_message(pci));
	assert_int_equal(count(msi), 1);
	assert_false(pci_irq_set(pci, false));
	assert_false(pci_irq_message(pci));
	assert_true(pci_irq_set(pci, true));
	assert_int_equal(count(msi), 1);
	pci_intx_mask(pci, false);
	assert_int_equal(count(intx), 0);
	/* A pending request follows the client from one kind to the other. */
	pci_msi_connect(pci, -1);
	assert_int_equal(count(intx), 1);
	close(msi);
	pci_msi_connect(pci, client_fd(&msi));
	assert_int_equal(count(msi), 1);
	assert_true(pci_irq_loopback(pci, true));
	assert_int_equal(count(msi), 1);
	close(intx);
	close(msi);
}

/* A client that never reads its eventfd must not stop the card. */
static void full_eventfd_does_not_block(void **state)
{
	struct pci_function *pci = *state;
	uint64_t full = UINT64_MAX - 1;
	int fd;

	pci_msi_connect(pci, client_fd(&fd));
	assert_int_equal(write(fd, &full, sizeof(full)), sizeof(full));
	assert_false(pci_irq_set(pci, true));
	close(fd);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(header),
		TEST(bars),
		TEST(accesses_stay_inside),
		TEST(capabilities),
		TEST(reset),
		TEST(intx_masks_itself),
		TEST(intx_disable_gates),
		TEST(msi_sends_edges),
		TEST(full_eventfd_does_not_block),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
