/* A two-lead wearable on Zephyr, over UART, USB CDC or Bluetooth LE. The signal is a saw tooth: put your converter's
 * data-ready interrupt in the place of the timer. Research use only, not a medical device. */
#include <zephyr/kernel.h>
#include <zephyr/random/random.h>

#include "edgeguard_bridge.h"
#include "link.h"

enum { CHANNELS = 2, RING_SAMPLES = 250 }; /* a second: Bluetooth may be away for some connection intervals */

static volatile uint8_t ring[EG_RING_BYTES(CHANNELS, 3, RING_SAMPLES)];
static eg_bridge bridge;

static uint32_t micros(void)
{
	return (uint32_t)k_ticks_to_us_floor64((uint64_t)k_uptime_ticks());
}

/* Runs in the interrupt of the system clock, at a period that is rounded to its ticks: 30.5 us where it has 32768 Hz. */
static void on_sample(struct k_timer *timer)
{
	static int32_t tooth;
	const int32_t values[CHANNELS] = {tooth, -tooth};

	ARG_UNUSED(timer);
	tooth = tooth < 20000 ? tooth + 100 : -20000;
	eg_push(&bridge, values, micros());
}

K_TIMER_DEFINE(sampling, on_sample, NULL);

static size_t write(void *user, const uint8_t *bytes, size_t n)
{
	ARG_UNUSED(user);
	return link_write(bytes, n);
}

static eg_result obey(void *user, eg_action action, uint32_t argument)
{
	const k_timeout_t period = K_USEC(1000000000u / bridge.rate_mhz);

	ARG_UNUSED(user);
	switch (action) {
	case EG_START:
		k_timer_start(&sampling, period, period);
		return EG_DONE;
	case EG_STOP:
		k_timer_stop(&sampling);
		return EG_DONE;
	case EG_SET_RATE:
		return argument == 125000u || argument == 250000u || argument == 500000u ? EG_DONE : EG_WRONG_VALUE;
	default:
		return EG_DONE;
	}
}

static const eg_channel channels[CHANNELS] = {{"I", "uV", 0.0481f}, {"II", "uV", 0.0481f}};
static const eg_config config = {
	.device = "chest-0042",
	.firmware = "1.0.0",
	.channels = channels,
	.channel_count = CHANNELS,
	.width = 3,
	.delta = true,
	.latency_samples = 25,
	.rate_mhz = 250000,
	.ring = ring,
	.ring_bytes = sizeof(ring),
	.write = write,
	.command = obey,
};

int main(void)
{
	if (eg_init(&bridge, &config, sys_rand16_get()) != EG_FINE || link_start() != 0) {
		return 1;
	}
	for (;;) {
		uint8_t byte;

		if (link_is_new()) {
			eg_reconnected(&bridge);
		}
		while (!bridge.command_waits && link_received(&byte)) {
			eg_receive(&bridge, &byte, 1);
		}
		eg_poll(&bridge, micros());
		k_sleep(K_MSEC(5));
	}
}
