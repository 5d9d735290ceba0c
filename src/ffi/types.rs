//! Plain-old-data types and named constants of the C API.
#![allow(non_camel_case_types)]

/// Describes a plan. Fill it with `gaunt_plan_desc_init`, then set what differs from the defaults.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C)]
pub struct gaunt_plan_desc {
    /// Size of this struct in bytes, set by `gaunt_plan_desc_init`.
    pub struct_size: u32,
    /// `GAUNT_OPERATION_*`; default `GAUNT_OPERATION_PRODUCT`.
    pub operation: i32,
    /// `GAUNT_DTYPE_*`; default `GAUNT_DTYPE_F64`.
    pub dtype: i32,
    /// Largest degree of the first operand, 0 to `GAUNT_LMAX_INPUT`; default 0.
    pub lmax1: i32,
    /// Largest degree of the second operand, 0 to `GAUNT_LMAX_INPUT`; default 0.
    pub lmax2: i32,
    /// Largest degree of the output, 0 to `lmax1 + lmax2`; default 0.
    pub lmax3: i32,
    /// `GAUNT_LAYOUT_*` of both operands and the output; default `GAUNT_LAYOUT_LM_CHANNEL`.
    pub layout: i32,
    /// `GAUNT_NORM_*` of the harmonics that the coefficients refer to; default `GAUNT_NORM_INTEGRAL`.
    pub normalization: i32,
    /// `GAUNT_PARTS_*` of the first operand; default `GAUNT_PARTS_NATURAL`; `GAUNT_PARTS_BOTH` with
    /// `GAUNT_OPERATION_PRODUCT_AND_BRACKET` only.
    pub parts1: i32,
    /// `GAUNT_PARTS_*` of the second operand, likewise.
    pub parts2: i32,
    /// `GAUNT_BROADCAST_*` of the first operand; default `GAUNT_BROADCAST_NONE`.
    pub broadcast1: i32,
    /// `GAUNT_BROADCAST_*` of the second operand; default `GAUNT_BROADCAST_NONE`.
    pub broadcast2: i32,
    /// `GAUNT_WEIGHTS_*`: weights per degree of the first operand; default `GAUNT_WEIGHTS_NONE`.
    pub weights1: i32,
    /// `GAUNT_WEIGHTS_*`: weights per degree of the second operand; default `GAUNT_WEIGHTS_NONE`.
    pub weights2: i32,
    /// `GAUNT_WEIGHTS_*`: weights per degree of the output; default `GAUNT_WEIGHTS_NONE`.
    pub weights3: i32,
    /// `GAUNT_ENGINE_*`; default `GAUNT_ENGINE_AUTO`. Engines differ in speed and in the last bits, not in meaning.
    pub engine: i32,
    /// `GAUNT_ISA_*`: the highest ISA level to use; default `GAUNT_ISA_AUTO` (the best the CPU has). Levels the CPU
    /// lacks are never used: the plan takes the highest available level that is not above this one.
    pub isa: i32,
    /// Must be zero.
    pub reserved0: i32,
    /// Number of channels per sample; default 1.
    pub n_channels: u64,
    /// Must be zero.
    pub reserved: [u64; 4],
}

/// Describes a rotation plan. Fill it with `gaunt_rotation_desc_init`, then set what differs from the defaults.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C)]
pub struct gaunt_rotation_desc {
    /// Size of this struct in bytes, set by `gaunt_rotation_desc_init`.
    pub struct_size: u32,
    /// `GAUNT_DTYPE_*`; default `GAUNT_DTYPE_F64`.
    pub dtype: i32,
    /// Largest degree, 0 to `GAUNT_LMAX_INPUT`; default 0.
    pub lmax: i32,
    /// `GAUNT_LAYOUT_*` of both arrays; default `GAUNT_LAYOUT_LM_CHANNEL`.
    pub layout: i32,
    /// `GAUNT_ROTATION_*`: how rotations are given; default `GAUNT_ROTATION_MATRIX`.
    pub form: i32,
    /// 1 if one rotation is for all samples, 0 (the default) if each has its own.
    pub shared: i32,
    /// `GAUNT_ISA_*`: the highest ISA level to use, as in `gaunt_plan_desc`; default `GAUNT_ISA_AUTO`.
    pub isa: i32,
    /// Must be zero.
    pub reserved0: i32,
    /// Number of channels per sample, which rotate alike; default 1.
    pub n_channels: u64,
    /// Must be zero.
    pub reserved: [u64; 4],
}

