#include "report.h"

#include <plbase64.h>
#include <prerror.h>
#include <prmem.h>
#include <string.h>

void put_text(FILE *out, const char *text) {
    fputc('"', out);
    for (const unsigned char *at = (const unsigned char *)text; *at; at++) {
        if (*at < 0x20 || *at == '"' || *at == '\\' || *at == 0x7f) fprintf(out, "\\u%04x", *at);
        else fputc(*at, out);
    }
    fputc('"', out);
}

void put_base64(FILE *out, const SECItem *bytes) {
    char *text = PL_Base64Encode((const char *)bytes->data, bytes->len, NULL);
    fprintf(out, "\"%s\"", text ? text : "");
    PR_Free(text);
}

void say_connected(unsigned port) {
    fprintf(stderr, "{\"event\":\"connected\",\"port\":%u}\n", port);
    fflush(stderr);
}

void say_ready(const char *alpn, const char *protocol) {
    fputs("{\"event\":\"ready\",\"alpn\":", stderr);
    if (alpn) put_text(stderr, alpn);
    else fputs("null", stderr);
    fprintf(stderr, ",\"protocol\":\"%s\"}\n", protocol);
    fflush(stderr);
}

void say_end(void) {
    fputs("{\"event\":\"end\"}\n", stderr);
    fflush(stderr);
}

void say_error(const char *code, const char *message, CERTCertList *chain) {
    fprintf(stderr, "{\"event\":\"error\",\"code\":\"%s\",\"message\":", code);
    put_text(stderr, message);
    if (chain) {
        const char *before = ",\"chain\":[";
        for (CERTCertListNode *node = CERT_LIST_HEAD(chain); !CERT_LIST_END(node, chain); node = CERT_LIST_NEXT(node)) {
            fputs(before, stderr);
            put_base64(stderr, &node->cert->derCert);
            before = ",";
        }
        fputs(*before == ',' && before[1] == '\0' ? "]" : ",\"chain\":[]", stderr);
    }
    fputs("}\n", stderr);
    fflush(stderr);
}

bool refuse(const char *code, const char *message) {
    char line[512];
    PRErrorCode error = PR_GetError();
    const char *name = error == 0 ? NULL : PR_ErrorToName(error);
    if (name) snprintf(line, sizeof line, "%s (%s)", message, name);
    else snprintf(line, sizeof line, "%s", message);
    say_error(code, line, NULL);
    return false;
}
