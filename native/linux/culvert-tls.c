/* TLS with keys that may not leave their store, by NSS. See native/README.md. */

#include <prerror.h>
#include <prinit.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "connect.h"
#include "json.h"
#include "report.h"
#include "store.h"

/* The roots of a system are some 250 KiB in base64. */
enum { LONGEST_LINE = 1024 * 1024, READ_AHEAD = 32 * 1024 };

/* Standard input as far as it was read. */
typedef struct {
    char *bytes;
    size_t length;
    /* Of the first line, without its end. */
    size_t line;
} Input;

static bool read_line(Input *input) {
    size_t room = 0;
    for (;;) {
        if (room - input->length < READ_AHEAD) {
            room = room == 0 ? 4 * READ_AHEAD : room * 2;
            char *bytes = realloc(input->bytes, room);
            if (!bytes) return refuse("CULVERT_TLS", "no memory");
            input->bytes = bytes;
        }
        ssize_t got = read(STDIN_FILENO, input->bytes + input->length, READ_AHEAD);
        if (got <= 0) return refuse("CULVERT_TLS", "standard input ends within its first line");
        const char *end = memchr(input->bytes + input->length, '\n', (size_t)got);
        input->length += (size_t)got;
        if (end) {
            input->line = (size_t)(end - input->bytes);
            return true;
        }
        if (input->length > LONGEST_LINE) return refuse("CULVERT_TLS", "the first line of standard input is too long");
    }
}

static bool read_json(Input *input, Json *json) {
    memset(json, 0, sizeof *json);
    if (!read_line(input)) return false;
    const char *wrong = json_read(json, input->bytes, input->line);
    return !wrong || refuse("CULVERT_TLS", wrong);
}

static int list(const Json *json) {
    StoreAccess access = {json_string(json, "database"), json_string(json, "password")};
    return store_open(&access) && store_list(&access) ? 0 : 1;
}

/* Culvert's own settings, with passwords among them, are not for the modules of cards. */
static void forget_settings(void) {
    for (char **at = environ; *at;) {
        const char *end = strchr(*at, '=');
        char name[256];
        size_t length = end ? (size_t)(end - *at) : 0;
        if (strncmp(*at, "CULVERT_", 8) != 0 || length == 0 || length >= sizeof name) {
            at++;
            continue;
        }
        memcpy(name, *at, length);
        name[length] = '\0';
        unsetenv(name);
    }
}

static int usage(void) {
    say_error("CULVERT_TLS", "usage: culvert-tls version | list | connect", NULL);
    return 2;
}

int main(int argc, char **argv) {
    /* Whoever asked is gone: nobody would end a module that hangs. */
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    /* A core would hold the password, and one that goes to a program has no limit; other programs' wishes for a log of the keys
       would be heard by NSS. */
    const struct rlimit none = {0, 0};
    setrlimit(RLIMIT_CORE, &none);
    prctl(PR_SET_DUMPABLE, 0);
    unsetenv("SSLKEYLOGFILE");
    forget_settings();
    signal(SIGPIPE, SIG_IGN);
    static char lines[64 * 1024];
    setvbuf(stderr, lines, _IOFBF, sizeof lines);
    if (argc != 2) return usage();
    if (strcmp(argv[1], "version") == 0) {
        puts("culvert-tls 1 linux");
        return 0;
    }
    bool lists = strcmp(argv[1], "list") == 0;
    if (!lists && strcmp(argv[1], "connect") != 0) return usage();
    PR_SetError(0, 0);
    Input input = {NULL, 0, 0};
    Json json;
    int code = 2;
    if (read_json(&input, &json)) {
        const char *early = input.bytes + input.line + 1;
        code = lists ? list(&json) : connect_tls(&json, early, input.length - input.line - 1);
    }
    json_free(&json);
    if (input.bytes) explicit_bzero(input.bytes, input.length);
    free(input.bytes);
    return code;
}
