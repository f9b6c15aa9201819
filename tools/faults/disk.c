/* A disk that fails when it is told to: loaded before the C library (LD_PRELOAD), it sees every call by which a process
 * changes a file below FAULTS_FOLDER. It notes each in FAULTS_TRACE, for a loss of power to be played afterwards, and
 * makes some fail or be the last, as faults_arm() or FAULTS_AT says. FAULTS_CLOCK names a file of eight bytes: seconds
 * by which the wall clock is wrong. Linux with glibc only.
 *
 *   cc -shared -fPIC -O1 -o disk.so disk.c -ldl
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum { CREATE, WRITE, TRUNCATE, SYNC, SYNC_FOLDER, RENAME, UNLINK, MKDIR };
#define MOST_FILES 4096

typedef struct { uint32_t kind, path; uint64_t file, offset, length; } Note; /* path and data follow */

static char folder[PATH_MAX];
static size_t folder_length;
static int trace = -1;
static char *paths[MOST_FILES]; /* by descriptor: what is open below the folder */
static pthread_mutex_t one = PTHREAD_MUTEX_INITIALIZER;
static long done, fail_at, fail_for; /* changes so far; the first that fails, counted from 1, and how many do */
static int fail_with;                /* an errno; 0: the process is killed there */
static const int64_t *wrong_clock;

