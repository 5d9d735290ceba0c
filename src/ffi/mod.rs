//! The C API: descriptions in, status codes out, every argument checked, no state of its own.
//!
//! `include/gaunt.h` is generated from this module. The conventions (layouts, normalisations, exactness) are those of
//! [`conventions`](crate::conventions).

// Exporting symbols counts as `unsafe_code`; nothing else here is (see `guard`).
#![allow(unsafe_code)]

mod conversion;
mod derivatives;
mod guard;
mod harmonics;
mod rotation;
mod status;
mod types;

pub use conversion::*;
pub use derivatives::*;
pub use harmonics::*;
pub use rotation::*;
pub use status::*;
pub use types::*;

use core::mem::size_of;

use guard::Marked;

use crate::convention::Convention;
use crate::error::Error;
use crate::isa::Isa;
use crate::lanes::CacheLine;
use crate::layout::{Broadcast, Layout};
use crate::paths::{bracket_path_constant, product_path_constant};
use crate::plan::{Engine, Normalization, Operation, Parts, Plan, PlanDesc, Real, WeightKind, Weights};
use crate::rotation::{RotationForm, Sense};

/// A plan: one decided operation (degrees, element type, layout, engine, ISA level) with its tables.
///
/// Opaque, immutable once initialised, freely shared between threads; lives in memory that the caller owns and
/// needs no destruction: free the memory when no call uses the plan any more. It may not be moved or copied.
#[allow(non_camel_case_types)]
pub struct gaunt_plan {
    _opaque: [u8; 0],
}

/// Marks initialised plan memory: "gaunt" and the ABI version.
const MARK: u64 = 0x0067_6175_6e74_0000 | GAUNT_ABI_VERSION as u64;

