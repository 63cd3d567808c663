#ifndef CULVERT_FITNESS_H
#define CULVERT_FITNESS_H

#include <cert.h>
#include <stdbool.h>

/* What Node asks of a server's certificates and NSS does not, or otherwise. Where one is not fit the NSS error is set. */

/* To be called once NSS is open. */
void ask_for_fit_signatures(void);

/* The server's own certificate, where no CA vouches for it. */
bool is_fit_server(CERTCertificate *certificate);

/* Each certificate of a chain that holds, and its root. */
bool is_fit_chain(CERTCertList *chain, CERTCertificate *root);

/* Has NSS take an RSA key that signs: since key exchange is by Diffie and Hellman, none needs to encipher. */
void let_rsa_sign(CERTCertificate *certificate);

/* Whether a certificate is for this host. A common name is no address. */
bool is_for_host(CERTCertificate *certificate, const char *host);

#endif
