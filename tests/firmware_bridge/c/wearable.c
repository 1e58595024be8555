/* Plays a wearable on standard input and output, in real time: the alarm signal is its sampling interrupt.
 *
 *     wearable [rate_hz [channels [width [delta [ring_bytes [accept [stall_ms]]]]]]]
 *
 * Channel c of sample n is (37 n + 1000 c) mod 20011 - 10000. `accept`: bytes that a write takes at most; the link takes
 * nothing for the first `stall_ms` of each second. Its battery loses a percent each second. */
#define _XOPEN_SOURCE 700
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "edgeguard_bridge.h"

static volatile uint8_t ring[65536];
static eg_channel channels[EG_MAX_CHANNELS];
static char names[EG_MAX_CHANNELS][8];
static eg_bridge bridge;
static eg_config config;
static size_t accept_most;
static uint32_t stall_ms;

static uint32_t micros(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint32_t)now.tv_sec * 1000000u + (uint32_t)(now.tv_nsec / 1000);
}

static void on_alarm(int number)
{
    int32_t values[EG_MAX_CHANNELS];
    uint32_t channel;
    (void)number;
    for (channel = 0; channel < config.channel_count; channel++) {
        values[channel] = (int32_t)(((uint64_t)bridge.taken * 37u + channel * 1000u) % 20011u) - 10000;
    }
    eg_push(&bridge, values, micros());
}

static void sample_every(uint32_t period_us)
{
    struct itimerval timer = {{0, 0}, {0, 0}};
    timer.it_interval.tv_usec = timer.it_value.tv_usec = (suseconds_t)period_us;
    setitimer(ITIMER_REAL, &timer, NULL);
}

static eg_result command(void *user, eg_action action, uint32_t argument)
{
    (void)user;
    if (action == EG_SET_RATE && (argument <= 1000u || argument > 10000000u)) {
        return EG_WRONG_VALUE;
    }
    if (action == EG_START) {
        sample_every((uint32_t)(1000000000u / bridge.rate_mhz));
    } else if (action == EG_STOP) {
        sample_every(0);
    }
    return EG_DONE;
}

static size_t write_some(void *user, const uint8_t *bytes, size_t n)
{
    ssize_t written;
    (void)user;
    if (micros() / 1000u % 1000u < stall_ms) {
        return 0;
    }
    written = write(STDOUT_FILENO, bytes, n < accept_most ? n : accept_most);
    return written < 0 ? 0 : (size_t)written;
}

static bool heard(void)
{
    struct pollfd input = {STDIN_FILENO, POLLIN, 0};
    uint8_t bytes[64];
    ssize_t n;
    if (poll(&input, 1, 1) <= 0) {
        return true; /* nothing came, or the alarm did */
    }
    n = read(STDIN_FILENO, bytes, sizeof bytes);
    if (n > 0) {
        size_t taken = eg_receive(&bridge, bytes, (size_t)n);
        while (taken < (size_t)n) {
            eg_poll(&bridge, micros());
            taken += eg_receive(&bridge, bytes + taken, (size_t)n - taken);
        }
    }
    return n > 0;
}

static uint32_t option(int count, char **words, int which, uint32_t otherwise)
{
    return count > which ? (uint32_t)strtoul(words[which], NULL, 10) : otherwise;
}

static void configure(int count, char **words)
{
    uint8_t channel;
    config.device = "played";
    config.firmware = "1.0";
    config.rate_mhz = option(count, words, 1, 250) * 1000u;
    config.channels = channels;
    config.channel_count = (uint8_t)option(count, words, 2, 2);
    config.width = (uint8_t)option(count, words, 3, 3);
    config.delta = option(count, words, 4, 1) != 0;
    config.ring = ring;
    config.ring_bytes = option(count, words, 5, EG_DEFAULT_RING);
    config.latency_samples = 50;
    config.write = write_some;
    config.command = command;
    accept_most = option(count, words, 6, EG_MAX_FRAME);
    stall_ms = option(count, words, 7, 0);
    for (channel = 0; channel < config.channel_count && channel < EG_MAX_CHANNELS; channel++) {
        snprintf(names[channel], sizeof names[channel], "c%u", channel);
        channels[channel].name = names[channel];
        channels[channel].unit = "uV";
        channels[channel].resolution = 0.5f;
    }
}

int main(int count, char **words)
{
    const uint32_t began_us = micros();
    struct sigaction alarm = {0};
    configure(count, words);
    if (eg_init(&bridge, &config, (uint16_t)getpid()) != EG_FINE) {
        return 1;
    }
    alarm.sa_handler = on_alarm;
    alarm.sa_flags = SA_RESTART;
    sigaction(SIGALRM, &alarm, NULL);
    fcntl(STDOUT_FILENO, F_SETFL, fcntl(STDOUT_FILENO, F_GETFL) | O_NONBLOCK);
    do {
        eg_battery(&bridge, (uint8_t)(100u - (micros() - began_us) / 1000000u % 100u), 4000);
        eg_poll(&bridge, micros());
    } while (heard());
    return 0;
}
