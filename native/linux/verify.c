#include "verify.h"

#include <prerror.h>
#include <secder.h>
#include <secerr.h>

#include "fitness.h"

/* Certificates that may be the ones whose time it is not; real chains have up to five. */
enum { MOST_SUSPECTS = 10 };

/* What is wrong with a chain that could be built, rather than that there is none that holds. */
static PRErrorCode reason(const CERTVerifyLog *log, PRErrorCode error) {
    for (const CERTVerifyLogNode *node = log->head; node; node = node->next)
        if (node->error != 0 && node->error != SEC_ERROR_UNKNOWN_ISSUER && node->error != SEC_ERROR_UNTRUSTED_ISSUER)
            return (PRErrorCode)node->error;
    return error;
}

/* What the library does not look at. */
static SECStatus verify_rest(const CERTValOutParam *root, const CERTValOutParam *chain) {
    bool fit = is_fit_chain(chain->value.pointer.chain, root->value.pointer.cert);
    PRErrorCode error = PR_GetError();
    if (root->value.pointer.cert) CERT_DestroyCertificate(root->value.pointer.cert);
    if (chain->value.pointer.chain) CERT_DestroyCertList(chain->value.pointer.chain);
    PR_SetError(error, 0);
    return fit ? SECSuccess : SECFailure;
}

static SECStatus verify_at(const ServerRules *rules, CERTCertificate *certificate, PRTime when) {
    /* An empty list of anchors would mean "the system's" to the library. */
    if (CERT_LIST_EMPTY(rules->roots)) {
        PR_SetError(SEC_ERROR_UNKNOWN_ISSUER, 0);
        return SECFailure;
    }
    CERTVerifyLog log = {PORT_NewArena(DER_DEFAULT_CHUNKSIZE), 0, NULL, NULL};
    if (!log.arena) return SECFailure;
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
    CERTValOutParam out[] = {
        {.type = cert_po_trustAnchor},
        {.type = cert_po_certList},
        {.type = cert_po_errorLog, .value.pointer.log = &log},
        {.type = cert_po_end},
    };
    SECStatus status = CERT_PKIXVerifyCert(certificate, certificateUsageSSLServer, in, out, NULL);
    if (status == SECSuccess) status = verify_rest(&out[0], &out[1]);
    else PR_SetError(reason(&log, PR_GetError()), 0);
    PRErrorCode error = PR_GetError();
    for (CERTVerifyLogNode *node = log.head; node; node = node->next)
        if (node->cert) CERT_DestroyCertificate(node->cert);
    PORT_FreeArena(log.arena, PR_FALSE);
    PR_SetError(error, 0);
    return status;
}

static bool is_root(const ServerRules *rules, const CERTCertificate *certificate) {
    for (CERTCertListNode *node = CERT_LIST_HEAD(rules->roots); !CERT_LIST_END(node, rules->roots);
         node = CERT_LIST_NEXT(node))
        if (SECITEM_ItemsAreEqual(&node->cert->derCert, &certificate->derCert)) return true;
    return false;
}

/* A server's own certificate may be trusted as it is. */
static SECStatus verify_now(const ServerRules *rules, CERTCertificate *certificate, PRTime now) {
    if (!is_root(rules, certificate)) return verify_at(rules, certificate, now);
    if (CERT_CheckCertValidTimes(certificate, now, PR_FALSE) == secCertTimeValid)
        return is_fit_server(certificate) ? SECSuccess : SECFailure;
    PR_SetError(SEC_ERROR_EXPIRED_CERTIFICATE, 0);
    return SECFailure;
}

static bool is_self_signed(CERTCertificate *certificate) {
    return SECITEM_ItemsAreEqual(&certificate->derSubject, &certificate->derIssuer) ? true : false;
}

static bool has_self_signed(CERTCertList *chain) {
    for (CERTCertListNode *node = CERT_LIST_HEAD(chain); !CERT_LIST_END(node, chain); node = CERT_LIST_NEXT(node))
        if (is_self_signed(node->cert)) return true;
    return false;
}

static bool has_issued(CERTCertList *chain, const CERTCertificate *issuer) {
    for (CERTCertListNode *node = CERT_LIST_HEAD(chain); !CERT_LIST_END(node, chain); node = CERT_LIST_NEXT(node))
        if (SECITEM_ItemsAreEqual(&node->cert->derIssuer, &issuer->derSubject)) return true;
    return false;
}

