// libcurl for Swift: Swift cannot call variadic C functions, so each kind of argument has a typed wrapper here.
// They add no behaviour. The option's documentation says which wrapper fits it.
#ifndef HI_FETCH_CCURL_SHIM_H
#define HI_FETCH_CCURL_SHIM_H

#include <curl/curl.h>

typedef size_t (*curl_shim_receive_callback)(char *bytes, size_t size, size_t count, void *context);
typedef int (*curl_shim_sockopt_callback)(void *context, curl_socket_t socket, curlsocktype purpose);

static inline CURLcode curl_shim_set_long(CURL *easy, CURLoption option, long value) {
    return curl_easy_setopt(easy, option, value);
}

static inline CURLcode curl_shim_set_offset(CURL *easy, CURLoption option, curl_off_t value) {
    return curl_easy_setopt(easy, option, value);
}

static inline CURLcode curl_shim_set_string(CURL *easy, CURLoption option, const char *value) {
    return curl_easy_setopt(easy, option, value);
}

static inline CURLcode curl_shim_set_pointer(CURL *easy, CURLoption option, void *value) {
    return curl_easy_setopt(easy, option, value);
}

static inline CURLcode curl_shim_set_list(CURL *easy, CURLoption option, struct curl_slist *value) {
    return curl_easy_setopt(easy, option, value);
}

static inline CURLcode curl_shim_set_receiver(CURL *easy, CURLoption option, curl_shim_receive_callback value) {
    return curl_easy_setopt(easy, option, value);
}

static inline CURLcode curl_shim_set_sockopt(CURL *easy, curl_shim_sockopt_callback value) {
    return curl_easy_setopt(easy, CURLOPT_SOCKOPTFUNCTION, value);
}

// Before 7.85 the protocols were a bit mask, now deprecated; the name list replaces it.
static inline CURLcode curl_shim_allow_only_http(CURL *easy) {
#if LIBCURL_VERSION_NUM >= 0x075500
    return curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
#else
    return curl_easy_setopt(easy, CURLOPT_PROTOCOLS, (long)(CURLPROTO_HTTP | CURLPROTO_HTTPS));
#endif
}

// CURLOPT_QUICK_EXIT came with 7.87; without it a cancelled name look-up is waited for.
static inline CURLcode curl_shim_do_not_wait_for_resolver(CURL *easy) {
#if LIBCURL_VERSION_NUM >= 0x075700
    return curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
#else
    (void)easy;
    return CURLE_OK;
#endif
}

// The file of authorities that libcurl was built with; NULL where there is none, or before 7.84, which does not tell.
static inline const char *curl_shim_built_in_authorities(CURL *easy) {
    char *path = NULL;
#if LIBCURL_VERSION_NUM >= 0x075400
    if (curl_easy_getinfo(easy, CURLINFO_CAINFO, &path) != CURLE_OK) return NULL;
#else
    (void)easy;
#endif
    return path;
}

static inline CURLcode curl_shim_get_long(CURL *easy, CURLINFO info, long *value) {
    return curl_easy_getinfo(easy, info, value);
}

static inline CURLcode curl_shim_get_offset(CURL *easy, CURLINFO info, curl_off_t *value) {
    return curl_easy_getinfo(easy, info, value);
}

static inline CURLcode curl_shim_get_pointer(CURL *easy, CURLINFO info, void **value) {
    return curl_easy_getinfo(easy, info, (char **)value);
}

static inline CURLcode curl_shim_get_socket(CURL *easy, CURLINFO info, curl_socket_t *value) {
    return curl_easy_getinfo(easy, info, value);
}

static inline CURLMcode curl_shim_multi_set_long(CURLM *multi, CURLMoption option, long value) {
    return curl_multi_setopt(multi, option, value);
}

// CURLMsg keeps its result in a union, which Swift reads badly.
static inline CURLcode curl_shim_message_result(const CURLMsg *message) {
    return message->data.result;
}

#endif
