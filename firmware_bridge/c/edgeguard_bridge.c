/* See edgeguard_bridge.h for how to use it, and PROTOCOL.md for the wire. */
#include "edgeguard_bridge.h"

#include <string.h>

enum { HELLO = 1, SAMPLES = 2, EVENT = 3, ACK = 4, HEARTBEAT = 5, COMMAND = 0x81 };
enum { LEADS = 0, BUTTON = 1, BATTERY = 2 };
enum { DUE_HELLO = 1, DUE_LEADS = 2, DUE_BATTERY = 4, DUE_ACK = 8, DUE_BUTTON = 16, DUE_HEARTBEAT = 32 };

/* Places in the frame: edge, COBS code, then the body. */
enum { BODY = 2, CODING = 16, CHANNELS = 17, COUNT = 18, PAYLOAD_END = 239, CRC_END = 243 };

enum { VALUES = 8 }; /* in a slot of the ring, behind index and clock */

#define HEARTBEAT_US 1000000u
#define HELLO_US 10000000u
#define BATTERY_US 600000000u
#define BATTERY_KNOWN 0x80000000u
#define CRC_START 0xFFFFFFFFu
#define CRC_WHOLE 0xB798B438u /* what the CRC of bytes and their own CRC comes to, whatever the bytes */

/* ---- bytes ---- */

static uint32_t crc32c(uint32_t crc, uint8_t byte)
{
    static const uint32_t nibble[16] = {
        0x00000000u, 0x105EC76Fu, 0x20BD8EDEu, 0x30E349B1u, 0x417B1DBCu, 0x5125DAD3u, 0x61C69362u, 0x7198540Du,
        0x82F63B78u, 0x92A8FC17u, 0xA24BB5A6u, 0xB21572C9u, 0xC38D26C4u, 0xD3D3E1ABu, 0xE330A81Au, 0xF36E6F75u,
    };
    crc ^= byte;
    crc = (crc >> 4) ^ nibble[crc & 15u];
    return (crc >> 4) ^ nibble[crc & 15u];
}

static uint32_t get(const volatile uint8_t *from, uint8_t bytes)
{
    uint32_t number = 0;
    while (bytes-- > 0) {
        number = (number << 8) | from[bytes];
    }
    return number;
}

static void set(volatile uint8_t *to, uint32_t number, uint8_t bytes)
{
    while (bytes-- > 0) {
        *to++ = (uint8_t)(number & 0xFFu);
        number >>= 8;
    }
}

/* A number that an interrupt may be writing: on small CPUs it is not read in one piece. */
static uint32_t steady(const volatile uint32_t *number)
{
    uint32_t seen;
    do {
        seen = *number;
    } while (seen != *number);
    return seen;
}

/* ---- frames: built in place, one at a time ---- */

/* What has no room is dropped; eg_init finds out whether a hello has. */
static void put(eg_bridge *b, uint32_t number, uint8_t bytes)
{
    if (b->length + bytes <= CRC_END) {
        set(b->frame + b->length, number, bytes);
        b->length = (uint8_t)(b->length + bytes);
    } else {
        b->length = CRC_END;
    }
}

static void begin(eg_bridge *b, uint8_t type, uint32_t clock_us)
{
    b->length = BODY;
    put(b, EG_VERSION, 1);
    put(b, type, 1);
    put(b, b->boot, 2);
    put(b, b->sequence++, 2);
    put(b, clock_us, 4);
}

static void cobs_in_place(eg_bridge *b)
{
    uint8_t code = BODY - 1, at;
    for (at = BODY; at < b->length; at++) {
        if (b->frame[at] == 0) {
            b->frame[code] = (uint8_t)(at - code);
            code = at;
        }
    }
    b->frame[code] = (uint8_t)(b->length - code);
}