/// Weights per degree for one call of `gaunt_execute_f32`, `gaunt_jvp_f32` or `gaunt_vjp_f32`: `a[l1]`, `b[l2]`, `c[l3]` of
/// `z = Σ c[l3] a[l1] b[l2] (x1_l1 · x2_l2)_l3`.
///
/// Each array is present exactly when the plan's `weights1`, `weights2`, `weights3` says so: `[lmax + 1]` when shared,
/// `[lmax + 1][n_channels]` when per channel. Absent arrays are NULL with length 0.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct gaunt_weights_f32 {
    /// Weights of the first operand's degrees.
    pub weights1: *const f32,
    /// Number of elements of `weights1`.
    pub weights1_len: usize,
    /// Weights of the second operand's degrees.
    pub weights2: *const f32,
    /// Number of elements of `weights2`.
    pub weights2_len: usize,
    /// Weights of the output's degrees.
    pub weights3: *const f32,
    /// Number of elements of `weights3`.
    pub weights3_len: usize,
}

/// Weights per degree for one call in `double`; see `gaunt_weights_f32`.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct gaunt_weights_f64 {
    /// Weights of the first operand's degrees.
    pub weights1: *const f64,
    /// Number of elements of `weights1`.
    pub weights1_len: usize,
    /// Weights of the second operand's degrees.
    pub weights2: *const f64,
    /// Number of elements of `weights2`.
    pub weights2_len: usize,
    /// Weights of the output's degrees.
    pub weights3: *const f64,
    /// Number of elements of `weights3`.
    pub weights3_len: usize,
}

/// The direction of a derivative, argument by argument, for one `gaunt_jvp_f32` call. NULL with length 0 for an argument
/// that stays constant, otherwise as long as the argument; start from `= {0}`.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct gaunt_tangents_f32 {
    /// Of the first operand.
    pub x1: *const f32,
    /// Number of elements of `x1`.
    pub x1_len: usize,
    /// Of the second operand.
    pub x2: *const f32,
    /// Number of elements of `x2`.
    pub x2_len: usize,
    /// Of the first operand's weights.
    pub weights1: *const f32,
    /// Number of elements of `weights1`.
    pub weights1_len: usize,
    /// Of the second operand's weights.
    pub weights2: *const f32,
    /// Number of elements of `weights2`.
    pub weights2_len: usize,
    /// Of the output's weights.
    pub weights3: *const f32,
    /// Number of elements of `weights3`.
    pub weights3_len: usize,
}

/// The direction of a derivative for one `gaunt_jvp_f64` call; see `gaunt_tangents_f32`.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct gaunt_tangents_f64 {
    /// Of the first operand.
    pub x1: *const f64,
    /// Number of elements of `x1`.
    pub x1_len: usize,
    /// Of the second operand.
    pub x2: *const f64,
    /// Number of elements of `x2`.
    pub x2_len: usize,
    /// Of the first operand's weights.
    pub weights1: *const f64,
    /// Number of elements of `weights1`.
    pub weights1_len: usize,
    /// Of the second operand's weights.
    pub weights2: *const f64,
    /// Number of elements of `weights2`.
    pub weights2_len: usize,
    /// Of the output's weights.
    pub weights3: *const f64,
    /// Number of elements of `weights3`.
    pub weights3_len: usize,
}

/// Results of one `gaunt_vjp_f32` call. Each is NULL with length 0 if it is not wanted, otherwise as long as the argument
/// that it is the gradient with respect to; start from `= {0}`.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct gaunt_gradients_f32 {
    /// With respect to the first operand.
    pub x1: *mut f32,
    /// Number of elements of `x1`.
    pub x1_len: usize,
    /// With respect to the second operand.
    pub x2: *mut f32,
    /// Number of elements of `x2`.
    pub x2_len: usize,
    /// With respect to the first operand's weights.
    pub weights1: *mut f32,
    /// Number of elements of `weights1`.
    pub weights1_len: usize,
    /// With respect to the second operand's weights.
    pub weights2: *mut f32,
    /// Number of elements of `weights2`.
    pub weights2_len: usize,
    /// With respect to the output's weights.
    pub weights3: *mut f32,
    /// Number of elements of `weights3`.
    pub weights3_len: usize,
}

/// Results of one `gaunt_vjp_f64` call; see `gaunt_gradients_f32`.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct gaunt_gradients_f64 {
    /// With respect to the first operand.
    pub x1: *mut f64,
    /// Number of elements of `x1`.
    pub x1_len: usize,
    /// With respect to the second operand.
    pub x2: *mut f64,
    /// Number of elements of `x2`.
    pub x2_len: usize,
    /// With respect to the first operand's weights.
    pub weights1: *mut f64,
    /// Number of elements of `weights1`.
    pub weights1_len: usize,
    /// With respect to the second operand's weights.
    pub weights2: *mut f64,
    /// Number of elements of `weights2`.
    pub weights2_len: usize,
    /// With respect to the output's weights.
    pub weights3: *mut f64,
    /// Number of elements of `weights3`.
    pub weights3_len: usize,
}

