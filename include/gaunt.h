/**
 * \file
 * gaunt: products of functions on the sphere (Gaunt tensor products).
 *
 * Two functions are given by their real spherical-harmonic coefficients, x1 up to degree lmax1 and x2 up to degree
 * lmax2. The library returns the coefficients of their product up to degree lmax3, exact up to rounding:
 *
 *     out[l3,m3] = sum over l1,m1,l2,m2 of  G(l1,m1; l2,m2; l3,m3) x1[l1,m1] x2[l2,m2]
 *     G(l1,m1; l2,m2; l3,m3) = integral over the unit sphere of  Y_l1m1 Y_l2m2 Y_l3m3
 *
 * for a batch of samples times a number of channels; likewise their bracket (GAUNT_OPERATION_BRACKET). Derivatives of both
 * are gaunt_jvp_* and gaunt_vjp_*.
 *
 * Five calls: describe (gaunt_plan_desc_init), ask sizes (gaunt_plan_memory), initialise (gaunt_plan_init), execute
 * (gaunt_execute_f32, gaunt_execute_f64), read the status (gaunt_status_string). A complete program (C11):
 *
 * \code
 *     #include <gaunt.h>
 *     #include <stdio.h>
 *     #include <stdlib.h>
 *
 *     int main(void) {
 *         double x[4] = {0, 0, 1, 0}; // Y_10
 *         double out[9];              // its square: degrees 0 to 2
 *         size_t plan_bytes = 0, workspace_bytes = 0;
 *         const gaunt_plan *plan = NULL;
 *         gaunt_plan_desc desc;
 *         gaunt_status status = gaunt_plan_desc_init(&desc, sizeof desc);
 *         desc.lmax1 = 1;
 *         desc.lmax2 = 1;
 *         desc.lmax3 = 2;
 *         if (!status) status = gaunt_plan_memory(&desc, &plan_bytes, &workspace_bytes);
 *         void *memory = aligned_alloc(GAUNT_ALIGNMENT, plan_bytes);
 *         void *workspace = aligned_alloc(GAUNT_ALIGNMENT, workspace_bytes);
 *         if (!status) status = gaunt_plan_init(&desc, memory, plan_bytes, &plan);
 *         if (!status) status = gaunt_execute_f64(plan, 1, x, 4, x, 4, NULL, out, 9, workspace, workspace_bytes);
 *         if (!status) printf("%.6f Y_00 + %.6f Y_20\n", out[0], out[6]); // 0.282095 Y_00 + 0.252313 Y_20
 *         if (status) fprintf(stderr, "%s\n", gaunt_status_string(status));
 *         free(workspace);
 *         free(memory);
 *         return status != GAUNT_SUCCESS;
 *     }
 * \endcode
 *
 * Conventions
 *   Harmonics    real, orthonormal, z the polar axis, no Condon-Shortley phase; m < 0 goes with sin(|m| phi), m > 0 with
 *                cos(m phi): Y_00 = 1 / (2 sqrt(pi)), (Y_1,-1, Y_10, Y_11) = sqrt(3 / (4 pi)) (y, z, x).
 *   Index        coefficient (l, m) has index l*l + l + m; degrees up to lmax have (lmax + 1) * (lmax + 1) coefficients.
 *   e3nn         its polar axis is y: Y_e3nn(x, y, z) = Y(z, x, y). Products are the same numbers in both.
 *   Paths        products couple l1 + l2 + l3 even only, brackets odd only: the cross product of vectors is a bracket.
 *   Memory       the caller owns all of it; the library allocates nothing, keeps no state and never frees.
 *   Stack        a call needs less than 64 KiB (x86-64, optimised).
 *   Errors       every call that can fail returns a gaunt_status; after an error no output has been written, except after
 *                GAUNT_ERR_INTERNAL, a defect of the library. "Errors" below leaves out the prefix GAUNT_ERR_.
 *                ABI_MISMATCH: compile with the header of this library, or the pointer is no plan. UNSUPPORTED, OVERFLOW:
 *                the library does not do that. INVALID_ROTATION: the data. All others: the calling program.
 *   Threads      a plan is immutable: any number of threads may execute it at once, each with its own workspace and
 *                output. All other functions are reentrant.
 *   Lanes        a call works on as many (sample, channel) pairs at once as a vector has lanes, with AVX-512 16 float or
 *                8 double; a vector that is not full takes as long as a full one. Give each call many pairs.
 *   Bits         a plan gives the same bits for any split of the samples over calls and threads and any alignment.
 *   Rounding     to nearest is assumed. The floating-point environment is neither read nor changed: where the program
 *                flushes subnormal numbers to zero (say, linked with -ffast-math), so does the library.
 *   Accuracy     the bounds of all functions: src/conventions.md.
 *   Versions     before 1.0 a minor version may change the binary interface, and then raises GAUNT_ABI_VERSION: compile
 *                with the header of the library, and compare GAUNT_ABI_VERSION with gaunt_abi_version() where that is
 *                loaded at run time. Sizes of plan and workspace, and last bits, may change in any version.
 *
 * Functions
 *   Products     gaunt_plan_desc_init, _memory, _lengths, _init, _describe; gaunt_execute_*, gaunt_jvp_*, gaunt_vjp_*;
 *                gaunt_plan_self_check
 *   Harmonics    gaunt_harmonics_desc_init, _memory, _lengths, _values_*, _gradients_*, _vjp_*: no plan
 *   Rotations    gaunt_rotation_desc_init, _memory, _lengths, _init, _describe, _execute_*
 *   Conversions  gaunt_convert_layout_*, gaunt_to_convention_*, gaunt_from_convention_*, gaunt_*_path_constant
 *   Forces       examples/c/forces.c: from positions to an energy and back, by gaunt_vjp_* and gaunt_harmonics_vjp_*
 *
 * Generated from src/ffi/, not to be edited: see ffi-tests/header.rs.
 */

#ifndef GAUNT_H
#define GAUNT_H

#include <stddef.h>
#include <stdint.h>

/// Version of this header; `gaunt_version` tells that of the library.
#define GAUNT_VERSION_MAJOR 0
#define GAUNT_VERSION_MINOR 1
#define GAUNT_VERSION_PATCH 0
#define GAUNT_VERSION_STRING "0.1.0"

/// The version as one number: major << 16 | minor << 8 | patch.
#define GAUNT_VERSION_NUMBER ((GAUNT_VERSION_MAJOR << 16) | (GAUNT_VERSION_MINOR << 8) | GAUNT_VERSION_PATCH)


/// Largest supported degree of harmonics of vectors.
#define GAUNT_LMAX_HARMONICS 64

/// Functions of the direction, `Y_lm(r / |r|)`. For the zero vector, which has none, harmonics of degree 1 and higher and
/// all gradients are 0.
#define GAUNT_HARMONICS_SURFACE 0

/// Functions of the vector, `|r|^l Y_lm(r / |r|)`: homogeneous polynomials of degree l, regular everywhere.
#define GAUNT_HARMONICS_SOLID 1

/// Alignment in bytes of plan memory and workspace. The sizes that `gaunt_*_memory` tell are multiples of it, as
/// `aligned_alloc` wants them. (Without C11: `posix_memalign`, or 64 bytes more and round up.) Other arrays need only the
/// alignment of their elements.
#define GAUNT_ALIGNMENT 64

/// Largest supported degree of operands, rotations and conversions.
#define GAUNT_LMAX_INPUT 256

/// Largest `lmax1` and `lmax2` of the direct engine.
#define GAUNT_LMAX_DIRECT 4

/// `out = x1 · x2`, the Gaunt tensor product: the even paths `l1 + l2 + l3`.
#define GAUNT_OPERATION_PRODUCT 0

/// `out = r·(∇x1 × ∇x2)` on the unit sphere: the odd paths, which the product lacks.
#define GAUNT_OPERATION_BRACKET 1

/// Product and bracket together, for functions `f + f'` with a natural part `f` and a pseudo part `f'`, of the opposite
/// parity: with brackets `{}`, `natural = f·g + f'·g' + {f, g'} + {f', g}` and `pseudo = f·g' + f'·g + {f, g} + {f', g'}`.
/// The output has both parts, the operands as `parts1` and `parts2` say.
#define GAUNT_OPERATION_PRODUCT_AND_BRACKET 2

