/* libFuzzer: whatever comes to the command decoder, and however the link takes what is written.
 *
 *     clang -g -O1 -fsanitize=fuzzer,address,undefined -I firmware_bridge/c firmware_bridge/c/edgeguard_bridge.c \
 *         tests/firmware_bridge/c/fuzz.c -o fuzz && ./fuzz -max_total_time=3600 found tests/firmware_bridge/c/corpus
 *
 * The first byte chooses the configuration. The rest are pieces, the first byte of each its length and whether eg_receive
 * gets it as it is, or as the body of a frame whose CRC is right: chance would never find one. Between them eg_poll runs. */
#include <stdlib.h>
#include <string.h>

#include "edgeguard_bridge.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint32_t edges;
static uint8_t in_frame[EG_MAX_FRAME];
static size_t in_frame_bytes;
static size_t acceptance;

static void insist(bool holds)
{
    if (!holds) {
        abort();
    }
}

/* Every frame begins and ends with an edge, and has room. */
static size_t write_some(void *user, const uint8_t *bytes, size_t n)
{
    const size_t accepted = n < acceptance ? n : acceptance;
    size_t at;
    (void)user;
    for (at = 0; at < accepted; at++) {
        insist(in_frame_bytes < EG_MAX_FRAME);
        insist((in_frame_bytes == 0) == (bytes[at] == 0 && edges % 2 == 0));
        in_frame[in_frame_bytes++] = bytes[at];
        if (bytes[at] == 0 && edges++ % 2 == 1) {
            insist(in_frame_bytes > 14);
            in_frame_bytes = 0;
        }
    }
    return accepted;
}

static eg_result command(void *user, eg_action action, uint32_t argument)
{
    const eg_bridge *bridge = user;
    insist(action != EG_START || !bridge->streaming);
    insist(action != EG_STOP || bridge->streaming);
    insist(action != EG_SET_RATE || (!bridge->streaming && argument > 0));
    return (eg_result)(argument % 5);
}

static uint32_t crc_of(const uint8_t *bytes, size_t n)
{
    uint32_t crc = 0xFFFFFFFFu;
    for (size_t bit = 0; bit < 8 * n; bit++) {
        crc ^= bytes[bit / 8] >> bit % 8 & 1u;
        crc = crc >> 1 ^ ((crc & 1u) != 0 ? 0x82F63B78u : 0u);
    }
    return ~crc;
}

/* A frame with the body `bytes`, of 1 to 31; its length. */
static size_t framed(uint8_t *frame, const uint8_t *bytes, size_t n)
{
    const uint32_t crc = crc_of(bytes, n);
    size_t code = 1;
    memcpy(frame + 2, bytes, n);
    for (size_t at = 0; at < 4; at++) {
        frame[2 + n + at] = (uint8_t)(crc >> 8 * at & 0xFFu);
    }
    frame[0] = 0;
    frame[n + 6] = 0;
    for (size_t at = 2; at < n + 7; at++) {
        if (frame[at] == 0) {
            frame[code] = (uint8_t)(at - code);
            code = at;
        }
    }
    return n + 7;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const eg_channel channels[4] = {{"a", "uV", 1}, {"b", "uV", 2}, {"c", "mV", 2}, {"d", "mV", 2}};
    volatile uint8_t *const ring = malloc(5 * 20);
    eg_bridge bridge;
    uint32_t now_us = 0;
    const uint8_t how = size > 0 ? *data : 0;
    const eg_config config = {
        .device = "fuzzed", .firmware = "1", .rate_mhz = 1000, .channels = channels,
        .channel_count = (uint8_t)(1 + how % 4), .width = (uint8_t)(2 + how / 4 % 2), .delta = (how & 8) != 0,
        .latency_samples = (uint8_t)(how >> 6), .ring = ring, .ring_bytes = 5 * 20, .write = write_some,
        .command = (how & 16) != 0 ? command : NULL, .user = &bridge};
    insist(eg_init(&bridge, &config, 1) == EG_FINE);
    edges = 0;
    in_frame_bytes = 0;
    for (size_t at = 1; at + 1 < size;) {
        const uint8_t head = data[at++];
        const size_t wanted = 1 + head % 31, n = wanted < size - at ? wanted : size - at;
        const int32_t values[4] = {head, -(head << 4), head << 10, head == 7 ? EG_MISSING : 0};
        uint8_t frame[38];
        const size_t bytes = head < 128 ? framed(frame, data + at, n) : n;
        const size_t taken = eg_receive(&bridge, head < 128 ? frame : data + at, bytes);
        insist(taken <= bytes);
        at += n;
        eg_push(&bridge, values, now_us);
        eg_leads(&bridge, head & 3u);
        eg_battery(&bridge, head, 0);
        eg_button(&bridge, head, n % 2 == 0);
        acceptance = (how & 32) != 0 ? n : 65535;
        now_us += (uint32_t)head << 14;
        eg_poll(&bridge, now_us);
        insist(!bridge.command_waits || acceptance < 65535);
    }
    free((void *)(uintptr_t)ring);
    return 0;
}
