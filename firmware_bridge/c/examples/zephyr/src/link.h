/* A byte stream to the host: link_uart.c (UART, USB CDC) or link_nus.c (Bluetooth LE, Nordic UART service). */
#ifndef LINK_H
#define LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* 0, or a negative errno. */
int link_start(void);

/* How many bytes were accepted, 0 to n. */
size_t link_write(const uint8_t *bytes, size_t n);

/* The next byte that came; false where there is none. */
bool link_received(uint8_t *byte);

/* Whether the link broke off and is there anew since this was last asked. */
bool link_is_new(void);

#endif
