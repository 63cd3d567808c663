#include "store.h"

#include <nss.h>
#include <prenv.h>
#include <prerror.h>
#include <secerr.h>
#include <secmod.h>
#include <stdio.h>
#include <string.h>

#include "report.h"

/* Real ones have a few thousand bytes. */
enum { LONGEST_CERTIFICATE = 64 * 1024, MOST_CERTIFICATES = 5000, ID_LENGTH = 2 * 32 + 1 + 16 };

/* Where p11-kit puts its module: under its own name, or, where only the library is there, in that. */
static const char *const proxies[] = {"p11-kit-proxy.so", "libp11-kit.so.0"};

/* What a token asked for. The password goes to one token and once, since a card counts the wrong ones. */
typedef struct {
    PK11SlotInfo *slot;
    const char *password;
    bool wrong;
    bool missing;
} Asking;

static char *give_password(PK11SlotInfo *slot, PRBool again, void *argument) {
    Asking *asking = argument;
    if (!asking || slot != asking->slot) return NULL;
    if (again) {
        asking->wrong = true;
        return NULL;
    }
    /* A reader with keys of its own asks for the PIN itself. */
    if (PK11_ProtectedAuthenticationPath(slot)) return PORT_Strdup(PK11_PW_TRY);
    if (!asking->password) {
        asking->missing = true;
        return NULL;
    }
    return PORT_Strdup(asking->password);
}

static bool is_loaded(const char *library) {
    SECMODListLock *lock = SECMOD_GetDefaultModuleListLock();
    bool found = false;
    SECMOD_GetReadLock(lock);
    for (SECMODModuleList *at = SECMOD_GetDefaultModuleList(); at && !found; at = at->next) {
        const char *name = at->module->dllName;
        const char *slash = name ? strrchr(name, '/') : NULL;
        found = name && strcmp(slash ? slash + 1 : name, library) == 0;
    }
    SECMOD_ReleaseReadLock(lock);
    return found;
}

/* Every token that p11-kit knows, where it is installed; a database may name it already. */
static void load_proxy(void) {
    static char specification[128];
    for (size_t i = 0; i < sizeof proxies / sizeof *proxies; i++)
        if (is_loaded(proxies[i])) return;
    for (size_t i = 0; i < sizeof proxies / sizeof *proxies; i++) {
        snprintf(specification, sizeof specification, "library=%s name=culvert-p11-kit", proxies[i]);
        SECMODModule *module = SECMOD_LoadUserModule(specification, NULL, PR_FALSE);
        bool loaded = module && module->loaded;
        /* The list of modules holds it from here on. */
        if (module) SECMOD_DestroyModule(module);
        if (loaded) return;
    }
    PR_SetError(0, 0);
}

bool store_open(const StoreAccess *access) {
    PRUint32 flags = NSS_INIT_READONLY | NSS_INIT_NOROOTINIT | NSS_INIT_OPTIMIZESPACE;
    SECStatus status =
        access->database ? NSS_Initialize(access->database, "", "", SECMOD_DB, flags) : NSS_NoDB_Init(NULL);
    if (status != SECSuccess) return refuse("CULVERT_STORE", "the NSS database cannot be opened");
    PK11_SetPasswordFunc(give_password);
    load_proxy();
    return true;
}

static void put_hex(char *to, const unsigned char *bytes, size_t length) {
    for (size_t i = 0; i < length; i++) snprintf(to + 2 * i, 3, "%02x", bytes[i]);
}

/* The certificate and the token that it is on: stays what it is while it is there, and shows nothing of them. */
static bool id_of(PK11SlotInfo *slot, const CERTCertificate *certificate, char id[ID_LENGTH + 1]) {
    unsigned char of_certificate[32], of_token[32];
    const char *token = PK11_GetTokenName(slot);
    if (PK11_HashBuf(SEC_OID_SHA256, of_certificate, certificate->derCert.data, (PRInt32)certificate->derCert.len) !=
            SECSuccess ||
        PK11_HashBuf(SEC_OID_SHA256, of_token, (const unsigned char *)token, (PRInt32)strlen(token)) != SECSuccess)
        return false;
    put_hex(id, of_certificate, 32);
    id[64] = '.';
    put_hex(id + 65, of_token, 8);
    return true;
}