/// The array has one part, the natural one: degree `l` has parity `(-1)^l`.
#define GAUNT_PARTS_NATURAL 0

/// The array has two parts: of every sample first the natural, then the pseudo part, each in the plan's layout.
#define GAUNT_PARTS_BOTH 1

/// Elements are `float`.
#define GAUNT_DTYPE_F32 1

/// Elements are `double`.
#define GAUNT_DTYPE_F64 2

/// `[sample][l*l + l + m][channel]`: channels contiguous; mostly the fastest, by far to degree 4; `ir_mul` with equal
/// multiplicities.
#define GAUNT_LAYOUT_LM_CHANNEL 0

/// `[sample][channel][l*l + l + m]`: one whole coefficient vector per channel.
#define GAUNT_LAYOUT_CHANNEL_LM 1

/// `[sample]`, then per degree l a block `[channel][2l + 1]`: e3nn's flat storage (`mul_ir`) of `Cx0e + Cx1o + …`,
/// with `C` channels.
#define GAUNT_LAYOUT_E3NN_BLOCKS 2

/// e3nn's, `normalization="integral"`: our coefficients of the function with the axes renamed, `(x, y, z)` there is
/// `(z, x, y)` here.
#define GAUNT_CONVENTION_E3NN_INTEGRAL 0

/// e3nn's, `normalization="component"`.
#define GAUNT_CONVENTION_E3NN_COMPONENT 1

/// e3nn's, `normalization="norm"`.
#define GAUNT_CONVENTION_E3NN_NORM 2

/// sphericart's: our coefficients.
#define GAUNT_CONVENTION_SPHERICART 3

/// Complex orthonormal harmonics with Condon–Shortley phase: pairs of real and imaginary part at `l*l + l + m`.
#define GAUNT_CONVENTION_COMPLEX 4

/// `SHTns`' default for real functions: complex, orthonormal with Condon–Shortley phase, `m >= 0` only, `m` by `m`.
#define GAUNT_CONVENTION_SHTNS 5

/// SHTOOLS' default: real, `∫ Y² = 4π`, `[2][lmax + 1][lmax + 1]` by cosine or sine, degree and order.
#define GAUNT_CONVENTION_SHTOOLS 6

/// E3x's default: real, `∫ Y² = 4π / (2l + 1)`, the orders of a degree as `l, -l, l - 1, ..., -1, 0`.
#define GAUNT_CONVENTION_E3X 7

/// 9 numbers per rotation: the matrix `R`, row by row; every element of `R Rᵀ` is that of the identity to within 64
/// machine epsilons; no reflection.
#define GAUNT_ROTATION_MATRIX 0

/// 4 numbers per rotation: the quaternion `w, x, y, z`, with `w` the cosine of half the angle; its squared length is 1 to within
/// 64 machine epsilons.
#define GAUNT_ROTATION_QUATERNION 1

/// 3 numbers per rotation: a direction, of any length but zero, that is taken to `+z` the shortest way. Every other
/// rotation that does so is this one followed by a rotation about `z`.
#define GAUNT_ROTATION_TO_POLE 2

/// `f(R⁻¹ r)` from `f(r)`: what is at `r` comes to `R r`.
#define GAUNT_SENSE_FORWARD 0

/// The inverse, which is also the transpose.
#define GAUNT_SENSE_INVERSE 1

/// Orthonormal harmonics, `∫ Y² = 1` (e3nn: "integral").
#define GAUNT_NORM_INTEGRAL 0

/// `∫ Y² = 4π`, so that `Σ_m Y_lm² = 2l + 1` (e3nn: "component").
#define GAUNT_NORM_COMPONENT 1

/// `∫ Y² = 4π / (2l + 1)`, so that `Σ_m Y_lm² = 1` (e3nn: "norm"; Schmidt, Racah).
#define GAUNT_NORM_NORM 2

/// The operand has its own coefficients for every sample and channel.
#define GAUNT_BROADCAST_NONE 0

/// One coefficient vector per sample, shared by its channels: `[sample][lm]`.
#define GAUNT_BROADCAST_CHANNELS 1

/// One set of channels, shared by all samples: the array of one sample in the plan's layout.
#define GAUNT_BROADCAST_SAMPLES 2

/// One coefficient vector for everything: `[lm]`.
#define GAUNT_BROADCAST_BOTH 3

/// No weights.
#define GAUNT_WEIGHTS_NONE 0

/// One weight per degree: `[lmax + 1]`.
#define GAUNT_WEIGHTS_SHARED 1

/// One weight per degree and channel: `[lmax + 1][n_channels]`.
#define GAUNT_WEIGHTS_PER_CHANNEL 2

/// The library chooses, by what was measured for executions: direct where it serves the degrees; otherwise fourier if
/// `lmax1 + lmax2 + 3 lmax3 >= 256` and `2 lmax3 >= lmax1 + lmax2` (product and bracket together: 384, `8 lmax3 >= 7 (lmax1 +
/// lmax2)` and operands of one part); otherwise grid. Degrees that cannot contribute do not count.
#define GAUNT_ENGINE_AUTO 0

/// Sparse Gaunt coefficients in straight-line code; `lmax1` and `lmax2` up to `GAUNT_LMAX_DIRECT`.
#define GAUNT_ENGINE_DIRECT 1

/// Quadrature on a Gauss–Legendre × equispaced grid, exact; every degree. (Products of three functions
/// of one degree from 5 to 9, or of degrees 6, 6 and 12, are taken at the fewer points of a rule with the symmetry of the octahedron.)
#define GAUNT_ENGINE_GRID 2

/// Two-dimensional Fourier series and fast Fourier transforms, exact; every degree. Faster than the grid from about
/// degree 52 on, with output to 2L from 32 on; product and bracket together only with output to 2L, from 48 on. Gradients take
/// 0.9 to 1.5 times as long as on the grid. Slower to initialise: about 0.1 s at degree 64, 1 s at 128, 11 s at 256 (grid: up to
/// 0.1, 0.6, 4 s).
#define GAUNT_ENGINE_FOURIER 3

/// The best level of this CPU.
#define GAUNT_ISA_AUTO 0

/// One element at a time; every CPU.
#define GAUNT_ISA_SCALAR 1

/// 128-bit vectors of aarch64.
#define GAUNT_ISA_NEON 2

/// 256-bit vectors of x86-64: AVX2, FMA, BMI1, BMI2, LZCNT, POPCNT (x86-64-v3 less F16C and MOVBE).
#define GAUNT_ISA_AVX2 3

/// 512-bit vectors of x86-64: the AVX2 level and AVX-512 F, BW, CD, DQ, VL (x86-64-v4).
#define GAUNT_ISA_AVX512 4

/// Number of the binary interface that this header describes; compare it with `gaunt_abi_version()`.
#define GAUNT_ABI_VERSION 1

/// A plan: one decided operation (degrees, element type, layout, engine, ISA level) with its tables.
///
/// Opaque, immutable once initialised, freely shared between threads; lives in memory that the caller owns and
/// needs no destruction: free the memory when no call uses the plan any more. It may not be moved or copied.
typedef struct gaunt_plan gaunt_plan;

/// A rotation plan: largest degree, element type, layout, form of the rotations and ISA level, with its tables.
///
/// Opaque, immutable once initialised, freely shared between threads; lives in memory that the caller owns and
/// needs no destruction: free the memory when no call uses the plan any more. It may not be moved or copied.
typedef struct gaunt_rotation gaunt_rotation;

/// Result of a call: `GAUNT_SUCCESS` (0), or a negative number that names the fault. Numbers are never reused.
typedef int32_t gaunt_status;

