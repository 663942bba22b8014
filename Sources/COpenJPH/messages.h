// libopenjph's message handlers are process-wide; this replaces them once.
#ifndef COJPH_MESSAGES_H
#define COJPH_MESSAGES_H

namespace cojph {

// Makes the library silent (an error still ends as an exception) and its dispatch tables ready. Any thread, any
// number of times.
void prepare_library();

}  // namespace cojph

#endif
