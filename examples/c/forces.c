/*
 * An energy of an atom's neighbourhood, and the forces that come of it.
 *
 * The neighbours r_j of an atom have the density A_lm = sum over j of |r_j|^l Y_lm(r_j / |r_j|). With z the product of A
 * with itself, to degree 2, the energy is E = |z|^2 / 2: it does not change when the neighbourhood is rotated. Forces are
 * the chain rule backwards, one vjp for every step; this program compares them with differences of energies.
 *
 *     cc -std=c11 -Iinclude examples/c/forces.c target/release/libgaunt.a -lm -o forces
 */
#include <gaunt.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { NEIGHBOURS = 4, COORDINATES = 3 * NEIGHBOURS, LMAX = 2, N_LM = (LMAX + 1) * (LMAX + 1) };

static gaunt_harmonics_desc harmonics;
static const gaunt_plan *plan;
static void *workspace;
static size_t workspace_bytes;

static void check(gaunt_status status) {
    if (status != GAUNT_SUCCESS) {
        fprintf(stderr, "%s\n", gaunt_status_string(status));
        exit(1);
    }
}

/* The energy and, unless NULL, its gradient. The force on neighbour j is minus the gradient's elements 3j to 3j + 2; the one
 * on the atom itself is minus the sum of those. */
static double energy(const double xyz[COORDINATES], double *gradient) {
    enum { Y = NEIGHBOURS * N_LM };
    double y[Y], a[N_LM] = {0}, z[N_LM], e = 0;
    check(gaunt_harmonics_values_f64(&harmonics, NEIGHBOURS, xyz, COORDINATES, y, Y, workspace, workspace_bytes));
    for (int i = 0; i < Y; ++i) a[i % N_LM] += y[i];
    check(gaunt_execute_f64(plan, 1, a, N_LM, a, N_LM, NULL, z, N_LM, workspace, workspace_bytes));
    for (int k = 0; k < N_LM; ++k) e += z[k] * z[k] / 2;
    if (!gradient) return e;

    /* dE/dz = z. Both operands are A, so its gradient is the sum of theirs; that of every neighbour's harmonics is the same. */
    double first[N_LM], second[N_LM], d_y[Y];
    gaunt_gradients_f64 wanted = {.x1 = first, .x1_len = N_LM, .x2 = second, .x2_len = N_LM};
    check(gaunt_vjp_f64(plan, 1, a, N_LM, a, N_LM, NULL, z, N_LM, &wanted, 0, workspace, workspace_bytes));
    for (int i = 0; i < Y; ++i) d_y[i] = first[i % N_LM] + second[i % N_LM];
    check(gaunt_harmonics_vjp_f64(&harmonics, NEIGHBOURS, xyz, COORDINATES, d_y, Y, gradient, COORDINATES, workspace,
                                  workspace_bytes));
    return e;
}

int main(void) {
    gaunt_plan_desc desc;
    size_t plan_bytes, harmonics_bytes;
    check(gaunt_plan_desc_init(&desc, sizeof desc));
    desc.lmax1 = desc.lmax2 = desc.lmax3 = LMAX;
    check(gaunt_plan_memory(&desc, &plan_bytes, &workspace_bytes));
    check(gaunt_harmonics_desc_init(&harmonics, sizeof harmonics));
    harmonics.lmax = LMAX;
    harmonics.kind = GAUNT_HARMONICS_SOLID;
    check(gaunt_harmonics_memory(&harmonics, &harmonics_bytes));
    if (workspace_bytes < harmonics_bytes) workspace_bytes = harmonics_bytes; /* one serves all calls */
    void *memory = aligned_alloc(GAUNT_ALIGNMENT, plan_bytes);
    workspace = aligned_alloc(GAUNT_ALIGNMENT, workspace_bytes);
    check(gaunt_plan_init(&desc, memory, plan_bytes, &plan));

    double xyz[COORDINATES] = {0.9, 0.1, 0.2, -0.3, 0.8, 0.1, 0.2, -0.4, 0.7, -0.5, -0.5, -0.6};
    double gradient[COORDINATES], worst = 0, h = 1e-5;
    printf("energy %.6f\n", energy(xyz, gradient));
    for (int i = 0; i < COORDINATES; ++i) {
        double x = xyz[i];
        xyz[i] = x + h;
        double above = energy(xyz, NULL);
        xyz[i] = x - h;
        double difference = (above - energy(xyz, NULL)) / (2 * h);
        xyz[i] = x;
        printf("force on neighbour %d along %c: %9.6f\n", i / 3, "xyz"[i % 3], -gradient[i]);
        worst = fmax(worst, fabs(gradient[i] - difference));
    }
    printf("largest deviation from differences of energies: %.1e\n", worst);
    free(workspace);
    free(memory);
    return !(worst < 1e-8); /* differences err by h^2 and by rounding / h */
}
