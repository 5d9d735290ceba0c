/* Executes one product instruction by instruction and prints how often each instruction of the library ran:
 * "offset count" lines, the offset from where the library is loaded. The first call, which looks for what the CPU has and binds
 * symbols, is not counted. x86-64 Linux.
 *
 *     steps ISA DTYPE LAYOUT L1 L2 L3 SAMPLES CHANNELS        (the numbers of GAUNT_ISA_*, GAUNT_DTYPE_*, GAUNT_LAYOUT_*) */
#define _GNU_SOURCE
#include <gaunt.h>
#include <dlfcn.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

enum { TEXT = 1 << 24, BREAKPOINT = 0xcc };

static unsigned counts[TEXT];

static void fail(const char *what) {
    fprintf(stderr, "steps: %s\n", what);
    exit(1);
}

/* Memory in units of the library's alignment. */
static void *allocate(size_t bytes) {
    void *memory = aligned_alloc(GAUNT_ALIGNMENT, (bytes / GAUNT_ALIGNMENT + 1) * GAUNT_ALIGNMENT);
    if (!memory) fail("no memory");
    return memory;
}

/* The child's counted call lies between two breakpoints. */
static unsigned long count(pid_t child) {
    Dl_info library;
    if (!dladdr((void *)gaunt_plan_init, &library)) fail("the library is not loaded");
    int status;
    unsigned long total = 0;
    struct user_regs_struct registers;
    for (waitpid(child, &status, 0); WIFSTOPPED(status); waitpid(child, &status, 0)) {
        if (ptrace(PTRACE_GETREGS, child, NULL, &registers)) fail("no registers");
        if ((ptrace(PTRACE_PEEKTEXT, child, registers.rip, NULL) & 0xff) == BREAKPOINT) return total;
        size_t offset = registers.rip - (size_t)library.dli_fbase;
        if (offset < TEXT) counts[offset] += 1, total += 1;
        if (ptrace(PTRACE_SINGLESTEP, child, NULL, NULL)) fail("no steps");
    }
    fail("the call did not end");
    return 0;
}

int main(int argc, char **argv) {
    if (argc != 9) fail("eight numbers, see steps.c");
    gaunt_plan_desc desc;
    gaunt_plan_desc_init(&desc, sizeof desc);
    desc.isa = atoi(argv[1]), desc.dtype = atoi(argv[2]), desc.layout = atoi(argv[3]);
    desc.lmax1 = atoi(argv[4]), desc.lmax2 = atoi(argv[5]), desc.lmax3 = atoi(argv[6]);
    if (desc.isa > gaunt_cpu_isa()) fail("this CPU does not have the ISA level");
    size_t samples = strtoul(argv[7], NULL, 10);
    desc.n_channels = strtoul(argv[8], NULL, 10);

    size_t plan_bytes, workspace_bytes;
    gaunt_status status = gaunt_plan_memory(&desc, &plan_bytes, &workspace_bytes);
    if (status) fail(gaunt_status_string(status));
    void *workspace = allocate(workspace_bytes);
    const gaunt_plan *plan;
    status = gaunt_plan_init(&desc, allocate(plan_bytes), plan_bytes, &plan);
    if (status) fail(gaunt_status_string(status));

    size_t pairs = samples * desc.n_channels;
    size_t n1 = pairs * (desc.lmax1 + 1) * (desc.lmax1 + 1);
    size_t n2 = pairs * (desc.lmax2 + 1) * (desc.lmax2 + 1);
    size_t n3 = pairs * (desc.lmax3 + 1) * (desc.lmax3 + 1);
    void *x1 = memset(allocate(n1 * sizeof(double)), 0, n1 * sizeof(double));
    void *x2 = memset(allocate(n2 * sizeof(double)), 0, n2 * sizeof(double));
    void *out = allocate(n3 * sizeof(double));

    pid_t child = fork();
    if (child == 0) {
        ptrace(PTRACE_TRACEME, 0, NULL, NULL);
        for (int call = 0; call < 2 && !status; ++call) {
            if (call == 1) __asm__ volatile("int3");
            status = desc.dtype == GAUNT_DTYPE_F32
                         ? gaunt_execute_f32(plan, samples, x1, n1, x2, n2, NULL, out, n3, workspace, workspace_bytes)
                         : gaunt_execute_f64(plan, samples, x1, n1, x2, n2, NULL, out, n3, workspace, workspace_bytes);
        }
        __asm__ volatile("int3");
        _exit(status);
    }
    if (child < 0) fail("no process");
    /* Stopped behind the first breakpoint, before the counted call. */
    unsigned long total = count(child);
    kill(child, SIGKILL);
    for (size_t offset = 0; offset < TEXT; ++offset)
        if (counts[offset]) printf("%zx %u\n", offset, counts[offset]);
    return total == 0;
}
