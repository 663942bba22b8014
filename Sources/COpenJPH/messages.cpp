#include "messages.h"

#include <cstdio>
#include <mutex>
#include <stdexcept>

#include <openjph/ojph_arch.h>
#include <openjph/ojph_file.h>
#include <openjph/ojph_params.h>
#include <openjph/ojph_codestream.h>
#include <openjph/ojph_message.h>

namespace {

class silent_info : public ojph::message_info {
public:
    void operator()(int, const char *, int, const char *, ...) override {}
};

class silent_warning : public ojph::message_warning {
public:
    void operator()(int, const char *, int, const char *, ...) override {}
};

// The library relies on its error handler not returning.
class throwing_error : public ojph::message_error {
public:
    void operator()(int, const char *, int, const char *, ...) override {
        throw std::runtime_error("libopenjph");
    }
};

}  // namespace

void cojph::prepare_library() {
    static std::once_flag once;
    std::call_once(once, [] {
        static silent_info info;
        static silent_warning warning;
        static throwing_error error;
        ojph::configure_info(&info);
        ojph::configure_warning(&warning);
        ojph::configure_error(&error);
        // The constructor fills the library's tables of function pointers without a lock: do it here, alone.
        ojph::codestream first;
    });
}
