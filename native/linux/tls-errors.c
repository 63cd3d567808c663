#include "tls-errors.h"

#include <secerr.h>
#include <stddef.h>
#include <sslerr.h>

/* RFC 8446 §6; OpenSSL names an alert after the version that brought it. */
static const struct {
    unsigned char description;
    const char *code;
} alerts[] = {
    {10, "ERR_SSL_SSLV3_ALERT_UNEXPECTED_MESSAGE"},
    {20, "ERR_SSL_SSLV3_ALERT_BAD_RECORD_MAC"},
    {22, "ERR_SSL_TLSV1_ALERT_RECORD_OVERFLOW"},
    {40, "ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE"},
    {42, "ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE"},
    {43, "ERR_SSL_SSLV3_ALERT_UNSUPPORTED_CERTIFICATE"},
    {44, "ERR_SSL_SSLV3_ALERT_CERTIFICATE_REVOKED"},
    {45, "ERR_SSL_SSLV3_ALERT_CERTIFICATE_EXPIRED"},
    {46, "ERR_SSL_SSLV3_ALERT_CERTIFICATE_UNKNOWN"},
    {47, "ERR_SSL_SSLV3_ALERT_ILLEGAL_PARAMETER"},
    {48, "ERR_SSL_TLSV1_ALERT_UNKNOWN_CA"},
    {49, "ERR_SSL_TLSV1_ALERT_ACCESS_DENIED"},
    {50, "ERR_SSL_TLSV1_ALERT_DECODE_ERROR"},
    {51, "ERR_SSL_TLSV1_ALERT_DECRYPT_ERROR"},
    {70, "ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION"},
    {71, "ERR_SSL_TLSV1_ALERT_INSUFFICIENT_SECURITY"},
    {80, "ERR_SSL_TLSV1_ALERT_INTERNAL_ERROR"},
    {90, "ERR_SSL_TLSV1_ALERT_USER_CANCELLED"},
    {109, "ERR_SSL_TLSV13_ALERT_MISSING_EXTENSION"},
    {112, "ERR_SSL_TLSV1_UNRECOGNIZED_NAME"},
    {116, "ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED"},
    {120, "ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL"},
};

const char *code_of_alert(unsigned char description) {
    for (size_t i = 0; i < sizeof alerts / sizeof *alerts; i++)
        if (alerts[i].description == description) return alerts[i].code;
    return "CULVERT_TLS";
}

const char *code_of_error(PRErrorCode error) {
    switch (error) {
        case PR_CONNECT_RESET_ERROR:
        case PR_CONNECT_ABORTED_ERROR:
        case PR_END_OF_FILE_ERROR:
        case PR_NOT_CONNECTED_ERROR:
        case PR_SOCKET_SHUTDOWN_ERROR:
            return "ECONNRESET";
        case SSL_ERROR_UNSUPPORTED_VERSION:
            return "ERR_SSL_UNSUPPORTED_PROTOCOL";
        /* What another protocol says, read as a record. */
        case SSL_ERROR_RX_RECORD_TOO_LONG:
        case SSL_ERROR_RX_UNKNOWN_RECORD_TYPE:
        case SSL_ERROR_BAD_SERVER:
            return "ERR_SSL_WRONG_VERSION_NUMBER";
        case SSL_ERROR_BAD_MAC_READ:
            return "ERR_SSL_DECRYPTION_FAILED_OR_BAD_RECORD_MAC";
        case SSL_ERROR_NO_CYPHER_OVERLAP:
            return "ERR_SSL_NO_CIPHERS_AVAILABLE";
        case SEC_ERROR_NO_TOKEN:
        case SEC_ERROR_NO_EVENT:
        case SEC_ERROR_PKCS11_DEVICE_ERROR:
        case SEC_ERROR_PKCS11_FUNCTION_FAILED:
        case SEC_ERROR_PKCS11_GENERAL_ERROR:
        case SEC_ERROR_TOKEN_NOT_LOGGED_IN:
        case SEC_ERROR_BAD_PASSWORD:
        case SEC_ERROR_NO_KEY:
        case SSL_ERROR_SIGN_HASHES_FAILURE:
        case SSL_ERROR_TOKEN_INSERTION_REMOVAL:
        case SSL_ERROR_TOKEN_SLOT_NOT_FOUND:
            return "CULVERT_KEY_REFUSED";
        default:
            return "CULVERT_TLS";
    }
}
