#ifndef CULVERT_REPORT_H
#define CULVERT_REPORT_H

#include <cert.h>
#include <stdbool.h>
#include <stdio.h>

/* What the program says: JSON lines, one write each. See native/README.md. */

/* Writes a text as a JSON string, with its quotes. Bytes beyond ASCII go out as they are. */
void put_text(FILE *out, const char *text);
/* Writes bytes as a JSON string in base64. */
void put_base64(FILE *out, const SECItem *bytes);

/* Events on standard error. */
void say_connected(unsigned port);
void say_ready(const char *alpn, const char *protocol);
void say_end(void);
/* An error; `chain` may be NULL. */
void say_error(const char *code, const char *message, CERTCertList *chain);

/* Says that `code` happened, with the name that NSS has for its last error. Always returns false. */
bool refuse(const char *code, const char *message);

#endif
