//! Rotation plans.

// Exporting symbols counts as `unsafe_code`.
#![allow(unsafe_code)]

use core::mem::size_of;

use super::guard::Marked;
use super::values::{self, number, value};
use super::{
    Dtype, GAUNT_DTYPE_F32, GAUNT_DTYPE_F64, GAUNT_ERR_ABI_MISMATCH, GAUNT_ERR_DTYPE_MISMATCH,
    GAUNT_ERR_INTERNAL, GAUNT_ERR_INVALID_ARGUMENT, GAUNT_ERR_NULL_POINTER, GAUNT_ERR_OVERFLOW,
    GAUNT_ERR_SIZE_MISMATCH, GAUNT_ISA_AUTO, GAUNT_LAYOUT_LM_CHANNEL, GAUNT_ROTATION_MATRIX, Memory, degree,
    gaunt_rotation_desc, gaunt_status, guard, isa_number, status,
};
use crate::lanes::CacheLine;
use crate::plan::Real;
use crate::rotation::{RotationDesc, RotationPlan};

/// A rotation plan: largest degree, element type, layout, form of the rotations and ISA level, with its tables.
///
/// Opaque, immutable once initialised, freely shared between threads; lives in memory that the caller owns and
/// needs no destruction: free the memory when no call uses the plan any more. It may not be moved or copied.
#[allow(non_camel_case_types)]
pub struct gaunt_rotation {
    _opaque: [u8; 0],
}

/// Marks initialised memory: "gauro" and the ABI version.
const MARK: u64 = 0x0067_6175_726f_0000 | super::GAUNT_ABI_VERSION as u64;

