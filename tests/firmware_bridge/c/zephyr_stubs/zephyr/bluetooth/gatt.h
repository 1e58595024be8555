#ifndef STUB_GATT_H
#define STUB_GATT_H
#include <stdint.h>
struct bt_conn;
uint16_t bt_gatt_get_mtu(struct bt_conn *conn);
#endif