/// Describes a plan. Fill it with `gaunt_plan_desc_init`, then set what differs from the defaults.
typedef struct gaunt_plan_desc {
    /// Size of this struct in bytes, set by `gaunt_plan_desc_init`.
    uint32_t struct_size;
    /// `GAUNT_OPERATION_*`; default `GAUNT_OPERATION_PRODUCT`.
    int32_t operation;
    /// `GAUNT_DTYPE_*`; default `GAUNT_DTYPE_F64`.
    int32_t dtype;
    /// Largest degree of the first operand, 0 to `GAUNT_LMAX_INPUT`; default 0.
    int32_t lmax1;
    /// Largest degree of the second operand, 0 to `GAUNT_LMAX_INPUT`; default 0.
    int32_t lmax2;
    /// Largest degree of the output, 0 to `lmax1 + lmax2`; default 0.
    int32_t lmax3;
    /// `GAUNT_LAYOUT_*` of both operands and the output; default `GAUNT_LAYOUT_LM_CHANNEL`.
    int32_t layout;
    /// `GAUNT_NORM_*` of the harmonics that the coefficients refer to; default `GAUNT_NORM_INTEGRAL`.
    int32_t normalization;
    /// `GAUNT_PARTS_*` of the first operand; default `GAUNT_PARTS_NATURAL`; `GAUNT_PARTS_BOTH` with
    /// `GAUNT_OPERATION_PRODUCT_AND_BRACKET` only.
    int32_t parts1;
    /// `GAUNT_PARTS_*` of the second operand, likewise.
    int32_t parts2;
    /// `GAUNT_BROADCAST_*` of the first operand; default `GAUNT_BROADCAST_NONE`.
    int32_t broadcast1;
    /// `GAUNT_BROADCAST_*` of the second operand; default `GAUNT_BROADCAST_NONE`.
    int32_t broadcast2;
    /// `GAUNT_WEIGHTS_*`: weights per degree of the first operand; default `GAUNT_WEIGHTS_NONE`.
    int32_t weights1;
    /// `GAUNT_WEIGHTS_*`: weights per degree of the second operand; default `GAUNT_WEIGHTS_NONE`.
    int32_t weights2;
    /// `GAUNT_WEIGHTS_*`: weights per degree of the output; default `GAUNT_WEIGHTS_NONE`.
    int32_t weights3;
    /// `GAUNT_ENGINE_*`; default `GAUNT_ENGINE_AUTO`. Engines differ in speed and in the last bits, not in meaning.
    int32_t engine;
    /// `GAUNT_ISA_*`: the highest ISA level to use; default `GAUNT_ISA_AUTO` (the best the CPU has). Levels the CPU
    /// lacks are never used: the plan takes the highest available level that is not above this one.
    int32_t isa;
    /// Must be zero.
    int32_t reserved0;
    /// Number of channels per sample; default 1.
    uint64_t n_channels;
    /// Must be zero.
    uint64_t reserved[4];
} gaunt_plan_desc;

/// Weights per degree for one call of `gaunt_execute_f32`, `gaunt_jvp_f32` or `gaunt_vjp_f32`: `a[l1]`, `b[l2]`, `c[l3]` of
/// `z = Σ c[l3] a[l1] b[l2] (x1_l1 · x2_l2)_l3`.
///
/// Each array is present exactly when the plan's `weights1`, `weights2`, `weights3` says so: `[lmax + 1]` when shared,
/// `[lmax + 1][n_channels]` when per channel. Absent arrays are NULL with length 0.
typedef struct gaunt_weights_f32 {
    /// Weights of the first operand's degrees.
    const float *weights1;
    /// Number of elements of `weights1`.
    size_t weights1_len;
    /// Weights of the second operand's degrees.
    const float *weights2;
    /// Number of elements of `weights2`.
    size_t weights2_len;
    /// Weights of the output's degrees.
    const float *weights3;
    /// Number of elements of `weights3`.
    size_t weights3_len;
} gaunt_weights_f32;

/// Weights per degree for one call in `double`; see `gaunt_weights_f32`.
typedef struct gaunt_weights_f64 {
    /// Weights of the first operand's degrees.
    const double *weights1;
    /// Number of elements of `weights1`.
    size_t weights1_len;
    /// Weights of the second operand's degrees.
    const double *weights2;
    /// Number of elements of `weights2`.
    size_t weights2_len;
    /// Weights of the output's degrees.
    const double *weights3;
    /// Number of elements of `weights3`.
    size_t weights3_len;
} gaunt_weights_f64;

/// The direction of a derivative, argument by argument, for one `gaunt_jvp_f32` call. NULL with length 0 for an argument
/// that stays constant, otherwise as long as the argument; start from `= {0}`.
typedef struct gaunt_tangents_f32 {
    /// Of the first operand.
    const float *x1;
    /// Number of elements of `x1`.
    size_t x1_len;
    /// Of the second operand.
    const float *x2;
    /// Number of elements of `x2`.
    size_t x2_len;
    /// Of the first operand's weights.
    const float *weights1;
    /// Number of elements of `weights1`.
    size_t weights1_len;
    /// Of the second operand's weights.
    const float *weights2;
    /// Number of elements of `weights2`.
    size_t weights2_len;
    /// Of the output's weights.
    const float *weights3;
    /// Number of elements of `weights3`.
    size_t weights3_len;
} gaunt_tangents_f32;

/// The direction of a derivative for one `gaunt_jvp_f64` call; see `gaunt_tangents_f32`.
typedef struct gaunt_tangents_f64 {
    /// Of the first operand.
    const double *x1;
    /// Number of elements of `x1`.
    size_t x1_len;
    /// Of the second operand.
    const double *x2;
    /// Number of elements of `x2`.
    size_t x2_len;
    /// Of the first operand's weights.
    const double *weights1;
    /// Number of elements of `weights1`.
    size_t weights1_len;
    /// Of the second operand's weights.
    const double *weights2;
    /// Number of elements of `weights2`.
    size_t weights2_len;
    /// Of the output's weights.
    const double *weights3;
    /// Number of elements of `weights3`.
    size_t weights3_len;
} gaunt_tangents_f64;

/// Results of one `gaunt_vjp_f32` call. Each is NULL with length 0 if it is not wanted, otherwise as long as the argument
/// that it is the gradient with respect to; start from `= {0}`.
typedef struct gaunt_gradients_f32 {
    /// With respect to the first operand.
    float *x1;
    /// Number of elements of `x1`.
    size_t x1_len;
    /// With respect to the second operand.
    float *x2;
    /// Number of elements of `x2`.
    size_t x2_len;
    /// With respect to the first operand's weights.
    float *weights1;
    /// Number of elements of `weights1`.
    size_t weights1_len;
    /// With respect to the second operand's weights.
    float *weights2;
    /// Number of elements of `weights2`.
    size_t weights2_len;
    /// With respect to the output's weights.
    float *weights3;
    /// Number of elements of `weights3`.
    size_t weights3_len;
} gaunt_gradients_f32;

/// Results of one `gaunt_vjp_f64` call; see `gaunt_gradients_f32`.
typedef struct gaunt_gradients_f64 {
    /// With respect to the first operand.
    double *x1;
    /// Number of elements of `x1`.
    size_t x1_len;
    /// With respect to the second operand.
    double *x2;
    /// Number of elements of `x2`.
    size_t x2_len;
    /// With respect to the first operand's weights.
    double *weights1;
    /// Number of elements of `weights1`.
    size_t weights1_len;
    /// With respect to the second operand's weights.
    double *weights2;
    /// Number of elements of `weights2`.
    size_t weights2_len;
    /// With respect to the output's weights.
    double *weights3;
    /// Number of elements of `weights3`.
    size_t weights3_len;
} gaunt_gradients_f64;

/// Describes harmonics of vectors. Fill it with `gaunt_harmonics_desc_init`, then set what differs from the defaults.
typedef struct gaunt_harmonics_desc {
    /// Size of this struct in bytes, set by `gaunt_harmonics_desc_init`; the struct may grow in later versions.
    uint32_t struct_size;
    /// Largest degree, 0 to `GAUNT_LMAX_HARMONICS`; default 0.
    int32_t lmax;
    /// `GAUNT_LAYOUT_*` of the arrays of harmonics; default `GAUNT_LAYOUT_LM_CHANNEL`.
    int32_t layout;
    /// `GAUNT_NORM_*` of the harmonics; default `GAUNT_NORM_INTEGRAL`.
    int32_t normalization;
    /// `GAUNT_HARMONICS_*`; default `GAUNT_HARMONICS_SURFACE`.
    int32_t kind;
    /// `GAUNT_ISA_*`: the highest ISA level to use; default `GAUNT_ISA_AUTO` (the best the CPU has). Levels the CPU
    /// lacks are never used.
    int32_t isa;
    /// Number of vectors per sample; default 1.
    uint64_t n_channels;
    /// Must be zero.
    uint64_t reserved[4];
} gaunt_harmonics_desc;

