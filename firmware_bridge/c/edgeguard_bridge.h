/* EdgeGuard's wearable end: samples out, commands in, over any byte stream. PROTOCOL.md describes the wire, version 1.
 *
 * C99, no malloc, nothing static that can be written; needs stdbool, stddef, stdint and string.h. Copy this file and
 * edgeguard_bridge.c into your project. Research use only, not a medical device.
 *
 *     static volatile uint8_t ring[EG_RING_BYTES(2, 3, 32)];     // 2 channels of 24 bits, 32 samples
 *     static const eg_channel channels[] = {{"I", "uV", 0.0481f}, {"II", "uV", 0.0481f}};
 *     static const eg_config config = {
 *         .device = "chest-0042", .firmware = "1.0.0", .rate_mhz = 250000,
 *         .channels = channels, .channel_count = 2, .width = 3, .delta = true, .latency_samples = 25,
 *         .ring = ring, .ring_bytes = sizeof ring, .write = uart_write, .command = obey};
 *     static eg_bridge bridge;
 *
 *     void sampling_interrupt(void) { int32_t values[2]; ...; eg_push(&bridge, values, micros()); }
 *
 *     int main(void) {
 *         if (eg_init(&bridge, &config, random16()) != EG_FINE) panic();
 *         for (;;) {
 *             uint8_t byte;
 *             while (!bridge.command_waits && uart_read(&byte)) eg_receive(&bridge, &byte, 1);
 *             eg_poll(&bridge, micros());
 *         }
 *     }
 *
 * Interrupts. eg_poll belongs to the main loop (or one thread). eg_push, eg_receive, eg_button, eg_leads and eg_battery
 * may each be called from the main loop or from one interrupt, which may break into eg_poll anywhere but not into itself.
 * No interrupt is ever blocked. How it is safe: each number that both sides touch is written by one side only at a
 * time; a position (eg_position) or flag is read and written in one piece; longer numbers are read until two readings
 * agree; all of them, and the bytes that they hand over, are volatile, so that the compiler keeps their order; and a
 * single core sees its own writes in order. It is NOT safe between two cores or between threads that run at once: lock there.
 */
#ifndef EDGEGUARD_BRIDGE_H
#define EDGEGUARD_BRIDGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The wire's sizes. */
#define EG_VERSION 1
#define EG_MAX_FRAME 244
#define EG_MAX_PAYLOAD 227
#define EG_MAX_CHANNELS 32
#define EG_COMMAND_BODY 20

/* Push this where a channel has no value: its lead is off, its converter failed. */
#define EG_MISSING (-2147483647 - 1)

/* Bytes of a ring for so many samples; EG_DEFAULT_RING holds 15 of two channels of 24 bits.
 * Have it hold what is sampled while eg_poll is not called or `write` accepts nothing. */
#define EG_RING_BYTES(channels, width, samples) (((size_t)(samples) + 1u) * (8u + (size_t)(channels) * (width)))
#define EG_DEFAULT_RING 224

/* Position in the ring: a type that the CPU reads and writes in one piece. uint8_t on 8-bit CPUs (254 samples at most). */
#ifndef EG_POSITION
#ifdef __AVR__
#define EG_POSITION uint8_t
#else
#define EG_POSITION uint16_t
#endif
#endif
typedef EG_POSITION eg_position;

/* What buttons did and eg_poll has not yet sent: one less than this at most. */
#ifndef EG_BUTTONS
#define EG_BUTTONS 4
#endif

/** What the host wants; as on the wire. */
typedef enum { EG_IDENTIFY = 0, EG_START = 1, EG_STOP = 2, EG_SET_RATE = 3 } eg_action;

/** What became of it; as on the wire. */
typedef enum { EG_DONE = 0, EG_UNKNOWN_ACTION = 1, EG_WRONG_VALUE = 2, EG_NOT_NOW = 3, EG_FAILED = 4 } eg_result;

/** What eg_init found wrong in the configuration. */
typedef enum {
    EG_FINE = 0,
    EG_BAD_DEVICE,     /* 1 to 24 of A-Z a-z 0-9 . _ - */
    EG_BAD_FIRMWARE,   /* 1 to 16 of the same */
    EG_BAD_RATE,       /* above 0 */
    EG_BAD_WIDTH,      /* 2 or 3 */
    EG_BAD_CHANNELS,   /* 1 to 32 */
    EG_BAD_NAME,       /* 1 to 8 printable, no blank, comma or plus; no two alike */
    EG_BAD_UNIT,       /* 1 to 8 printable, no blank */
    EG_BAD_RESOLUTION, /* above 0, finite */
    EG_BAD_RING,       /* room for one sample at least, for 65534 (254) at most */
    EG_BAD_WRITE,      /* a function */
    EG_HELLO_TOO_LONG  /* names and units together have no room in one frame: shorten them */
} eg_wrong;

/** One channel: value = number * resolution, in unit. */
typedef struct {
    const char *name;
    const char *unit;
    float resolution;
} eg_channel;