static void close_frame(eg_bridge *b)
{
    uint32_t crc = CRC_START;
    uint8_t at;
    for (at = BODY; at < b->length; at++) {
        crc = crc32c(crc, b->frame[at]);
    }
    put(b, ~crc, 4);
    cobs_in_place(b);
    b->frame[0] = 0;
    b->frame[b->length++] = 0;
    b->sent = 0;
    b->closed = true;
}

/* Whether the frame's room is free, or a frame of samples is under way in it. */
static bool flushed(eg_bridge *b)
{
    if (b->closed) {
        size_t left = (size_t)(b->length - b->sent);
        size_t accepted = b->config->write(b->config->user, b->frame + b->sent, left);
        b->closed = accepted < left;
        b->sent = (uint8_t)(b->sent + (b->closed ? accepted : left));
    }
    return !b->closed;
}

/* ---- samples: eg_push fills a slot of the ring and hands it over by `head`, eg_poll by `tail` ----
 *
 * The ring is full while one slot is free: the one before `tail`, with the sample that was taken last. So it is still
 * there when the next sample's difference to it is due. */

static volatile uint8_t *slot(const eg_bridge *b, eg_position at)
{
    return b->config->ring + (size_t)at * b->slot_size;
}

bool eg_push(eg_bridge *b, const int32_t *values, uint32_t clock_us)
{
    const eg_config *config = b->config;
    eg_position next;
    volatile uint8_t *to;
    uint32_t index;
    uint8_t channel;

    if (!b->streaming) {
        return false;
    }
    index = b->taken;
    b->taken = index + 1;
    next = (eg_position)(b->head + 1u);
    if (next == b->slots) {
        next = 0;
    }
    if (next == b->tail) {
        b->lost = b->lost + 1;
        return false;
    }
    to = slot(b, b->head);
    set(to, index, 4);
    set(to + 4, clock_us, 4);
    to += VALUES;
    for (channel = 0; channel < config->channel_count; channel++) {
        const int32_t most = config->width == 2 ? 32767 : 8388607;
        int32_t value = values[channel];
        if (value == EG_MISSING) {
            value = -most - 1;
        } else if (value > most) {
            value = most;
        } else if (value < -most) {
            value = -most;
        }
        set(to, (uint32_t)value, config->width);
        to += config->width;
    }
    b->head = next;
    return true;
}

/* Bytes that the differences between two samples need; the width where they cannot be sent as such. */
static uint8_t step_between(const eg_config *config, const volatile uint8_t *before, const volatile uint8_t *sample)
{
    const uint8_t width = config->width;
    const uint32_t sign = width == 2 ? 0x8000u : 0x800000u; /* flipped, the most negative number is 0 */
    uint8_t step = 1, channel;
    if (!config->delta) {
        return width;
    }
    for (channel = 0; channel < config->channel_count; channel++) {
        const uint32_t from = get(before + channel * width, width) ^ sign;
        const uint32_t to = get(sample + channel * width, width) ^ sign;
        const uint32_t difference = to - from;
        if (from == 0 || to == 0 || difference + 0x8000u > 0xFFFFu) {
            return width;
        }
        if (difference + 0x80u > 0xFFu) {
            step = 2;
        }
    }
    return step;
}

static void close_samples(eg_bridge *b)
{
    static const uint8_t codings[2][3] = {{2, 0, 0}, {3, 4, 1}};
    b->frame[CODING] = codings[b->config->width - 2][b->step - 1];
    b->frame[CHANNELS] = b->config->channel_count;
    b->frame[COUNT] = b->count;
    b->count = 0;
    b->step = b->widest; /* the next one will need what this one did */
    close_frame(b);
}

static void put_sample(eg_bridge *b, const volatile uint8_t *before, const volatile uint8_t *sample)
{
    const uint8_t width = b->config->width;
    const bool whole = b->count == 0 || b->step == width;
    uint8_t channel;
    for (channel = 0; channel < b->config->channel_count; channel++) {
        uint32_t number = get(sample + channel * width, width);
        if (!whole) {
            number -= get(before + channel * width, width);
        }
        put(b, number, whole ? width : b->step);
    }
}

