/*
 * Runs a fuzz target over a corpus of the repository, as an ordinary test: TARGET_replay FILE..., or TARGET_replay --unpack FOLDER FILE...
 * to make single files of it. A corpus is a text file: one input a line, in hexadecimal; lines that begin with # are not inputs.
 */
#include "fuzz.h"

static int digit(int c) { return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1; }

static void stop(const char *path, const char *what)
{
    fprintf(stderr, "fuzz_replay: %s: %s\n", path, what);
    exit(2);
}

static void save(const char *folder, uint32_t n, const uint8_t *bytes, size_t nbytes)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/corpus-%04u", folder, n);
    FILE *f = fopen(path, "wb");
    if (!f || fwrite(bytes, 1, nbytes, f) != nbytes || fclose(f))
        stop(path, "cannot be written");
}

/* The next input into bytes; -1 at the end. */
static long next_input(FILE *f, const char *path, uint8_t *bytes, size_t room)
{
    int c = getc(f);
    while (c == '#' || c == '\n') {
        while (c != '\n' && c != EOF)
            c = getc(f);
        c = c == EOF ? EOF : getc(f);
    }
    if (c == EOF)
        return -1;
    size_t n = 0;
    for (; c != '\n' && c != EOF; c = getc(f)) {
        int low = getc(f);
        if (digit(c) < 0 || digit(low) < 0 || n == room)
            stop(path, "is not a corpus");
        bytes[n++] = (uint8_t)(digit(c) << 4 | digit(low));
    }
    return (long)n;
}

int main(int argc, char **argv)
{
    static uint8_t bytes[1 << 20];
    int unpack = argc > 2 && strcmp(argv[1], "--unpack") == 0;
    uint32_t inputs = 0;
    uint64_t total = 0;
    for (int i = unpack ? 3 : 1; i < argc; i++) {
        FILE *f = fopen(argv[i], "r");
        if (!f)
            stop(argv[i], "cannot be opened");
        for (long n; (n = next_input(f, argv[i], bytes, sizeof bytes)) >= 0; inputs++, total += (uint64_t)n) {
            if (unpack) {
                save(argv[2], inputs, bytes, (size_t)n);
                continue;
            }
            fflush(stdout);
            uint8_t *copy = memcpy(malloc((size_t)n + 1), bytes, (size_t)n);
            LLVMFuzzerTestOneInput(copy, (size_t)n);
            free(copy);
        }
        fclose(f);
    }
    if (inputs == 0)
        stop(argc > 1 ? argv[argc - 1] : "no file", "has no input");
    printf("%u inputs, %llu bytes, 0 failures\n", inputs, (unsigned long long)total);
    return 0;
}