/// What a [`gaunt_plan`] is. Its tables follow in the same block of caller memory, hence `'static`: they live as long as the
/// plan does, by the contract of `gaunt_plan_init`.
enum TypedPlan {
    F32(Plan<'static, f32>),
    F64(Plan<'static, f64>),
}

/// An element type, with what the C API calls after it.
trait Element: Real {
    type Weights: Copy;
    type Tangents: Copy;
    type Gradients: Copy;

    /// The plan, if it is of this type.
    fn plan(plan: &TypedPlan) -> Option<&Plan<'static, Self>>;
    fn weights(weights: &Self::Weights) -> Arrays<Self, 3>;
    /// Of operands and weights.
    fn tangents(tangents: &Self::Tangents) -> Arrays<Self, 5>;
    /// Likewise.
    fn gradients(gradients: &Self::Gradients) -> ArraysMut<Self, 5>;
}

macro_rules! impl_element {
    ($t:ty, $variant:ident, $weights:ty, $tangents:ty, $gradients:ty) => {
        impl Element for $t {
            type Weights = $weights;
            type Tangents = $tangents;
            type Gradients = $gradients;

            fn plan(plan: &TypedPlan) -> Option<&Plan<'static, Self>> {
                if let TypedPlan::$variant(plan) = plan { Some(plan) } else { None }
            }

            fn weights(w: &$weights) -> Arrays<Self, 3> {
                [(w.weights1, w.weights1_len), (w.weights2, w.weights2_len), (w.weights3, w.weights3_len)]
            }

            fn tangents(t: &$tangents) -> Arrays<Self, 5> {
                let (weights1, weights2) = ((t.weights1, t.weights1_len), (t.weights2, t.weights2_len));
                [(t.x1, t.x1_len), (t.x2, t.x2_len), weights1, weights2, (t.weights3, t.weights3_len)]
            }

            fn gradients(g: &$gradients) -> ArraysMut<Self, 5> {
                let (weights1, weights2) = ((g.weights1, g.weights1_len), (g.weights2, g.weights2_len));
                [(g.x1, g.x1_len), (g.x2, g.x2_len), weights1, weights2, (g.weights3, g.weights3_len)]
            }
        }
    };
}

impl_element!(f32, F32, gaunt_weights_f32, gaunt_tangents_f32, gaunt_gradients_f32);
impl_element!(f64, F64, gaunt_weights_f64, gaunt_tangents_f64, gaunt_gradients_f64);

/// Fills a description with the defaults: a product of degree 0, one channel, `double`, `lm_channel`, orthonormal
/// harmonics, no weights, no broadcast, automatic engine and ISA level.
///
/// - `desc`: receives the defaults; not NULL.
/// - `struct_size`: `sizeof(gaunt_plan_desc)` as the caller compiled it.
///
/// Errors, in the order checked: `NULL_POINTER`; `ABI_MISMATCH` (`struct_size` not of this version); `MISALIGNED`.
/// Threads: reentrant.
#[unsafe(no_mangle)]
pub extern "C" fn gaunt_plan_desc_init(desc: *mut gaunt_plan_desc, struct_size: u32) -> gaunt_status {
    status::from_result((|| {
        if desc.is_null() {
            return Err(GAUNT_ERR_NULL_POINTER);
        }
        if struct_size != gaunt_plan_desc::SIZE {
            return Err(GAUNT_ERR_ABI_MISMATCH);
        }
        guard::write(desc, gaunt_plan_desc::DEFAULT)
    })())
}

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
#[unsafe(no_mangle)]
pub extern "C" fn gaunt_plan_memory(
    desc: *const gaunt_plan_desc,
    plan_bytes: *mut usize,
    workspace_bytes: *mut usize,
) -> gaunt_status {
    status::from_result((|| {
        let desc = guard::read(desc)?;
        let (dtype, desc) = parse(&desc)?;
        let memory = memory_of(dtype, &desc)?;
        guard::check_optional(plan_bytes)?;
        guard::check_optional(workspace_bytes)?;
        guard::write_optional(plan_bytes, memory.plan_bytes)?;
        guard::write_optional(workspace_bytes, memory.workspace_bytes)
    })())
}

/// The lengths, in elements, of the arrays of a `gaunt_execute_*` call with `n_samples` samples.
///
/// - `desc`: the description; not NULL.
/// - `n_samples`: number of samples; 0 is allowed.
/// - `x1_len`, `x2_len`, `out_len`: receive the lengths; each may be NULL.
///
/// Errors, in the order checked: `NULL_POINTER`, `MISALIGNED` (`desc`); `ABI_MISMATCH`; `INVALID_ARGUMENT`; `UNSUPPORTED`;
/// `OVERFLOW`; `MISALIGNED` (an out pointer). On error nothing is written. Threads: reentrant.
#[unsafe(no_mangle)]
pub extern "C" fn gaunt_plan_lengths(
    desc: *const gaunt_plan_desc,
    n_samples: usize,
    x1_len: *mut usize,
    x2_len: *mut usize,
    out_len: *mut usize,
) -> gaunt_status {
    status::from_result((|| {
        let desc = guard::read(desc)?;
        let (_, desc) = parse(&desc)?;
        let lengths = desc.lengths(n_samples).map_err(status::of)?;
        for out in [x1_len, x2_len, out_len] {
            guard::check_optional(out)?;
        }
        guard::write_optional(x1_len, lengths.x1)?;
        guard::write_optional(x2_len, lengths.x2)?;
        guard::write_optional(out_len, lengths.out)
    })())
}

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
#[unsafe(no_mangle)]
pub extern "C" fn gaunt_plan_init(
    desc: *const gaunt_plan_desc,
    memory: *mut core::ffi::c_void,
    memory_bytes: usize,
    plan: *mut *const gaunt_plan,
) -> gaunt_status {
    status::from_result((|| {
        if memory.is_null() || plan.is_null() {
            return Err(GAUNT_ERR_NULL_POINTER);
        }
        let desc = guard::read(desc)?;
        let (dtype, desc) = parse(&desc)?;
        let memory_needed = memory_of(dtype, &desc)?;
        guard::check_optional(plan)?;
        let lines = guard::lines_mut(memory, memory_bytes, memory_needed.plan_bytes)?;
        let (head, tables) =
            lines.split_at_mut_checked(Marked::<TypedPlan>::LINES).ok_or(GAUNT_ERR_INTERNAL)?;
        let typed = match dtype {
            Dtype::F32 => TypedPlan::F32(Plan::new(&desc, tables).map_err(status::of)?),
            Dtype::F64 => TypedPlan::F64(Plan::new(&desc, tables).map_err(status::of)?),
        };
        let initialised = Marked::place(head, MARK, memory_needed.plan_bytes, typed)?;
        guard::write(plan, initialised.cast())
    })())
}

/// Describes a plan as it was decided: `engine` and `isa` are the ones in use, never `AUTO`.
///
/// - `plan`: an initialised plan; not NULL.
/// - `desc`: receives the description; not NULL.
/// - `struct_size`: `sizeof(gaunt_plan_desc)` as the caller compiled it.
///
/// Errors, in the order checked: `NULL_POINTER`; `MISALIGNED`, `ABI_MISMATCH` (plan); `ABI_MISMATCH` (`struct_size`);
/// `MISALIGNED` (`desc`). On error nothing is written. Threads: safe concurrently on the same plan.
#[unsafe(no_mangle)]
pub extern "C" fn gaunt_plan_describe(
    plan: *const gaunt_plan,
    desc: *mut gaunt_plan_desc,
    struct_size: u32,
) -> gaunt_status {
    status::from_result((|| {
        if desc.is_null() {
            return Err(GAUNT_ERR_NULL_POINTER);
        }
        let plan = marked(plan)?;
        if struct_size != gaunt_plan_desc::SIZE {
            return Err(GAUNT_ERR_ABI_MISMATCH);
        }
        guard::write(
            desc,
            match &plan.plan {
                TypedPlan::F32(plan) => describe(GAUNT_DTYPE_F32, plan),
                TypedPlan::F64(plan) => describe(GAUNT_DTYPE_F64, plan),
            },
        )
    })())
}

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
#[unsafe(no_mangle)]
pub extern "C" fn gaunt_execute_f32(
    plan: *const gaunt_plan,
    n_samples: usize,
    x1: *const f32,
    x1_len: usize,
    x2: *const f32,
    x2_len: usize,
    weights: *const gaunt_weights_f32,
    out: *mut f32,
    out_len: usize,
    workspace: *mut core::ffi::c_void,
    workspace_bytes: usize,
) -> gaunt_status {
    let (x1, x2, out, workspace) = ((x1, x1_len), (x2, x2_len), (out, out_len), (workspace, workspace_bytes));
    status::from_result(execute(plan, n_samples, [x1, x2], weights, out, workspace))
}

/// Executes a plan whose `dtype` is `GAUNT_DTYPE_F64`; otherwise as `gaunt_execute_f32`.
#[unsafe(no_mangle)]
pub extern "C" fn gaunt_execute_f64(
    plan: *const gaunt_plan,
    n_samples: usize,
    x1: *const f64,
    x1_len: usize,
    x2: *const f64,
    x2_len: usize,
    weights: *const gaunt_weights_f64,
    out: *mut f64,
    out_len: usize,
    workspace: *mut core::ffi::c_void,
    workspace_bytes: usize,
) -> gaunt_status {
    let (x1, x2, out, workspace) = ((x1, x1_len), (x2, x2_len), (out, out_len), (workspace, workspace_bytes));
    status::from_result(execute(plan, n_samples, [x1, x2], weights, out, workspace))
}

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
#[unsafe(no_mangle)]
pub extern "C" fn gaunt_product_path_constant(l1: i32, l2: i32, l3: i32, constant: *mut f64) -> gaunt_status {
    status::from_result(write_path_constant(product_path_constant, [l1, l2, l3], constant))
}

/// The path constant of the bracket `r·(∇f × ∇g)` on the unit sphere: `κ(l1, l2, l3)` such that `B = κ w` for its real
/// coefficients `B`. Positive if `l1 + l2 + l3` is odd and the degrees satisfy the triangle inequality, otherwise 0;
/// otherwise as `gaunt_product_path_constant`.
///
/// `κ = sqrt((2 l1 + 1) (2 l2 + 1) (2 l3 + 1) / 4π) sqrt(l1 (l1 + 1) l2 (l2 + 1)) |3j(l1 l2 l3; 1 −1 0)|`, which is
/// symmetric in the degrees.
#[unsafe(no_mangle)]
pub extern "C" fn gaunt_bracket_path_constant(l1: i32, l2: i32, l3: i32, constant: *mut f64) -> gaunt_status {
    status::from_result(write_path_constant(bracket_path_constant, [l1, l2, l3], constant))
}

/// The best ISA level of this CPU (`GAUNT_ISA_*`), as the library detects it. Threads: reentrant.
#[unsafe(no_mangle)]
pub extern "C" fn gaunt_cpu_isa() -> i32 {
    isa_number(Isa::detect())
}

/// The library's version as `GAUNT_VERSION_NUMBER` encodes it: `major << 16 | minor << 8 | patch`. Threads: reentrant.
#[unsafe(no_mangle)]
pub extern "C" fn gaunt_version() -> u32 {
    VERSION_NUMBER
}

/// The library's `GAUNT_ABI_VERSION`; a program should refuse to run with another one than it was compiled against.
/// Threads: reentrant.
#[unsafe(no_mangle)]
pub extern "C" fn gaunt_abi_version() -> u32 {
    GAUNT_ABI_VERSION
}

/// `Cargo.toml`'s version, packed.
const VERSION_NUMBER: u32 = (decimal(env!("CARGO_PKG_VERSION_MAJOR")) << 16)
    | (decimal(env!("CARGO_PKG_VERSION_MINOR")) << 8)
    | decimal(env!("CARGO_PKG_VERSION_PATCH"));

/// Parses a decimal number at compile time.
const fn decimal(text: &str) -> u32 {
    let (bytes, mut i, mut value) = (text.as_bytes(), 0, 0);
    while i < bytes.len() {
        value = value * 10 + (bytes[i] - b'0') as u32;
        i += 1;
    }
    value
}

/// The element type of a plan.
#[derive(Clone, Copy)]
enum Dtype {
    F32,
    F64,
}

/// Bytes that a description needs.
struct Memory {
    plan_bytes: usize,
    workspace_bytes: usize,
}

impl Memory {
    /// From what a plan needs in Rust, and the lines of its head.
    fn of_lines(lines: crate::plan::Memory, head: usize) -> Result<Self, gaunt_status> {
        let bytes = |lines: usize| lines.checked_mul(size_of::<CacheLine>()).ok_or(GAUNT_ERR_OVERFLOW);
        let plan_lines = lines.tables.checked_add(head).ok_or(GAUNT_ERR_OVERFLOW)?;
        Ok(Self { plan_bytes: bytes(plan_lines)?, workspace_bytes: bytes(lines.workspace)? })
    }
}

impl gaunt_plan_desc {
    /// The size this version knows.
    #[allow(clippy::cast_possible_truncation)] // 112 bytes
    const SIZE: u32 = size_of::<Self>() as u32;