/// Describes a rotation plan. Fill it with `gaunt_rotation_desc_init`, then set what differs from the defaults.
typedef struct gaunt_rotation_desc {
    /// Size of this struct in bytes, set by `gaunt_rotation_desc_init`.
    uint32_t struct_size;
    /// `GAUNT_DTYPE_*`; default `GAUNT_DTYPE_F64`.
    int32_t dtype;
    /// Largest degree, 0 to `GAUNT_LMAX_INPUT`; default 0.
    int32_t lmax;
    /// `GAUNT_LAYOUT_*` of both arrays; default `GAUNT_LAYOUT_LM_CHANNEL`.
    int32_t layout;
    /// `GAUNT_ROTATION_*`: how rotations are given; default `GAUNT_ROTATION_MATRIX`.
    int32_t form;
    /// 1 if one rotation is for all samples, 0 (the default) if each has its own.
    int32_t shared;
    /// `GAUNT_ISA_*`: the highest ISA level to use, as in `gaunt_plan_desc`; default `GAUNT_ISA_AUTO`.
    int32_t isa;
    /// Must be zero.
    int32_t reserved0;
    /// Number of channels per sample, which rotate alike; default 1.
    uint64_t n_channels;
    /// Must be zero.
    uint64_t reserved[4];
} gaunt_rotation_desc;

/// The call did what it documents.
#define GAUNT_SUCCESS 0

/// A pointer is NULL that must not be (an array may be NULL only when its length is zero).
#define GAUNT_ERR_NULL_POINTER (-1)

/// A number is none of the constants that its member or argument takes, a degree is negative, or a reserved member is not
/// zero.
#define GAUNT_ERR_INVALID_ARGUMENT (-2)

/// Valid, but not served: a degree above the maximum, `lmax3 > lmax1 + lmax2`, degrees that the requested engine does not
/// reach, or two parts without `GAUNT_OPERATION_PRODUCT_AND_BRACKET`.
#define GAUNT_ERR_UNSUPPORTED (-3)

/// A product of sizes does not fit into `size_t`.
#define GAUNT_ERR_OVERFLOW (-4)

/// An array's length is not the expected one; the `gaunt_*_lengths` functions tell it.
#define GAUNT_ERR_SIZE_MISMATCH (-5)

/// The plan memory or the workspace has fewer bytes than the matching `gaunt_*_memory` function asks for.
#define GAUNT_ERR_MEMORY_TOO_SMALL (-6)

/// The plan memory or the workspace is not aligned to `GAUNT_ALIGNMENT` bytes, or an array not to its elements.
#define GAUNT_ERR_MISALIGNED (-7)

/// An output or the workspace overlaps another array of the call, or the plan memory.
#define GAUNT_ERR_ALIASING (-8)

/// `struct_size` is not that of this library's header, or the plan pointer does not point to a plan of this library.
#define GAUNT_ERR_ABI_MISMATCH (-9)

/// The function's element type is not the plan's `dtype`.
#define GAUNT_ERR_DTYPE_MISMATCH (-10)

/// A defect of this library: an internal check failed. Please report it. The output may be partly written.
#define GAUNT_ERR_INTERNAL (-11)

/// The numbers given for a rotation do not describe one: one is not finite, the matrix is not orthogonal or is a reflection,
/// the quaternion is not a unit, the direction is zero.
#define GAUNT_ERR_INVALID_ROTATION (-12)

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/// Fills a description with the defaults: a product of degree 0, one channel, `double`, `lm_channel`, orthonormal
/// harmonics, no weights, no broadcast, automatic engine and ISA level.
///
/// - `desc`: receives the defaults; not NULL.
/// - `struct_size`: `sizeof(gaunt_plan_desc)` as the caller compiled it.
///
/// Errors, in the order checked: `NULL_POINTER`; `ABI_MISMATCH` (`struct_size` not of this version); `MISALIGNED`.
/// Threads: reentrant.
gaunt_status gaunt_plan_desc_init(struct gaunt_plan_desc *desc,
                                  uint32_t struct_size);

/// The bytes of plan memory and of workspace that a description needs, both aligned to `GAUNT_ALIGNMENT`.
///
/// - `desc`: the description; not NULL.
/// - `plan_bytes`: receives the size of the memory for `gaunt_plan_init`; may be NULL.
/// - `workspace_bytes`: receives the size of the workspace of one `gaunt_execute_*`, `gaunt_jvp_*` or `gaunt_vjp_*` call,
///   for any number of samples; may be NULL.
///
/// Tables of products of operands to degree 12 are constants of the library: the plan takes about 5 KiB. Above, for brackets
/// on the grid, and for `GAUNT_ENGINE_FOURIER` at any degree, tables are in the plan and grow as L³. A workspace is 0.1 to
/// 0.3 MB to degree 12 and grows with the degrees: too large for many a stack. The sizes may differ between CPUs and
/// versions: ask, do not store.
///
/// Errors, in the order checked: `NULL_POINTER`, `MISALIGNED` (`desc`); `ABI_MISMATCH` (`struct_size`); `INVALID_ARGUMENT`;
/// `UNSUPPORTED`; `OVERFLOW`; `MISALIGNED` (an out pointer). On error nothing is written. Threads: reentrant.
gaunt_status gaunt_plan_memory(const struct gaunt_plan_desc *desc,
                               size_t *plan_bytes,
                               size_t *workspace_bytes);

/// The lengths, in elements, of the arrays of a `gaunt_execute_*` call with `n_samples` samples.
///
/// - `desc`: the description; not NULL.
/// - `n_samples`: number of samples; 0 is allowed.
/// - `x1_len`, `x2_len`, `out_len`: receive the lengths; each may be NULL.
///
/// Errors, in the order checked: `NULL_POINTER`, `MISALIGNED` (`desc`); `ABI_MISMATCH`; `INVALID_ARGUMENT`; `UNSUPPORTED`;
/// `OVERFLOW`; `MISALIGNED` (an out pointer). On error nothing is written. Threads: reentrant.
gaunt_status gaunt_plan_lengths(const struct gaunt_plan_desc *desc,
                                size_t n_samples,
                                size_t *x1_len,
                                size_t *x2_len,
                                size_t *out_len);

/// Initialises a plan in caller memory.
///
/// - `desc`: the description; not NULL; not needed after the call.
/// - `memory`: at least `gaunt_plan_memory` bytes, aligned to `GAUNT_ALIGNMENT`; contents need not be initialised; must
///   stay in place, unmodified, while the plan is used; owned by the caller.
/// - `memory_bytes`: size of `memory`.
/// - `plan`: receives the plan, which lies at `memory`; not NULL.
///
/// Errors, in the order checked: `NULL_POINTER`; `MISALIGNED` (`desc`); `ABI_MISMATCH`; `INVALID_ARGUMENT`; `UNSUPPORTED`;
/// `OVERFLOW`; `MISALIGNED`; `MEMORY_TOO_SMALL`. On error nothing is written. Threads: reentrant; the finished plan may be used by
/// any number of threads at once. Cost: microseconds up to degree 12 (a millisecond there for brackets), then growing as
/// L³ (tables in double-double); with `GAUNT_ENGINE_FOURIER` as L⁴, tens of seconds at degree 256.
gaunt_status gaunt_plan_init(const struct gaunt_plan_desc *desc,
                             void *memory,
                             size_t memory_bytes,
                             const struct gaunt_plan **plan);

/// Describes a plan as it was decided: `engine` and `isa` are the ones in use, never `AUTO`.
///
/// - `plan`: an initialised plan; not NULL.
/// - `desc`: receives the description; not NULL.
/// - `struct_size`: `sizeof(gaunt_plan_desc)` as the caller compiled it.
///
/// Errors, in the order checked: `NULL_POINTER`; `MISALIGNED`, `ABI_MISMATCH` (plan); `ABI_MISMATCH` (`struct_size`);
/// `MISALIGNED` (`desc`). On error nothing is written. Threads: safe concurrently on the same plan.
gaunt_status gaunt_plan_describe(const struct gaunt_plan *plan,
                                 struct gaunt_plan_desc *desc,
                                 uint32_t struct_size);