/// What a [`gaunt_rotation`] is, with its tables as in `gaunt_plan`.
enum TypedPlan {
    F32(RotationPlan<'static, f32>),
    F64(RotationPlan<'static, f64>),
}

/// Fills a description with the defaults: degree 0, one channel, `double`, `lm_channel`, a matrix for every sample, automatic
/// ISA level.
///
/// - `desc`: receives the defaults; not NULL.
/// - `struct_size`: `sizeof(gaunt_rotation_desc)` as the caller compiled it.
///
/// Errors, in the order checked: `NULL_POINTER`; `ABI_MISMATCH` (`struct_size` not of this version); `MISALIGNED`.
/// Threads: reentrant.
#[unsafe(no_mangle)]
pub extern "C" fn gaunt_rotation_desc_init(desc: *mut gaunt_rotation_desc, struct_size: u32) -> gaunt_status {
    status::from_result((|| {
        if desc.is_null() {
            return Err(GAUNT_ERR_NULL_POINTER);
        }
        if struct_size != gaunt_rotation_desc::SIZE {
            return Err(GAUNT_ERR_ABI_MISMATCH);
        }
        guard::write(desc, gaunt_rotation_desc::DEFAULT)
    })())
}

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
#[unsafe(no_mangle)]
pub extern "C" fn gaunt_rotation_memory(
    desc: *const gaunt_rotation_desc,
    plan_bytes: *mut usize,
    workspace_bytes: *mut usize,
) -> gaunt_status {
    status::from_result((|| {
        let (dtype, desc) = parse(&guard::read(desc)?)?;
        let memory = memory_of(dtype, &desc)?;
        guard::check_optional(plan_bytes)?;
        guard::check_optional(workspace_bytes)?;
        guard::write_optional(plan_bytes, memory.plan_bytes)?;
        guard::write_optional(workspace_bytes, memory.workspace_bytes)
    })())
}

/// The lengths, in elements, of the arrays of a `gaunt_rotation_execute_*` call with `n_samples` samples.
///
/// - `desc`: the description; not NULL.
/// - `n_samples`: number of samples; 0 is allowed.
/// - `rotations_len`, `x_len`: receive the lengths of the rotations and of the coefficients; each may be NULL.
///
/// Errors, in the order checked: as `gaunt_rotation_memory`. On error nothing is written. Threads: reentrant.
#[unsafe(no_mangle)]
pub extern "C" fn gaunt_rotation_lengths(
    desc: *const gaunt_rotation_desc,
    n_samples: usize,
    rotations_len: *mut usize,
    x_len: *mut usize,
) -> gaunt_status {
    status::from_result((|| {
        let (_, desc) = parse(&guard::read(desc)?)?;
        let lengths = desc.lengths(n_samples).map_err(status::of)?;
        guard::check_optional(rotations_len)?;
        guard::check_optional(x_len)?;
        guard::write_optional(rotations_len, lengths.rotations)?;
        guard::write_optional(x_len, lengths.x)
    })())
}

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
#[unsafe(no_mangle)]
pub extern "C" fn gaunt_rotation_init(
    desc: *const gaunt_rotation_desc,
    memory: *mut core::ffi::c_void,
    memory_bytes: usize,
    rotation: *mut *const gaunt_rotation,
) -> gaunt_status {
    status::from_result((|| {
        if memory.is_null() || rotation.is_null() {
            return Err(GAUNT_ERR_NULL_POINTER);
        }
        let (dtype, desc) = parse(&guard::read(desc)?)?;
        let memory_needed = memory_of(dtype, &desc)?;
        guard::check_optional(rotation)?;
        let lines = guard::lines_mut(memory, memory_bytes, memory_needed.plan_bytes)?;
        let (head, tables) =
            lines.split_at_mut_checked(Marked::<TypedPlan>::LINES).ok_or(GAUNT_ERR_INTERNAL)?;
        let plan = match dtype {
            Dtype::F32 => TypedPlan::F32(RotationPlan::new(&desc, tables).map_err(status::of)?),
            Dtype::F64 => TypedPlan::F64(RotationPlan::new(&desc, tables).map_err(status::of)?),
        };
        let initialised = Marked::place(head, MARK, memory_needed.plan_bytes, plan)?;
        guard::write(rotation, initialised.cast())
    })())
}

/// Describes a rotation plan as it was decided: `isa` is the one in use, never `GAUNT_ISA_AUTO`.
///
/// - `rotation`: an initialised plan; not NULL.
/// - `desc`: receives the description; not NULL.
/// - `struct_size`: `sizeof(gaunt_rotation_desc)` as the caller compiled it.
///
/// Errors, in the order checked: `NULL_POINTER`; `MISALIGNED`, `ABI_MISMATCH` (plan); `ABI_MISMATCH` (`struct_size`);
/// `MISALIGNED` (`desc`). On error nothing is written. Threads: safe concurrently on the same plan.
#[unsafe(no_mangle)]
pub extern "C" fn gaunt_rotation_describe(
    rotation: *const gaunt_rotation,
    desc: *mut gaunt_rotation_desc,
    struct_size: u32,
) -> gaunt_status {
    status::from_result((|| {
        if desc.is_null() {
            return Err(GAUNT_ERR_NULL_POINTER);
        }
        let rotation = marked(rotation)?;
        if struct_size != gaunt_rotation_desc::SIZE {
            return Err(GAUNT_ERR_ABI_MISMATCH);
        }
        guard::write(
            desc,
            match &rotation.plan {
                TypedPlan::F32(plan) => describe(GAUNT_DTYPE_F32, plan),
                TypedPlan::F64(plan) => describe(GAUNT_DTYPE_F64, plan),
            },
        )
    })())
}

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
#[unsafe(no_mangle)]
pub extern "C" fn gaunt_rotation_execute_f32(
    rotation: *const gaunt_rotation,
    sense: i32,
    n_samples: usize,
    rotations: *const f32,
    rotations_len: usize,
    x: *const f32,
    x_len: usize,
    out: *mut f32,
    out_len: usize,
    workspace: *mut core::ffi::c_void,
    workspace_bytes: usize,
) -> gaunt_status {
    status::from_result((|| {
        let marked = marked(rotation)?;
        let TypedPlan::F32(plan) = &marked.plan else { return Err(GAUNT_ERR_DTYPE_MISMATCH) };
        let inputs = [marked.memory(), (rotations, rotations_len), (x, x_len)];
        execute(plan, sense, n_samples, inputs, (out, out_len), (workspace, workspace_bytes))
    })())
}

/// Executes a rotation plan whose `dtype` is `GAUNT_DTYPE_F64`; otherwise as `gaunt_rotation_execute_f32`.
#[unsafe(no_mangle)]
pub extern "C" fn gaunt_rotation_execute_f64(
    rotation: *const gaunt_rotation,
    sense: i32,
    n_samples: usize,
    rotations: *const f64,
    rotations_len: usize,
    x: *const f64,
    x_len: usize,
    out: *mut f64,
    out_len: usize,
    workspace: *mut core::ffi::c_void,
    workspace_bytes: usize,
) -> gaunt_status {
    status::from_result((|| {
        let marked = marked(rotation)?;
        let TypedPlan::F64(plan) = &marked.plan else { return Err(GAUNT_ERR_DTYPE_MISMATCH) };
        let inputs = [marked.memory(), (rotations, rotations_len), (x, x_len)];
        execute(plan, sense, n_samples, inputs, (out, out_len), (workspace, workspace_bytes))
    })())
}

impl gaunt_rotation_desc {
    /// The size this version knows.
    #[allow(clippy::cast_possible_truncation)] // 72 bytes
    const SIZE: u32 = size_of::<Self>() as u32;

    /// What `gaunt_rotation_desc_init` writes.
    const DEFAULT: Self = Self {
        struct_size: Self::SIZE,
        dtype: GAUNT_DTYPE_F64,
        lmax: 0,
        layout: GAUNT_LAYOUT_LM_CHANNEL,
        form: GAUNT_ROTATION_MATRIX,
        shared: 0,
        isa: GAUNT_ISA_AUTO,
        reserved0: 0,
        n_channels: 1,
        reserved: [0; 4],
    };
}

/// Checks every member's spelling and translates the description.
fn parse(desc: &gaunt_rotation_desc) -> Result<(Dtype, RotationDesc), gaunt_status> {
    if desc.struct_size != gaunt_rotation_desc::SIZE {
        return Err(GAUNT_ERR_ABI_MISMATCH);
    }
    let dtype = value(&values::DTYPES, desc.dtype)?;
    let mut parsed = RotationDesc::new(degree(desc.lmax)?);
    parsed.layout = value(&values::LAYOUTS, desc.layout)?;
    parsed.form = value(&values::ROTATION_FORMS, desc.form)?;
    parsed.shared = value(&values::FLAGS, desc.shared)?;
    parsed.isa = value(&values::ISAS, desc.isa)?;
    if desc.reserved0 != 0 || desc.reserved != [0; 4] {
        return Err(GAUNT_ERR_INVALID_ARGUMENT);
    }
    parsed.n_channels = usize::try_from(desc.n_channels).map_err(|_| GAUNT_ERR_OVERFLOW)?;
    Ok((dtype, parsed))
}

/// The inverse of [`parse`] for a decided plan.
#[allow(clippy::cast_possible_truncation, clippy::cast_possible_wrap)] // degrees are at most 256
fn describe<T: Real>(dtype: i32, plan: &RotationPlan<'_, T>) -> gaunt_rotation_desc {
    let desc = plan.desc();
    gaunt_rotation_desc {
        dtype,
        lmax: desc.lmax as i32,
        layout: number(&values::LAYOUTS, &desc.layout),
        form: number(&values::ROTATION_FORMS, &desc.form),
        shared: number(&values::FLAGS, &desc.shared),
        isa: isa_number(plan.isa()),
        n_channels: desc.n_channels as u64,
        ..gaunt_rotation_desc::DEFAULT
    }
}

/// What a description needs, in bytes.
fn memory_of(dtype: Dtype, desc: &RotationDesc) -> Result<Memory, gaunt_status> {
    let lines = match dtype {
        Dtype::F32 => desc.memory::<f32>(),
        Dtype::F64 => desc.memory::<f64>(),
    };
    Memory::of_lines(lines.map_err(status::of)?, Marked::<TypedPlan>::LINES)
}

/// The plan behind a pointer, if there is one.
fn marked<'a>(rotation: *const gaunt_rotation) -> Result<&'a Marked<TypedPlan>, gaunt_status> {
    Marked::find(rotation.cast(), MARK)
}

/// The body of `gaunt_rotation_execute_f32` and `gaunt_rotation_execute_f64`. `inputs`: the plan memory, rotations, `x`.
fn execute<T: Real>(
    plan: &RotationPlan<'_, T>,
    sense: i32,
    n_samples: usize,
    inputs: [(*const T, usize); 3],
    out: (*mut T, usize),
    workspace: (*mut core::ffi::c_void, usize),
) -> Result<(), gaunt_status> {
    let sense = value(&values::SENSES, sense)?;
    let lengths = plan.desc().lengths(n_samples).map_err(status::of)?;
    for (pointer, len) in inputs {
        guard::check_array(pointer, len)?;
    }
    guard::check_array(out.0.cast_const(), out.1)?;
    let [_, rotations, x] = inputs;
    if [rotations.1, x.1, out.1] != [lengths.rotations, lengths.x, lengths.x] {
        return Err(GAUNT_ERR_SIZE_MISMATCH);
    }
    let workspace_bytes =
        plan.workspace_len().checked_mul(size_of::<CacheLine>()).ok_or(GAUNT_ERR_OVERFLOW)?;
    guard::check_lines(workspace.0, workspace.1, workspace_bytes)?;
    guard::check_disjoint(&inputs, &[out], workspace)?;

    let (rotations, x) = (guard::array(rotations.0, rotations.1), guard::array(x.0, x.1));
    let workspace = guard::lines_mut(workspace.0, workspace.1, workspace_bytes)?;
    plan.execute(sense, n_samples, rotations, x, guard::array_mut(out.0, out.1), workspace)
        .map_err(status::of)
}
