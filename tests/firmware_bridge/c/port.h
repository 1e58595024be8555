/* What the test programs need of the machine: a PC (port_host.c) or an emulated Cortex-M4 (port_m4.c). */
#ifndef PORT_H
#define PORT_H

#include <stddef.h>
#include <stdint.h>

/* Input: standard input, or the file `input` on the M4. Less than n at its end. */
size_t port_read(void *bytes, size_t n);

/* Output: standard output, or the file `output` on the M4. */
void port_write(const void *bytes, size_t n);

/* Call `interrupt` every `period_us` until it is NULL. */
void port_interrupts(void (*interrupt)(void), uint32_t period_us);

/* Call `interrupt` after so many of the M4's ticks, and again and again. */
void port_interrupt_after(void (*interrupt)(void), uint32_t ticks);

/* On the M4 under -icount shift=0: instructions so far, modulo 2^24 * 40. Else 0. */
uint32_t port_instructions(void);

void port_exit(int status);

#endif