/// Executes a plan whose `dtype` is `GAUNT_DTYPE_F32`: `out[s][c] = x1[s][c] · x2[s][c]`, the coefficients of the product
/// (or of the plan's other operation) of the two functions on the sphere, up to degree `lmax3`, for every sample `s` and
/// channel `c`.
///
/// - `plan`: an initialised plan; not NULL.
/// - `n_samples`: number of samples; 0 is allowed: arguments are checked as ever, nothing is computed.
/// - `x1`, `x1_len`: the first operand, in the plan's layout (see `gaunt_plan_lengths`); read only; NULL only if the
///   length is 0. `x1 == x2` is allowed.
/// - `x2`, `x2_len`: likewise the second operand.
/// - `weights`: the weights per degree that the plan asks for; NULL if it asks for none.
/// - `out`, `out_len`: receives the result; may not overlap any other array of the call, nor the plan memory.
/// - `workspace`, `workspace_bytes`: at least the workspace bytes of `gaunt_plan_memory`, aligned to `GAUNT_ALIGNMENT`;
///   contents need not be initialised and are undefined afterwards; may not overlap anything of the above.
///
/// Errors, in the order checked: `NULL_POINTER` (plan); `MISALIGNED` and `ABI_MISMATCH` (plan); `DTYPE_MISMATCH`;
/// `MISALIGNED` (the struct `weights`); `OVERFLOW`; for each array `NULL_POINTER`, `MISALIGNED`; `SIZE_MISMATCH`; workspace `NULL_POINTER`, `MISALIGNED`,
/// `MEMORY_TOO_SMALL`; `ALIASING`. On error no output is written.
///
/// Threads: safe concurrently on the same plan with distinct workspace and output. Reproducible: the same plan gives the
/// same bits for any split of the samples over calls or threads and for any alignment. Allocates nothing.
gaunt_status gaunt_execute_f32(const struct gaunt_plan *plan,
                               size_t n_samples,
                               const float *x1,
                               size_t x1_len,
                               const float *x2,
                               size_t x2_len,
                               const struct gaunt_weights_f32 *weights,
                               float *out,
                               size_t out_len,
                               void *workspace,
                               size_t workspace_bytes);

/// Executes a plan whose `dtype` is `GAUNT_DTYPE_F64`; otherwise as `gaunt_execute_f32`.
gaunt_status gaunt_execute_f64(const struct gaunt_plan *plan,
                               size_t n_samples,
                               const double *x1,
                               size_t x1_len,
                               const double *x2,
                               size_t x2_len,
                               const struct gaunt_weights_f64 *weights,
                               double *out,
                               size_t out_len,
                               void *workspace,
                               size_t workspace_bytes);

/// The path constant of the product: `k(l1, l2, l3)` such that `G = k w` for the real Gaunt coefficients `G` of orthonormal
/// harmonics and e3nn's `wigner_3j` `w`, element by element. Positive if `l1 + l2 + l3` is even and the degrees satisfy
/// the triangle inequality, otherwise 0.
///
/// `k = sqrt((2 l1 + 1) (2 l2 + 1) (2 l3 + 1) / 4π) |3j(l1 l2 l3; 0 0 0)|`. So the product of operands of degrees `l1` and
/// `l2`, at degree `l3`, is `k` times e3nn's path; with `GAUNT_NORM_COMPONENT` it is `sqrt(4π) k` times.
///
/// - `l1`, `l2`, `l3`: degrees, 0 to `2 * GAUNT_LMAX_INPUT`, in any order.
/// - `constant`: receives the constant, with an error below 0.5 + 2⁻³⁰ units in the last place; not NULL.
///
/// Errors, in the order checked: `NULL_POINTER`; `INVALID_ARGUMENT` (a negative degree); `UNSUPPORTED` (a degree beyond
/// the maximum); `MISALIGNED`. On error nothing is written. Threads: reentrant. Cost: microseconds, in proportion to the
/// degrees.
gaunt_status gaunt_product_path_constant(int32_t l1,
                                         int32_t l2,
                                         int32_t l3,
                                         double *constant);

/// The path constant of the bracket `r·(∇f × ∇g)` on the unit sphere: `κ(l1, l2, l3)` such that `B = κ w` for its real
/// coefficients `B`. Positive if `l1 + l2 + l3` is odd and the degrees satisfy the triangle inequality, otherwise 0;
/// otherwise as `gaunt_product_path_constant`.
///
/// `κ = sqrt((2 l1 + 1) (2 l2 + 1) (2 l3 + 1) / 4π) sqrt(l1 (l1 + 1) l2 (l2 + 1)) |3j(l1 l2 l3; 1 −1 0)|`, which is
/// symmetric in the degrees.
gaunt_status gaunt_bracket_path_constant(int32_t l1,
                                         int32_t l2,
                                         int32_t l3,
                                         double *constant);

/// The best ISA level of this CPU (`GAUNT_ISA_*`), as the library detects it. Threads: reentrant.
int32_t gaunt_cpu_isa(void);

/// The library's version as `GAUNT_VERSION_NUMBER` encodes it: `major << 16 | minor << 8 | patch`. Threads: reentrant.
uint32_t gaunt_version(void);

/// The library's `GAUNT_ABI_VERSION`; a program should refuse to run with another one than it was compiled against.
/// Threads: reentrant.
uint32_t gaunt_abi_version(void);

/// Copies the coefficients of `n_samples` x `n_channels` functions, degrees 0 to `lmax`, from one layout to another. Bits
/// are kept.
///
/// - `lmax`: largest degree, 0 to `GAUNT_LMAX_INPUT`.
/// - `n_channels`, `n_samples`: channels per sample, and samples; 0 is allowed, and nothing is copied.
/// - `from`, `x`, `x_len`: layout (`GAUNT_LAYOUT_*`) and coefficients, `n_samples * n_channels * (lmax + 1)²` elements; read
///   only; NULL only if the length is 0.
/// - `to`, `out`, `out_len`: likewise what is written; may not overlap `x`.
///
/// Errors, in the order checked: `INVALID_ARGUMENT` (a negative `lmax`, an unknown layout); `UNSUPPORTED` (`lmax` too
/// large); `OVERFLOW`; for each array `NULL_POINTER`, `MISALIGNED`; `SIZE_MISMATCH`; `ALIASING`. On error nothing is
/// written. Threads: reentrant.
gaunt_status gaunt_convert_layout_f32(int32_t lmax,
                                      size_t n_channels,
                                      size_t n_samples,
                                      int32_t from,
                                      const float *x,
                                      size_t x_len,
                                      int32_t to,
                                      float *out,
                                      size_t out_len);

/// `gaunt_convert_layout_f32` for `double`.
gaunt_status gaunt_convert_layout_f64(int32_t lmax,
                                      size_t n_channels,
                                      size_t n_samples,
                                      int32_t from,
                                      const double *x,
                                      size_t x_len,
                                      int32_t to,
                                      double *out,
                                      size_t out_len);

/// The lengths, in elements, of the arrays of a conversion between our coefficients and those of a convention.
///
/// - `convention`: `GAUNT_CONVENTION_*`.
/// - `lmax`: largest degree, 0 to `GAUNT_LMAX_INPUT`.
/// - `n_vectors`: number of coefficient vectors; 0 is allowed.
/// - `ours_len`, `theirs_len`: receive the lengths; each may be NULL. A complex coefficient counts two elements.
///
/// Errors, in the order checked: `INVALID_ARGUMENT`; `UNSUPPORTED` (`lmax` too large); `OVERFLOW`; `MISALIGNED` (an out
/// pointer). On error nothing is written. Threads: reentrant.
gaunt_status gaunt_convention_lengths(int32_t convention,
                                      int32_t lmax,
                                      size_t n_vectors,
                                      size_t *ours_len,
                                      size_t *theirs_len);

