/* Does with a bridge what its input says, and tells what came of it: driven by script.py.
 *
 * Input: operations, each a letter and its arguments, little endian. Output: at each 'F', the length (4) of what follows,
 * and what the operations since the last one answered. */
#include <string.h>

#include "edgeguard_bridge.h"
#include "port.h"

static uint8_t answers[1u << 20];
static uint32_t answered;

static char texts[2 + 2 * 255][256];
static eg_channel channels[255];
static volatile uint8_t ring[1u << 16];
static eg_config config;
static eg_bridge bridge;
static size_t acceptance;
static eg_result result;
static bool ended;

static void answer(const void *bytes, size_t n)
{
    if (answered + n > sizeof answers) {
        port_exit(2);
    }
    memcpy(answers + answered, bytes, n);
    answered += (uint32_t)n;
}

static void answer_number(uint32_t number, int bytes)
{
    while (bytes-- > 0) {
        const uint8_t low = (uint8_t)(number & 0xFFu);
        answer(&low, 1);
        number >>= 8;
    }
}

static void read_whole(void *bytes, size_t n)
{
    if (port_read(bytes, n) != n) {
        ended = true;
        memset(bytes, 0, n);
    }
}

static uint32_t number(int bytes)
{
    uint8_t read[4] = {0};
    read_whole(read, (size_t)bytes);
    return (uint32_t)read[0] | (uint32_t)read[1] << 8 | (uint32_t)read[2] << 16 | (uint32_t)read[3] << 24;
}

static const char *text(char *into)
{
    const uint32_t length = number(1);
    read_whole(into, length);
    into[length] = '\0';
    return into;
}

/* Answers 'W', length (2) and the bytes. */
static size_t write_some(void *user, const uint8_t *bytes, size_t n)
{
    const size_t accepted = n < acceptance ? n : acceptance;
    (void)user;
    acceptance -= accepted;
    answer("W", 1);
    answer_number((uint32_t)accepted, 2);
    answer(bytes, accepted);
    return accepted;
}

/* Answers 'C', action (1) and argument (4). */
static eg_result command(void *user, eg_action action, uint32_t argument)
{
    (void)user;
    answer("C", 1);
    answer_number(action, 1);
    answer_number(argument, 4);
    return result;
}

/* 'I': boot, rate, width, channels, delta, latency, ring, commands, texts -> what was wrong */
static void init(void)
{
    const uint16_t boot = (uint16_t)number(2);
    uint8_t channel;
    memset(&config, 0, sizeof config);
    config.rate_mhz = number(4);
    config.width = (uint8_t)number(1);
    config.channel_count = (uint8_t)number(1);
    config.delta = number(1) != 0;
    config.latency_samples = (uint8_t)number(1);
    config.ring = ring;
    config.ring_bytes = number(2);
    config.command = number(1) != 0 ? command : NULL;
    config.write = write_some;
    config.channels = channels;
    config.device = text(texts[0]);
    config.firmware = text(texts[1]);
    for (channel = 0; channel < config.channel_count; channel++) {
        uint32_t bits;
        channels[channel].name = text(texts[2 + 2 * channel]);
        channels[channel].unit = text(texts[3 + 2 * channel]);
        bits = number(4);
        memcpy(&channels[channel].resolution, &bits, sizeof bits);
    }
    result = EG_DONE;
    answer_number(eg_init(&bridge, &config, boot), 1);
}

/* 'S': the state that a golden frame comes from; nothing else is due */
static void set_state(void)
{
    const uint32_t now_us = number(4);
    bridge.heartbeat_us = bridge.hello_us = bridge.battery_us = now_us;
    bridge.sequence = (uint16_t)number(2);
    bridge.due = (uint8_t)number(1);
    bridge.taken = number(4);
    bridge.lost = number(4);
    bridge.streaming = number(1) != 0;
    bridge.step = (uint8_t)number(1);
    bridge.answered_id = (uint8_t)number(1);
    bridge.answered_result = (uint8_t)number(1);
    bridge.leads_told = bridge.leads_off;
    bridge.battery_told = (uint8_t)(bridge.battery & 0xFFu);
}

static void push(void)
{
    int32_t values[255];
    const uint32_t clock_us = number(4);
    uint8_t channel;
    for (channel = 0; channel < config.channel_count; channel++) {
        const uint32_t bits = number(4);
        memcpy(&values[channel], &bits, sizeof bits);
    }
    answer_number(eg_push(&bridge, values, clock_us), 1);
}

static void receive(void)
{
    static uint8_t bytes[65536];
    const uint32_t n = number(2);
    read_whole(bytes, n);
    answer_number((uint32_t)eg_receive(&bridge, bytes, n), 2);
}

static void poll(void)
{
    const uint32_t now_us = number(4);
    acceptance = number(2);
    eg_poll(&bridge, now_us);
    answer("P", 1);
}

static void flush(void)
{
    uint8_t length[4];
    uint32_t left = answered;
    int at;
    for (at = 0; at < 4; at++) {
        length[at] = (uint8_t)(left & 0xFFu);
        left >>= 8;
    }
    port_write(length, sizeof length);
    port_write(answers, answered);
    answered = 0;
}

static void leads(void)
{
    eg_leads(&bridge, number(4));
}

static void battery(void)
{
    const uint8_t percent = (uint8_t)number(1);
    eg_battery(&bridge, percent, (uint16_t)number(2));
}

static void button(void)
{
    const uint8_t which = (uint8_t)number(1);
    answer_number(eg_button(&bridge, which, number(1) != 0), 1);
}

static void result_of_commands(void)
{
    result = (eg_result)number(1);
}

static void reconnected(void)
{
    eg_reconnected(&bridge);
}

int main(void)
{
    static const struct {
        char letter;
        void (*does)(void);
    } operations[] = {{'I', init},    {'S', set_state}, {'U', push},   {'R', receive},            {'P', poll},
                      {'L', leads},   {'B', battery},   {'K', button}, {'C', result_of_commands}, {'N', reconnected},
                      {'F', flush}};
    for (;;) {
        const char letter = (char)number(1);
        size_t at = 0;
        if (ended) {
            return 0;
        }
        while (at < sizeof operations / sizeof *operations && operations[at].letter != letter) {
            at++;
        }
        if (at == sizeof operations / sizeof *operations) {
            return 1;
        }
        operations[at].does();
    }
}