static void begin_samples(eg_bridge *b, const volatile uint8_t *from)
{
    b->index = get(from, 4);
    begin(b, SAMPLES, get(from + 4, 4));
    put(b, b->index, 4);
    put(b, 0, 3); /* coding, channels and count, known when it is closed */
}

/* The next sample from the ring into the frame under way, or, where it does not belong there, closes that. */
static bool take_sample(eg_bridge *b)
{
    const eg_config *config = b->config;
    const eg_position tail = b->tail;
    const volatile uint8_t *sample = slot(b, tail) + VALUES, *before = sample;
    uint8_t step;

    if (tail == b->head) {
        return false;
    }
    if (b->count > 0) {
        before = slot(b, (eg_position)((tail == 0 ? b->slots : tail) - 1u)) + VALUES;
    }
    if (b->count > 0 && get(sample - VALUES, 4) != b->index + b->count) {
        close_samples(b); /* samples were lost here */
        return true;
    }
    step = step_between(config, before, sample);
    if (b->count == 0 || step > b->widest) {
        b->widest = step;
    }
    if (step > b->step) {
        if (b->count > 1) {
            close_samples(b);
            return true;
        }
        b->step = step; /* one sample alone is the same in every coding */
    }
    if (b->count == 0) {
        begin_samples(b, sample - VALUES);
    }
    put_sample(b, before, sample);
    b->count++;
    b->tail = (eg_position)(tail + 1u == b->slots ? 0 : tail + 1u);
    if (b->count == (config->latency_samples > 0 ? config->latency_samples : 255) ||
        b->length + b->step * config->channel_count > PAYLOAD_END) {
        close_samples(b);
    }
    return true;
}

/* ---- all other frames ---- */

static void put_text(eg_bridge *b, const char *text)
{
    put(b, (uint32_t)strlen(text), 1);
    while (*text != '\0') {
        put(b, (uint8_t)*text++, 1);
    }
}

static uint32_t bits_of(float number)
{
    uint32_t bits;
    memcpy(&bits, &number, sizeof bits);
    return bits;
}

static bool alike(const eg_channel *one, const eg_channel *other)
{
    return bits_of(one->resolution) == bits_of(other->resolution) && strcmp(one->unit, other->unit) == 0;
}

static void put_groups(eg_bridge *b)
{
    const eg_channel *channel = b->config->channels, *const end = channel + b->config->channel_count;
    while (channel < end) {
        const eg_channel *const first = channel;
        do {
            channel++;
        } while (channel < end && alike(first, channel));
        put(b, (uint32_t)(channel - first), 1);
        put(b, bits_of(first->resolution), 4);
        put_text(b, first->unit);
    }
}

static void put_hello(eg_bridge *b, uint32_t now_us)
{
    const eg_config *config = b->config;
    uint8_t channel;
    begin(b, HELLO, now_us);
    put_text(b, config->device);
    put_text(b, config->firmware);
    put(b, b->rate_mhz, 4);
    put(b, config->width, 1);
    put(b, config->channel_count, 2);
    put_groups(b);
    for (channel = 0; channel < config->channel_count; channel++) {
        put_text(b, config->channels[channel].name);
    }
}

static void put_heartbeat(eg_bridge *b)
{
    /* `taken` first: a sample that comes after it was read is in the ring, and the ring is looked at last */
    uint32_t next = steady(&b->taken);
    if (b->tail != b->head) {
        next = get(slot(b, b->tail), 4); /* what waits there is sent behind this */
    }
    put(b, next, 4);
    put(b, steady(&b->lost), 4);
    put(b, b->streaming, 1);
}

static void put_button(eg_bridge *b)
{
    const uint8_t tail = b->button_tail;
    put(b, BUTTON, 1);
    put(b, b->buttons[tail][0], 1);
    put(b, b->buttons[tail][1], 1);
    b->button_tail = (uint8_t)(tail + 1 == EG_BUTTONS ? 0 : tail + 1);
    if (b->button_tail != b->button_head) {
        b->due |= DUE_BUTTON; /* there is another one */
    }
}