    /// What `gaunt_plan_desc_init` writes.
    const DEFAULT: Self = Self {
        struct_size: Self::SIZE,
        operation: GAUNT_OPERATION_PRODUCT,
        dtype: GAUNT_DTYPE_F64,
        lmax1: 0,
        lmax2: 0,
        lmax3: 0,
        layout: GAUNT_LAYOUT_LM_CHANNEL,
        normalization: GAUNT_NORM_INTEGRAL,
        parts1: GAUNT_PARTS_NATURAL,
        parts2: GAUNT_PARTS_NATURAL,
        broadcast1: GAUNT_BROADCAST_NONE,
        broadcast2: GAUNT_BROADCAST_NONE,
        weights1: GAUNT_WEIGHTS_NONE,
        weights2: GAUNT_WEIGHTS_NONE,
        weights3: GAUNT_WEIGHTS_NONE,
        engine: GAUNT_ENGINE_AUTO,
        isa: GAUNT_ISA_AUTO,
        reserved0: 0,
        n_channels: 1,
        reserved: [0; 4],
    };
}

/// Numbers of the C API and the Rust values they stand for, one table per member.
mod values {
    #[allow(clippy::wildcard_imports)] // every constant of the API
    use super::*;

    pub(super) const OPERATIONS: [(i32, Operation); 3] = [
        (GAUNT_OPERATION_PRODUCT, Operation::Product),
        (GAUNT_OPERATION_BRACKET, Operation::Bracket),
        (GAUNT_OPERATION_PRODUCT_AND_BRACKET, Operation::ProductAndBracket),
    ];
    pub(super) const PARTS: [(i32, Parts); 2] =
        [(GAUNT_PARTS_NATURAL, Parts::Natural), (GAUNT_PARTS_BOTH, Parts::Both)];
    pub(super) const DTYPES: [(i32, Dtype); 2] =
        [(GAUNT_DTYPE_F32, Dtype::F32), (GAUNT_DTYPE_F64, Dtype::F64)];
    pub(super) const LAYOUTS: [(i32, Layout); 3] = [
        (GAUNT_LAYOUT_LM_CHANNEL, Layout::LmChannel),
        (GAUNT_LAYOUT_CHANNEL_LM, Layout::ChannelLm),
        (GAUNT_LAYOUT_E3NN_BLOCKS, Layout::E3nnBlocks),
    ];
    pub(super) const NORMALIZATIONS: [(i32, Normalization); 3] = [
        (GAUNT_NORM_INTEGRAL, Normalization::Integral),
        (GAUNT_NORM_COMPONENT, Normalization::Component),
        (GAUNT_NORM_NORM, Normalization::Norm),
    ];
    pub(super) const BROADCASTS: [(i32, Broadcast); 4] = [
        (GAUNT_BROADCAST_NONE, Broadcast::None),
        (GAUNT_BROADCAST_CHANNELS, Broadcast::Channels),
        (GAUNT_BROADCAST_SAMPLES, Broadcast::Samples),
        (GAUNT_BROADCAST_BOTH, Broadcast::Both),
    ];
    pub(super) const CONVENTIONS: [(i32, Convention); 8] = [
        (GAUNT_CONVENTION_E3NN_INTEGRAL, Convention::E3nnIntegral),
        (GAUNT_CONVENTION_E3NN_COMPONENT, Convention::E3nnComponent),
        (GAUNT_CONVENTION_E3NN_NORM, Convention::E3nnNorm),
        (GAUNT_CONVENTION_SPHERICART, Convention::Sphericart),
        (GAUNT_CONVENTION_COMPLEX, Convention::Complex),
        (GAUNT_CONVENTION_SHTNS, Convention::Shtns),
        (GAUNT_CONVENTION_SHTOOLS, Convention::Shtools),
        (GAUNT_CONVENTION_E3X, Convention::E3x),
    ];
    pub(super) const WEIGHTS: [(i32, WeightKind); 3] = [
        (GAUNT_WEIGHTS_NONE, WeightKind::None),
        (GAUNT_WEIGHTS_SHARED, WeightKind::Shared),
        (GAUNT_WEIGHTS_PER_CHANNEL, WeightKind::PerChannel),
    ];
    pub(super) const ROTATION_FORMS: [(i32, RotationForm); 3] = [
        (GAUNT_ROTATION_MATRIX, RotationForm::Matrix),
        (GAUNT_ROTATION_QUATERNION, RotationForm::Quaternion),
        (GAUNT_ROTATION_TO_POLE, RotationForm::ToPole),
    ];
    pub(super) const SENSES: [(i32, Sense); 2] =
        [(GAUNT_SENSE_FORWARD, Sense::Forward), (GAUNT_SENSE_INVERSE, Sense::Inverse)];
    pub(super) const FLAGS: [(i32, bool); 2] = [(0, false), (1, true)];
    pub(super) const ENGINES: [(i32, Engine); 4] = [
        (GAUNT_ENGINE_AUTO, Engine::Auto),
        (GAUNT_ENGINE_DIRECT, Engine::Direct),
        (GAUNT_ENGINE_GRID, Engine::Grid),
        (GAUNT_ENGINE_FOURIER, Engine::Fourier),
    ];
    pub(super) const ISAS: [(i32, Option<Isa>); 5] = [
        (GAUNT_ISA_AUTO, None),
        (GAUNT_ISA_SCALAR, Some(Isa::Scalar)),
        (GAUNT_ISA_NEON, Some(Isa::Neon)),
        (GAUNT_ISA_AVX2, Some(Isa::Avx2)),
        (GAUNT_ISA_AVX512, Some(Isa::Avx512)),
    ];

