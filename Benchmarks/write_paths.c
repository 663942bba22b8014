// Writes files as a fetch does, each under a temporary name that is renamed when it is whole, and counts what it costs.
//
//     write_paths METHOD FOLDER FILES BYTES THREADS DEPTH [sync]
//
// METHOD   bytes       only makes the bytes, as a decoder would: what all other methods cost too
//          plain       openat, write, close, renameat; each thread one file after the other
//          fallocate   the same, and the room is asked for first
//          direct      the same past the page cache (O_DIRECT), cut to its length at the end
//          ring        io_uring: open, write, close and rename as one linked chain a file, DEPTH chains in flight, with
//                      registered buffers and files that exist in the ring alone
//          ring-direct the same past the page cache, with a fifth link that cuts the file to its length
//
// One ring whatever THREADS says; the kernel's workers of a ring keep to the processors that this process may use.
// Prints one line of JSON: processor seconds of all threads, those of the ring's workers among them; seconds; with
// `sync` also the seconds until the file system has everything on its medium. Setting up, checking the files and
// emptying them is not counted. FOLDER is to be empty.
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <liburing.h>
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { nameRoom = 64, blockBytes = 4096, depthLimit = 256, threadLimit = 64 };

typedef struct {
    const char *method;
    int folder;
    int files;
    size_t bytes;
    /// `bytes` rounded up to what O_DIRECT takes.
    size_t blocks;
    int threads;
    int depth;
    bool isDirect;
} Settings;

typedef struct {
    const Settings *settings;
    int number;
    uint8_t *buffer;
} Part;

static _Noreturn void fail(const char *what, int error) {
    fprintf(stderr, "write_paths: %s: %s\n", what, strerror(error));
    exit(1);
}