/// Alignment in bytes of plan memory and workspace. The sizes that `gaunt_*_memory` tell are multiples of it, as
/// `aligned_alloc` wants them. (Without C11: `posix_memalign`, or 64 bytes more and round up.) Other arrays need only the
/// alignment of their elements.
pub const GAUNT_ALIGNMENT: usize = 64;
/// Largest supported degree of operands, rotations and conversions.
pub const GAUNT_LMAX_INPUT: i32 = 256;
/// Largest `lmax1` and `lmax2` of the direct engine.
pub const GAUNT_LMAX_DIRECT: i32 = 4;

/// `out = x1 · x2`, the Gaunt tensor product: the even paths `l1 + l2 + l3`.
pub const GAUNT_OPERATION_PRODUCT: i32 = 0;
/// `out = r·(∇x1 × ∇x2)` on the unit sphere: the odd paths, which the product lacks.
pub const GAUNT_OPERATION_BRACKET: i32 = 1;
/// Product and bracket together, for functions `f + f'` with a natural part `f` and a pseudo part `f'`, of the opposite
/// parity: with brackets `{}`, `natural = f·g + f'·g' + {f, g'} + {f', g}` and `pseudo = f·g' + f'·g + {f, g} + {f', g'}`.
/// The output has both parts, the operands as `parts1` and `parts2` say.
pub const GAUNT_OPERATION_PRODUCT_AND_BRACKET: i32 = 2;

/// The array has one part, the natural one: degree `l` has parity `(-1)^l`.
pub const GAUNT_PARTS_NATURAL: i32 = 0;
/// The array has two parts: of every sample first the natural, then the pseudo part, each in the plan's layout.
pub const GAUNT_PARTS_BOTH: i32 = 1;

/// Elements are `float`.
pub const GAUNT_DTYPE_F32: i32 = 1;
/// Elements are `double`.
pub const GAUNT_DTYPE_F64: i32 = 2;

/// `[sample][l*l + l + m][channel]`: channels contiguous; mostly the fastest, by far to degree 4; `ir_mul` with equal
/// multiplicities.
pub const GAUNT_LAYOUT_LM_CHANNEL: i32 = 0;
/// `[sample][channel][l*l + l + m]`: one whole coefficient vector per channel.
pub const GAUNT_LAYOUT_CHANNEL_LM: i32 = 1;
/// `[sample]`, then per degree l a block `[channel][2l + 1]`: e3nn's flat storage (`mul_ir`) of `Cx0e + Cx1o + …`,
/// with `C` channels.
pub const GAUNT_LAYOUT_E3NN_BLOCKS: i32 = 2;

/// e3nn's, `normalization="integral"`: our coefficients of the function with the axes renamed, `(x, y, z)` there is
/// `(z, x, y)` here.
pub const GAUNT_CONVENTION_E3NN_INTEGRAL: i32 = 0;
/// e3nn's, `normalization="component"`.
pub const GAUNT_CONVENTION_E3NN_COMPONENT: i32 = 1;
/// e3nn's, `normalization="norm"`.
pub const GAUNT_CONVENTION_E3NN_NORM: i32 = 2;
/// sphericart's: our coefficients.
pub const GAUNT_CONVENTION_SPHERICART: i32 = 3;
/// Complex orthonormal harmonics with Condon–Shortley phase: pairs of real and imaginary part at `l*l + l + m`.
pub const GAUNT_CONVENTION_COMPLEX: i32 = 4;
/// `SHTns`' default for real functions: complex, orthonormal with Condon–Shortley phase, `m >= 0` only, `m` by `m`.
pub const GAUNT_CONVENTION_SHTNS: i32 = 5;
/// SHTOOLS' default: real, `∫ Y² = 4π`, `[2][lmax + 1][lmax + 1]` by cosine or sine, degree and order.
pub const GAUNT_CONVENTION_SHTOOLS: i32 = 6;
/// E3x's default: real, `∫ Y² = 4π / (2l + 1)`, the orders of a degree as `l, -l, l - 1, ..., -1, 0`.
pub const GAUNT_CONVENTION_E3X: i32 = 7;

/// 9 numbers per rotation: the matrix `R`, row by row; every element of `R Rᵀ` is that of the identity to within 64
/// machine epsilons; no reflection.
pub const GAUNT_ROTATION_MATRIX: i32 = 0;
/// 4 numbers per rotation: the quaternion `w, x, y, z`, with `w` the cosine of half the angle; its squared length is 1 to within
/// 64 machine epsilons.
pub const GAUNT_ROTATION_QUATERNION: i32 = 1;
/// 3 numbers per rotation: a direction, of any length but zero, that is taken to `+z` the shortest way. Every other
/// rotation that does so is this one followed by a rotation about `z`.
pub const GAUNT_ROTATION_TO_POLE: i32 = 2;

