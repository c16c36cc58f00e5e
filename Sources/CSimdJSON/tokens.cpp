#define SIMDJSON_EXCEPTIONS 0
#include "CSimdJSON.h"

#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>
#include <simdjson.h>

using simdjson::error_code;

namespace {

// Deeper documents are refused: change events have five levels.
constexpr int deepest = 64;

bool is_space(uint8_t byte) { return byte == ' ' || byte == '\n' || byte == '\r' || byte == '\t'; }
bool is_digit(uint8_t byte) { return static_cast<uint8_t>(byte - '0') < 10; }

// Whether the bytes are a number by JSON's grammar.
bool is_number(const uint8_t *at, const uint8_t *end) {
    if (at < end && *at == '-') { at++; }
    const uint8_t *first = at;
    while (at < end && is_digit(*at)) { at++; }
    if (at == first || (*first == '0' && at > first + 1)) { return false; }
    if (at == end) { return true; }
    if (*at == '.') {
        first = ++at;
        while (at < end && is_digit(*at)) { at++; }
        if (at == first) { return false; }
    }
    if (at < end && (*at == 'e' || *at == 'E')) {
        at++;
        if (at < end && (*at == '+' || *at == '-')) { at++; }
        first = at;
        while (at < end && is_digit(*at)) { at++; }
        if (at == first) { return false; }
    }
    return at == end;
}

} // namespace

struct tg_json {
    std::unique_ptr<simdjson::internal::dom_parser_implementation> stage;
    uint8_t *buffer = nullptr;
    size_t capacity = 0;
    tg_json_token *tokens = nullptr;
    size_t token_count = 0;
    size_t token_capacity = 0;
    size_t error_offset = 0;

    ~tg_json() {
        std::free(buffer);
        std::free(tokens);
    }

    // Room for a document of `count` bytes.
    error_code reserve(size_t count) {
        if (count <= capacity && stage) { return simdjson::SUCCESS; }
        if (count >= simdjson::SIMDJSON_MAXSIZE_BYTES) { return simdjson::CAPACITY; }
        size_t wanted = count + count / 2 + 4096;
        auto *larger = static_cast<uint8_t *>(std::realloc(buffer, wanted + simdjson::SIMDJSON_PADDING));
        if (larger == nullptr) { return simdjson::MEMALLOC; }
        buffer = larger;
        capacity = 0;
        error_code error = stage ? stage->set_capacity(wanted)
                                 : simdjson::get_active_implementation()->create_dom_parser_implementation(
                                       wanted, deepest, stage);
        if (error) { return error; }
        capacity = wanted;
        return simdjson::SUCCESS;
    }

    // Room for as many tokens as there are marks: no document has more.
    bool reserve_tokens(size_t count) {
        if (count <= token_capacity) { return true; }
        size_t wanted = count + count / 2 + 256;
        auto *larger = static_cast<tg_json_token *>(std::realloc(tokens, wanted * sizeof(tg_json_token)));
        if (larger == nullptr) { return false; }
        tokens = larger;
        token_capacity = wanted;
        return true;
    }

    error_code fail(error_code code, size_t offset) {
        error_offset = offset;
        return code;
    }

    // The end of the scalar that starts at `start`, when the next mark is at `next`.
    size_t trimmed(size_t start, size_t next) const {
        while (next > start && is_space(buffer[next - 1])) { next--; }
        return next;
    }

    error_code scalar(tg_json_token &token, uint32_t start, size_t next) {
        const uint8_t *at = buffer + start;
        size_t length = trimmed(start, next) - start;
        token.start = start;
        token.length = static_cast<uint32_t>(length);
        switch (*at) {
        case '"':
            if (length < 2 || at[length - 1] != '"') { return fail(simdjson::UNCLOSED_STRING, start); }
            token.kind = TG_JSON_STRING;
            token.start = start + 1;
            token.length = static_cast<uint32_t>(length - 2);
            return simdjson::SUCCESS;
        case 't':
            token.kind = TG_JSON_TRUE;
            return length == 4 && std::memcmp(at, "true", 4) == 0 ? simdjson::SUCCESS
                                                                  : fail(simdjson::T_ATOM_ERROR, start);
        case 'f':
            token.kind = TG_JSON_FALSE;
            return length == 5 && std::memcmp(at, "false", 5) == 0 ? simdjson::SUCCESS
                                                                   : fail(simdjson::F_ATOM_ERROR, start);
        case 'n':
            token.kind = TG_JSON_NULL;
            return length == 4 && std::memcmp(at, "null", 4) == 0 ? simdjson::SUCCESS
                                                                  : fail(simdjson::N_ATOM_ERROR, start);
        case '-': case '0': case '1': case '2': case '3': case '4': case '5': case '6': case '7': case '8': case '9':
            token.kind = TG_JSON_NUMBER;
            return is_number(at, at + length) ? simdjson::SUCCESS : fail(simdjson::NUMBER_ERROR, start);
        default: return fail(simdjson::TAPE_ERROR, start);
        }
    }