static double seconds(clockid_t clock) {
    struct timespec time;
    clock_gettime(clock, &time);
    return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

static double processorSeconds(void) {
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec)
        + (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1e-6;
}

/// Processor seconds of the threads of this process that the kernel started for a ring, as the scheduler counted them.
static double ringWorkerSeconds(int *count) {
    double sum = 0;
    *count = 0;
    DIR *tasks = opendir("/proc/self/task");
    if (!tasks) fail("/proc/self/task", errno);
    for (struct dirent *entry; (entry = readdir(tasks));) {
        char path[320], text[64] = "";
        snprintf(path, sizeof path, "/proc/self/task/%s/comm", entry->d_name);
        FILE *file = fopen(path, "r");
        if (!file) continue;
        bool isWorker = fgets(text, sizeof text, file) && strncmp(text, "iou-", 4) == 0;
        fclose(file);
        if (!isWorker) continue;
        snprintf(path, sizeof path, "/proc/self/task/%s/schedstat", entry->d_name);
        file = fopen(path, "r");
        unsigned long long nanoseconds = 0;
        if (file && fscanf(file, "%llu", &nanoseconds) == 1) {
            sum += (double)nanoseconds * 1e-9;
            *count += 1;
        }
        if (file) fclose(file);
    }
    closedir(tasks);
    return sum;
}

static uint8_t *makeBuffer(const Settings *settings) {
    void *buffer;
    int error = posix_memalign(&buffer, 2 << 20, settings->blocks);
    if (error) fail("memory", error);
    memset(buffer, 1, settings->blocks);
    return buffer;
}

/// In place of decoding: the bytes of a frame are in the cache when they are written, as far as they fit.
static void makeBytes(const Settings *settings, uint8_t *buffer, int file) {
    memset(buffer, file % 251 + 1, settings->bytes);
}

static void finalName(char *name, int file) { snprintf(name, nameRoom, "%032x.raw", file); }

static void temporaryName(char *name, int file, int tag) {
    snprintf(name, nameRoom, ".%032x.raw.%d.partial", file, tag);
}

static int openFlags(const Settings *settings) {
    return O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | (settings->isDirect ? O_DIRECT : 0);
}

// MARK: System calls

static void writePlainly(const Settings *settings, uint8_t *buffer, int file, int tag) {
    char name[nameRoom], temporary[nameRoom];
    finalName(name, file);
    temporaryName(temporary, file, tag);
    int descriptor = openat(settings->folder, temporary, openFlags(settings), 0644);
    if (descriptor < 0) fail(temporary, errno);
    if (strcmp(settings->method, "fallocate") == 0 && fallocate(descriptor, 0, 0, (off_t)settings->bytes) != 0) {
        fail("fallocate", errno);
    }
    size_t count = settings->isDirect ? settings->blocks : settings->bytes;
    for (size_t done = 0; done < count;) {
        ssize_t written = write(descriptor, buffer + done, count - done);
        if (written <= 0) fail("write", errno);
        done += (size_t)written;
    }
    if (count != settings->bytes && ftruncate(descriptor, (off_t)settings->bytes) != 0) fail("ftruncate", errno);
    if (close(descriptor) != 0) fail("close", errno);
    if (renameat(settings->folder, temporary, settings->folder, name) != 0) fail("renameat", errno);
}

static void *runPart(void *argument) {
    Part *part = argument;
    const Settings *settings = part->settings;
    bool writes = strcmp(settings->method, "bytes") != 0;
    for (int file = part->number; file < settings->files; file += settings->threads) {
        makeBytes(settings, part->buffer, file);
        // Or the compiler might not make them.
        __asm__ volatile("" : : "r"(part->buffer) : "memory");
        if (writes) writePlainly(settings, part->buffer, file, part->number);
    }
    return NULL;
}

static void runPlainly(Part *parts, const Settings *settings) {
    pthread_t threads[threadLimit];
    for (int number = 1; number < settings->threads; number += 1) {
        int error = pthread_create(&threads[number], NULL, runPart, &parts[number]);
        if (error) fail("thread", error);
    }
    runPart(&parts[0]);
    for (int number = 1; number < settings->threads; number += 1) pthread_join(threads[number], NULL);
}

/// Writes as many files of other names, and empties them: what a virtual machine has given back to its host is dear to
/// touch, and which method finds such pages is chance.
static void warmMemory(Settings settings) {
    settings.method = "plain";
    settings.isDirect = false;
    uint8_t *buffer = makeBuffer(&settings);
    for (int file = settings.files; file < 2 * settings.files; file += 1) writePlainly(&settings, buffer, file, 0);
    for (int file = settings.files; file < 2 * settings.files; file += 1) {
        char name[nameRoom];
        finalName(name, file);
        int descriptor = openat(settings.folder, name, O_WRONLY | O_TRUNC | O_CLOEXEC);
        if (descriptor < 0) fail(name, errno);
        close(descriptor);
    }
    free(buffer);
}

// MARK: The ring

typedef struct {
    struct io_uring ring;
    uint8_t *buffers[depthLimit];
    char names[depthLimit][nameRoom];
    char temporaries[depthLimit][nameRoom];
} Ring;

static void setUp(Ring *ring, const Settings *settings) {
    int error = io_uring_queue_init((unsigned)settings->depth * 5, &ring->ring, IORING_SETUP_SINGLE_ISSUER);
    if (error) fail("io_uring", -error);
    struct iovec vectors[depthLimit];
    for (int slot = 0; slot < settings->depth; slot += 1) {
        ring->buffers[slot] = makeBuffer(settings);
        vectors[slot] = (struct iovec){ring->buffers[slot], settings->blocks};
    }
    error = io_uring_register_buffers(&ring->ring, vectors, (unsigned)settings->depth);
    if (error) fail("register buffers", -error);
    error = io_uring_register_files_sparse(&ring->ring, (unsigned)settings->depth);
    if (error) fail("register files", -error);
    cpu_set_t processors;
    sched_getaffinity(0, sizeof processors, &processors);
    error = io_uring_register_iowq_aff(&ring->ring, sizeof processors, &processors);
    if (error) fail("register affinity", -error);
}

/// What a file needs, in order; only the rename tells of its success. The ring has room for all slots' links.
static void enqueue(Ring *ring, const Settings *settings, int slot, int file) {
    makeBytes(settings, ring->buffers[slot], file);
    finalName(ring->names[slot], file);
    temporaryName(ring->temporaries[slot], file, slot);
    unsigned quiet = IOSQE_IO_LINK | IOSQE_CQE_SKIP_SUCCESS;
    struct io_uring_sqe *entry = io_uring_get_sqe(&ring->ring);
    // Files of the ring have no descriptor that a child could inherit; it refuses O_CLOEXEC for them.
    io_uring_prep_openat_direct(
        entry, settings->folder, ring->temporaries[slot], openFlags(settings) & ~O_CLOEXEC, 0644, (unsigned)slot);
    entry->flags |= quiet;
    size_t count = settings->isDirect ? settings->blocks : settings->bytes;
    entry = io_uring_get_sqe(&ring->ring);
    io_uring_prep_write_fixed(entry, slot, ring->buffers[slot], (unsigned)count, 0, slot);
    entry->flags |= IOSQE_FIXED_FILE | quiet;
    if (count != settings->bytes) {
        entry = io_uring_get_sqe(&ring->ring);
        // IORING_OP_FTRUNCATE, which this liburing has no name for.
        io_uring_prep_rw(55, entry, slot, NULL, 0, settings->bytes);
        entry->flags |= IOSQE_FIXED_FILE | quiet;
    }
    entry = io_uring_get_sqe(&ring->ring);
    io_uring_prep_close_direct(entry, (unsigned)slot);
    entry->flags |= quiet;
    entry = io_uring_get_sqe(&ring->ring);
    io_uring_prep_renameat(
        entry, settings->folder, ring->temporaries[slot], settings->folder, ring->names[slot], 0);
    io_uring_sqe_set_data64(entry, (uint64_t)slot + 1);
}

static void runRing(Ring *ring, const Settings *settings) {
    int next = 0, finished = 0;
    while (next < settings->files && next < settings->depth) {
        enqueue(ring, settings, next, next);
        next += 1;
        // One by one, as frames come out of a decoder.
        int submitted = io_uring_submit(&ring->ring);
        if (submitted < 0) fail("submit", -submitted);
    }
    while (finished < settings->files) {
        struct io_uring_cqe *answer;
        int error = io_uring_wait_cqe(&ring->ring, &answer);
        if (error == -EINTR) continue;
        if (error) fail("wait", -error);
        // A write that falls short breaks the chain, and the rename is cancelled.
        if (answer->res < 0) fail("a link of a chain", -answer->res);
        int slot = (int)(io_uring_cqe_get_data64(answer) - 1);
        io_uring_cqe_seen(&ring->ring, answer);
        finished += 1;
        if (next < settings->files) {
            enqueue(ring, settings, slot, next);
            next += 1;
            int submitted = io_uring_submit(&ring->ring);
            if (submitted < 0) fail("submit", -submitted);
        }
    }
}

// MARK: Afterwards

/// Leaves the files empty: ext4 passes over the inodes of files that were removed in the last minutes, which would cost
/// the next turn more than writing does, and which a fetch, that removes nothing, never meets.
static void checkAndEmpty(const Settings *settings) {
    for (int file = 0; file < settings->files; file += 1) {
        char name[nameRoom];
        finalName(name, file);
        int descriptor = openat(settings->folder, name, O_RDWR | O_CLOEXEC);
        struct stat status;
        uint8_t ends[2];
        if (descriptor < 0 || fstat(descriptor, &status) != 0 || pread(descriptor, &ends[0], 1, 0) != 1
            || pread(descriptor, &ends[1], 1, (off_t)settings->bytes - 1) != 1) {
            fail(name, errno);
        }
        uint8_t expected = (uint8_t)(file % 251 + 1);
        if ((size_t)status.st_size != settings->bytes || ends[0] != expected || ends[1] != expected) {
            fail(name, EIO);
        }
        if (ftruncate(descriptor, 0) != 0) fail("ftruncate", errno);
        close(descriptor);
    }
}

int main(int count, char **arguments) {
    if (count < 7) {
        fprintf(stderr, "usage: write_paths METHOD FOLDER FILES BYTES THREADS DEPTH [sync]\n");
        return 64;
    }
    Settings settings = {.method = arguments[1], .files = atoi(arguments[3]), .bytes = (size_t)atoll(arguments[4]),
        .threads = atoi(arguments[5]), .depth = atoi(arguments[6])};
    bool isSynced = count > 7;
    settings.blocks = (settings.bytes + blockBytes - 1) / blockBytes * blockBytes;
    settings.isDirect = strstr(settings.method, "direct") != NULL;
    bool isRing = strncmp(settings.method, "ring", 4) == 0;
    if (settings.threads < 1 || settings.threads > threadLimit || settings.depth < 1 || settings.depth > depthLimit
        || settings.files < 1 || settings.bytes < 1) {
        fail("arguments", EINVAL);
    }
    settings.folder = open(arguments[2], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (settings.folder < 0) fail(arguments[2], errno);
    static Ring ring;
    Part parts[threadLimit];
    if (isRing) {
        setUp(&ring, &settings);
    } else {
        for (int number = 0; number < settings.threads; number += 1) {
            parts[number] = (Part){&settings, number, makeBuffer(&settings)};
        }
    }
    warmMemory(settings);
    if (isSynced) syncfs(settings.folder);
    double cpuBefore = processorSeconds(), start = seconds(CLOCK_MONOTONIC);
    if (isRing) {
        runRing(&ring, &settings);
    } else {
        runPlainly(parts, &settings);
    }
    double elapsed = seconds(CLOCK_MONOTONIC) - start, cpu = processorSeconds() - cpuBefore;
    if (isSynced && syncfs(settings.folder) != 0) fail("syncfs", errno);
    double synced = seconds(CLOCK_MONOTONIC) - start;
    int workers;
    double workerSeconds = ringWorkerSeconds(&workers);
    if (strcmp(settings.method, "bytes") != 0) checkAndEmpty(&settings);
    printf(
        "{\"cpu\":%.6f,\"seconds\":%.6f,\"synced\":%.6f,\"workers\":%d,\"workerCPU\":%.6f}\n", cpu, elapsed, synced,
        workers, workerSeconds);
    return 0;
}
