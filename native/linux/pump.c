#include "pump.h"

#include <errno.h>
#include <fcntl.h>
#include <prerror.h>
#include <private/pprio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "report.h"
#include "tls-errors.h"

/* Four full TLS records. */
enum { BUFFER = 64 * 1024 };

typedef struct {
    char bytes[BUFFER];
    size_t start;
    size_t end;
} Buffer;

typedef struct {
    PRFileDesc *tls;
    const Alerts *alerts;
    Buffer up;
    Buffer down;
    bool up_read;
    bool up_done;
    bool down_done;
    /* Sending has failed; why is often told by what the server sent before. */
    PRErrorCode send_error;
    bool failed;
} Pump;

static bool is_empty(const Buffer *buffer) {
    return buffer->start == buffer->end;
}

static void fail(Pump *state, const char *code, const char *message) {
    refuse(code, message);
    state->failed = true;
}

static void fail_connection(Pump *state, const char *message) {
    PRErrorCode error = PR_GetError();
    if (state->alerts->fatal) fail(state, code_of_alert(state->alerts->description), "the server ended TLS with an alert");
    else fail(state, code_of_error(state->send_error != 0 ? state->send_error : error), message);
}

/* Standard input → `up`. */
static void read_input(Pump *state) {
    ssize_t got = read(STDIN_FILENO, state->up.bytes, BUFFER);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
    state->up.start = 0;
    state->up.end = got > 0 ? (size_t)got : 0;
    if (got <= 0) state->up_read = true;
}

/* `up` → the server; its end, once all is sent. */
static void send_up(Pump *state) {
    if (!is_empty(&state->up)) {
        Buffer *up = &state->up;
        PRInt32 sent = PR_Send(state->tls, up->bytes + up->start, (PRInt32)(up->end - up->start), 0, PR_INTERVAL_NO_TIMEOUT);
        if (sent > 0) up->start += (size_t)sent;
        else if (PR_GetError() != PR_WOULD_BLOCK_ERROR) {
            state->send_error = PR_GetError();
            state->up_done = true;
        }
    } else if (state->up_read) {
        /* close_notify, and the end of this side of the connection below. */
        PR_Shutdown(state->tls, PR_SHUTDOWN_SEND);
        state->up_done = true;
    }
}

/* The server → `down`, and on to standard output. */
static void receive(Pump *state) {
    PRInt32 got = PR_Recv(state->tls, state->down.bytes, BUFFER, 0, PR_INTERVAL_NO_TIMEOUT);
    if (got > 0) {
        state->down.start = 0;
        state->down.end = (size_t)got;
        return;
    }
    if (got < 0 && PR_GetError() == PR_WOULD_BLOCK_ERROR) return;
    if (got < 0 || !state->alerts->close_notify) {
        if (got == 0) PR_SetError(PR_CONNECT_RESET_ERROR, 0);
        return fail_connection(state, "the connection to the server was lost");
    }
    /* Before standard output ends, so that its end can be told from that of a program that was killed. */
    say_end();
    close(STDOUT_FILENO);
    state->down_done = true;
    if (state->send_error != 0) fail_connection(state, "the server takes no more");
}

static void write_output(Pump *state) {
    Buffer *down = &state->down;
    ssize_t written = write(STDOUT_FILENO, down->bytes + down->start, down->end - down->start);
    if (written > 0) down->start += (size_t)written;
    else if (written < 0 && errno != EAGAIN && errno != EINTR) {
        PR_SetError(0, 0);
        fail(state, "CULVERT_TLS", "nobody reads what the server sends");
    }
}

/* Waits until something can be done, and does it. */
static void turn(Pump *state, PRFileDesc *input, PRFileDesc *output) {
    PRPollDesc polled[3] = {{state->tls, 0, 0}, {input, 0, 0}, {output, 0, 0}};
    bool to_send = !state->up_done && (!is_empty(&state->up) || state->up_read);
    bool to_write = !is_empty(&state->down);
    if (to_send) polled[0].in_flags |= PR_POLL_WRITE;
    if (!to_write && !state->down_done) polled[0].in_flags |= PR_POLL_READ;
    if (!to_send && !state->up_done) polled[1].in_flags = PR_POLL_READ;
    if (to_write) polled[2].in_flags = PR_POLL_WRITE;
    if (PR_Poll(polled, 3, PR_INTERVAL_NO_TIMEOUT) < 0) {
        if (PR_GetError() != PR_PENDING_INTERRUPT_ERROR) fail(state, "CULVERT_TLS", "waiting failed");
        return;
    }
    const PRInt16 ended = PR_POLL_ERR | PR_POLL_HUP | PR_POLL_NVAL;
    if (polled[2].out_flags & (PR_POLL_WRITE | ended)) write_output(state);
    if (!state->failed && polled[1].out_flags & (PR_POLL_READ | ended)) read_input(state);
    if (!state->failed && to_send && polled[0].out_flags & (PR_POLL_WRITE | ended)) send_up(state);
    if (!state->failed && !to_write && !state->down_done && polled[0].out_flags & (PR_POLL_READ | ended)) receive(state);
}

static bool make_non_blocking(int file) {
    int flags = fcntl(file, F_GETFL);
    return flags >= 0 && fcntl(file, F_SETFL, flags | O_NONBLOCK) == 0;
}

bool pump(PRFileDesc *tls, const Alerts *alerts, const char *early, size_t early_length) {
    PRSocketOptionData non_blocking = {.option = PR_SockOpt_Nonblocking, .value.non_blocking = PR_TRUE};
    PRFileDesc *input = PR_CreateSocketPollFd(STDIN_FILENO), *output = PR_CreateSocketPollFd(STDOUT_FILENO);
    Pump *state = calloc(1, sizeof *state);
    if (!input || !output || !state || !make_non_blocking(STDIN_FILENO) || !make_non_blocking(STDOUT_FILENO) ||
        PR_SetSocketOption(tls, &non_blocking) != PR_SUCCESS || early_length > BUFFER)
        return refuse("CULVERT_TLS", "standard input and output cannot be used");
    state->tls = tls;
    state->alerts = alerts;
    if (early_length > 0) memcpy(state->up.bytes, early, early_length);
    state->up.end = early_length;
    while (!state->failed && !(state->up_done && state->down_done)) turn(state, input, output);
    bool done = !state->failed;
    free(state);
    PR_DestroySocketPollFd(input);
    PR_DestroySocketPollFd(output);
    return done;
}
