/* A two-lead ECG wearable at a UART. What the board must do is in board.h. Research use only, not a medical device. */
#include "board.h"
#include "edgeguard_bridge.h"

static volatile uint8_t ring[EG_RING_BYTES(CHANNELS, 3, 32)];
static eg_bridge bridge;

/* The sampling interrupt. */
void on_sample(void)
{
    int32_t values[CHANNELS];
    if (!board_read(values)) {
        values[0] = values[1] = EG_MISSING;
    }
    eg_push(&bridge, values, board_micros());
}

static size_t write(void *user, const uint8_t *bytes, size_t n)
{
    (void)user;
    return board_write(bytes, n);
}

static eg_result obey(void *user, eg_action action, uint32_t argument)
{
    (void)user;
    switch (action) {
    case EG_START:
        return board_sample_every(1000000000u / bridge.rate_mhz) ? EG_DONE : EG_FAILED;
    case EG_STOP:
        board_sample_every(0);
        return EG_DONE;
    case EG_SET_RATE:
        return argument == 250000u || argument == 500000u ? EG_DONE : EG_WRONG_VALUE;
    default:
        return EG_DONE; /* EG_IDENTIFY: blink */
    }
}

static const eg_channel channels[CHANNELS] = {{"I", "uV", 0.0481f}, {"II", "uV", 0.0481f}};
static const eg_config config = {
    .device = "chest-0042", /* unlike that of any other: write it in at production, or make it of the chip's number */
    .firmware = "1.0.0",
    .channels = channels,
    .channel_count = CHANNELS,
    .width = 3,
    .delta = true,
    .latency_samples = 25,
    .rate_mhz = 250000,
    .ring = ring,
    .ring_bytes = sizeof ring,
    .write = write,
    .command = obey,
};

int main(void)
{
    board_start();
    if (eg_init(&bridge, &config, board_random()) != EG_FINE) {
        for (;;) {
        }
    }
    for (;;) {
        uint8_t byte;
        while (!bridge.command_waits && board_received(&byte)) {
            eg_receive(&bridge, &byte, 1);
        }
        eg_poll(&bridge, board_micros());
    }
}
