/* SoftHSM behind a module that notes what reaches it, and says that one more wrong PIN would lock its tokens. */
#include <dlfcn.h>
#include <pkcs11.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

extern char **environ;

static CK_FUNCTION_LIST own, *real;

static void note(const char *what) {
    FILE *out = fopen(LOG, "a");
    if (!out) return;
    fprintf(out, "%s\n", what);
    fclose(out);
}

static CK_RV login(CK_SESSION_HANDLE session, CK_USER_TYPE user, CK_UTF8CHAR_PTR pin, CK_ULONG length) {
    note("login");
    return real->C_Login(session, user, pin, length);
}

static CK_RV token_info(CK_SLOT_ID slot, CK_TOKEN_INFO_PTR info) {
    CK_RV result = real->C_GetTokenInfo(slot, info);
    if (result == CKR_OK && LAST_TRY) info->flags |= CKF_USER_PIN_COUNT_LOW | CKF_USER_PIN_FINAL_TRY;
    return result;
}

CK_RV C_GetFunctionList(CK_FUNCTION_LIST_PTR_PTR list) {
    void *library = dlopen(REAL, RTLD_NOW);
    CK_C_GetFunctionList get = library ? (CK_C_GetFunctionList)dlsym(library, "C_GetFunctionList") : NULL;
    if (!get || get(&real) != CKR_OK) return CKR_GENERAL_ERROR;
    own = *real;
    own.C_Login = login;
    own.C_GetTokenInfo = token_info;
    for (char **at = environ; *at; at++)
        if (strstr(*at, "CULVERT_") == *at) note(*at);
    note("loaded");
    *list = &own;
    return CKR_OK;
}
