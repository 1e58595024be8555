/* For a target that comes without a C library: what the bridge takes of it. */
#include <stddef.h>

void *memcpy(void *to, const void *from, size_t n);
void *memset(void *to, int byte, size_t n);
char *strchr(const char *text, int letter);
int strcmp(const char *one, const char *other);
size_t strlen(const char *text);