/// Converts our coefficients to those of another library: the same functions in its harmonics, order and scale.
///
/// - `convention`: `GAUNT_CONVENTION_*`, the other library's.
/// - `lmax`: largest degree, 0 to `GAUNT_LMAX_INPUT`.
/// - `n_vectors`: number of coefficient vectors, which follow one another in both arrays (for us, that is
///   `GAUNT_LAYOUT_CHANNEL_LM`); 0 is allowed, and nothing is copied.
/// - `ours`, `ours_len`: our coefficients, orthonormal; read only; NULL only if the length is 0.
/// - `theirs`, `theirs_len`: receives the other library's, `gaunt_convention_lengths` elements; elements that stand for no
///   coefficient become zero; may not overlap `ours`.
///
/// Errors, in the order checked: `INVALID_ARGUMENT` (unknown convention, negative `lmax`); `UNSUPPORTED` (`lmax` too
/// large); `OVERFLOW`; for each array `NULL_POINTER`, `MISALIGNED`; `SIZE_MISMATCH`; `ALIASING`. On error nothing is
/// written. Threads: reentrant.
gaunt_status gaunt_to_convention_f32(int32_t convention,
                                     int32_t lmax,
                                     size_t n_vectors,
                                     const float *ours,
                                     size_t ours_len,
                                     float *theirs,
                                     size_t theirs_len);

/// `gaunt_to_convention_f32` for `double`.
gaunt_status gaunt_to_convention_f64(int32_t convention,
                                     int32_t lmax,
                                     size_t n_vectors,
                                     const double *ours,
                                     size_t ours_len,
                                     double *theirs,
                                     size_t theirs_len);

/// The inverse of `gaunt_to_convention_f32`: another library's coefficients to ours.
///
/// - `convention`, `lmax`, `n_vectors`: as there.
/// - `theirs`, `theirs_len`: the other library's coefficients; read only; NULL only if the length is 0. Of complex
///   coefficients that stand for a complex function its real part is taken.
/// - `ours`, `ours_len`: receives our coefficients, orthonormal; may not overlap `theirs`.
///
/// Errors and threads: as there.
gaunt_status gaunt_from_convention_f32(int32_t convention,
                                       int32_t lmax,
                                       size_t n_vectors,
                                       const float *theirs,
                                       size_t theirs_len,
                                       float *ours,
                                       size_t ours_len);

/// `gaunt_from_convention_f32` for `double`.
gaunt_status gaunt_from_convention_f64(int32_t convention,
                                       int32_t lmax,
                                       size_t n_vectors,
                                       const double *theirs,
                                       size_t theirs_len,
                                       double *ours,
                                       size_t ours_len);

/// Directional derivatives of a plan whose `dtype` is `GAUNT_DTYPE_F32`: `out = Σ ∂result/∂a · tangent` over the arguments
/// `a`, operands and weights, that have a tangent, with the result of `gaunt_execute_f32`.
///
/// - `plan`, `n_samples`, `x1`, `x2`, `weights`: as for `gaunt_execute_f32`.
/// - `tangents`: the directions; not NULL.
/// - `accumulate`: 1 to add to what `out` holds, 0 to overwrite it.
/// - `out`, `out_len`: receives the derivative, as long as the result; may not overlap any other array of the call, nor the
///   plan memory.
/// - `workspace`, `workspace_bytes`: as for `gaunt_execute_f32`.
///
/// Errors, in the order checked: `NULL_POINTER` (plan); `MISALIGNED` and `ABI_MISMATCH` (plan); `DTYPE_MISMATCH`;
/// `MISALIGNED` (the struct `weights`); `NULL_POINTER`, `MISALIGNED` (the struct `tangents`); `INVALID_ARGUMENT`
/// (`accumulate`); `OVERFLOW`; for each array `NULL_POINTER`, `MISALIGNED`; `SIZE_MISMATCH`; workspace `NULL_POINTER`,
/// `MISALIGNED`, `MEMORY_TOO_SMALL`; `ALIASING`. On error no output is written. Threads and reproducibility: as `gaunt_execute_f32`.
gaunt_status gaunt_jvp_f32(const struct gaunt_plan *plan,
                           size_t n_samples,
                           const float *x1,
                           size_t x1_len,
                           const float *x2,
                           size_t x2_len,
                           const struct gaunt_weights_f32 *weights,
                           const struct gaunt_tangents_f32 *tangents,
                           int32_t accumulate,
                           float *out,
                           size_t out_len,
                           void *workspace,
                           size_t workspace_bytes);

/// Directional derivatives of a plan whose `dtype` is `GAUNT_DTYPE_F64`; otherwise as `gaunt_jvp_f32`.
gaunt_status gaunt_jvp_f64(const struct gaunt_plan *plan,
                           size_t n_samples,
                           const double *x1,
                           size_t x1_len,
                           const double *x2,
                           size_t x2_len,
                           const struct gaunt_weights_f64 *weights,
                           const struct gaunt_tangents_f64 *tangents,
                           int32_t accumulate,
                           double *out,
                           size_t out_len,
                           void *workspace,
                           size_t workspace_bytes);

/// Gradients of a plan whose `dtype` is `GAUNT_DTYPE_F32`: given `cotangent`, the gradient of a number E with respect to the
/// result of `gaunt_execute_f32`, the gradients of E with respect to operands and weights, any of them in one call.
///
/// - `plan`, `n_samples`, `x1`, `x2`, `weights`: as for `gaunt_execute_f32`. With 0 samples and `accumulate` 0, gradients of
///   what samples share become 0.
/// - `cotangent`, `cotangent_len`: as long as the result; read only.
/// - `gradients`: the arrays that receive gradients; not NULL. None of these may overlap any other array of the call, nor the
///   plan memory; inputs may overlap one another. For `x1 == x2` the gradient is the sum of both: ask for two arrays and add.
///   Gradients of what channels or samples share are sums over these, in order: accumulating over successive parts of a batch
///   gives the same bits as the whole batch at once.
/// - `accumulate`: 1 to add to what the arrays hold, 0 to overwrite them.
/// - `workspace`, `workspace_bytes`: as for `gaunt_execute_f32`.
///
/// Second derivatives are calls of the same functions. Let `u1`, `u2` be the gradients of a number with respect to
/// `gradients->x1` and `gradients->x2`. Its gradient with respect to `cotangent` is `gaunt_jvp_*` with the tangents `u1`, `u2`;
/// with respect to `x1`, what `gaunt_vjp_*` gives for `x1` with `u2` in the place of `x2`; with respect to `x2`, what it gives
/// for `x2` with `u1` in the place of `x1`.
///
/// Errors, in the order checked: `NULL_POINTER` (plan); `MISALIGNED` and `ABI_MISMATCH` (plan); `DTYPE_MISMATCH`;
/// `MISALIGNED` (the struct `weights`); `NULL_POINTER`, `MISALIGNED` (the struct `gradients`); `INVALID_ARGUMENT`
/// (`accumulate`); `OVERFLOW`; for each array `NULL_POINTER`, `MISALIGNED`; `SIZE_MISMATCH`; workspace `NULL_POINTER`,
/// `MISALIGNED`, `MEMORY_TOO_SMALL`; `ALIASING`. On error no output is written. Threads and reproducibility: as `gaunt_execute_f32`.
gaunt_status gaunt_vjp_f32(const struct gaunt_plan *plan,
                           size_t n_samples,
                           const float *x1,
                           size_t x1_len,
                           const float *x2,
                           size_t x2_len,
                           const struct gaunt_weights_f32 *weights,
                           const float *cotangent,
                           size_t cotangent_len,
                           const struct gaunt_gradients_f32 *gradients,
                           int32_t accumulate,
                           void *workspace,
                           size_t workspace_bytes);

/// Gradients of a plan whose `dtype` is `GAUNT_DTYPE_F64`; otherwise as `gaunt_vjp_f32`.
gaunt_status gaunt_vjp_f64(const struct gaunt_plan *plan,
                           size_t n_samples,
                           const double *x1,
                           size_t x1_len,
                           const double *x2,
                           size_t x2_len,
                           const struct gaunt_weights_f64 *weights,
                           const double *cotangent,
                           size_t cotangent_len,
                           const struct gaunt_gradients_f64 *gradients,
                           int32_t accumulate,
                           void *workspace,
                           size_t workspace_bytes);

/// The bytes of memory that `gaunt_plan_self_check` needs.
///
/// - `plan`: an initialised plan; not NULL.
/// - `memory_bytes`: receives the size; not NULL.
///
/// Errors, in the order checked: `NULL_POINTER`; `MISALIGNED` and `ABI_MISMATCH` (plan); `UNSUPPORTED` (`lmax3` beyond
/// `GAUNT_LMAX_INPUT`, to which functions can be rotated); `OVERFLOW`; `MISALIGNED` (`memory_bytes`). On error nothing is
/// written. Threads: safe concurrently on the same plan.
gaunt_status gaunt_plan_self_check_memory(const struct gaunt_plan *plan,
                                          size_t *memory_bytes);