/// `f(R⁻¹ r)` from `f(r)`: what is at `r` comes to `R r`.
pub const GAUNT_SENSE_FORWARD: i32 = 0;
/// The inverse, which is also the transpose.
pub const GAUNT_SENSE_INVERSE: i32 = 1;

/// Orthonormal harmonics, `∫ Y² = 1` (e3nn: "integral").
pub const GAUNT_NORM_INTEGRAL: i32 = 0;
/// `∫ Y² = 4π`, so that `Σ_m Y_lm² = 2l + 1` (e3nn: "component").
pub const GAUNT_NORM_COMPONENT: i32 = 1;
/// `∫ Y² = 4π / (2l + 1)`, so that `Σ_m Y_lm² = 1` (e3nn: "norm"; Schmidt, Racah).
pub const GAUNT_NORM_NORM: i32 = 2;

/// The operand has its own coefficients for every sample and channel.
pub const GAUNT_BROADCAST_NONE: i32 = 0;
/// One coefficient vector per sample, shared by its channels: `[sample][lm]`.
pub const GAUNT_BROADCAST_CHANNELS: i32 = 1;
/// One set of channels, shared by all samples: the array of one sample in the plan's layout.
pub const GAUNT_BROADCAST_SAMPLES: i32 = 2;
/// One coefficient vector for everything: `[lm]`.
pub const GAUNT_BROADCAST_BOTH: i32 = 3;

/// No weights.
pub const GAUNT_WEIGHTS_NONE: i32 = 0;
/// One weight per degree: `[lmax + 1]`.
pub const GAUNT_WEIGHTS_SHARED: i32 = 1;
/// One weight per degree and channel: `[lmax + 1][n_channels]`.
pub const GAUNT_WEIGHTS_PER_CHANNEL: i32 = 2;

/// The library chooses, by what was measured for executions: direct where it serves the degrees; otherwise fourier if
/// `lmax1 + lmax2 + 3 lmax3 >= 256` and `2 lmax3 >= lmax1 + lmax2` (product and bracket together: 384, `8 lmax3 >= 7 (lmax1 +
/// lmax2)` and operands of one part); otherwise grid. Degrees that cannot contribute do not count.
pub const GAUNT_ENGINE_AUTO: i32 = 0;
/// Sparse Gaunt coefficients in straight-line code; `lmax1` and `lmax2` up to `GAUNT_LMAX_DIRECT`.
pub const GAUNT_ENGINE_DIRECT: i32 = 1;
/// Quadrature on a Gauss–Legendre × equispaced grid, exact; every degree. (Products of three functions
/// of one degree from 5 to 9, or of degrees 6, 6 and 12, are taken at the fewer points of a rule with the symmetry of the octahedron.)
pub const GAUNT_ENGINE_GRID: i32 = 2;
/// Two-dimensional Fourier series and fast Fourier transforms, exact; every degree. Faster than the grid from about
/// degree 52 on, with output to 2L from 32 on; product and bracket together only with output to 2L, from 48 on. Gradients take
/// 0.9 to 1.5 times as long as on the grid. Slower to initialise: about 0.1 s at degree 64, 1 s at 128, 11 s at 256 (grid: up to
/// 0.1, 0.6, 4 s).
pub const GAUNT_ENGINE_FOURIER: i32 = 3;

/// The best level of this CPU.
pub const GAUNT_ISA_AUTO: i32 = 0;
/// One element at a time; every CPU.
pub const GAUNT_ISA_SCALAR: i32 = 1;
/// 128-bit vectors of aarch64.
pub const GAUNT_ISA_NEON: i32 = 2;
/// 256-bit vectors of x86-64: AVX2, FMA, BMI1, BMI2, LZCNT, POPCNT (x86-64-v3 less F16C and MOVBE).
pub const GAUNT_ISA_AVX2: i32 = 3;
/// 512-bit vectors of x86-64: the AVX2 level and AVX-512 F, BW, CD, DQ, VL (x86-64-v4).
pub const GAUNT_ISA_AVX512: i32 = 4;

/// Number of the binary interface that this header describes; compare it with `gaunt_abi_version()`.
pub const GAUNT_ABI_VERSION: u32 = 1;

const _: () = assert!(GAUNT_ALIGNMENT == align_of::<crate::lanes::CacheLine>());
const _: () = assert!(GAUNT_LMAX_INPUT as usize == crate::plan::LMAX_INPUT);
const _: () = assert!(GAUNT_LMAX_DIRECT as usize == crate::plan::LMAX_DIRECT);