#define REAL(result, name, ...) \
  static result (*real_##name)(__VA_ARGS__); \
  if (!real_##name) real_##name = (result (*)(__VA_ARGS__))dlsym(RTLD_NEXT, #name)

__attribute__((constructor)) static void begin(void) {
  const char *text = getenv("FAULTS_FOLDER");
  if (text && strlen(text) < sizeof folder) { strcpy(folder, text); folder_length = strlen(text); }
  if ((text = getenv("FAULTS_TRACE"))) trace = syscall(SYS_openat, AT_FDCWD, text, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
  if ((text = getenv("FAULTS_AT"))) fail_at = atol(text);
  if ((text = getenv("FAULTS_FOR"))) fail_for = atol(text);
  if ((text = getenv("FAULTS_ERRNO"))) fail_with = atoi(text);
  if ((text = getenv("FAULTS_CLOCK"))) {
    int handle = syscall(SYS_openat, AT_FDCWD, text, O_RDONLY | O_CLOEXEC);
    void *seen = handle < 0 ? MAP_FAILED : mmap(NULL, 8, PROT_READ, MAP_SHARED, handle, 0);
    if (seen != MAP_FAILED) wrong_clock = seen;
  }
}

/* For the process itself, through ctypes: its changes so far are forgotten, and some of the next fail. */
void faults_arm(long at, long count, int with) {
  pthread_mutex_lock(&one);
  done = 0, fail_at = at, fail_for = count, fail_with = with;
  pthread_mutex_unlock(&one);
}

long faults_done(void) { return done; }

static int below(const char *path) {
  return folder_length && !strncmp(path, folder, folder_length) && (path[folder_length] == '/' || !path[folder_length]);
}

static const char *open_path(int handle) { return handle >= 0 && handle < MOST_FILES ? paths[handle] : NULL; }

/* Returns whether this change shall happen; `half` is done instead where it is the last, or a full disk's first. */
static int may(int needs_room, void (*half)(void *), void *what) {
  done++;
  if (!fail_at || done < fail_at || done >= fail_at + fail_for) return 1;
  if (fail_with == ENOSPC && !needs_room) return 1;
  if (done == fail_at && half && (!fail_with || fail_with == ENOSPC)) half(what);
  if (!fail_with) kill(getpid(), SIGKILL);
  errno = fail_with;
  return 0;
}

static uint64_t number(int handle) {
  struct stat found;
  return fstat(handle, &found) ? 0 : found.st_ino;
}

static uint64_t length_of(int handle) {
  struct stat found;
  return fstat(handle, &found) ? 0 : found.st_size;
}

static void note(uint32_t kind, const char *path, uint64_t file, uint64_t offset, const void *data, uint64_t length, uint64_t size) {
  if (trace < 0) return;
  Note head = {kind, path ? strlen(path) : 0, file, offset, size};
  struct iovec parts[3] = {{&head, sizeof head}, {(void *)path, head.path}, {(void *)data, length}};
  syscall(SYS_writev, trace, parts, 3);
}

static int opened(const char *path, int flags, mode_t mode, int at) {
  char whole[PATH_MAX];
  if (path[0] != '/' && folder_length && at == AT_FDCWD && getcwd(whole, sizeof whole) &&
      strlen(whole) + strlen(path) + 2 < sizeof whole)
    strcat(strcat(whole, "/"), path), path = whole;
  if (!below(path)) return syscall(SYS_openat, at, path, flags, mode);
  pthread_mutex_lock(&one);
  struct stat before;
  int is_new = stat(path, &before) != 0, empties = !is_new && (flags & O_TRUNC) && before.st_size;
  int writes = (flags & O_ACCMODE) != O_RDONLY, handle = -1;
  int changes = (is_new && (flags & O_CREAT)) || empties;
  /* a disk that is read-only refuses to open for writing what it has */
  int refused = !changes && writes && !is_new && fail_with == EROFS && fail_at && done + 1 >= fail_at && done + 1 < fail_at + fail_for;
  if ((changes || refused) && !may(is_new, NULL, NULL)) goto end;
  handle = syscall(SYS_openat, at, path, flags, mode);
  if (handle >= 0 && handle < MOST_FILES) {
    free(paths[handle]), paths[handle] = strdup(path);
    if (is_new && (flags & O_CREAT)) note(CREATE, path, number(handle), 0, NULL, 0, 0);
    else if (empties) note(TRUNCATE, path, number(handle), 0, NULL, 0, 0);
  }
end:
  pthread_mutex_unlock(&one);
  return handle;
}

#define OPEN(name) \
  int name(const char *path, int flags, ...) { \
    va_list rest; va_start(rest, flags); \
    mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(rest, mode_t) : 0; \
    va_end(rest); \
    return opened(path, flags, mode, AT_FDCWD); \
  }
#define OPEN_AT(name) \
  int name(int at, const char *path, int flags, ...) { \
    va_list rest; va_start(rest, flags); \
    mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(rest, mode_t) : 0; \
    va_end(rest); \
    return opened(path, flags, mode, at); \
  }
OPEN(open)
OPEN(open64)
OPEN_AT(openat)
OPEN_AT(openat64)

int close(int handle) {
  pthread_mutex_lock(&one);
  if (open_path(handle)) free(paths[handle]), paths[handle] = NULL;
  pthread_mutex_unlock(&one);
  return syscall(SYS_close, handle);
}

typedef struct { int handle; const void *data; size_t length; off_t at; ssize_t written; } Piece;

static void half_of(void *what) {
  Piece *piece = what;
  piece->written = piece->at < 0 ? syscall(SYS_write, piece->handle, piece->data, piece->length / 2)
                                 : syscall(SYS_pwrite64, piece->handle, piece->data, piece->length / 2, piece->at);
}

static ssize_t written(int handle, const void *data, size_t length, off_t at) {
  if (!open_path(handle))
    return at < 0 ? syscall(SYS_write, handle, data, length) : syscall(SYS_pwrite64, handle, data, length, at);
  pthread_mutex_lock(&one);
  Piece piece = {handle, data, length, at, -1};
  if (may(1, half_of, &piece))
    piece.written = at < 0 ? syscall(SYS_write, handle, data, length) : syscall(SYS_pwrite64, handle, data, length, at);
  else if (piece.written == 0) piece.written = -1;
  if (piece.written > 0)
    note(WRITE, open_path(handle), number(handle), at < 0 ? lseek(handle, 0, SEEK_CUR) - piece.written : at, data, piece.written, piece.written);
  pthread_mutex_unlock(&one);
  return piece.written;
}

ssize_t write(int handle, const void *data, size_t length) { return written(handle, data, length, -1); }
ssize_t pwrite(int handle, const void *data, size_t length, off_t at) { return written(handle, data, length, at); }
ssize_t pwrite64(int handle, const void *data, size_t length, off_t at) { return written(handle, data, length, at); }

static int cut(int handle, off_t size) {
  if (!open_path(handle)) return syscall(SYS_ftruncate, handle, size);
  pthread_mutex_lock(&one);
  int result = may((uint64_t)size > length_of(handle), NULL, NULL) ? syscall(SYS_ftruncate, handle, size) : -1;
  if (!result) note(TRUNCATE, open_path(handle), number(handle), size, NULL, 0, 0);
  pthread_mutex_unlock(&one);
  return result;
}
int ftruncate(int handle, off_t size) { return cut(handle, size); }
int ftruncate64(int handle, off_t size) { return cut(handle, size); }

static int synced(int handle, long call) {
  if (!open_path(handle)) return syscall(call, handle);
  pthread_mutex_lock(&one);
  struct stat found;
  int result = may(1, NULL, NULL) ? syscall(call, handle) : -1;
  if (!result && !fstat(handle, &found))
    note(S_ISDIR(found.st_mode) ? SYNC_FOLDER : SYNC, open_path(handle), found.st_ino, 0, NULL, 0, 0);
  pthread_mutex_unlock(&one);
  return result;
}
int fsync(int handle) { return synced(handle, SYS_fsync); }
int fdatasync(int handle) { return synced(handle, SYS_fdatasync); }

int rename(const char *from, const char *to) {
  REAL(int, rename, const char *, const char *);
  if (!below(from) && !below(to)) return real_rename(from, to);
  pthread_mutex_lock(&one);
  int result = may(0, NULL, NULL) ? real_rename(from, to) : -1;
  if (!result) note(RENAME, from, 0, 0, to, strlen(to), strlen(to));
  pthread_mutex_unlock(&one);
  return result;
}

int unlink(const char *path) {
  REAL(int, unlink, const char *);
  if (!below(path) || access(path, F_OK)) return real_unlink(path);
  pthread_mutex_lock(&one);
  int result = may(0, NULL, NULL) ? real_unlink(path) : -1;
  if (!result) note(UNLINK, path, 0, 0, NULL, 0, 0);
  pthread_mutex_unlock(&one);
  return result;
}

int mkdir(const char *path, mode_t mode) {
  REAL(int, mkdir, const char *, mode_t);
  if (!below(path) || !access(path, F_OK)) return real_mkdir(path, mode);
  pthread_mutex_lock(&one);
  int result = may(1, NULL, NULL) ? real_mkdir(path, mode) : -1;
  if (!result) note(MKDIR, path, 0, 0, NULL, 0, 0);
  pthread_mutex_unlock(&one);
  return result;
}

int clock_gettime(clockid_t clock, struct timespec *now) {
  REAL(int, clock_gettime, clockid_t, struct timespec *);
  int result = real_clock_gettime(clock, now);
  if (!result && wrong_clock && clock == CLOCK_REALTIME) now->tv_sec += *wrong_clock;
  return result;
}
