#include "connect.h"

#include <nss.h>
#include <plbase64.h>
#include <prerror.h>
#include <prmem.h>
#include <prnetdb.h>
#include <secerr.h>
#include <ssl.h>
#include <sslproto.h>
#include <stdlib.h>
#include <string.h>

#include "pump.h"
#include "report.h"
#include "store.h"
#include "tls-errors.h"
#include "verify.h"

enum { CONNECT_SECONDS = 5, ALPN_BYTES = 256 };

typedef struct {
    const Json *json;
    PRFileDesc *socket;
    StoreEntry entry;
    ServerRules rules;
    /* Kept so that NSS finds the issuers that are to be sent along. */
    CERTCertList *chain;
    Alerts alerts;
    /* Why the server's certificate was refused; NULL where it was not. */
    const char *refused;
    CERTCertList *server_chain;
} Connection;

/* To the engine, which carries the bytes on: nothing else is ever connected to. */
static bool connect_loopback(Connection *connection) {
    const JsonField *via = json_field(connection->json, "via", JSON_NUMBER);
    PRNetAddr address, own;
    if (!via || via->number == 0 || via->number > 65535) return refuse("CULVERT_TLS", "`via` is missing");
    PRSocketOptionData no_delay = {.option = PR_SockOpt_NoDelay, .value.no_delay = PR_TRUE};
    connection->socket = PR_OpenTCPSocket(PR_AF_INET);
    PR_InitializeNetAddr(PR_IpAddrLoopback, (PRUint16)via->number, &address);
    if (!connection->socket ||
        PR_Connect(connection->socket, &address, PR_SecondsToInterval(CONNECT_SECONDS)) != PR_SUCCESS ||
        PR_SetSocketOption(connection->socket, &no_delay) != PR_SUCCESS ||
        PR_GetSockName(connection->socket, &own) != PR_SUCCESS)
        return refuse("CULVERT_TLS", "the port to connect to does not answer");
    say_connected(PR_ntohs(own.inet.port));
    return true;
}

static bool add_certificate(CERTCertList *list, const JsonText *base64) {
    SECItem der = {siBuffer, NULL, 0};
    if (base64->length == 0 || base64->length % 4 != 0 || base64->length > 1u << 20) return false;
    der.data = (unsigned char *)PL_Base64Decode(base64->text, (PRUint32)base64->length, NULL);
    if (!der.data) return false;
    size_t padding = base64->text[base64->length - 1] != '=' ? 0 : base64->text[base64->length - 2] != '=' ? 1 : 2;
    der.len = (unsigned)(base64->length / 4 * 3 - padding);
    CERTCertificate *certificate =
        CERT_NewTempCertificate(CERT_GetDefaultCertDB(), &der, NULL, PR_FALSE, PR_TRUE);
    PR_Free(der.data);
    if (!certificate) return true;
    /* What this NSS cannot read, such as a root of a new kind, is left out: it can vouch for nobody here. */
    if (CERT_AddCertToListTail(list, certificate) == SECSuccess) return true;
    CERT_DestroyCertificate(certificate);
    return false;
}

static CERTCertList *certificates_of(const Json *json, const char *name) {
    const JsonField *field = json_field(json, name, JSON_LIST);
    CERTCertList *list = CERT_NewCertList();
    if (!list || !field) return NULL;
    for (size_t i = 0; i < field->count; i++)
        if (!add_certificate(list, &field->items[i])) return NULL;
    return list;
}

static bool read_rules(Connection *connection) {
    const Json *json = connection->json;
    connection->rules.verify = json_field(json, "verify", JSON_FALSE) == NULL;
    connection->rules.host = json_string(json, "host");
    connection->rules.roots = certificates_of(json, "roots");
    connection->chain = certificates_of(json, "chain");
    PR_SetError(0, 0);
    if (connection->rules.host && connection->rules.roots && connection->chain) return true;
    return refuse("CULVERT_TLS", "`host`, `roots` or `chain` is missing or malformed");
}

static SECStatus judge_server(void *argument, PRFileDesc *fd, PRBool check_signature, PRBool is_server) {
    Connection *connection = argument;
    (void)check_signature;
    (void)is_server;
    CERTCertificate *certificate = SSL_PeerCertificate(fd);
    /* A server that renegotiates shows itself again. */
    if (connection->server_chain) CERT_DestroyCertList(connection->server_chain);
    connection->server_chain = SSL_PeerCertificateChain(fd);
    if (!certificate || !connection->server_chain) {
        if (certificate) CERT_DestroyCertificate(certificate);
        return SECFailure;
    }
    connection->refused = verify_server(&connection->rules, certificate, connection->server_chain);
    PRErrorCode error = PR_GetError();
    CERT_DestroyCertificate(certificate);
    if (!connection->refused) return SECSuccess;
    /* NSS chooses the alert by it. */
    PR_SetError(error, 0);
    return SECFailure;
}

static SECStatus give_certificate(void *argument, PRFileDesc *fd, CERTDistNames *names, CERTCertificate **certificate,
                                  SECKEYPrivateKey **key) {
    Connection *connection = argument;
    (void)fd;
    (void)names;
    *certificate = CERT_DupCertificate(connection->entry.certificate);
    *key = SECKEY_CopyPrivateKey(connection->entry.key);
    return *certificate && *key ? SECSuccess : SECFailure;
}

