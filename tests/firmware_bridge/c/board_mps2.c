/* examples/generic/board.h on QEMU's mps2-an386, for real: a UART, a timer, and a converter that counts.
 *
 * Channel c of its n-th sample is (37 n + 1000 c) mod 20011 - 10000. */
#include "board.h"

#define SYSTICK_CONTROL (*(volatile uint32_t *)0xE000E010u)
#define SYSTICK_RELOAD (*(volatile uint32_t *)0xE000E014u)
#define SYSTICK_NOW (*(volatile uint32_t *)0xE000E018u)
#define UART_DATA (*(volatile uint32_t *)0x40004000u)
#define UART_STATE (*(volatile uint32_t *)0x40004004u) /* bit 0: no room to send; bit 1: a byte has come */
#define UART_CONTROL (*(volatile uint32_t *)0x40004008u)
#define UART_DIVISOR (*(volatile uint32_t *)0x40004010u)

enum { CLOCK_MHZ = 25, TICK_US = 1000 };

int main(void);
void on_reset(void);
extern uint32_t stack_top[];
static volatile uint32_t ticks;
static volatile uint32_t period_ticks;

void board_start(void)
{
    UART_DIVISOR = 27; /* 921600 baud */
    UART_CONTROL = 3;
    SYSTICK_RELOAD = CLOCK_MHZ * TICK_US - 1;
    SYSTICK_NOW = 0;
    SYSTICK_CONTROL = 7;
}

uint16_t board_random(void)
{
    return 4711;
}

uint32_t board_micros(void)
{
    uint32_t before, passed;
    do {
        before = ticks;
        passed = CLOCK_MHZ * TICK_US - 1 - SYSTICK_NOW;
    } while (before != ticks);
    return before * TICK_US + passed / CLOCK_MHZ;
}

bool board_sample_every(uint32_t period_us)
{
    period_ticks = period_us / TICK_US;
    return true;
}

bool board_read(int32_t values[CHANNELS])
{
    static uint32_t n;
    values[0] = (int32_t)(37u * n % 20011u) - 10000;
    values[1] = (int32_t)((37u * n + 1000u) % 20011u) - 10000;
    n++;
    return true;
}

size_t board_write(const uint8_t *bytes, size_t n)
{
    size_t taken = 0;
    while (taken < n && (UART_STATE & 1u) == 0) {
        UART_DATA = bytes[taken++];
    }
    return taken;
}

bool board_received(uint8_t *byte)
{
    if ((UART_STATE & 2u) == 0) {
        return false;
    }
    *byte = (uint8_t)(UART_DATA & 0xFFu);
    return true;
}

static void on_systick(void)
{
    ticks = ticks + 1;
    if (period_ticks > 0 && ticks % period_ticks == 0) {
        on_sample();
    }
}

void on_reset(void)
{
    main();
}

static void on_fault(void)
{
    for (;;) {
    }
}

__attribute__((section(".vectors"), used)) static const struct {
    uint32_t *stack;
    void (*handlers[15])(void);
} vectors = {
    stack_top,
    {on_reset, on_fault, on_fault, on_fault, on_fault, on_fault, NULL, NULL, NULL, NULL, on_fault, NULL, NULL, on_fault,
     on_systick},
};