/* Makes the frame of one bit of `due`. */
static void put_due(eg_bridge *b, uint8_t which, uint32_t now_us)
{
    b->due = (uint8_t)(b->due & ~which);
    if (which == DUE_HELLO) {
        put_hello(b, now_us);
        b->hello_us = now_us;
    } else if (which == DUE_ACK) {
        begin(b, ACK, now_us);
        put(b, b->answered_id, 1);
        put(b, b->answered_result, 1);
    } else if (which == DUE_HEARTBEAT) {
        begin(b, HEARTBEAT, now_us);
        put_heartbeat(b);
        b->heartbeat_us = now_us;
    } else {
        begin(b, EVENT, now_us);
        if (which == DUE_LEADS) {
            b->leads_told = steady(&b->leads_off);
            put(b, LEADS, 1);
            put(b, b->leads_told, 4);
        } else if (which == DUE_BATTERY) {
            const uint32_t battery = steady(&b->battery);
            b->battery_told = (uint8_t)(battery & 0xFFu);
            b->battery_us = now_us;
            put(b, BATTERY, 1);
            put(b, battery, 3);
        } else {
            put_button(b);
        }
    }
    close_frame(b);
}

/* Makes or goes on with the next frame; false where there is nothing to say. */
static bool composed(eg_bridge *b, uint32_t now_us)
{
    uint8_t due = b->due;
    if (!b->streaming && b->tail != b->head) {
        due &= (uint8_t)~DUE_ACK; /* that of the stop comes behind the last samples */
    }
    if (due == 0) {
        return take_sample(b);
    }
    if (b->count > 0) {
        close_samples(b);
    } else {
        put_due(b, (uint8_t)(due & (0u - due)), now_us);
    }
    return true;
}

/* ---- commands ---- */

static void forget_command(eg_bridge *b)
{
    b->command_crc = CRC_START;
    b->command_length = 0;
    b->block_left = 0;
    b->block_zero = false;
    b->deaf = false;
}

static void take_body_byte(eg_bridge *b, uint8_t byte)
{
    if (b->command_length == EG_COMMAND_BODY) {
        b->deaf = true;
        return;
    }
    b->command[b->command_length++] = byte;
    b->command_crc = crc32c(b->command_crc, byte);
}

static void take_wire_byte(eg_bridge *b, uint8_t byte)
{
    if (byte == 0) {
        b->command_waits = !b->deaf && b->block_left == 0 && b->command_length == EG_COMMAND_BODY &&
                           b->command_crc == CRC_WHOLE && b->command[0] == EG_VERSION && b->command[1] == COMMAND;
        forget_command(b);
    } else if (b->deaf) {
        return;
    } else if (b->block_left > 0) {
        b->block_left--;
        take_body_byte(b, byte);
    } else {
        if (b->block_zero) {
            take_body_byte(b, 0);
        }
        b->block_left = (uint8_t)(byte - 1);
        b->block_zero = byte != 0xFF;
    }
}

size_t eg_receive(eg_bridge *b, const uint8_t *bytes, size_t n)
{
    size_t taken = 0;
    while (taken < n && !b->command_waits) {
        take_wire_byte(b, bytes[taken++]);
    }
    return taken;
}

static void introduce(eg_bridge *b)
{
    b->due |= DUE_HELLO | DUE_LEADS;
    if ((steady(&b->battery) & BATTERY_KNOWN) != 0) {
        b->due |= DUE_BATTERY;
    }
}

static eg_result asked(const eg_bridge *b, eg_action action, uint32_t argument)
{
    if (b->config->command == NULL) {
        return action == EG_SET_RATE ? EG_WRONG_VALUE : EG_DONE;
    }
    return b->config->command(b->config->user, action, argument);
}