/// Checks a plan on the machine where it runs, with random arguments of one sample: rotating the operands rotates the result,
/// `gaunt_jvp_*` and `gaunt_vjp_*` are adjoint, and `gaunt_jvp_*` is the difference of results.
///
/// - `plan`: an initialised plan; not NULL.
/// - `seed`: of the random arguments.
/// - `memory`, `memory_bytes`: at least the bytes of `gaunt_plan_self_check_memory`, aligned to `GAUNT_ALIGNMENT`; contents
///   need not be initialised and are undefined afterwards.
/// - `worst`: receives the largest error divided by the bound that follows from rounding: at most 1 if all is well, usually
///   far below; not NULL. The status is `GAUNT_SUCCESS` even if errors are found: test `if (!(worst <= 1))`, which is true for
///   NaN too.
///
/// Errors, in the order checked: `NULL_POINTER`; `MISALIGNED` and `ABI_MISMATCH` (plan); `UNSUPPORTED`, `OVERFLOW` as
/// `gaunt_plan_self_check_memory`; `MISALIGNED`, `MEMORY_TOO_SMALL` (memory); `MISALIGNED` (`worst`); `ALIASING`. On error
/// nothing is written to `worst`. Threads: safe concurrently on the same plan with distinct memory. Cost: a dozen executions, and the
/// tables of rotations.
gaunt_status gaunt_plan_self_check(const struct gaunt_plan *plan,
                                   uint64_t seed,
                                   void *memory,
                                   size_t memory_bytes,
                                   double *worst);

/// Fills a description with the defaults: degree 0, one channel, `lm_channel`, orthonormal harmonics of the direction,
/// automatic ISA level.
///
/// - `desc`: receives the defaults; not NULL.
/// - `struct_size`: `sizeof(gaunt_harmonics_desc)` as the caller compiled it.
///
/// Errors, in the order checked: `NULL_POINTER`; `ABI_MISMATCH` (`struct_size` not of this version); `MISALIGNED`. On error
/// nothing is written. Threads: reentrant.
gaunt_status gaunt_harmonics_desc_init(struct gaunt_harmonics_desc *desc,
                                       uint32_t struct_size);

/// The bytes of workspace that a call with this description needs, aligned to `GAUNT_ALIGNMENT`: the same for `float` and
/// `double`, for values, gradients and vjp, and for any number of samples. At most 1.2 MB, at degree 4 at most 20 KB.
///
/// - `desc`: the description; not NULL.
/// - `workspace_bytes`: receives the size; not NULL.
///
/// Errors, in the order checked: `NULL_POINTER` (`workspace_bytes`, then `desc`); `MISALIGNED` (`desc`); `ABI_MISMATCH`
/// (`struct_size`); `INVALID_ARGUMENT`; `UNSUPPORTED`; `OVERFLOW`; `MISALIGNED` (`workspace_bytes`). On error nothing is
/// written. Threads: reentrant.
gaunt_status gaunt_harmonics_memory(const struct gaunt_harmonics_desc *desc,
                                    size_t *workspace_bytes);

/// The lengths, in elements, of the arrays of a call with `n_samples` samples.
///
/// - `desc`: the description; not NULL.
/// - `n_samples`: number of samples; 0 is allowed.
/// - `xyz_len`: receives the length of the coordinates of the vectors, `3 n_samples n_channels`; may be NULL.
/// - `values_len`: receives the length of the harmonics, and of each of their derivatives; may be NULL.
///
/// Errors, in the order checked: `NULL_POINTER` (`desc`); `MISALIGNED` (`desc`); `ABI_MISMATCH`; `INVALID_ARGUMENT`;
/// `UNSUPPORTED`; `OVERFLOW`; `MISALIGNED` (an out pointer). On error nothing is written. Threads: reentrant.
gaunt_status gaunt_harmonics_lengths(const struct gaunt_harmonics_desc *desc,
                                     size_t n_samples,
                                     size_t *xyz_len,
                                     size_t *values_len);

/// The harmonics `Y_lm(r)` of a batch of vectors, `float`.
///
/// - `desc`: the description; not NULL.
/// - `n_samples`: number of samples; 0 is allowed, and nothing is computed.
/// - `xyz`, `xyz_len`: the vectors, `[sample][channel][3]`, of any length; read only; NULL only if the length is 0.
/// - `values`, `values_len`: receives the harmonics in the description's layout, as an operand of a product plan with
///   this layout, normalisation and `lmax` (one channel: `[vector][l*l + l + m]`); may not overlap any other array of the
///   call.
/// - `workspace`, `workspace_bytes`: at least the bytes of `gaunt_harmonics_memory`, aligned to `GAUNT_ALIGNMENT`; contents
///   need not be initialised and are undefined afterwards; may not overlap any other array of the call.
///
/// Errors, in the order checked: `NULL_POINTER`, `MISALIGNED` (`desc`); `ABI_MISMATCH`; `INVALID_ARGUMENT`; `UNSUPPORTED`;
/// `OVERFLOW`; for each array `NULL_POINTER`, `MISALIGNED`; `SIZE_MISMATCH`; workspace `NULL_POINTER`, `MISALIGNED`,
/// `MEMORY_TOO_SMALL`; `ALIASING`. On error no output is written.
///
/// Threads: reentrant, with distinct workspace and output. Reproducible: the same description gives the same bits for any
/// split of the samples over calls or threads and for any alignment. A vector with a NaN or an infinity spoils its own
/// harmonics only. Allocates nothing. Cost: O(lmax²) per vector.
gaunt_status gaunt_harmonics_values_f32(const struct gaunt_harmonics_desc *desc,
                                        size_t n_samples,
                                        const float *xyz,
                                        size_t xyz_len,
                                        float *values,
                                        size_t values_len,
                                        void *workspace,
                                        size_t workspace_bytes);

/// The harmonics of a batch of vectors, `double`; otherwise as `gaunt_harmonics_values_f32`.
gaunt_status gaunt_harmonics_values_f64(const struct gaunt_harmonics_desc *desc,
                                        size_t n_samples,
                                        const double *xyz,
                                        size_t xyz_len,
                                        double *values,
                                        size_t values_len,
                                        void *workspace,
                                        size_t workspace_bytes);

/// The harmonics of a batch of vectors and their derivatives with respect to the coordinates, `float`, in one pass.
///
/// - `dx`, `dy`, `dz`: receive the derivatives with respect to x, y and z, each an array of `values_len` elements in the
///   layout of `values`; NULL only if that is 0; none may overlap any other array of the call.
///
/// Everything else, errors included, as for `gaunt_harmonics_values_f32`, whose bits `values` receives.
gaunt_status gaunt_harmonics_gradients_f32(const struct gaunt_harmonics_desc *desc,
                                           size_t n_samples,
                                           const float *xyz,
                                           size_t xyz_len,
                                           float *values,
                                           float *dx,
                                           float *dy,
                                           float *dz,
                                           size_t values_len,
                                           void *workspace,
                                           size_t workspace_bytes);

/// The harmonics of a batch of vectors and their derivatives, `double`; otherwise as `gaunt_harmonics_gradients_f32`.
gaunt_status gaunt_harmonics_gradients_f64(const struct gaunt_harmonics_desc *desc,
                                           size_t n_samples,
                                           const double *xyz,
                                           size_t xyz_len,
                                           double *values,
                                           double *dx,
                                           double *dy,
                                           double *dz,
                                           size_t values_len,
                                           void *workspace,
                                           size_t workspace_bytes);