    /// The value a number stands for.
    pub(super) fn value<V: Copy>(table: &[(i32, V)], number: i32) -> Result<V, gaunt_status> {
        table.iter().find(|entry| entry.0 == number).map(|entry| entry.1).ok_or(GAUNT_ERR_INVALID_ARGUMENT)
    }

    /// The number of a value.
    pub(super) fn number<V: PartialEq>(table: &[(i32, V)], value: &V) -> i32 {
        table.iter().find(|entry| entry.1 == *value).map_or(-1, |entry| entry.0)
    }
}

fn isa_number(isa: Isa) -> i32 {
    values::number(&values::ISAS, &Some(isa))
}

/// A degree from its number.
fn degree(l: i32) -> Result<usize, gaunt_status> {
    usize::try_from(l).map_err(|_| GAUNT_ERR_INVALID_ARGUMENT)
}

/// Checks every member's spelling and translates the description.
fn parse(desc: &gaunt_plan_desc) -> Result<(Dtype, PlanDesc), gaunt_status> {
    use values::value;

    if desc.struct_size != gaunt_plan_desc::SIZE {
        return Err(GAUNT_ERR_ABI_MISMATCH);
    }
    let operation = value(&values::OPERATIONS, desc.operation)?;
    let dtype = value(&values::DTYPES, desc.dtype)?;
    let mut parsed = PlanDesc::new(operation, degree(desc.lmax1)?, degree(desc.lmax2)?, degree(desc.lmax3)?);
    parsed.layout = value(&values::LAYOUTS, desc.layout)?;
    parsed.normalization = value(&values::NORMALIZATIONS, desc.normalization)?;
    parsed.parts1 = value(&values::PARTS, desc.parts1)?;
    parsed.parts2 = value(&values::PARTS, desc.parts2)?;
    parsed.broadcast1 = value(&values::BROADCASTS, desc.broadcast1)?;
    parsed.broadcast2 = value(&values::BROADCASTS, desc.broadcast2)?;
    parsed.weights1 = value(&values::WEIGHTS, desc.weights1)?;
    parsed.weights2 = value(&values::WEIGHTS, desc.weights2)?;
    parsed.weights3 = value(&values::WEIGHTS, desc.weights3)?;
    parsed.engine = value(&values::ENGINES, desc.engine)?;
    parsed.isa = value(&values::ISAS, desc.isa)?;
    if desc.reserved0 != 0 || desc.reserved != [0; 4] {
        return Err(GAUNT_ERR_INVALID_ARGUMENT);
    }
    parsed.n_channels = usize::try_from(desc.n_channels).map_err(|_| GAUNT_ERR_OVERFLOW)?;
    Ok((dtype, parsed))
}

/// The inverse of [`parse`] for a decided plan.
#[allow(clippy::cast_possible_truncation, clippy::cast_possible_wrap)] // degrees are at most 512
fn describe<T: Real>(dtype: i32, plan: &Plan<'_, T>) -> gaunt_plan_desc {
    use values::number;

    let desc = plan.desc();
    gaunt_plan_desc {
        operation: number(&values::OPERATIONS, &desc.operation),
        dtype,
        lmax1: desc.lmax1 as i32,
        lmax2: desc.lmax2 as i32,
        lmax3: desc.lmax3 as i32,
        layout: number(&values::LAYOUTS, &desc.layout),
        normalization: number(&values::NORMALIZATIONS, &desc.normalization),
        parts1: number(&values::PARTS, &desc.parts1),
        parts2: number(&values::PARTS, &desc.parts2),
        broadcast1: number(&values::BROADCASTS, &desc.broadcast1),
        broadcast2: number(&values::BROADCASTS, &desc.broadcast2),
        weights1: number(&values::WEIGHTS, &desc.weights1),
        weights2: number(&values::WEIGHTS, &desc.weights2),
        weights3: number(&values::WEIGHTS, &desc.weights3),
        engine: number(&values::ENGINES, &desc.engine),
        isa: isa_number(plan.isa()),
        n_channels: desc.n_channels as u64,
        ..gaunt_plan_desc::DEFAULT
    }
}

/// What a description needs, in bytes.
fn memory_of(dtype: Dtype, desc: &PlanDesc) -> Result<Memory, gaunt_status> {
    let lines = match dtype {
        Dtype::F32 => desc.memory::<f32>(),
        Dtype::F64 => desc.memory::<f64>(),
    };
    Memory::of_lines(lines.map_err(status::of)?, Marked::<TypedPlan>::LINES)
}

/// The plan behind a pointer, if there is one.
fn marked<'a>(plan: *const gaunt_plan) -> Result<&'a Marked<TypedPlan>, gaunt_status> {
    Marked::find(plan.cast(), MARK)
}

/// Likewise, of an element type; and the plan memory, as an array.
#[allow(clippy::type_complexity)]
fn typed<'a, T: Element>(
    plan: *const gaunt_plan,
) -> Result<(&'a Plan<'static, T>, (*const T, usize)), gaunt_status> {
    let marked = marked(plan)?;
    Ok((T::plan(&marked.plan).ok_or(GAUNT_ERR_DTYPE_MISMATCH)?, marked.memory()))
}

