/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * One PCI function: config space, capabilities, and its interrupt to the
 * client (INTx or MSI, by eventfd). Has no code for Radeons: the pool device
 * uses it as well. See pci.c.
 */
#ifndef LAB_PCI_H
#define LAB_PCI_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PCI_CONFIG_SIZE	256u
#define PCI_ROM_BAR	6u
#define PCI_NUM_BARS	7u

/**
 * struct pci_function - a function's config space and interrupt.
 * @lock: protects the interrupt state; taken by front and engine threads
 * @config: config space
 * @writable: per byte, the bits the guest may change
 * @bar_size: size of each BAR in bytes, 0 where there is none; the last is the
 *	expansion ROM (PCI_ROM_BAR)
 * @cap_end: offset after the last capability added
 * @cap_last: offset of the last capability added, 0 if none
 * @msi_cap: offset of the MSI capability, 0 if none
 * @pm_cap: offset of the power management capability, 0 if none
 * @intx_fd: eventfd for INTx, -1 if the client set none
 * @msi_fd: eventfd for MSI vector 0, -1 likewise
 * @level: the card's interrupt request as it stands
 * @intx_masked: INTx is masked, by the client or automatically after firing
 */
struct pci_function {
	pthread_mutex_t lock;
	uint8_t config[PCI_CONFIG_SIZE];
	uint8_t writable[PCI_CONFIG_SIZE];
	uint64_t bar_size[PCI_NUM_BARS];
	unsigned int cap_end;
	unsigned int cap_last;
	unsigned int msi_cap;
	unsigned int pm_cap;
	int intx_fd;
	int msi_fd;
	bool level;
	bool intx_masked;
};

void pci_init(struct pci_function *pci, uint16_t vendor, uint16_t device,
	      uint32_t class_rev, uint16_t subvendor, uint16_t subdevice);
void pci_fini(struct pci_function *pci);
void pci_reset(struct pci_function *pci);
void pci_add_bar(struct pci_function *pci, unsigned int bar, uint32_t flags,
		 uint64_t size);
unsigned int pci_add_capability(struct pci_function *pci, uint8_t id,
				unsigned int size);
void pci_add_msi(struct pci_function *pci);
void pci_add_pcie_endpoint(struct pci_function *pci);
void pci_add_intx(struct pci_function *pci);
void pci_add_power_management(struct pci_function *pci);
uint64_t pci_bar_address(struct pci_function *pci, unsigned int bar);
int pci_config_read(struct pci_function *pci, uint64_t off, void *buf,
		    uint32_t len);
int pci_config_write(struct pci_function *pci, uint64_t off, const void *buf,
		     uint32_t len);
bool pci_bus_master(struct pci_function *pci);
bool pci_in_d3(struct pci_function *pci);

/*
 * The interrupt. pci_irq_set() gives the level the card asserts; with MSI a
 * rising edge sends one message. pci_irq_message() sends another message while
 * the level is still high (new status bit, MSI rearm); INTx ignores it. Both
 * return true if the client was signalled.
 */
bool pci_irq_set(struct pci_function *pci, bool level);
bool pci_irq_message(struct pci_function *pci);

/*
 * The client's side of the interrupt. Both _connect functions take the eventfd
 * over, -1 disconnects; while MSI is connected INTx is silent.
 */
void pci_intx_connect(struct pci_function *pci, int fd);
void pci_intx_mask(struct pci_function *pci, bool masked);
void pci_msi_connect(struct pci_function *pci, int fd);
bool pci_irq_loopback(struct pci_function *pci, bool msi);

#endif
