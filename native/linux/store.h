#ifndef CULVERT_STORE_H
#define CULVERT_STORE_H

#include <cert.h>
#include <keyhi.h>
#include <pk11pub.h>
#include <stdbool.h>

/* What opens the store, from standard input. */
typedef struct {
    /* `sql:/folder`, or NULL: tokens alone. */
    const char *database;
    /* Of the database or token, or NULL. */
    const char *password;
} StoreAccess;

/* A certificate of a token and what uses its key. */
typedef struct {
    PK11SlotInfo *slot;
    CERTCertificate *certificate;
    SECKEYPrivateKey *key;
} StoreEntry;

/* Opens the database, read-only, and the PKCS#11 modules that it and p11-kit name. Says what is wrong and returns false. */
bool store_open(const StoreAccess *access);

/* Writes every certificate to standard output, as `list` does. Asks no token but the database for a password: a wrong one
   counts against a card. Says what is wrong and returns false. */
bool store_list(const StoreAccess *access);

/* Finds a certificate by its id, signs in to its token, and finds its key. Says what is wrong and returns false. */
bool store_find(const StoreAccess *access, const char *id, StoreEntry *entry);

/* True where the token of the certificate can still be reached. */
bool store_has(const StoreEntry *entry);

#endif