/// Operands, then weights, which may be NULL.
fn arguments<T: Element>(
    [x1, x2]: Arrays<T, 2>,
    weights: *const T::Weights,
) -> Result<Arrays<T, 5>, gaunt_status> {
    let [weights1, weights2, weights3] =
        if weights.is_null() { [(core::ptr::null(), 0); 3] } else { T::weights(&guard::read(weights)?) };
    Ok([x1, x2, weights1, weights2, weights3])
}

/// The body of `gaunt_product_path_constant` and `gaunt_bracket_path_constant`.
fn write_path_constant(
    of_path: fn([usize; 3]) -> Result<f64, Error>,
    [l1, l2, l3]: [i32; 3],
    constant: *mut f64,
) -> Result<(), gaunt_status> {
    if constant.is_null() {
        return Err(GAUNT_ERR_NULL_POINTER);
    }
    let value = of_path([degree(l1)?, degree(l2)?, degree(l3)?]).map_err(status::of)?;
    guard::write(constant, value)
}

/// The workspace that a call of a plan needs, in bytes.
fn workspace_bytes<T: Real>(plan: &Plan<'_, T>) -> Result<usize, gaunt_status> {
    plan.workspace_len().checked_mul(size_of::<CacheLine>()).ok_or(GAUNT_ERR_OVERFLOW)
}