static bool is_database(PK11SlotInfo *slot) {
    PK11SlotInfo *internal = PK11_GetInternalKeySlot();
    bool same = internal == slot;
    if (internal) PK11_FreeSlot(internal);
    return same;
}

/* Tokens with certificates of people, the database before all others. The roots that a browser or p11-kit brings are no
   part of a chain that is sent. */
static bool is_of_use(PK11SlotInfo *slot) {
    return PK11_IsPresent(slot) && !PK11_HasRootCerts(slot) && !(PK11_IsInternal(slot) && !is_database(slot));
}

static bool is_ca(CERTCertificate *certificate) {
    SECItem extension = {siBuffer, NULL, 0};
    CERTBasicConstraints constraints;
    if (CERT_FindCertExtension(certificate, SEC_OID_X509_BASIC_CONSTRAINTS, &extension) != SECSuccess) return false;
    bool ca = CERT_DecodeBasicConstraintValue(&constraints, &extension) == SECSuccess && constraints.isCA;
    SECITEM_FreeItem(&extension, PR_FALSE);
    return ca;
}

/* Without its PIN a token may hide its keys. What is on it and is nobody's CA is there for its key. */
static bool has_key(PK11SlotInfo *slot, CERTCertificate *certificate) {
    if (CERT_IsUserCert(certificate)) return true;
    return !is_database(slot) && PK11_NeedLogin(slot) && !PK11_IsLoggedIn(slot, NULL) && !is_ca(certificate);
}

/* Its keys want a password that comes from the engine, which has not been given. */
static bool is_locked(PK11SlotInfo *slot) {
    return PK11_NeedLogin(slot) && !PK11_IsLoggedIn(slot, NULL) && !PK11_ProtectedAuthenticationPath(slot);
}

static void put_certificate(PK11SlotInfo *slot, CERTCertificate *certificate, bool in_database) {
    char id[ID_LENGTH + 1];
    /* One that is absurd does not make the list unreadable. */
    if (certificate->derCert.len > LONGEST_CERTIFICATE || !id_of(slot, certificate, id)) return;
    fprintf(stdout, "{\"id\":\"%s\",\"der\":", id);
    put_base64(stdout, &certificate->derCert);
    fprintf(stdout, ",\"key\":\"%s\",\"where\":", has_key(slot, certificate) ? "stays" : "none");
    put_text(stdout, in_database ? "NSS database" : PK11_GetTokenName(slot));
    if (is_locked(slot)) fputs(",\"locked\":true", stdout);
    fputs("}\n", stdout);
}

static int list_slot(PK11SlotInfo *slot, bool in_database, int room) {
    CERTCertList *list = PK11_ListCertsInSlot(slot);
    if (!list) return 0;
    int count = 0;
    for (CERTCertListNode *node = CERT_LIST_HEAD(list); !CERT_LIST_END(node, list) && count < room;
         node = CERT_LIST_NEXT(node), count++)
        put_certificate(slot, node->cert, in_database);
    CERT_DestroyCertList(list);
    return count;
}

bool store_list(const StoreAccess *access) {
    PK11SlotList *slots = PK11_GetAllTokens(CKM_INVALID_MECHANISM, PR_FALSE, PR_FALSE, NULL);
    int room = MOST_CERTIFICATES;
    for (int of_database = 1; of_database >= 0; of_database--) {
        for (PK11SlotListElement *at = slots ? slots->head : NULL; at; at = at->next) {
            if (is_database(at->slot) != (of_database == 1) || !is_of_use(at->slot)) continue;
            Asking asking = {at->slot, access->password, false, false};
            if (of_database == 1 && access->password && PK11_NeedLogin(at->slot))
                PK11_Authenticate(at->slot, PR_FALSE, &asking);
            room -= list_slot(at->slot, of_database == 1, room);
        }
    }
    if (slots) PK11_FreeSlotList(slots);
    fputs("{\"end\":true}\n", stdout);
    if (fflush(stdout) != 0) return refuse("CULVERT_STORE", "the certificates cannot be written");
    return true;
}

