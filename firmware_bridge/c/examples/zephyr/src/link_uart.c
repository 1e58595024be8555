/* Interrupt-driven UART, or USB CDC, which Zephyr shows as one. Two ring buffers between interrupt and main thread. */
#include "link.h"

#include <errno.h>
#include <zephyr/device.h>
#include <zephyr/drivers/uart.h>
#include <zephyr/kernel.h>
#include <zephyr/sys/ring_buffer.h>

RING_BUF_DECLARE(outgoing, 512);
RING_BUF_DECLARE(incoming, 128);

static const struct device *const uart = DEVICE_DT_GET(DT_CHOSEN(edgeguard_link));

static void send(void)
{
	uint8_t *bytes;
	const uint32_t n = ring_buf_get_claim(&outgoing, &bytes, 64);
	const int taken = n > 0 ? uart_fifo_fill(uart, bytes, (int)n) : 0;

	ring_buf_get_finish(&outgoing, taken > 0 ? (uint32_t)taken : 0);
	if (n == 0) {
		uart_irq_tx_disable(uart);
	}
}

static void receive(void)
{
	uint8_t bytes[16];
	const int n = uart_fifo_read(uart, bytes, sizeof(bytes));

	if (n > 0) {
		ring_buf_put(&incoming, bytes, (uint32_t)n); /* what has no room, the host sends again */
	}
}

static void on_uart(const struct device *device, void *user)
{
	ARG_UNUSED(user);
	while (uart_irq_update(device) && uart_irq_is_pending(device)) {
		if (uart_irq_rx_ready(device)) {
			receive();
		}
		if (uart_irq_tx_ready(device)) {
			send();
		}
	}
}

int link_start(void)
{
	if (!device_is_ready(uart)) {
		return -ENODEV;
	}
	uart_irq_callback_user_data_set(uart, on_uart, NULL);
	uart_irq_rx_enable(uart);
	return 0;
}

size_t link_write(const uint8_t *bytes, size_t n)
{
	const uint32_t accepted = ring_buf_put(&outgoing, bytes, (uint32_t)n);

	uart_irq_tx_enable(uart);
	return accepted;
}

bool link_received(uint8_t *byte)
{
	return ring_buf_get(&incoming, byte, 1) == 1;
}

bool link_is_new(void)
{
	return false;
}