/// Arrays and their lengths; absent ones are NULL and 0.
type Arrays<T, const N: usize> = [(*const T, usize); N];
type ArraysMut<T, const N: usize> = [(*mut T, usize); N];

/// The lengths of two operands and three arrays of weights.
fn argument_lengths(lengths: &crate::plan::Lengths) -> [usize; 5] {
    [lengths.x1, lengths.x2, lengths.weights1, lengths.weights2, lengths.weights3]
}

/// Whether arrays have their lengths.
fn fit<T>(arrays: &Arrays<T, 5>, expected: [usize; 5]) -> bool {
    arrays.iter().zip(expected).all(|(array, expected)| array.1 == expected)
}

/// The body of `gaunt_execute_f32` and `gaunt_execute_f64`.
fn execute<T: Element>(
    plan: *const gaunt_plan,
    n_samples: usize,
    operands: Arrays<T, 2>,
    weights: *const T::Weights,
    out: (*mut T, usize),
    workspace: (*mut core::ffi::c_void, usize),
) -> Result<(), gaunt_status> {
    let (plan, plan_memory) = typed::<T>(plan)?;
    let arguments = arguments(operands, weights)?;
    let lengths = plan.lengths(n_samples).map_err(status::of)?;
    for (pointer, len) in arguments {
        guard::check_array(pointer, len)?;
    }
    guard::check_array(out.0.cast_const(), out.1)?;
    if !fit(&arguments, argument_lengths(&lengths)) || out.1 != lengths.out {
        return Err(GAUNT_ERR_SIZE_MISMATCH);
    }
    let needed = workspace_bytes(plan)?;
    guard::check_lines(workspace.0, workspace.1, needed)?;
    let [a, b, c, d, e] = arguments;
    guard::check_disjoint(&[plan_memory, a, b, c, d, e], &[out], workspace)?;

    let [x1, x2, weights1, weights2, weights3] = arguments.map(|(pointer, len)| guard::array(pointer, len));
    let weights = Weights { weights1, weights2, weights3 };
    let workspace = guard::lines_mut(workspace.0, workspace.1, needed)?;
    let out = guard::array_mut(out.0, out.1);
    // Not `Plan::execute`: what it checks has been checked, and small calls would feel it.
    plan.forward(n_samples, [x1, x2], &weights, out, false, workspace).map_err(status::of)
}