static void hear_alert(const PRFileDesc *fd, void *argument, const SSLAlert *alert) {
    Alerts *alerts = argument;
    (void)fd;
    alerts->any = true;
    if (alert->description == 0) alerts->close_notify = true;
    /* 90 is a warning that close_notify follows; in TLS 1.3 every other alert is an error, whatever its level. */
    else if (alert->level == 2 && !alerts->fatal) {
        alerts->fatal = true;
        alerts->description = alert->description;
    }
}

/* NSS sends the first protocol last: a custom from the days when it named the one to fall back to. */
static bool set_alpn(PRFileDesc *tls, const Json *json) {
    const JsonField *field = json_field(json, "alpn", JSON_LIST);
    unsigned char list[ALPN_BYTES];
    unsigned length = 0;
    if (!field || field->count == 0) return SSL_OptionSet(tls, SSL_ENABLE_ALPN, PR_FALSE) == SECSuccess;
    for (size_t i = 0; i < field->count; i++) {
        const JsonText *name = &field->items[(i + field->count - 1) % field->count];
        if (name->length == 0 || name->length > 255 || length + 1 + name->length > sizeof list) return false;
        list[length++] = (unsigned char)name->length;
        memcpy(list + length, name->text, name->length);
        length += (unsigned)name->length;
    }
    return SSL_OptionSet(tls, SSL_ENABLE_ALPN, PR_TRUE) == SECSuccess && SSL_SetNextProtoNego(tls, list, length) == SECSuccess;
}

static bool set_up(Connection *connection) {
    const SSLVersionRange versions = {SSL_LIBRARY_VERSION_TLS_1_2, SSL_LIBRARY_VERSION_TLS_1_3};
    const char *sni = json_string(connection->json, "sni");
    PRFileDesc *tls = SSL_ImportFD(NULL, connection->socket);
    if (!tls) return refuse("CULVERT_TLS", "TLS cannot be set up");
    connection->socket = tls;
    bool done = SSL_OptionSet(tls, SSL_SECURITY, PR_TRUE) == SECSuccess &&
                SSL_OptionSet(tls, SSL_HANDSHAKE_AS_CLIENT, PR_TRUE) == SECSuccess &&
                SSL_OptionSet(tls, SSL_NO_CACHE, PR_TRUE) == SECSuccess &&
                SSL_VersionRangeSet(tls, &versions) == SECSuccess && set_alpn(tls, connection->json) &&
                (!sni || SSL_SetURL(tls, sni) == SECSuccess) &&
                SSL_AuthCertificateHook(tls, judge_server, connection) == SECSuccess &&
                SSL_GetClientAuthDataHook(tls, give_certificate, connection) == SECSuccess &&
                SSL_AlertReceivedCallback(tls, hear_alert, &connection->alerts) == SECSuccess &&
                SSL_ResetHandshake(tls, PR_FALSE) == SECSuccess;
    return done || refuse("CULVERT_TLS", "TLS cannot be set up");
}

static bool explain_handshake(Connection *connection) {
    PRErrorCode error = PR_GetError();
    if (connection->refused) {
        say_error(connection->refused, "the server's certificate is refused", connection->server_chain);
        return false;
    }
    if (connection->alerts.fatal) return refuse(code_of_alert(connection->alerts.description), "the server refused");
    const char *code = code_of_error(error);
    if (strcmp(code, "CULVERT_KEY_REFUSED") == 0 && !store_has(&connection->entry)) code = "CULVERT_NO_SUCH_CERTIFICATE";
    PR_SetError(error, 0);
    return refuse(code, "the TLS handshake failed");
}

static bool handshake(Connection *connection) {
    PRFileDesc *tls = connection->socket;
    char alpn[ALPN_BYTES];
    unsigned length = 0;
    SSLNextProtoState state = SSL_NEXT_PROTO_NO_SUPPORT;
    SSLChannelInfo channel;
    if (SSL_ForceHandshake(tls) != SECSuccess) return explain_handshake(connection);
    if (SSL_GetNextProto(tls, &state, (unsigned char *)alpn, &length, sizeof alpn - 1) != SECSuccess) length = 0;
    alpn[length] = '\0';
    if (SSL_GetChannelInfo(tls, &channel, sizeof channel) != SECSuccess) return refuse("CULVERT_TLS", "TLS is in no state");
    bool chosen = state == SSL_NEXT_PROTO_SELECTED || state == SSL_NEXT_PROTO_NEGOTIATED;
    say_ready(chosen ? alpn : NULL, channel.protocolVersion == SSL_LIBRARY_VERSION_TLS_1_3 ? "TLSv1.3" : "TLSv1.2");
    return true;
}

static bool run(Connection *connection, const char *early, size_t early_length) {
    const Json *json = connection->json;
    StoreAccess access = {json_string(json, "database"), json_string(json, "password")};
    const char *id = json_string(json, "id");
    if (!id) return refuse("CULVERT_TLS", "`id` is missing");
    return connect_loopback(connection) && store_open(&access) && store_find(&access, id, &connection->entry) &&
           read_rules(connection) && set_up(connection) && handshake(connection) &&
           pump(connection->socket, &connection->alerts, early, early_length);
}

int connect_tls(const Json *json, const char *early, size_t early_length) {
    Connection connection = {.json = json};
    bool done = run(&connection, early, early_length);
    if (connection.socket) PR_Close(connection.socket);
    return done ? 0 : 1;
}
