/* One interrupt breaks into eg_poll, at every instruction of it in turn: run it on the M4 under -icount shift=5, where an
 * instruction takes 32 ns and a tick of SysTick 40.
 *
 * Input: a start. A heartbeat is due; two samples wait in the ring, or are in the frame under way. The interrupt pushes a
 * third one, and tells of leads, battery and a button. Output, for each place: length (2) and what was written. */
#include <string.h>

#include "edgeguard_bridge.h"
#include "port.h"

enum { PLACES = 1700 };

static const eg_channel channel = {"a", "uV", 1.0f};
static volatile uint8_t ring[EG_RING_BYTES(1, 3, 4)];
static eg_bridge bridge;
static uint8_t output[1u << 20];
static size_t written;
static volatile bool came;

static size_t write_all(void *user, const uint8_t *bytes, size_t n)
{
    (void)user;
    memcpy(output + written, bytes, n);
    written += n;
    return n;
}

static void push(int32_t value)
{
    eg_push(&bridge, &value, 0);
}

static void interrupt(void)
{
    port_interrupts(NULL, 1);
    push(3);
    eg_leads(&bridge, 1);
    eg_battery(&bridge, 77, 7777);
    eg_button(&bridge, 9, true);
    came = true;
}

static void poll_broken_into(const eg_bridge *before, uint32_t ticks)
{
    const size_t start = written;
    written += 2;
    bridge = *before;
    came = false;
    port_interrupt_after(interrupt, ticks);
    eg_poll(&bridge, 1000000u);
    while (!came) {
    }
    eg_poll(&bridge, 1000001u);
    eg_leads(&bridge, 2); /* closes the frame under way */
    eg_poll(&bridge, 1000002u);
    output[start] = (uint8_t)((written - start - 2) & 0xFFu);
    output[start + 1] = (uint8_t)((written - start - 2) >> 8);
}

int main(void)
{
    static const eg_config config = {
        .device = "broken", .firmware = "1", .rate_mhz = 1000000, .channels = &channel, .channel_count = 1, .width = 3,
        .ring = ring, .ring_bytes = sizeof ring, .write = write_all};
    uint8_t start[64];
    const size_t n = port_read(start, sizeof start);
    uint32_t ticks;
    eg_bridge in_ring, in_frame;
    if (eg_init(&bridge, &config, 99) != EG_FINE || eg_receive(&bridge, start, n) != n) {
        return 1;
    }
    eg_poll(&bridge, 0);
    written = 0;
    push(1);
    push(2);
    in_ring = bridge;
    eg_poll(&bridge, 0);
    in_frame = bridge;
    for (ticks = 1; ticks <= PLACES; ticks++) {
        poll_broken_into(&in_ring, ticks);
        poll_broken_into(&in_frame, ticks);
    }
    port_write(output, written);
    return 0;
}
