// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * One PCI function: what a driver finds in config space, and the way of an
 * interrupt to the client.
 *
 * The client (QEMU) shows the guest this config space and passes writes on, so
 * BAR addresses, COMMAND and the MSI enable are seen here. How an interrupt is
 * delivered is decided by the eventfds that the client connects, as in Linux'
 * VFIO: INTx is masked by each signal until the client unmasks it, and then
 * signals again if the card still asserts it.
 */
#include "bus/pci.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <linux/pci_regs.h>

#include "core/trace.h"

static uint16_t get16(const uint8_t *p)
{
	return (uint16_t)(p[0] | p[1] << 8);
}

static uint32_t get32(const uint8_t *p)
{
	return get16(p) | (uint32_t)get16(p + 2) << 16;
}

static void put16(uint8_t *p, uint16_t val)
{
	p[0] = (uint8_t)val;
	p[1] = (uint8_t)(val >> 8);
}

static void put32(uint8_t *p, uint32_t val)
{
	put16(p, (uint16_t)val);
	put16(p + 2, (uint16_t)(val >> 16));
}

/* Config space of a BAR; the expansion ROM's is apart from the others. */
static unsigned int bar_offset(unsigned int bar)
{
	return bar == PCI_ROM_BAR ? PCI_ROM_ADDRESS : PCI_BASE_ADDRESS_0 + 4 * bar;
}

/**
 * pci_init() - make a function with a type 0 header, without BARs,
 * capabilities and interrupt pin.
 * @pci: function
 * @vendor: vendor ID
 * @device: device ID
 * @class_rev: class code in bits 31:8, revision in bits 7:0
 * @subvendor: subsystem vendor ID
 * @subdevice: subsystem ID
 */
void pci_init(struct pci_function *pci, uint16_t vendor, uint16_t device,
	      uint32_t class_rev, uint16_t subvendor, uint16_t subdevice)
{
	memset(pci, 0, sizeof(*pci));
	pthread_mutex_init(&pci->lock, NULL);
	pci->intx_fd = -1;
	pci->msi_fd = -1;
	pci->cap_end = PCI_STD_HEADER_SIZEOF;

	put16(&pci->config[PCI_VENDOR_ID], vendor);
	put16(&pci->config[PCI_DEVICE_ID], device);
	put32(&pci->config[PCI_CLASS_REVISION], class_rev);
	put16(&pci->config[PCI_SUBSYSTEM_VENDOR_ID], subvendor);
	put16(&pci->config[PCI_SUBSYSTEM_ID], subdevice);

	put16(&pci->writable[PCI_COMMAND],
	      PCI_COMMAND_IO | PCI_COMMAND_MEMORY | PCI_COMMAND_MASTER |
	      PCI_COMMAND_INTX_DISABLE);
	pci->writable[PCI_INTERRUPT_LINE] = 0xff;
}

/**
 * pci_fini() - disconnect the interrupts and free what pci_init() made.
 * @pci: function that no thread uses any more
 */
void pci_fini(struct pci_function *pci)
{
	pci_intx_connect(pci, -1);
	pci_msi_connect(pci, -1);
	pthread_mutex_destroy(&pci->lock);
}

/* The request of the card, and its image in STATUS; &pci->lock held. */
static void set_level(struct pci_function *pci, bool level)
{
	pci->level = level;
	if (level)
		pci->config[PCI_STATUS] |= PCI_STATUS_INTERRUPT;
	else
		pci->config[PCI_STATUS] &= (uint8_t)~PCI_STATUS_INTERRUPT;
}

/**
 * pci_reset() - bring config space to its power-on state.
 * @pci: function
 *
 * Everything the guest can write is 0 after a reset. The client's eventfds and
 * its mask stay: they are not part of the function. Takes &pci->lock.
 */
void pci_reset(struct pci_function *pci)
{
	pthread_mutex_lock(&pci->lock);
	for (unsigned int i = 0; i < PCI_CONFIG_SIZE; i++)
		pci->config[i] &= (uint8_t)~pci->writable[i];
	set_level(pci, false);
	pthread_mutex_unlock(&pci->lock);
}

/**
 * pci_add_bar() - add a 32-bit BAR or the expansion ROM.
 * @pci: function that is being put together
 * @bar: 0 to 5, or PCI_ROM_BAR
 * @flags: read-only low bits: PCI_BASE_ADDRESS_SPACE_IO, _MEM_PREFETCH; 0 for
 *	the ROM
 * @size: bytes, a power of two, below 4 GiB
 */
