#ifndef CULVERT_CONNECT_H
#define CULVERT_CONNECT_H

#include "json.h"

/* TLS between standard input and output and the loopback port that `json` names. Returns the exit code.
   @param early bytes that came behind the first line of standard input: the beginning of what is to be sent. */
int connect_tls(const Json *json, const char *early, size_t early_length);

#endif