/** What the wearable is. Must outlive the bridge; make it const, then it stays in flash. */
typedef struct {
    const char *device;         /**< unlike that of any other wearable */
    const char *firmware;       /**< version of your firmware */
    const eg_channel *channels; /**< channel_count of them; neighbors of one unit and resolution save room in the hello */
    uint8_t channel_count;
    uint8_t width;           /**< bytes per sample on the wire: 2 or 3 */
    bool delta;              /**< send differences where that is shorter */
    uint8_t latency_samples; /**< a frame is closed when it holds so many; 0 for as many as have room */
    uint32_t rate_mhz;       /**< at first: thousandths of a hertz */
    volatile uint8_t *ring;  /**< memory between eg_push and eg_poll: EG_RING_BYTES, or EG_DEFAULT_RING */
    size_t ring_bytes;

    /** Send bytes; returns how many it accepted, 0 to n, without waiting. It is offered the rest again at the next
     * eg_poll. A frame is first offered whole: over Bluetooth LE accept all of it, as one notification, or nothing. */
    size_t (*write)(void *user, const uint8_t *bytes, size_t n);

    /** Do what the host wants, called by eg_poll: EG_START the sampling, EG_STOP it, EG_SET_RATE to `argument`
     * thousandths of a hertz, EG_IDENTIFY (nothing to do; blink). What it returns is answered, and only EG_DONE counts.
     * EG_START comes only while stopped, EG_STOP while streaming, EG_SET_RATE while stopped and above 0.
     * May be NULL: everything is done, but the rate cannot be set (EG_WRONG_VALUE). */
    eg_result (*command)(void *user, eg_action action, uint32_t argument);

    void *user; /**< handed to write and command */
} eg_config;

/** A bridge's state. You may read streaming, command_waits, lost and rate_mhz. Leave the rest alone; begin with zeros. */
typedef struct {
    const eg_config *config;
    uint32_t rate_mhz;

    /* shared with interrupts */
    volatile uint32_t taken;      /* index of the next sample; eg_push's while it streams, else eg_poll's */
    volatile uint32_t lost;       /* samples that found the ring full */
    volatile uint32_t leads_off;  /* as eg_leads said */
    volatile uint32_t battery;    /* as eg_battery said: known, mV, percent */
    volatile eg_position head;    /* slot that eg_push fills next */
    volatile eg_position tail;    /* slot that eg_poll empties next */
    volatile bool streaming;      /* eg_poll's */
    volatile bool command_waits;  /* command is whole: eg_receive sets it, eg_poll clears it */
    volatile uint8_t button_head; /* as head */
    volatile uint8_t button_tail; /* as tail */
    volatile uint8_t buttons[EG_BUTTONS][2];
    volatile uint8_t command[EG_COMMAND_BODY];

    /* eg_receive's */
    uint32_t command_crc;
    uint8_t command_length;
    uint8_t block_left; /* bytes of the COBS block under way */
    bool block_zero;    /* a zero follows it, if anything does */
    bool deaf;          /* passes over everything up to the next edge */

    /* eg_poll's */
    uint32_t heartbeat_us; /* when it was last sent, as the next two */
    uint32_t hello_us;
    uint32_t battery_us;
    uint32_t leads_told;
    uint32_t index; /* of the first sample in the frame under way */
    uint32_t answered_argument;
    eg_position slots;
    uint16_t boot;
    uint16_t sequence;
    uint8_t battery_told;
    uint8_t due;       /* frames to be sent */
    uint8_t slot_size; /* index, clock, values */
    uint8_t count;     /* samples in the frame under way; 0: there is none */
    uint8_t step;      /* bytes of each further number in it */
    uint8_t widest;    /* step that its numbers needed */
    bool answered;     /* some command; the last one is: */
    uint8_t answered_id, answered_action, answered_result;
    bool closed;    /* frame is whole, and not yet sent whole */
    uint8_t length; /* of what is in frame */
    uint8_t sent;   /* of it */
    uint8_t frame[EG_MAX_FRAME];
} eg_bridge;

/** Check `config` and begin; a bridge whose configuration is refused stays silent. `boot` must be another at each start: from a noise source, or a counter in flash. */
eg_wrong eg_init(eg_bridge *bridge, const eg_config *config, uint16_t boot);

/** One number for each channel, taken at `clock_us`. Numbers beyond the width stay at its end.
 * False where the sample was not taken over: nobody streams, or the ring is full (then it is counted in lost). */
bool eg_push(eg_bridge *bridge, const int32_t *values, uint32_t clock_us);

/** Bytes from the host. Returns how many were taken: less than n where a whole command waits for eg_poll; offer the
 * rest again after it, or forget it: the host repeats what is not answered. */
size_t eg_receive(eg_bridge *bridge, const uint8_t *bytes, size_t n);

/** Obey commands, and send what is there to send: call it often, each few samples. `now_us` is your clock of
 * microseconds, of which the low 32 bits count; the same one as for eg_push. */
void eg_poll(eg_bridge *bridge, uint32_t now_us);

/** Bit k set: the lead of channel k is off. Push EG_MISSING for it besides. Say it as often as you like, but
 * without bouncing: each change is a frame. */
void eg_leads(eg_bridge *bridge, uint32_t off);

/** Charge in percent, and mV or 0. Say it as often as you like; it is sent when a percent changed. */
void eg_battery(eg_bridge *bridge, uint8_t percent, uint16_t millivolts);

/** Button `number` was pressed or let go. False where too many wait for eg_poll. */
bool eg_button(eg_bridge *bridge, uint8_t number, bool pressed);

/** Call it from the main loop when the link broke off and is there anew: a frame that was cut is sent whole again. */
void eg_reconnected(eg_bridge *bridge);

#ifdef __cplusplus
}
#endif

#endif