void pci_add_bar(struct pci_function *pci, unsigned int bar, uint32_t flags,
		 uint64_t size)
{
	uint32_t low = (uint32_t)~PCI_BASE_ADDRESS_MEM_MASK;
	uint32_t mask;

	assert(bar < PCI_NUM_BARS && size && !(size & (size - 1)) &&
	       size <= 1u << 31);
	if (bar == PCI_ROM_BAR)
		low = (uint32_t)~PCI_ROM_ADDRESS_MASK;
	else if (flags & PCI_BASE_ADDRESS_SPACE_IO)
		low = (uint32_t)~PCI_BASE_ADDRESS_IO_MASK;
	assert(size > low);
	mask = ~((uint32_t)size - 1);
	if (bar == PCI_ROM_BAR)
		mask |= PCI_ROM_ADDRESS_ENABLE;
	pci->bar_size[bar] = size;
	put32(&pci->config[bar_offset(bar)], flags & low);
	put32(&pci->writable[bar_offset(bar)], mask);
}

/**
 * pci_add_capability() - append a capability to the list.
 * @pci: function that is being put together
 * @id: capability ID
 * @size: bytes, with the two of ID and next pointer
 *
 * The rest is 0 and read-only: the caller fills &pci->config and
 * &pci->writable.
 *
 * Return: its offset in config space.
 */
unsigned int pci_add_capability(struct pci_function *pci, uint8_t id,
				unsigned int size)
{
	unsigned int cap = pci->cap_end;

	assert(size >= PCI_CAP_SIZEOF && cap + size <= PCI_CONFIG_SIZE);
	pci->config[cap + PCI_CAP_LIST_ID] = id;
	if (pci->cap_last)
		pci->config[pci->cap_last + PCI_CAP_LIST_NEXT] = (uint8_t)cap;
	else
		pci->config[PCI_CAPABILITY_LIST] = (uint8_t)cap;
	pci->config[PCI_STATUS] |= PCI_STATUS_CAP_LIST;
	pci->cap_last = cap;
	pci->cap_end = (cap + size + 3) & ~3u;
	return cap;
}

/**
 * pci_add_msi() - add MSI: one vector, 64-bit address, no mask bits.
 * @pci: function that is being put together
 *
 * The guest's address and data are stored only; the client reads its own copy
 * and connects an eventfd while MSI is enabled.
 */
void pci_add_msi(struct pci_function *pci)
{
	unsigned int cap = pci_add_capability(pci, PCI_CAP_ID_MSI, 0xe);

	put16(&pci->config[cap + PCI_MSI_FLAGS], PCI_MSI_FLAGS_64BIT);
	put16(&pci->writable[cap + PCI_MSI_FLAGS],
	      PCI_MSI_FLAGS_ENABLE | PCI_MSI_FLAGS_QSIZE);
	put32(&pci->writable[cap + PCI_MSI_ADDRESS_LO], 0xfffffffc);
	put32(&pci->writable[cap + PCI_MSI_ADDRESS_HI], 0xffffffff);
	put16(&pci->writable[cap + PCI_MSI_DATA_64], 0xffff);
	pci->msi_cap = cap;
}

/**
 * pci_add_pcie_endpoint() - add the PCI Express capability of an endpoint.
 * @pci: function that is being put together
 *
 * Version 2; a link of 16 lanes at 2.5 GT/s, up; 128-byte payloads. Relaxed
 * ordering, no-snoop and larger requests are hardwired to 0, which PCI Express
 * permits a function that never uses them.
 */
void pci_add_pcie_endpoint(struct pci_function *pci)
{
	unsigned int cap = pci_add_capability(pci, PCI_CAP_ID_EXP, 0x3c);
	uint16_t link = PCI_EXP_LNKSTA_CLS_2_5GB | 16 << PCI_EXP_LNKSTA_NLW_SHIFT;

	put16(&pci->config[cap + PCI_EXP_FLAGS], 2 | PCI_EXP_TYPE_ENDPOINT << 4);
	put32(&pci->config[cap + PCI_EXP_DEVCAP], PCI_EXP_DEVCAP_RBER);
	put16(&pci->writable[cap + PCI_EXP_DEVCTL],
	      PCI_EXP_DEVCTL_CERE | PCI_EXP_DEVCTL_NFERE |
	      PCI_EXP_DEVCTL_FERE | PCI_EXP_DEVCTL_URRE);
	put32(&pci->config[cap + PCI_EXP_LNKCAP],
	      link | PCI_EXP_LNKCAP_ASPM_L0S);
	put16(&pci->writable[cap + PCI_EXP_LNKCTL],
	      PCI_EXP_LNKCTL_ASPMC | PCI_EXP_LNKCTL_CCC | PCI_EXP_LNKCTL_ES);
	put16(&pci->config[cap + PCI_EXP_LNKSTA], link | PCI_EXP_LNKSTA_SLC);
	put32(&pci->config[cap + PCI_EXP_LNKCAP2], PCI_EXP_LNKCAP2_SLS_2_5GB);
}

