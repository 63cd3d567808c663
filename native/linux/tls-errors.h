#ifndef CULVERT_TLS_ERRORS_H
#define CULVERT_TLS_ERRORS_H

#include <prerror.h>

/* The code that Node and OpenSSL have for a TLS alert of the server. */
const char *code_of_alert(unsigned char description);

/* The code that they have for an error of NSS on a connection. */
const char *code_of_error(PRErrorCode error);

#endif
