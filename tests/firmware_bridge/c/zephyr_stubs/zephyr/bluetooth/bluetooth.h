#ifndef STUB_BLUETOOTH_H
#define STUB_BLUETOOTH_H
#include <stddef.h>
#include <stdint.h>
struct bt_data { uint8_t type; uint8_t data_len; const uint8_t *data; };
struct bt_le_adv_param { uint32_t options; };
#define BT_DATA(kind, bytes, length) {.type = (kind), .data_len = (length), .data = (const uint8_t *)(bytes)}
#define BT_DATA_BYTES(kind, ...) BT_DATA(kind, ((uint8_t[]){__VA_ARGS__}), sizeof((uint8_t[]){__VA_ARGS__}))
#define BT_DATA_FLAGS 0x01
#define BT_DATA_UUID128_ALL 0x07
#define BT_DATA_NAME_COMPLETE 0x09
#define BT_LE_AD_GENERAL 0x02
#define BT_LE_AD_NO_BREDR 0x04
extern const struct bt_le_adv_param stub_param;
#define BT_LE_ADV_CONN_FAST_1 (&stub_param)
int bt_enable(void (*ready)(int err));
int bt_le_adv_start(const struct bt_le_adv_param *param, const struct bt_data *ad, size_t ad_len,
                    const struct bt_data *sd, size_t sd_len);
#endif