/**
 * pci_add_power_management() - add the power states D0 and D3.
 * @pci: function that is being put together
 *
 * The function keeps its configuration in D3, and sends no PME.
 */
void pci_add_power_management(struct pci_function *pci)
{
	unsigned int cap = pci_add_capability(pci, PCI_CAP_ID_PM, PCI_PM_SIZEOF);

	put16(&pci->config[cap + PCI_PM_PMC], 3);
	put16(&pci->config[cap + PCI_PM_CTRL], PCI_PM_CTRL_NO_SOFT_RESET);
	put16(&pci->writable[cap + PCI_PM_CTRL], PCI_PM_CTRL_STATE_MASK);
	pci->pm_cap = cap;
}

/**
 * pci_add_intx() - connect the interrupt to pin INTA.
 * @pci: function that is being put together
 */
void pci_add_intx(struct pci_function *pci)
{
	pci->config[PCI_INTERRUPT_PIN] = 1;
}

/**
 * pci_bar_address() - where the guest has put a BAR.
 * @pci: function
 * @bar: 0 to 5, or PCI_ROM_BAR
 *
 * Any thread; takes &pci->lock.
 *
 * Return: bus address, 0 if the BAR does not exist or has no address.
 */
uint64_t pci_bar_address(struct pci_function *pci, unsigned int bar)
{
	uint32_t val;

	if (bar >= PCI_NUM_BARS || !pci->bar_size[bar])
		return 0;
	pthread_mutex_lock(&pci->lock);
	val = get32(&pci->config[bar_offset(bar)]);
	pthread_mutex_unlock(&pci->lock);
	return val & ~((uint32_t)pci->bar_size[bar] - 1);
}

/* An eventfd never blocks here: vfio_user.c takes no other descriptors. */
static bool signal_fd(int fd)
{
	const uint64_t one = 1;

	return fd >= 0 && write(fd, &one, sizeof(one)) == sizeof(one);
}

/* Signal INTx if it is asserted and nothing holds it back; &pci->lock held. */
static bool intx_update(struct pci_function *pci)
{
	if (!pci->level || pci->intx_masked || pci->msi_fd >= 0 ||
	    pci->intx_fd < 0 ||
	    (get16(&pci->config[PCI_COMMAND]) & PCI_COMMAND_INTX_DISABLE))
		return false;
	pci->intx_masked = true;
	trace(TRACE_PCI, "INTx signalled, masked");
	return signal_fd(pci->intx_fd);
}

static bool in_config(uint64_t off, uint32_t len)
{
	return off <= PCI_CONFIG_SIZE && len <= PCI_CONFIG_SIZE - off;
}

/**
 * pci_config_read() - read config space.
 * @pci: function
 * @off: bytes
 * @buf: takes the bytes
 * @len: bytes; any length and alignment
 *
 * Takes &pci->lock.
 *
 * Return: 0, or -EINVAL outside of config space.
 */
int pci_config_read(struct pci_function *pci, uint64_t off, void *buf,
		    uint32_t len)
{
	if (!in_config(off, len))
		return -EINVAL;
	pthread_mutex_lock(&pci->lock);
	memcpy(buf, &pci->config[off], len);
	pthread_mutex_unlock(&pci->lock);
	return 0;
}

/**
 * pci_config_write() - write config space; read-only bits stay.
 * @pci: function
 * @off: bytes
 * @buf: the bytes
 * @len: bytes; any length and alignment
 *
 * Takes &pci->lock. Enabling INTx while the card asserts it signals it.
 *
 * Return: 0, or -EINVAL outside of config space.
 */
int pci_config_write(struct pci_function *pci, uint64_t off, const void *buf,
		     uint32_t len)
{
	const uint8_t *new = buf;

	if (!in_config(off, len))
		return -EINVAL;
	pthread_mutex_lock(&pci->lock);
	for (uint32_t i = 0; i < len; i++) {
		uint8_t mask = pci->writable[off + i];
		uint8_t *old = &pci->config[off + i];

		*old = (uint8_t)((*old & ~mask) | (new[i] & mask));
	}
	intx_update(pci);
	pthread_mutex_unlock(&pci->lock);
	return 0;
}

/**
 * pci_in_d3() - is the function in D3?
 * @pci: function with power states
 *
 * Any thread; takes &pci->lock.
 *
 * Return: true in D3hot.
 */
