#ifndef STUB_ATOMIC_H
#define STUB_ATOMIC_H
typedef long atomic_val_t;
typedef atomic_val_t atomic_t;
atomic_val_t atomic_set(atomic_t *target, atomic_val_t value);
#endif
