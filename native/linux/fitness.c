#include "fitness.h"

#include <keyhi.h>
#include <nss.h>
#include <prerror.h>
#include <prnetdb.h>
#include <secerr.h>
#include <secoid.h>
#include <sslerr.h>

/* The second security level of OpenSSL, which is Node's. */
enum { LEAST_BITS_RSA = 2048, LEAST_BITS_EC = 224 };

void ask_for_fit_signatures(void) {
    /* Those of MD5 are refused anyway. A root's own is not looked at. */
    NSS_SetAlgorithmPolicy(SEC_OID_SHA1, 0, NSS_USE_ALG_IN_CERT_SIGNATURE);
}

static bool is_strong(CERTCertificate *certificate) {
    SECKEYPublicKey *key = CERT_ExtractPublicKey(certificate);
    if (!key) return false;
    unsigned least = SECKEY_GetPublicKeyType(key) == ecKey ? LEAST_BITS_EC : LEAST_BITS_RSA;
    bool strong = SECKEY_PublicKeyStrengthInBits(key) >= least;
    SECKEY_DestroyPublicKey(key);
    return strong;
}

static bool is_for_servers(CERTCertificate *certificate) {
    SECItem extension = {siBuffer, NULL, 0};
    if (CERT_FindCertExtension(certificate, SEC_OID_X509_EXT_KEY_USAGE, &extension) != SECSuccess) return true;
    CERTOidSequence *usages = CERT_DecodeOidSequence(&extension);
    bool found = false;
    for (SECItem **usage = usages ? usages->oids : NULL; usage && *usage && !found; usage++)
        found = SECOID_FindOIDTag(*usage) == SEC_OID_EXT_KEY_USAGE_SERVER_AUTH;
    if (usages) CERT_DestroyOidSequence(usages);
    SECITEM_FreeItem(&extension, PR_FALSE);
    return found;
}

static bool is_fit(CERTCertificate *certificate) {
    if (!is_for_servers(certificate)) PR_SetError(SEC_ERROR_INADEQUATE_CERT_TYPE, 0);
    else if (!is_strong(certificate)) PR_SetError(SEC_ERROR_INVALID_KEY, 0);
    else return true;
    return false;
}

bool is_fit_server(CERTCertificate *certificate) {
    if (!(certificate->keyUsage & (KU_DIGITAL_SIGNATURE | KU_KEY_ENCIPHERMENT | KU_KEY_AGREEMENT))) {
        PR_SetError(SEC_ERROR_INADEQUATE_KEY_USAGE, 0);
        return false;
    }
    return is_fit(certificate);
}

bool is_fit_chain(CERTCertList *chain, CERTCertificate *root) {
    if (root && !is_fit(root)) return false;
    if (!chain) return true;
    /* NSS looks at the extended key usage of the first one alone. */
    for (CERTCertListNode *node = CERT_LIST_HEAD(chain); !CERT_LIST_END(node, chain); node = CERT_LIST_NEXT(node))
        if (!is_fit(node->cert)) return false;
    return true;
}

void let_rsa_sign(CERTCertificate *certificate) {
    if (certificate->keyUsage & KU_DIGITAL_SIGNATURE) certificate->keyUsage |= KU_KEY_ENCIPHERMENT;
}

static bool has_alternative_names(CERTCertificate *certificate) {
    SECItem extension = {siBuffer, NULL, 0};
    if (CERT_FindCertExtension(certificate, SEC_OID_X509_SUBJECT_ALT_NAME, &extension) != SECSuccess) return false;
    SECITEM_FreeItem(&extension, PR_FALSE);
    return true;
}

bool is_for_host(CERTCertificate *certificate, const char *host) {
    PRNetAddr address;
    bool is_address = PR_StringToNetAddr(host, &address) == PR_SUCCESS;
    if ((!is_address || has_alternative_names(certificate)) && CERT_VerifyCertName(certificate, host) == SECSuccess)
        return true;
    PR_SetError(SSL_ERROR_BAD_CERT_DOMAIN, 0);
    return false;
}
