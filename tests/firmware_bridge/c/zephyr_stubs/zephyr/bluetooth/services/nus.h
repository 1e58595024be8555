#ifndef STUB_NUS_H
#define STUB_NUS_H
#include <stdbool.h>
#include <stdint.h>
struct bt_conn;
#define BT_UUID_NUS_SRV_VAL 0x9e, 0xca, 0xdc, 0x24, 0x0e, 0xe5, 0xa9, 0xe0, 0x93, 0xf3, 0xa3, 0xb5, 0x01, 0x00, 0x40, 0x6e
struct bt_nus_cb {
    void (*notif_enabled)(bool enabled, void *ctx);
    void (*received)(struct bt_conn *conn, const void *data, uint16_t len, void *ctx);
    void *ctx;
};
int bt_nus_cb_register(struct bt_nus_cb *cb, void *ctx);
int bt_nus_send(struct bt_conn *conn, const void *data, uint16_t len);
#endif
