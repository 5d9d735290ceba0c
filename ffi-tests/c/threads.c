/* One plan, several threads, each with its own workspace and part of the batch, on small stacks: the bits of a serial
 * execution. */
#include "support.h"

#include <math.h>
#include <pthread.h>

/* What gaunt.h says that a call needs of the stack at most. */
enum { STACK = 64 << 10 };
enum { THREADS = 4, SAMPLES_PER_THREAD = 7, SAMPLES = THREADS * SAMPLES_PER_THREAD, CHANNELS = 5, ROUNDS = 50 };

/* Everything shared but the workspace and the part of `out`; set before the threads start, then only read. */
typedef struct {
    const prepared *p;
    const double *x1, *x2;
    double *out;
    size_t first;
    block workspace, check;
    int failed;
} job;

static void *work(void *argument) {
    job *j = argument;
    const gaunt_plan_desc *d = &j->p->desc;
    size_t n1 = n_lm(d->lmax1) * CHANNELS, n2 = n_lm(d->lmax2) * CHANNELS, n3 = n_lm(d->lmax3) * CHANNELS;
    for (int round = 0; round < ROUNDS; ++round)
        j->failed |= gaunt_execute_f64(j->p->plan, SAMPLES_PER_THREAD, j->x1 + j->first * n1, SAMPLES_PER_THREAD * n1,
                                       j->x2 + j->first * n2, SAMPLES_PER_THREAD * n2, NULL, j->out + j->first * n3,
                                       SAMPLES_PER_THREAD * n3, j->workspace.data,
                                       j->workspace.bytes) != GAUNT_SUCCESS;
    /* executions, derivatives, and rotation plans are made and executed */
    double worst = NAN;
    j->failed |= gaunt_plan_self_check(j->p->plan, 1, j->check.data, j->check.bytes, &worst) != GAUNT_SUCCESS;
    j->failed |= !(worst <= 1);
    return NULL;
}

static void run_engine(int32_t engine) {
    gaunt_plan_desc desc = describe(GAUNT_DTYPE_F64, 3, 2, 4);
    desc.engine = engine;
    desc.n_channels = CHANNELS;
    prepared p = prepare(&desc, FENCE_AT_END);
    size_t n1 = SAMPLES * CHANNELS * n_lm(desc.lmax1), n2 = SAMPLES * CHANNELS * n_lm(desc.lmax2);
    size_t n3 = SAMPLES * CHANNELS * n_lm(desc.lmax3);
    block x1 = block_new(n1 * sizeof(double), FENCE_AT_END), x2 = block_new(n2 * sizeof(double), FENCE_AT_END);
    block serial = block_new(n3 * sizeof(double), FENCE_AT_END), out = block_new(n3 * sizeof(double), FENCE_AT_END);
    unsigned seed = 1;
    for (size_t i = 0; i < n1; ++i) ((double *)x1.data)[i] = pseudo_random(&seed);
    for (size_t i = 0; i < n2; ++i) ((double *)x2.data)[i] = pseudo_random(&seed);
    CHECK_SUCCESS(run(&p, SAMPLES, &x1, &x2, NULL, &serial));

    size_t check_bytes = 0;
    CHECK_SUCCESS(gaunt_plan_self_check_memory(p.plan, &check_bytes));
    pthread_attr_t small;
    require(!pthread_attr_init(&small) && !pthread_attr_setstacksize(&small, STACK), "stack size");
    pthread_t threads[THREADS];
    job jobs[THREADS];
    for (size_t t = 0; t < THREADS; ++t) {
        block workspace = block_new(p.workspace.bytes, FENCE_AT_END), check = block_new(check_bytes, FENCE_AT_END);
        jobs[t] = (job){&p, x1.data, x2.data, out.data, t * SAMPLES_PER_THREAD, workspace, check, 0};
        require(!pthread_create(&threads[t], &small, work, &jobs[t]), "pthread_create");
    }
    pthread_attr_destroy(&small);
    for (size_t t = 0; t < THREADS; ++t) {
        pthread_join(threads[t], NULL);
        CHECK(!jobs[t].failed);
        block_free(&jobs[t].check);
        block_free(&jobs[t].workspace);
    }
    CHECK(!memcmp(serial.data, out.data, out.bytes));
    block_free(&out);
    block_free(&serial);
    block_free(&x2);
    block_free(&x1);
    prepared_free(&p);
}

int main(void) {
    run_engine(GAUNT_ENGINE_DIRECT);
    run_engine(GAUNT_ENGINE_GRID);
    run_engine(GAUNT_ENGINE_FOURIER);
    return finish("threads");
}
