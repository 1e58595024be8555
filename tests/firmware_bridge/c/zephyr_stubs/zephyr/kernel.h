/* As much of Zephyr's headers as the example calls, written from its documentation; nothing here runs. */
#ifndef STUB_KERNEL_H
#define STUB_KERNEL_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ARG_UNUSED(argument) (void)(argument)
typedef struct { int64_t ticks; } k_timeout_t;
#define K_NO_WAIT ((k_timeout_t){0})
#define K_USEC(us) ((k_timeout_t){(int64_t)(us)})
#define K_MSEC(ms) ((k_timeout_t){(int64_t)(ms) * 1000})
struct k_timer;
typedef void (*k_timer_expiry_t)(struct k_timer *timer);
struct k_timer { k_timer_expiry_t expiry; void (*stop)(struct k_timer *timer); };
#define K_TIMER_DEFINE(name, expiry, stop) struct k_timer name = {expiry, stop}
void k_timer_start(struct k_timer *timer, k_timeout_t duration, k_timeout_t period);
void k_timer_stop(struct k_timer *timer);
int64_t k_uptime_ticks(void);
uint64_t k_ticks_to_us_floor64(uint64_t t);
int32_t k_sleep(k_timeout_t timeout);
void k_sched_lock(void);
void k_sched_unlock(void);
struct k_msgq { size_t size; };
#define K_MSGQ_DEFINE(name, size, most, align) struct k_msgq name = {size}
int k_msgq_put(struct k_msgq *queue, const void *data, k_timeout_t timeout);
int k_msgq_get(struct k_msgq *queue, void *data, k_timeout_t timeout);
struct k_work;
typedef void (*k_work_handler_t)(struct k_work *work);
struct k_work { k_work_handler_t handler; };
void k_work_init(struct k_work *work, k_work_handler_t handler);
int k_work_submit(struct k_work *work);
#endif