/// The vector-Jacobian product of the harmonics, `float`: `d_xyz[s][c] = Σ_lm d_values[s][c][lm] ∇Y_lm(r[s][c])`, the
/// gradient of an energy with respect to the vectors from its gradient with respect to the harmonics. No derivative is
/// stored.
///
/// - `d_values`, `d_values_len`: the gradient with respect to the harmonics, laid out as these; read only; NULL only if the
///   length is 0.
/// - `d_xyz`, `d_xyz_len`: receives the gradient with respect to the vectors, `[sample][channel][3]`; may not overlap any
///   other array of the call.
///
/// Everything else, errors included, as for `gaunt_harmonics_values_f32`.
gaunt_status gaunt_harmonics_vjp_f32(const struct gaunt_harmonics_desc *desc,
                                     size_t n_samples,
                                     const float *xyz,
                                     size_t xyz_len,
                                     const float *d_values,
                                     size_t d_values_len,
                                     float *d_xyz,
                                     size_t d_xyz_len,
                                     void *workspace,
                                     size_t workspace_bytes);

/// The vector-Jacobian product of the harmonics, `double`; otherwise as `gaunt_harmonics_vjp_f32`.
gaunt_status gaunt_harmonics_vjp_f64(const struct gaunt_harmonics_desc *desc,
                                     size_t n_samples,
                                     const double *xyz,
                                     size_t xyz_len,
                                     const double *d_values,
                                     size_t d_values_len,
                                     double *d_xyz,
                                     size_t d_xyz_len,
                                     void *workspace,
                                     size_t workspace_bytes);

/// Fills a description with the defaults: degree 0, one channel, `double`, `lm_channel`, a matrix for every sample, automatic
/// ISA level.
///
/// - `desc`: receives the defaults; not NULL.
/// - `struct_size`: `sizeof(gaunt_rotation_desc)` as the caller compiled it.
///
/// Errors, in the order checked: `NULL_POINTER`; `ABI_MISMATCH` (`struct_size` not of this version); `MISALIGNED`.
/// Threads: reentrant.
gaunt_status gaunt_rotation_desc_init(struct gaunt_rotation_desc *desc,
                                      uint32_t struct_size);

/// The bytes of plan memory and of workspace that a description needs, both aligned to `GAUNT_ALIGNMENT`.
///
/// - `desc`: the description; not NULL.
/// - `plan_bytes`: receives the size of the memory for `gaunt_rotation_init`; may be NULL. It grows as `lmax³`.
/// - `workspace_bytes`: receives the size of the workspace of one `gaunt_rotation_execute_*` call, for any number of
///   samples; may be NULL.
///
/// Errors, in the order checked: `NULL_POINTER` (`desc`); `MISALIGNED` (`desc`); `ABI_MISMATCH` (`struct_size`);
/// `INVALID_ARGUMENT`; `UNSUPPORTED` (`lmax` too large); `OVERFLOW`; `MISALIGNED` (an out pointer). On error nothing is
/// written. Threads: reentrant.
gaunt_status gaunt_rotation_memory(const struct gaunt_rotation_desc *desc,
                                   size_t *plan_bytes,
                                   size_t *workspace_bytes);

/// The lengths, in elements, of the arrays of a `gaunt_rotation_execute_*` call with `n_samples` samples.
///
/// - `desc`: the description; not NULL.
/// - `n_samples`: number of samples; 0 is allowed.
/// - `rotations_len`, `x_len`: receive the lengths of the rotations and of the coefficients; each may be NULL.
///
/// Errors, in the order checked: as `gaunt_rotation_memory`. On error nothing is written. Threads: reentrant.
gaunt_status gaunt_rotation_lengths(const struct gaunt_rotation_desc *desc,
                                    size_t n_samples,
                                    size_t *rotations_len,
                                    size_t *x_len);

/// Initialises a rotation plan in caller memory.
///
/// - `desc`: the description; not NULL; not needed after the call.
/// - `memory`: at least `gaunt_rotation_memory` bytes, aligned to `GAUNT_ALIGNMENT`; contents need not be initialised;
///   must stay in place, unmodified, while the plan is used; owned by the caller.
/// - `memory_bytes`: size of `memory`.
/// - `rotation`: receives the plan, which lies at `memory`; not NULL.
///
/// Errors, in the order checked: `NULL_POINTER`; `MISALIGNED` (`desc`); `ABI_MISMATCH`; `INVALID_ARGUMENT`; `UNSUPPORTED`;
/// `OVERFLOW`; `MISALIGNED`; `MEMORY_TOO_SMALL`. On error nothing is written. Threads: reentrant; the finished plan may be
/// used by any number of threads at once. Cost: grows as `lmax³` (tables in double-double), milliseconds at degree 64.
gaunt_status gaunt_rotation_init(const struct gaunt_rotation_desc *desc,
                                 void *memory,
                                 size_t memory_bytes,
                                 const struct gaunt_rotation **rotation);

/// Describes a rotation plan as it was decided: `isa` is the one in use, never `GAUNT_ISA_AUTO`.
///
/// - `rotation`: an initialised plan; not NULL.
/// - `desc`: receives the description; not NULL.
/// - `struct_size`: `sizeof(gaunt_rotation_desc)` as the caller compiled it.
///
/// Errors, in the order checked: `NULL_POINTER`; `MISALIGNED`, `ABI_MISMATCH` (plan); `ABI_MISMATCH` (`struct_size`);
/// `MISALIGNED` (`desc`). On error nothing is written. Threads: safe concurrently on the same plan.
gaunt_status gaunt_rotation_describe(const struct gaunt_rotation *rotation,
                                     struct gaunt_rotation_desc *desc,
                                     uint32_t struct_size);

/// Executes a rotation plan whose `dtype` is `GAUNT_DTYPE_F32`: `out[s][c]` are the coefficients of the function `f(R⁻¹ r)`
/// where those of `f(r)` are `x[s][c]`, with the rotation `R` of sample `s`, or the one for all.
///
/// - `rotation`: an initialised plan; not NULL.
/// - `sense`: `GAUNT_SENSE_FORWARD`, or `GAUNT_SENSE_INVERSE` for `f(R r)`, which is also the vector-Jacobian product of the
///   forward rotation with respect to the coefficients.
/// - `n_samples`: number of samples; with 0 nothing is written.
/// - `rotations`, `rotations_len`: the rotations in the plan's form, one after another; read only; NULL only if the length
///   is 0.
/// - `x`, `x_len`: the coefficients, in the plan's layout; read only; NULL only if the length is 0.
/// - `out`, `out_len`: receives the rotated coefficients, likewise; may not overlap any other array of the call, nor
///   the plan memory.
/// - `workspace`, `workspace_bytes`: at least the workspace bytes of `gaunt_rotation_memory`, aligned to `GAUNT_ALIGNMENT`;
///   contents need not be initialised and are undefined afterwards; may not overlap anything of the above.
///
/// Errors, in the order checked: `NULL_POINTER` (plan); `MISALIGNED` and `ABI_MISMATCH` (plan); `DTYPE_MISMATCH`;
/// `INVALID_ARGUMENT` (`sense`); `OVERFLOW`; for each array `NULL_POINTER`, `MISALIGNED`; `SIZE_MISMATCH`; workspace
/// `NULL_POINTER`, `MISALIGNED`, `MEMORY_TOO_SMALL`; `ALIASING`; `INVALID_ROTATION`. On error no output is written.
///
/// Threads: safe concurrently on the same plan with distinct workspace and output. Reproducible: the same plan gives the
/// same bits for any split of the samples over calls or threads and for any alignment. Allocates nothing.
gaunt_status gaunt_rotation_execute_f32(const struct gaunt_rotation *rotation,
                                        int32_t sense,
                                        size_t n_samples,
                                        const float *rotations,
                                        size_t rotations_len,
                                        const float *x,
                                        size_t x_len,
                                        float *out,
                                        size_t out_len,
                                        void *workspace,
                                        size_t workspace_bytes);

/// Executes a rotation plan whose `dtype` is `GAUNT_DTYPE_F64`; otherwise as `gaunt_rotation_execute_f32`.
gaunt_status gaunt_rotation_execute_f64(const struct gaunt_rotation *rotation,
                                        int32_t sense,
                                        size_t n_samples,
                                        const double *rotations,
                                        size_t rotations_len,
                                        const double *x,
                                        size_t x_len,
                                        double *out,
                                        size_t out_len,
                                        void *workspace,
                                        size_t workspace_bytes);

/// The one-line English description of a status; never NULL, static, not to be freed.
///
/// Unknown numbers give "unknown status". Threads: reentrant.
const char *gaunt_status_string(gaunt_status status);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* GAUNT_H */
