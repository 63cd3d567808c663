#include "verify.h"

#include <prerror.h>
#include <secerr.h>
#include <sslerr.h>

static SECStatus verify_at(const ServerRules *rules, CERTCertificate *certificate, PRTime when) {
    /* An empty list of anchors would mean "the system's" to the library. */
    if (CERT_LIST_EMPTY(rules->roots)) {
        PR_SetError(SEC_ERROR_UNKNOWN_ISSUER, 0);
        return SECFailure;
    }
    /* Nothing is asked of the network: this program has none. */
    CERTRevocationTests leaf = {0, NULL, 0, NULL, 0}, chain = {0, NULL, 0, NULL, 0};
    CERTRevocationFlags revocation = {leaf, chain};
    CERTValInParam in[] = {
        {.type = cert_pi_trustAnchors, .value.pointer.chain = rules->roots},
        {.type = cert_pi_useOnlyTrustAnchors, .value.scalar.b = PR_TRUE},
        {.type = cert_pi_revocationFlags, .value.pointer.revocation = &revocation},
        {.type = cert_pi_date, .value.scalar.time = when},
        {.type = cert_pi_end},
    };
    CERTValOutParam out[] = {{.type = cert_po_end}};
    return CERT_PKIXVerifyCert(certificate, certificateUsageSSLServer, in, out, NULL);
}

static bool is_root(const ServerRules *rules, const CERTCertificate *certificate) {
    for (CERTCertListNode *node = CERT_LIST_HEAD(rules->roots); !CERT_LIST_END(node, rules->roots);
         node = CERT_LIST_NEXT(node))
        if (SECITEM_ItemsAreEqual(&node->cert->derCert, &certificate->derCert)) return true;
    return false;
}

static bool is_self_signed(CERTCertificate *certificate) {
    return SECITEM_ItemsAreEqual(&certificate->derSubject, &certificate->derIssuer) ? true : false;
}

static bool has_self_signed(CERTCertList *chain) {
    if (!chain) return false;
    for (CERTCertListNode *node = CERT_LIST_HEAD(chain); !CERT_LIST_END(node, chain); node = CERT_LIST_NEXT(node))
        if (is_self_signed(node->cert)) return true;
    return false;
}

/* The middle of its life: a chain that holds then, and not now, is at fault for its dates alone. */
static PRTime when_valid(CERTCertificate *certificate) {
    PRTime from, to;
    if (CERT_GetCertTimes(certificate, &from, &to) != SECSuccess) return 0;
    return from + (to - from) / 2;
}

static const char *code_of(const ServerRules *rules, CERTCertificate *certificate, CERTCertList *chain, PRTime now) {
    PRErrorCode error = PR_GetError();
    SECCertTimeValidity dates = CERT_CheckCertValidTimes(certificate, now, PR_FALSE);
    if (dates != secCertTimeValid) {
        bool only_dates = is_root(rules, certificate) || verify_at(rules, certificate, when_valid(certificate)) == SECSuccess;
        PR_SetError(error, 0);
        if (only_dates) return dates == secCertTimeExpired ? "CERT_HAS_EXPIRED" : "CERT_NOT_YET_VALID";
    }
    switch (error) {
        case SEC_ERROR_EXPIRED_ISSUER_CERTIFICATE:
        case SEC_ERROR_EXPIRED_CERTIFICATE:
            return "CERT_HAS_EXPIRED";
        case SEC_ERROR_REVOKED_CERTIFICATE:
            return "CERT_REVOKED";
        case SEC_ERROR_BAD_SIGNATURE:
        case SEC_ERROR_CERT_SIGNATURE_ALGORITHM_DISABLED:
            return "CERT_SIGNATURE_FAILURE";
        case SEC_ERROR_CA_CERT_INVALID:
            return "INVALID_CA";
        case SEC_ERROR_PATH_LEN_CONSTRAINT_INVALID:
            return "PATH_LENGTH_EXCEEDED";
        case SEC_ERROR_INADEQUATE_KEY_USAGE:
        case SEC_ERROR_INADEQUATE_CERT_TYPE:
        case SEC_ERROR_EXTENSION_VALUE_INVALID:
            return "INVALID_PURPOSE";
        default:
            if (is_self_signed(certificate)) return "DEPTH_ZERO_SELF_SIGNED_CERT";
            return has_self_signed(chain) ? "SELF_SIGNED_CERT_IN_CHAIN" : "UNABLE_TO_GET_ISSUER_CERT_LOCALLY";
    }
}

const char *verify_server(const ServerRules *rules, CERTCertificate *certificate, CERTCertList *chain) {
    if (!rules->verify) return NULL;
    /* NSS would take a certificate a day before it is valid; Node does not. */
    CERT_SetSlopTime(0);
    PRTime now = PR_Now();
    /* A server's own certificate may be trusted as it is. Everything else is for the library to judge. */
    if (is_root(rules, certificate)) {
        if (CERT_CheckCertValidTimes(certificate, now, PR_FALSE) != secCertTimeValid) {
            PR_SetError(SEC_ERROR_EXPIRED_CERTIFICATE, 0);
            return code_of(rules, certificate, chain, now);
        }
    } else if (verify_at(rules, certificate, now) != SECSuccess) {
        return code_of(rules, certificate, chain, now);
    }
    if (CERT_VerifyCertName(certificate, rules->host) != SECSuccess) {
        PR_SetError(SSL_ERROR_BAD_CERT_DOMAIN, 0);
        return "ERR_TLS_CERT_ALTNAME_INVALID";
    }
    return NULL;
}
