/* Start-up, semihosting and SysTick of QEMU's mps2-an386 (Cortex-M4, 25 MHz). */
#include "port.h"

#include <string.h>

#define SYSTICK_CONTROL (*(volatile uint32_t *)0xE000E010u)
#define SYSTICK_RELOAD (*(volatile uint32_t *)0xE000E014u)
#define SYSTICK_NOW (*(volatile uint32_t *)0xE000E018u)

enum { SYS_OPEN = 0x01, SYS_WRITE = 0x05, SYS_READ = 0x06, SYS_EXIT_EXTENDED = 0x20 };
enum { OPEN_RB = 1, OPEN_WB = 5, APPLICATION_EXIT = 0x20026 };

int main(void);
extern uint32_t stack_top[];
static void (*volatile called)(void);

static uint32_t semihosting(uint32_t operation, const void *arguments)
{
    register uint32_t r0 __asm__("r0") = operation;
    register const void *r1 __asm__("r1") = arguments;
    __asm__ volatile("bkpt 0xAB" : "+r"(r0) : "r"(r1) : "memory");
    return r0;
}

static uint32_t opened(const char *name, uint32_t mode)
{
    const uint32_t arguments[3] = {(uint32_t)name, mode, (uint32_t)strlen(name)};
    return semihosting(SYS_OPEN, arguments);
}

size_t port_read(void *bytes, size_t n)
{
    static uint32_t file;
    if (file == 0) {
        file = opened("input", OPEN_RB);
    }
    const uint32_t arguments[3] = {file, (uint32_t)bytes, (uint32_t)n};
    return n - semihosting(SYS_READ, arguments);
}

void port_write(const void *bytes, size_t n)
{
    static uint32_t file;
    if (file == 0) {
        file = opened("output", OPEN_WB);
    }
    const uint32_t arguments[3] = {file, (uint32_t)bytes, (uint32_t)n};
    if (semihosting(SYS_WRITE, arguments) != 0) {
        port_exit(3);
    }
}

void port_interrupts(void (*interrupt)(void), uint32_t period_us)
{
    port_interrupt_after(interrupt, period_us * 25u - 1u);
}

void port_interrupt_after(void (*interrupt)(void), uint32_t ticks)
{
    called = interrupt;
    SYSTICK_RELOAD = ticks;
    SYSTICK_NOW = 0;
    SYSTICK_CONTROL = interrupt == NULL ? 0u : 7u;
}

/* One instruction is one nanosecond, one tick 40. */
uint32_t port_instructions(void)
{
    if (SYSTICK_CONTROL == 0) {
        SYSTICK_RELOAD = 0xFFFFFFu;
        SYSTICK_NOW = 0;
        SYSTICK_CONTROL = 5u;
        while (SYSTICK_NOW == 0) {
        }
    }
    return (0xFFFFFFu - SYSTICK_NOW) * 40u;
}

void port_exit(int status)
{
    const uint32_t arguments[2] = {APPLICATION_EXIT, (uint32_t)status};
    semihosting(SYS_EXIT_EXTENDED, arguments);
    for (;;) {
    }
}

static void on_systick(void)
{
    if (called != NULL) {
        called();
    }
}

void on_reset(void);
void on_reset(void)
{
    port_exit(main());
}

static void on_fault(void)
{
    port_exit(4);
}

__attribute__((section(".vectors"), used)) static const struct {
    uint32_t *stack;
    void (*handlers[15])(void);
} vectors = {
    stack_top,
    {on_reset, on_fault, on_fault, on_fault, on_fault, on_fault, NULL, NULL, NULL, NULL, on_fault, NULL, NULL, on_fault,
     on_systick},
};