    // Turns simdjson's marks (the places of all brackets, colons, commas and beginnings of scalars outside strings)
    // into tokens. One step reads one value with its key and whatever follows it up to the next value.
    error_code walk(size_t count) {
        const uint32_t *mark = stage->structural_indexes.get();
        const uint32_t *last = mark + stage->n_structural_indexes; // holds `count`, written by stage 1
        if (!reserve_tokens(stage->n_structural_indexes)) { return fail(simdjson::MEMALLOC, 0); }
        uint32_t open[deepest]; // indexes of the containers that are open
        int depth = 0;
        bool in_object = false;
        for (;;) {
            if (mark >= last) { return fail(simdjson::INCOMPLETE_ARRAY_OR_OBJECT, count); }
            tg_json_token &token = tokens[token_count];
            token.key = 0;
            token.key_length = 0;
            if (in_object) {
                uint32_t key = mark[0];
                if (buffer[key] != '"') { return fail(simdjson::TAPE_ERROR, key); }
                if (mark + 2 >= last) { return fail(simdjson::INCOMPLETE_ARRAY_OR_OBJECT, count); }
                if (buffer[mark[1]] != ':') { return fail(simdjson::TAPE_ERROR, mark[1]); }
                size_t end = trimmed(key, mark[1]);
                if (end < key + 2 || buffer[end - 1] != '"') { return fail(simdjson::TAPE_ERROR, key); }
                token.key = key + 1;
                token.key_length = static_cast<uint32_t>(end - key - 2);
                mark += 2;
            }
            uint32_t start = *mark++;
            uint8_t first = buffer[start];
            token_count++;
            if (first == '{' || first == '[') {
                if (depth == deepest) { return fail(simdjson::DEPTH_ERROR, start); }
                token.kind = first == '{' ? TG_JSON_OBJECT : TG_JSON_ARRAY;
                token.start = start;
                open[depth++] = static_cast<uint32_t>(token_count - 1);
                in_object = first == '{';
                if (mark >= last) { return fail(simdjson::INCOMPLETE_ARRAY_OR_OBJECT, count); }
                if (buffer[*mark] != (in_object ? '}' : ']')) { continue; }
            } else {
                if (error_code error = scalar(token, start, mark < last ? *mark : count)) { return error; }
                token.end = static_cast<uint32_t>(token_count);
            }
            // A value is complete, or an empty container is about to be closed: close what ends here.
            while (depth > 0) {
                if (mark >= last) { return fail(simdjson::INCOMPLETE_ARRAY_OR_OBJECT, count); }
                uint32_t at = *mark++;
                if (buffer[at] == ',') {
                    // An empty container never gets here: its bracket was seen above.
                    break;
                }
                if (buffer[at] != (in_object ? '}' : ']')) { return fail(simdjson::TAPE_ERROR, at); }
                tg_json_token &closed = tokens[open[--depth]];
                closed.length = at + 1 - closed.start;
                closed.end = static_cast<uint32_t>(token_count);
                in_object = depth > 0 && tokens[open[depth - 1]].kind == TG_JSON_OBJECT;
            }
            if (depth == 0) { return mark < last ? fail(simdjson::TRAILING_CONTENT, *mark) : simdjson::SUCCESS; }
        }
    }

    error_code tokenize(const uint8_t *bytes, size_t count) {
        token_count = 0;
        error_offset = 0;
        if (count == 0) { return simdjson::EMPTY; }
        if (error_code error = reserve(count)) { return error; }
        std::memcpy(buffer, bytes, count);
        std::memset(buffer + count, ' ', simdjson::SIMDJSON_PADDING);
        if (error_code error = stage->stage1(buffer, count, simdjson::stage1_mode::regular)) {
            return fail(error, error == simdjson::UTF8_ERROR || error == simdjson::UNESCAPED_CHARS ? 0 : count);
        }
        return walk(count);
    }
};

extern "C" {

tg_json *tg_json_new(void) { return new (std::nothrow) tg_json; }
void tg_json_free(tg_json *json) { delete json; }

int tg_json_tokenize(tg_json *json, const uint8_t *bytes, size_t count) { return json->tokenize(bytes, count); }

const tg_json_token *tg_json_tokens(const tg_json *json) { return json->tokens; }
size_t tg_json_token_count(const tg_json *json) { return json->token_count; }
const uint8_t *tg_json_bytes(const tg_json *json) { return json->buffer; }
size_t tg_json_error_offset(const tg_json *json) { return json->error_offset; }

int tg_json_is_truncated(int code) {
    return code == simdjson::EMPTY || code == simdjson::UNCLOSED_STRING ||
           code == simdjson::INCOMPLETE_ARRAY_OR_OBJECT;
}

const char *tg_json_message(int code) { return simdjson::error_message(static_cast<error_code>(code)); }
}
