#ifndef CULVERT_VERIFY_H
#define CULVERT_VERIFY_H

#include <cert.h>
#include <stdbool.h>

/* Whom a server may be. */
typedef struct {
    bool verify;
    const char *host;
    /* Every certificate that is trusted, and no other. */
    CERTCertList *roots;
} ServerRules;

/* Judges a server by its certificate. Returns NULL, or the code of what is wrong as OpenSSL and Node name it; the NSS error is
   set then. @param chain what the server sent, its own certificate first. */
const char *verify_server(const ServerRules *rules, CERTCertificate *certificate, CERTCertList *chain);

#endif
