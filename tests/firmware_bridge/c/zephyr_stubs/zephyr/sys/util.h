#ifndef STUB_UTIL_H
#define STUB_UTIL_H
#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))
#define MIN(a, b) (((a) < (b)) ? (a) : (b))
#endif
