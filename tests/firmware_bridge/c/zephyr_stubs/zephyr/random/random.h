#ifndef STUB_RANDOM_H
#define STUB_RANDOM_H
#include <stdint.h>
uint16_t sys_rand16_get(void);
#endif
