#include "json.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
    char *at;
    char *end;
    const char *wrong;
} Reader;

static bool fail(Reader *reader, const char *wrong) {
    if (!reader->wrong) reader->wrong = wrong;
    return false;
}

static void skip_space(Reader *reader) {
    while (reader->at < reader->end && (*reader->at == ' ' || *reader->at == '\t' || *reader->at == '\r')) reader->at++;
}

static bool take(Reader *reader, char wanted) {
    skip_space(reader);
    if (reader->at >= reader->end || *reader->at != wanted) return false;
    reader->at++;
    return true;
}

static bool take_word(Reader *reader, const char *word) {
    size_t length = strlen(word);
    if ((size_t)(reader->end - reader->at) < length || memcmp(reader->at, word, length) != 0) return false;
    reader->at += length;
    return true;
}

static bool read_hex4(Reader *reader, uint32_t *code) {
    if (reader->end - reader->at < 4) return false;
    *code = 0;
    for (int i = 0; i < 4; i++) {
        char digit = *reader->at++;
        uint32_t value;
        if (digit >= '0' && digit <= '9') value = (uint32_t)(digit - '0');
        else if (digit >= 'a' && digit <= 'f') value = (uint32_t)(digit - 'a' + 10);
        else if (digit >= 'A' && digit <= 'F') value = (uint32_t)(digit - 'A' + 10);
        else return false;
        *code = *code * 16 + value;
    }
    return true;
}

/* UTF-8 of a code point: never longer than the escape that it stood in. */
static char *put_utf8(char *to, uint32_t code) {
    if (code < 0x80) {
        *to++ = (char)code;
    } else if (code < 0x800) {
        *to++ = (char)(0xc0 | (code >> 6));
        *to++ = (char)(0x80 | (code & 0x3f));
    } else if (code < 0x10000) {
        *to++ = (char)(0xe0 | (code >> 12));
        *to++ = (char)(0x80 | ((code >> 6) & 0x3f));
        *to++ = (char)(0x80 | (code & 0x3f));
    } else {
        *to++ = (char)(0xf0 | (code >> 18));
        *to++ = (char)(0x80 | ((code >> 12) & 0x3f));
        *to++ = (char)(0x80 | ((code >> 6) & 0x3f));
        *to++ = (char)(0x80 | (code & 0x3f));
    }
    return to;
}

static bool read_unicode(Reader *reader, char **to) {
    uint32_t code, low;
    if (!read_hex4(reader, &code)) return fail(reader, "a malformed \\u escape");
    if (code >= 0xd800 && code < 0xdc00) {
        if (!take_word(reader, "\\u") || !read_hex4(reader, &low) || low < 0xdc00 || low > 0xdfff)
            return fail(reader, "half of a surrogate pair");
        code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
    } else if (code >= 0xdc00 && code <= 0xdfff) {
        return fail(reader, "half of a surrogate pair");
    }
    /* What follows would be lost behind it without a word. */
    if (code == 0) return fail(reader, "a NUL in a text");
    *to = put_utf8(*to, code);
    return true;
}

static bool read_string(Reader *reader, JsonText *text) {
    static const char escapes[] = "\"\\/bfnrt", meanings[] = "\"\\/\b\f\n\r\t";
    if (!take(reader, '"')) return fail(reader, "a text is missing");
    char *to = reader->at;
    text->text = to;
    while (reader->at < reader->end && *reader->at != '"') {
        unsigned char byte = (unsigned char)*reader->at++;
        if (byte < 0x20) return fail(reader, "a control character in a text");
        if (byte != '\\') {
            *to++ = (char)byte;
            continue;
        }
        if (reader->at >= reader->end) return fail(reader, "a text without its end");
        char escape = *reader->at++;
        if (escape == 'u') {
            if (!read_unicode(reader, &to)) return false;
            continue;
        }
        const char *found = escape == '\0' ? NULL : strchr(escapes, escape);
        if (!found) return fail(reader, "an unknown escape");
        *to++ = meanings[found - escapes];
    }
    if (reader->at >= reader->end) return fail(reader, "a text without its end");
    reader->at++;
    text->length = (size_t)(to - text->text);
    /* At the latest where the closing quote was, which has been read. */
    *to = '\0';
    return true;
}

static bool read_list(Reader *reader, JsonField *field) {
    size_t room = 0;
    field->kind = JSON_LIST;
    if (take(reader, ']')) return true;
    do {
        if (field->count == JSON_ITEMS) return fail(reader, "a list that is too long");
        if (field->count == room) {
            room = room == 0 ? 16 : room * 2;
            JsonText *items = realloc(field->items, room * sizeof *items);
            if (!items) return fail(reader, "no memory");
            field->items = items;
        }
        skip_space(reader);
        if (!read_string(reader, &field->items[field->count])) return false;
        field->count++;
    } while (take(reader, ','));
    return take(reader, ']') || fail(reader, "a list without its end");
}

static bool read_number(Reader *reader, JsonField *field) {
    field->kind = JSON_NUMBER;
    const char *start = reader->at;
    for (; reader->at < reader->end && *reader->at >= '0' && *reader->at <= '9'; reader->at++) {
        if (reader->at - start == 9) return fail(reader, "a number that is too large");
        field->number = field->number * 10 + (unsigned)(*reader->at - '0');
    }
    return reader->at > start || fail(reader, "a value of a kind that is not known here");
}

static bool read_value(Reader *reader, JsonField *field) {
    skip_space(reader);
    if (reader->at < reader->end && *reader->at == '"') {
        field->kind = JSON_STRING;
        return read_string(reader, &field->string);
    }
    if (take(reader, '[')) return read_list(reader, field);
    if (take_word(reader, "null")) field->kind = JSON_NULL;
    else if (take_word(reader, "true")) field->kind = JSON_TRUE;
    else if (take_word(reader, "false")) field->kind = JSON_FALSE;
    else return read_number(reader, field);
    return true;
}

static bool read_fields(Reader *reader, Json *json) {
    if (!take(reader, '{')) return fail(reader, "no object");
    if (take(reader, '}')) return true;
    do {
        if (json->count == JSON_FIELDS) return fail(reader, "too many fields");
        JsonField *field = &json->fields[json->count];
        skip_space(reader);
        if (!read_string(reader, &field->name)) return false;
        for (size_t i = 0; i < json->count; i++)
            if (strcmp(json->fields[i].name.text, field->name.text) == 0) return fail(reader, "a field that is there twice");
        /* From here on `json_free` knows it. */
        json->count++;
        if (!take(reader, ':')) return fail(reader, "a field without a value");
        if (!read_value(reader, field)) return false;
    } while (take(reader, ','));
    return take(reader, '}') || fail(reader, "an object without its end");
}

const char *json_read(Json *json, char *line, size_t length) {
    Reader reader = {line, line + length, NULL};
    memset(json, 0, sizeof *json);
    if (!read_fields(&reader, json)) return reader.wrong;
    skip_space(&reader);
    return reader.at == reader.end ? NULL : "something behind the object";
}

void json_free(Json *json) {
    for (size_t i = 0; i < json->count; i++) free(json->fields[i].items);
    memset(json, 0, sizeof *json);
}

const JsonField *json_field(const Json *json, const char *name, JsonKind kind) {
    for (size_t i = 0; i < json->count; i++)
        if (strcmp(json->fields[i].name.text, name) == 0) return json->fields[i].kind == kind ? &json->fields[i] : NULL;
    return NULL;
}

const char *json_string(const Json *json, const char *name) {
    const JsonField *field = json_field(json, name, JSON_STRING);
    return field ? field->string.text : NULL;
}
