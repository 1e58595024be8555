#ifndef STUB_DEVICE_H
#define STUB_DEVICE_H
#include <stdbool.h>
struct device { const char *name; };
extern const struct device stub_device;
#define DT_CHOSEN(name) name
#define DEVICE_DT_GET(node) (&stub_device)
bool device_is_ready(const struct device *dev);
#endif