bool pci_in_d3(struct pci_function *pci)
{
	uint16_t ctrl;

	pthread_mutex_lock(&pci->lock);
	ctrl = get16(&pci->config[pci->pm_cap + PCI_PM_CTRL]);
	pthread_mutex_unlock(&pci->lock);
	return (ctrl & PCI_PM_CTRL_STATE_MASK) == 3;
}

/**
 * pci_bus_master() - may the card do DMA?
 * @pci: function
 *
 * Any thread; takes &pci->lock.
 *
 * Return: COMMAND.MASTER.
 */
bool pci_bus_master(struct pci_function *pci)
{
	bool master;

	pthread_mutex_lock(&pci->lock);
	master = pci->config[PCI_COMMAND] & PCI_COMMAND_MASTER;
	pthread_mutex_unlock(&pci->lock);
	return master;
}

/* Send one MSI message; &pci->lock held. */
static bool msi_send(struct pci_function *pci)
{
	trace(TRACE_PCI, "MSI signalled");
	return signal_fd(pci->msi_fd);
}

/**
 * pci_irq_set() - the card asserts or releases its interrupt.
 * @pci: function
 * @level: asserted
 *
 * Any thread; takes &pci->lock, which is the innermost lock. With MSI a rising
 * edge sends one message; INTx is signalled whenever it is asserted and not
 * masked.
 *
 * Return: true if the client was signalled.
 */
bool pci_irq_set(struct pci_function *pci, bool level)
{
	bool rising, sent;

	pthread_mutex_lock(&pci->lock);
	rising = level && !pci->level;
	set_level(pci, level);
	if (pci->msi_fd >= 0)
		sent = rising && msi_send(pci);
	else
		sent = intx_update(pci);
	pthread_mutex_unlock(&pci->lock);
	return sent;
}

/**
 * pci_irq_message() - send another MSI message while the level is high.
 * @pci: function
 *
 * Any thread; takes &pci->lock. For a new status bit and for the MSI rearm;
 * INTx ignores it, since its level says everything.
 *
 * Return: true if the client was signalled.
 */
bool pci_irq_message(struct pci_function *pci)
{
	bool sent;

	pthread_mutex_lock(&pci->lock);
	sent = pci->level && pci->msi_fd >= 0 && msi_send(pci);
	pthread_mutex_unlock(&pci->lock);
	return sent;
}

static void replace_fd(int *slot, int fd)
{
	if (*slot >= 0)
		close(*slot);
	*slot = fd;
}

/**
 * pci_intx_connect() - the client sets or removes INTx' eventfd.
 * @pci: function
 * @fd: eventfd, owned by the function from now on; -1 disconnects
 *
 * Takes &pci->lock. Unmasks INTx, and signals it if it is asserted.
 */
void pci_intx_connect(struct pci_function *pci, int fd)
{
	pthread_mutex_lock(&pci->lock);
	replace_fd(&pci->intx_fd, fd);
	pci->intx_masked = false;
	intx_update(pci);
	pthread_mutex_unlock(&pci->lock);
}

/**
 * pci_intx_mask() - the client masks or unmasks INTx.
 * @pci: function
 * @masked: masked
 *
 * Takes &pci->lock. Unmasking signals INTx again if it is still asserted: the
 * client takes that as the end of an interrupt that was not handled in full.
 */
void pci_intx_mask(struct pci_function *pci, bool masked)
{
	pthread_mutex_lock(&pci->lock);
	pci->intx_masked = masked;
	intx_update(pci);
	pthread_mutex_unlock(&pci->lock);
}

/**
 * pci_msi_connect() - the client sets or removes the eventfd of MSI vector 0.
 * @pci: function
 * @fd: eventfd, owned by the function from now on; -1 disconnects
 *
 * Takes &pci->lock. A request that is pending when MSI becomes available is
 * sent, or its edge would be lost; without MSI it goes to INTx.
 */
void pci_msi_connect(struct pci_function *pci, int fd)
{
	pthread_mutex_lock(&pci->lock);
	replace_fd(&pci->msi_fd, fd);
	if (fd >= 0 && pci->level)
		msi_send(pci);
	else
		intx_update(pci);
	pthread_mutex_unlock(&pci->lock);
}

/**
 * pci_irq_loopback() - the client asks for a signal, to try its own path.
 * @pci: function
 * @msi: MSI, otherwise INTx
 *
 * Takes &pci->lock. Changes neither level nor mask.
 *
 * Return: true if the client was signalled.
 */
bool pci_irq_loopback(struct pci_function *pci, bool msi)
{
	bool sent;

	pthread_mutex_lock(&pci->lock);
	sent = signal_fd(msi ? pci->msi_fd : pci->intx_fd);
	pthread_mutex_unlock(&pci->lock);
	return sent;
}
