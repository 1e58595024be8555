/* Instructions that the bridge takes for a sample: run it on the M4 under -icount shift=0.
 *
 * Input: channels (1), width (1), delta (1), noise (4), samples (4). Output, 4 bytes each: instructions of a loop that has
 * 2 000 000, of all eg_push, of all eg_poll, and bytes written. */
#include "edgeguard_bridge.h"
#include "port.h"

enum { BURST = 16 };

static volatile uint8_t ring[EG_RING_BYTES(32, 3, BURST)];
static eg_channel channels[32];
static char names[32][3];
static eg_bridge bridge;
static uint32_t written;
static int32_t values[BURST][32];

static size_t write_all(void *user, const uint8_t *bytes, size_t n)
{
    (void)user;
    (void)bytes;
    written += (uint32_t)n;
    return n;
}

static uint32_t number(int bytes)
{
    uint8_t read[4] = {0};
    port_read(read, (size_t)bytes);
    return (uint32_t)read[0] | (uint32_t)read[1] << 8 | (uint32_t)read[2] << 16 | (uint32_t)read[3] << 24;
}

static void tell(uint32_t told)
{
    uint8_t bytes[4];
    for (int at = 0; at < 4; at++) {
        bytes[at] = (uint8_t)(told & 0xFFu);
        told >>= 8;
    }
    port_write(bytes, sizeof bytes);
}

static uint32_t calibration(void)
{
    uint32_t left = 1000000u;
    const uint32_t before = port_instructions();
    __asm__ volatile("1: subs %0, #1\n bne 1b" : "+l"(left) : : "cc");
    return port_instructions() - before;
}

static void make_values(uint32_t noise)
{
    static uint32_t random = 1;
    for (int sample = 0; sample < BURST; sample++) {
        for (int channel = 0; channel < 32; channel++) {
            random = random * 1664525u + 1013904223u;
            values[sample][channel] = (int32_t)((random >> 8) % (2u * noise + 1u)) - (int32_t)noise;
        }
    }
}

int main(void)
{
    static eg_config config;
    uint32_t left, noise, pushing = 0, polling = 0, before;
    config.device = "paced";
    config.firmware = "1";
    config.rate_mhz = 1000;
    config.channels = channels;
    config.channel_count = (uint8_t)number(1);
    config.width = (uint8_t)number(1);
    config.delta = number(1) != 0;
    config.ring = ring;
    config.ring_bytes = sizeof ring;
    config.write = write_all;
    noise = number(4);
    left = number(4);
    for (int channel = 0; channel < 32; channel++) {
        names[channel][0] = (char)('a' + channel / 16);
        names[channel][1] = (char)('a' + channel % 16);
        channels[channel].name = names[channel];
        channels[channel].unit = "uV";
        channels[channel].resolution = 1;
    }
    if (eg_init(&bridge, &config, 1) != EG_FINE) {
        return 1;
    }
    tell(calibration());
    eg_poll(&bridge, 0);
    bridge.streaming = true;
    written = 0;
    for (; left >= BURST; left -= BURST) {
        make_values(noise);
        before = port_instructions();
        for (int sample = 0; sample < BURST; sample++) {
            eg_push(&bridge, values[sample], 0);
        }
        pushing += port_instructions() - before;
        before = port_instructions();
        eg_poll(&bridge, 0);
        polling += port_instructions() - before;
    }
    tell(pushing);
    tell(polling);
    tell(written);
    return (int)bridge.lost;
}
