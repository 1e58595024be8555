#define _XOPEN_SOURCE 700
#include "port.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/time.h>

static void (*called)(void);

size_t port_read(void *bytes, size_t n)
{
    return fread(bytes, 1, n, stdin);
}

void port_write(const void *bytes, size_t n)
{
    if (fwrite(bytes, 1, n, stdout) != n || fflush(stdout) != 0) {
        exit(3);
    }
}

static void on_alarm(int number)
{
    (void)number;
    called();
}

void port_interrupts(void (*interrupt)(void), uint32_t period_us)
{
    struct itimerval timer = {{0, 0}, {0, 0}};
    if (interrupt != NULL) {
        struct sigaction action = {0};
        called = interrupt;
        action.sa_handler = on_alarm;
        action.sa_flags = SA_RESTART;
        sigaction(SIGALRM, &action, NULL);
        timer.it_interval.tv_usec = timer.it_value.tv_usec = (suseconds_t)period_us;
    }
    setitimer(ITIMER_REAL, &timer, NULL);
}

uint32_t port_instructions(void)
{
    return 0;
}

void port_exit(int status)
{
    exit(status);
}