static CERTCertificate *find_in(PK11SlotInfo *slot, const char *id) {
    CERTCertList *list = PK11_ListCertsInSlot(slot);
    CERTCertificate *found = NULL;
    if (!list) return NULL;
    for (CERTCertListNode *node = CERT_LIST_HEAD(list); !CERT_LIST_END(node, list) && !found; node = CERT_LIST_NEXT(node)) {
        char its_id[ID_LENGTH + 1];
        if (id_of(slot, node->cert, its_id) && strcmp(its_id, id) == 0) found = CERT_DupCertificate(node->cert);
    }
    CERT_DestroyCertList(list);
    return found;
}

/* One more wrong PIN would lock it, and the password may be that of another store. */
static bool is_last_try(PK11SlotInfo *slot) {
    CK_TOKEN_INFO info;
    return !PK11_ProtectedAuthenticationPath(slot) && PK11_GetTokenInfo(slot, &info) == SECSuccess &&
           (info.flags & CKF_USER_PIN_FINAL_TRY) != 0;
}

static bool sign_in(PK11SlotInfo *slot, Asking *asking) {
    if (!PK11_NeedLogin(slot) || PK11_IsLoggedIn(slot, asking)) return true;
    if (asking->password && is_last_try(slot)) return refuse("CULVERT_STORE_LAST_TRY", "a wrong PIN would lock the token");
    if (PK11_Authenticate(slot, PR_FALSE, asking) == SECSuccess) return true;
    PRErrorCode error = PR_GetError();
    if (asking->missing) return refuse("CULVERT_STORE_PASSWORD", "a password or PIN is needed");
    if (asking->wrong || error == SEC_ERROR_BAD_PASSWORD || error == SEC_ERROR_INVALID_PASSWORD)
        return refuse("CULVERT_STORE_PASSWORD", "the password or PIN is wrong");
    return refuse("CULVERT_KEY_REFUSED", "the token could not be signed in to");
}

static bool find_key(StoreEntry *entry, Asking *asking) {
    if (!sign_in(entry->slot, asking)) return false;
    entry->key = PK11_FindPrivateKeyFromCert(entry->slot, entry->certificate, asking);
    if (!entry->key) return refuse("CULVERT_KEY_REFUSED", "the token has no private key for the certificate");
    return true;
}

bool store_find(const StoreAccess *access, const char *id, StoreEntry *entry) {
    /* NSS keeps it with the key, for a token that asks before every use. */
    static Asking asking;
    memset(entry, 0, sizeof *entry);
    PK11SlotList *slots = PK11_GetAllTokens(CKM_INVALID_MECHANISM, PR_FALSE, PR_FALSE, NULL);
    for (PK11SlotListElement *at = slots ? slots->head : NULL; at && !entry->certificate; at = at->next) {
        if (!is_of_use(at->slot)) continue;
        entry->certificate = find_in(at->slot, id);
        if (entry->certificate) entry->slot = PK11_ReferenceSlot(at->slot);
    }
    if (slots) PK11_FreeSlotList(slots);
    if (!entry->certificate) {
        PR_SetError(0, 0);
        return refuse("CULVERT_NO_SUCH_CERTIFICATE", "the certificate is not in the store any more");
    }
    asking = (Asking){entry->slot, access->password, false, false};
    return find_key(entry, &asking);
}

bool store_has(const StoreEntry *entry) {
    return PK11_IsPresent(entry->slot) && PK11_IsLoggedIn(entry->slot, NULL);
}