static eg_result start(eg_bridge *b)
{
    const eg_result result = b->streaming ? EG_DONE : asked(b, EG_START, 0);
    if (result == EG_DONE) {
        introduce(b);
        if (!b->streaming) {
            b->taken = b->taken + 1; /* eg_push keeps off it until we stream */
            b->streaming = true;
        }
    }
    return result;
}

static eg_result stop(eg_bridge *b)
{
    const eg_result result = b->streaming ? asked(b, EG_STOP, 0) : EG_DONE;
    if (result == EG_DONE) {
        b->streaming = false;
    }
    return result;
}

static eg_result set_rate(eg_bridge *b, uint32_t rate_mhz)
{
    eg_result result = EG_NOT_NOW;
    if (!b->streaming) {
        result = rate_mhz == 0 ? EG_WRONG_VALUE : asked(b, EG_SET_RATE, rate_mhz);
    }
    if (result == EG_DONE) {
        b->rate_mhz = rate_mhz;
        introduce(b);
    }
    return result;
}

static eg_result identify(eg_bridge *b)
{
    const eg_result result = asked(b, EG_IDENTIFY, 0);
    if (result == EG_DONE) {
        introduce(b);
    }
    return result;
}

static eg_result done(eg_bridge *b, uint8_t action, uint32_t argument)
{
    switch (action) {
    case EG_IDENTIFY:
        return identify(b);
    case EG_START:
        return start(b);
    case EG_STOP:
        return stop(b);
    case EG_SET_RATE:
        return set_rate(b, argument);
    default:
        return EG_UNKNOWN_ACTION;
    }
}

/* The command that waits, once the one before it is answered. */
static void obey(eg_bridge *b)
{
    if (b->command_waits && (b->due & DUE_ACK) == 0) {
        const uint8_t id = b->command[10], action = b->command[11];
        const uint32_t argument = get(b->command + 12, 4);
        b->command_waits = false;
        if (!b->answered || id != b->answered_id || action != b->answered_action || argument != b->answered_argument) {
            b->answered = true;
            b->answered_id = id;
            b->answered_action = action;
            b->answered_argument = argument;
            b->answered_result = (uint8_t)done(b, action, argument);
        }
        b->due |= DUE_ACK;
    }
}

/* ---- what the user calls ---- */

static void find_due(eg_bridge *b, uint32_t now_us)
{
    const uint32_t battery = steady(&b->battery);
    if (now_us - b->heartbeat_us >= HEARTBEAT_US) {
        b->due |= DUE_HEARTBEAT;
    }
    if (b->streaming && now_us - b->hello_us >= HELLO_US) {
        introduce(b);
    }
    if (steady(&b->leads_off) != b->leads_told) {
        b->due |= DUE_LEADS;
    }
    if ((battery & BATTERY_KNOWN) != 0 &&
        ((battery & 0xFFu) != b->battery_told || now_us - b->battery_us >= BATTERY_US)) {
        b->due |= DUE_BATTERY;
    }
    if (b->button_tail != b->button_head) {
        b->due |= DUE_BUTTON;
    }
}

void eg_poll(eg_bridge *b, uint32_t now_us)
{
    if (b->config == NULL) {
        return;
    }
    obey(b);
    find_due(b, now_us);
    while (flushed(b) && composed(b, now_us)) {
    }
}

void eg_leads(eg_bridge *b, uint32_t off)
{
    b->leads_off = off;
}

void eg_battery(eg_bridge *b, uint8_t percent, uint16_t millivolts)
{
    b->battery = BATTERY_KNOWN | (uint32_t)millivolts << 8 | (percent < 100 ? percent : 100u);
}

bool eg_button(eg_bridge *b, uint8_t number, bool pressed)
{
    const uint8_t head = b->button_head;
    const uint8_t next = (uint8_t)(head + 1 == EG_BUTTONS ? 0 : head + 1);
    if (next == b->button_tail) {
        return false;
    }
    b->buttons[head][0] = number;
    b->buttons[head][1] = pressed;
    b->button_head = next;
    return true;
}

