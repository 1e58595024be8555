/* The seven functions that your board must fill in. As they stand they compile, and do nothing. */
#include "board.h"

void board_start(void)
{
    /* UART at 921600 baud or faster: 8 channels of 24 bits at 500 Hz are 12 kB a second before delta coding. */
}

uint16_t board_random(void)
{
    return 0; /* RNG->DR, or a counter in flash: with the same number at each start, restarts are not seen */
}

uint32_t board_micros(void)
{
    return 0; /* a 32-bit timer at 1 MHz; a faster or narrower one must be extended so that it comes round at 2^32 */
}

bool board_sample_every(uint32_t period_us)
{
    (void)period_us; /* set the timer, enable its interrupt; in the handler call on_sample() */
    return false;
}

bool board_read(int32_t values[CHANNELS])
{
    values[0] = values[1] = 0; /* an ADS1292: sign-extend (int32_t)((uint32_t)b[0] << 24 | b[1] << 16 | b[2] << 8) / 256 */
    return true;
}

size_t board_write(const uint8_t *bytes, size_t n)
{
    (void)bytes; /* while (taken < n && UART->ISR & TXE) UART->TDR = bytes[taken++]; or start a DMA and take all or nothing */
    (void)n;
    return 0;
}

bool board_received(uint8_t *byte)
{
    (void)byte; /* if (!(UART->ISR & RXNE)) return false; *byte = UART->RDR; return true; */
    return false;
}
