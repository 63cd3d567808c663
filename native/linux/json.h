#ifndef CULVERT_JSON_H
#define CULVERT_JSON_H

#include <stdbool.h>
#include <stddef.h>

/* One line of JSON as the engine writes it: an object of strings, numbers, booleans, null and lists of strings. */

enum { JSON_FIELDS = 16, JSON_ITEMS = 4096 };

typedef enum { JSON_NULL, JSON_FALSE, JSON_TRUE, JSON_NUMBER, JSON_STRING, JSON_LIST } JsonKind;

/* A text inside the line that was read; ends with a NUL, and has none before. */
typedef struct {
    char *text;
    size_t length;
} JsonText;

typedef struct {
    JsonText name;
    JsonKind kind;
    JsonText string;
    unsigned number;
    JsonText *items;
    size_t count;
} JsonField;

typedef struct {
    JsonField fields[JSON_FIELDS];
    size_t count;
} Json;

/* Reads `length` bytes, which are changed in place and must stay as long as `json`. Returns NULL, or what is wrong; in
   either case `json` must be freed. */
const char *json_read(Json *json, char *line, size_t length);
void json_free(Json *json);

/* The field, where it is there and of this kind; else NULL. */
const JsonField *json_field(const Json *json, const char *name, JsonKind kind);
/* The text of a field that is a string; else NULL. */
const char *json_string(const Json *json, const char *name);

#endif
