/* What main.c needs of a board: the seven functions of board.c. */
#ifndef BOARD_H
#define BOARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { CHANNELS = 2 };

/* Clocks, pins, UART and converter. */
void board_start(void);

/* A number that differs from start to start: a hardware generator, or a counter in flash; not the clock. */
uint16_t board_random(void);

/* Microseconds of a free-running clock; after 2^32 - 1 comes 0. */
uint32_t board_micros(void);

/* Call on_sample, which main.c has, from a timer's or the converter's interrupt; 0 stops it. False where it cannot. */
bool board_sample_every(uint32_t period_us);
void on_sample(void);

/* One number for each channel, from the converter; called by on_sample. False where a channel has none. */
bool board_read(int32_t values[CHANNELS]);

/* Give bytes to the UART without waiting; how many it took, 0 to n. */
size_t board_write(const uint8_t *bytes, size_t n);

/* The next byte that the UART has received; false where there is none. */
bool board_received(uint8_t *byte);

#endif
