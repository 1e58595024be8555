/* Bluetooth LE: Zephyr's Nordic UART service (3.7 or newer), one host at a time. */
#include "link.h"

#include <zephyr/bluetooth/bluetooth.h>
#include <zephyr/bluetooth/conn.h>
#include <zephyr/bluetooth/gatt.h>
#include <zephyr/bluetooth/services/nus.h>
#include <zephyr/kernel.h>
#include <zephyr/sys/atomic.h>
#include <zephyr/sys/util.h>

K_MSGQ_DEFINE(incoming, 1, 128, 1);

static struct bt_conn *host;
static atomic_t is_new;
static struct k_work advertising;

static const struct bt_data advertised[] = {
	BT_DATA_BYTES(BT_DATA_FLAGS, (BT_LE_AD_GENERAL | BT_LE_AD_NO_BREDR)),
	BT_DATA(BT_DATA_NAME_COMPLETE, CONFIG_BT_DEVICE_NAME, sizeof(CONFIG_BT_DEVICE_NAME) - 1),
};
static const struct bt_data scanned[] = {
	BT_DATA_BYTES(BT_DATA_UUID128_ALL, BT_UUID_NUS_SRV_VAL),
};

static void advertise(struct k_work *work)
{
	ARG_UNUSED(work);
	bt_le_adv_start(BT_LE_ADV_CONN_FAST_1, advertised, ARRAY_SIZE(advertised), scanned, ARRAY_SIZE(scanned));
}

static void connected(struct bt_conn *conn, uint8_t error)
{
	if (error == 0) {
		host = bt_conn_ref(conn);
	}
}

static void disconnected(struct bt_conn *conn, uint8_t reason)
{
	ARG_UNUSED(reason);
	if (conn == host) {
		host = NULL;
		bt_conn_unref(conn);
	}
}

/* Only now is the connection's memory free for the next one. */
static void recycled(void)
{
	k_work_submit(&advertising);
}

BT_CONN_CB_DEFINE(connection) = {
	.connected = connected,
	.disconnected = disconnected,
	.recycled = recycled,
};

static void subscribed(bool enabled, void *user)
{
	ARG_UNUSED(user);
	if (enabled) {
		atomic_set(&is_new, 1);
	}
}

static void received(struct bt_conn *conn, const void *data, uint16_t n, void *user)
{
	const uint8_t *bytes = data;

	ARG_UNUSED(conn);
	ARG_UNUSED(user);
	for (uint16_t at = 0; at < n; at++) {
		k_msgq_put(&incoming, &bytes[at], K_NO_WAIT); /* what has no room, the host sends again */
	}
}

static struct bt_nus_cb service = {
	.notif_enabled = subscribed,
	.received = received,
};

int link_start(void)
{
	int error = bt_nus_cb_register(&service, NULL);

	k_work_init(&advertising, advertise);
	if (error == 0) {
		error = bt_enable(NULL);
	}
	if (error == 0) {
		k_work_submit(&advertising);
	}
	return error;
}

/* Called from the main thread, bt_nus_send waits while the radio's buffers are full: the ring must hold what is sampled
 * meanwhile. A smaller MTU than 247 splits frames, which costs air time but loses nothing. */
size_t link_write(const uint8_t *bytes, size_t n)
{
	struct bt_conn *conn;

	k_sched_lock(); /* `disconnected` runs in another thread */
	conn = host == NULL ? NULL : bt_conn_ref(host);
	k_sched_unlock();
	if (conn == NULL) {
		return 0;
	}
	n = MIN(n, (size_t)bt_gatt_get_mtu(conn) - 3);
	if (bt_nus_send(conn, bytes, (uint16_t)n) != 0) {
		n = 0; /* nobody has subscribed, or there is no room: again at the next eg_poll */
	}
	bt_conn_unref(conn);
	return n;
}

bool link_received(uint8_t *byte)
{
	return k_msgq_get(&incoming, byte, K_NO_WAIT) == 0;
}

bool link_is_new(void)
{
	return atomic_set(&is_new, 0) != 0;
}