void eg_reconnected(eg_bridge *b)
{
    b->sent = 0;
}

/* ---- the configuration ---- */

static bool is_letter(char letter)
{
    return (letter >= 'A' && letter <= 'Z') || (letter >= 'a' && letter <= 'z') || (letter >= '0' && letter <= '9') ||
           letter == '.' || letter == '_' || letter == '-';
}

static bool is_printable(char letter)
{
    return letter > ' ' && letter <= '~';
}

static bool is_text(const char *text, uint8_t most, bool (*allowed)(char))
{
    uint8_t length = 0;
    if (text == NULL) {
        return false;
    }
    while (text[length] != '\0') {
        if (length == most || !allowed(text[length])) {
            return false;
        }
        length++;
    }
    return length > 0;
}

static bool is_name(const eg_channel *channels, uint8_t channel)
{
    const char *const name = channels[channel].name;
    if (!is_text(name, 8, is_printable) || strchr(name, ',') != NULL || strchr(name, '+') != NULL) {
        return false;
    }
    while (channel-- > 0) {
        if (strcmp(channels[channel].name, name) == 0) {
            return false;
        }
    }
    return true;
}

static eg_wrong wrong_channel(const eg_config *config)
{
    uint8_t channel;
    for (channel = 0; channel < config->channel_count; channel++) {
        const uint32_t resolution = bits_of(config->channels[channel].resolution);
        if (!is_name(config->channels, channel)) {
            return EG_BAD_NAME;
        }
        if (!is_text(config->channels[channel].unit, 8, is_printable)) {
            return EG_BAD_UNIT;
        }
        if (resolution == 0 || resolution >= 0x7F800000u) { /* as bits: negative, infinite and no number are beyond */
            return EG_BAD_RESOLUTION;
        }
    }
    return EG_FINE;
}

static eg_wrong wrong(const eg_config *config)
{
    if (!is_text(config->device, 24, is_letter)) {
        return EG_BAD_DEVICE;
    }
    if (!is_text(config->firmware, 16, is_letter)) {
        return EG_BAD_FIRMWARE;
    }
    if (config->rate_mhz == 0) {
        return EG_BAD_RATE;
    }
    if (config->width != 2 && config->width != 3) {
        return EG_BAD_WIDTH;
    }
    if (config->channels == NULL || config->channel_count == 0 || config->channel_count > EG_MAX_CHANNELS) {
        return EG_BAD_CHANNELS;
    }
    if (config->write == NULL) {
        return EG_BAD_WRITE;
    }
    return wrong_channel(config);
}

/* Begins with a configuration that is right in itself. */
static eg_wrong begun(eg_bridge *b, const eg_config *config)
{
    size_t slots;
    b->slot_size = (uint8_t)(VALUES + config->channel_count * config->width);
    slots = config->ring_bytes / b->slot_size;
    b->slots = (eg_position)slots;
    if (config->ring == NULL || slots < 2 || (size_t)(eg_position)(slots + 1) != slots + 1) {
        return EG_BAD_RING;
    }
    b->config = config;
    b->rate_mhz = config->rate_mhz;
    put_hello(b, 0);
    b->sequence = 0;
    b->step = 1;
    b->due = DUE_HELLO | DUE_LEADS | DUE_HEARTBEAT;
    forget_command(b);
    return b->length > PAYLOAD_END ? EG_HELLO_TOO_LONG : EG_FINE;
}

eg_wrong eg_init(eg_bridge *b, const eg_config *config, uint16_t boot)
{
    eg_wrong found = wrong(config);
    memset(b, 0, sizeof *b);
    b->boot = boot;
    if (found == EG_FINE) {
        found = begun(b, config);
    }
    if (found != EG_FINE) {
        b->config = NULL; /* eg_poll does nothing then */
    }
    return found;
}
