/* A bridge whose every entrance but eg_poll is called from an interrupt that breaks in anywhere.
 *
 * Input: a start, and other commands; the interrupt hears a byte of them each time. Output: samples taken (4) and lost (4),
 * buttons taken (4), and what was written. Channel c of sample n is (n * (7919 + c)) mod 2^20. */
#include "edgeguard_bridge.h"
#include "port.h"

enum { SAMPLES = 10000, PERIOD_US = 61, CHANNELS = 2 };

static const eg_channel channels[CHANNELS] = {{"a", "uV", 1.0f}, {"b", "uV", 1.0f}};
static volatile uint8_t ring[EG_RING_BYTES(CHANNELS, 3, 9)];
static eg_bridge bridge;
static uint8_t input[4096], output[1u << 20];
static size_t input_bytes, heard, written;
static size_t acceptance;
static volatile uint32_t interrupts, buttons;

static size_t write_some(void *user, const uint8_t *bytes, size_t n)
{
    const size_t accepted = n < acceptance ? n : acceptance;
    size_t at;
    (void)user;
    if (written + accepted > sizeof output) {
        port_exit(2);
    }
    for (at = 0; at < accepted; at++) {
        output[written++] = bytes[at];
    }
    return accepted;
}

static void interrupt(void)
{
    int32_t values[CHANNELS];
    uint32_t channel;
    interrupts = interrupts + 1;
    for (channel = 0; channel < CHANNELS; channel++) {
        values[channel] = (int32_t)(bridge.taken * (7919u + channel) % (1u << 20));
    }
    eg_push(&bridge, values, interrupts * PERIOD_US);
    if (heard < input_bytes) {
        heard += eg_receive(&bridge, input + heard, 1);
    }
    if (interrupts % 64 == 0) {
        eg_leads(&bridge, interrupts);
        eg_battery(&bridge, (uint8_t)(interrupts / 64 % 100), (uint16_t)(interrupts / 64 % 100 * 41));
        buttons = buttons + eg_button(&bridge, (uint8_t)buttons, (buttons & 1u) != 0);
    }
}

static void write_number(uint32_t number)
{
    uint8_t bytes[4];
    int at;
    for (at = 0; at < 4; at++) {
        bytes[at] = (uint8_t)(number & 0xFFu);
        number >>= 8;
    }
    port_write(bytes, sizeof bytes);
}

static void poll(size_t accept)
{
    acceptance = accept;
    eg_poll(&bridge, interrupts * PERIOD_US);
}

int main(void)
{
    static const eg_config config = {
        .device = "interrupted", .firmware = "1", .rate_mhz = 1000000, .channels = channels, .channel_count = CHANNELS,
        .width = 3, .delta = true, .ring = ring, .ring_bytes = sizeof ring, .write = write_some};
    uint32_t random = 1;
    input_bytes = port_read(input, sizeof input);
    if (eg_init(&bridge, &config, 99) != EG_FINE) {
        return 1;
    }
    port_interrupts(interrupt, PERIOD_US);
    while (interrupts < SAMPLES) {
        random = random * 1664525u + 1013904223u;
        poll(random >> 28 == 0 ? 0 : random >> 24);
        if (random >> 26 == 0) { /* the link is gone for a while */
            const uint32_t back = interrupts + 30;
            while (interrupts < back) {
                poll(0);
            }
        }
    }
    port_interrupts(NULL, PERIOD_US);
    poll(sizeof output);
    eg_leads(&bridge, 0); /* closes the frame under way */
    poll(sizeof output);
    poll(sizeof output);
    write_number(bridge.taken);
    write_number(bridge.lost);
    write_number(buttons);
    port_write(output, written);
    return 0;
}
