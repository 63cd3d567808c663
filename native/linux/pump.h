#ifndef CULVERT_PUMP_H
#define CULVERT_PUMP_H

#include <prio.h>
#include <stdbool.h>
#include <stddef.h>

/* What the server has said last of itself. */
typedef struct {
    bool any;
    bool fatal;
    /* Of the fatal alert. */
    unsigned char description;
    bool close_notify;
} Alerts;

/* Carries bytes both ways at once until both have ended; standard input and output and `tls` become non-blocking.
   Says what went wrong and returns false. */
bool pump(PRFileDesc *tls, const Alerts *alerts, const char *early, size_t early_length);

#endif