/* A chain that holds in the middle of the time of both, and not now, is at fault for its dates alone. */
static bool held_once(const ServerRules *rules, CERTCertificate *certificate, CERTCertificate *other) {
    PRTime from, to, other_from, other_to;
    if (CERT_GetCertTimes(certificate, &from, &to) != SECSuccess ||
        CERT_GetCertTimes(other, &other_from, &other_to) != SECSuccess)
        return false;
    if (other_from > from) from = other_from;
    if (other_to < to) to = other_to;
    return is_root(rules, certificate) || verify_at(rules, certificate, from + (to - from) / 2) == SECSuccess;
}

static const char *code_of_dates(SECCertTimeValidity dates) {
    return dates == secCertTimeNotValidYet ? "CERT_NOT_YET_VALID" : "CERT_HAS_EXPIRED";
}

/* The code where nothing but a date of one of these CAs is wrong. One that the server did not send is added to `chain`. */
static const char *code_of_issuers(const ServerRules *rules, CERTCertificate *certificate, CERTCertList *issuers,
                                   CERTCertList *chain, PRTime now) {
    int suspects = 0;
    for (CERTCertListNode *node = CERT_LIST_HEAD(issuers); !CERT_LIST_END(node, issuers) && suspects < MOST_SUSPECTS;
         node = CERT_LIST_NEXT(node)) {
        SECCertTimeValidity dates = CERT_CheckCertValidTimes(node->cert, now, PR_FALSE);
        if (dates == secCertTimeValid || !has_issued(chain, node->cert)) continue;
        suspects++;
        if (!held_once(rules, certificate, node->cert)) continue;
        if (issuers != chain) CERT_AddCertToListTail(chain, CERT_DupCertificate(node->cert));
        return code_of_dates(dates);
    }
    return NULL;
}

static const char *code_of_time(const ServerRules *rules, CERTCertificate *certificate, CERTCertList *chain, PRTime now) {
    SECCertTimeValidity dates = CERT_CheckCertValidTimes(certificate, now, PR_FALSE);
    if (dates != secCertTimeValid && held_once(rules, certificate, certificate)) return code_of_dates(dates);
    const char *code = code_of_issuers(rules, certificate, chain, chain, now);
    return code ? code : code_of_issuers(rules, certificate, rules->roots, chain, now);
}

static const char *code_of(CERTCertificate *certificate, CERTCertList *chain, PRTime now) {
    switch (PR_GetError()) {
        case SEC_ERROR_EXPIRED_ISSUER_CERTIFICATE:
            return "CERT_HAS_EXPIRED";
        case SEC_ERROR_EXPIRED_CERTIFICATE:
            return code_of_dates(CERT_CheckCertValidTimes(certificate, now, PR_FALSE));
        case SEC_ERROR_REVOKED_CERTIFICATE:
            return "CERT_REVOKED";
        case SEC_ERROR_BAD_SIGNATURE:
            return "CERT_SIGNATURE_FAILURE";
        case SEC_ERROR_CA_CERT_INVALID:
            if (is_self_signed(certificate)) return "DEPTH_ZERO_SELF_SIGNED_CERT";
            return "INVALID_CA";
        case SEC_ERROR_PATH_LEN_CONSTRAINT_INVALID:
            return "PATH_LENGTH_EXCEEDED";
        case SEC_ERROR_INADEQUATE_KEY_USAGE:
        case SEC_ERROR_INADEQUATE_CERT_TYPE:
        case SEC_ERROR_EXTENSION_VALUE_INVALID:
            return "INVALID_PURPOSE";
        /* Node has no name of their own for them. */
        case SEC_ERROR_INVALID_KEY:
        case SEC_ERROR_CERT_SIGNATURE_ALGORITHM_DISABLED:
        case SEC_ERROR_CERT_NOT_IN_NAME_SPACE:
        case SEC_ERROR_UNKNOWN_CRITICAL_EXTENSION:
            return "UNSPECIFIED";
        default:
            if (is_self_signed(certificate)) return "DEPTH_ZERO_SELF_SIGNED_CERT";
            return has_self_signed(chain) ? "SELF_SIGNED_CERT_IN_CHAIN" : "UNABLE_TO_GET_ISSUER_CERT_LOCALLY";
    }
}

const char *verify_server(const ServerRules *rules, CERTCertificate *certificate, CERTCertList *chain) {
    if (!rules->verify) return NULL;
    /* NSS would take a certificate a day before it is valid; Node does not. */
    CERT_SetSlopTime(0);
    ask_for_fit_signatures();
    let_rsa_sign(certificate);
    PRTime now = PR_Now();
    if (verify_now(rules, certificate, now) != SECSuccess) {
        PRErrorCode error = PR_GetError();
        const char *code = code_of_time(rules, certificate, chain, now);
        PR_SetError(error, 0);
        return code ? code : code_of(certificate, chain, now);
    }
    return is_for_host(certificate, rules->host) ? NULL : "ERR_TLS_CERT_ALTNAME_INVALID";
}
