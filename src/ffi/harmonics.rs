//! Harmonics of vectors: no plan, a description per call.

// Exporting symbols counts as `unsafe_code`.
#![allow(unsafe_code)]

use core::ffi::c_void;
use core::mem::size_of;

use super::values::{self, value};
use super::{
    GAUNT_ERR_ABI_MISMATCH, GAUNT_ERR_INVALID_ARGUMENT, GAUNT_ERR_NULL_POINTER, GAUNT_ERR_OVERFLOW,
    GAUNT_ERR_SIZE_MISMATCH, GAUNT_ISA_AUTO, GAUNT_LAYOUT_LM_CHANNEL, GAUNT_NORM_INTEGRAL, degree,
    gaunt_status, guard, status,
};
use crate::harmonics::{HarmonicsDesc, HarmonicsKind};
use crate::lanes::CacheLine;
use crate::plan::Real;

/// Largest supported degree of harmonics of vectors.
pub const GAUNT_LMAX_HARMONICS: i32 = 64;

/// Functions of the direction, `Y_lm(r / |r|)`. For the zero vector, which has none, harmonics of degree 1 and higher and
/// all gradients are 0.
pub const GAUNT_HARMONICS_SURFACE: i32 = 0;
/// Functions of the vector, `|r|^l Y_lm(r / |r|)`: homogeneous polynomials of degree l, regular everywhere.
pub const GAUNT_HARMONICS_SOLID: i32 = 1;

/// Describes harmonics of vectors. Fill it with `gaunt_harmonics_desc_init`, then set what differs from the defaults.
#[allow(non_camel_case_types)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C)]
pub struct gaunt_harmonics_desc {
    /// Size of this struct in bytes, set by `gaunt_harmonics_desc_init`; the struct may grow in later versions.
    pub struct_size: u32,
    /// Largest degree, 0 to `GAUNT_LMAX_HARMONICS`; default 0.
    pub lmax: i32,
    /// `GAUNT_LAYOUT_*` of the arrays of harmonics; default `GAUNT_LAYOUT_LM_CHANNEL`.
    pub layout: i32,
    /// `GAUNT_NORM_*` of the harmonics; default `GAUNT_NORM_INTEGRAL`.
    pub normalization: i32,
    /// `GAUNT_HARMONICS_*`; default `GAUNT_HARMONICS_SURFACE`.
    pub kind: i32,
    /// `GAUNT_ISA_*`: the highest ISA level to use; default `GAUNT_ISA_AUTO` (the best the CPU has). Levels the CPU
    /// lacks are never used.
    pub isa: i32,
    /// Number of vectors per sample; default 1.
    pub n_channels: u64,
    /// Must be zero.
    pub reserved: [u64; 4],
}

const _: () = assert!(GAUNT_LMAX_HARMONICS as usize == crate::harmonics::LMAX_HARMONICS);

const KINDS: [(i32, HarmonicsKind); 2] =
    [(GAUNT_HARMONICS_SURFACE, HarmonicsKind::Surface), (GAUNT_HARMONICS_SOLID, HarmonicsKind::Solid)];

impl gaunt_harmonics_desc {
    /// The size this version knows.
    #[allow(clippy::cast_possible_truncation)] // 64 bytes
    const SIZE: u32 = size_of::<Self>() as u32;

    /// What `gaunt_harmonics_desc_init` writes.
    const DEFAULT: Self = Self {
        struct_size: Self::SIZE,
        lmax: 0,
        layout: GAUNT_LAYOUT_LM_CHANNEL,
        normalization: GAUNT_NORM_INTEGRAL,
        kind: GAUNT_HARMONICS_SURFACE,
        isa: GAUNT_ISA_AUTO,
        n_channels: 1,
        reserved: [0; 4],
    };
}

/// Fills a description with the defaults: degree 0, one channel, `lm_channel`, orthonormal harmonics of the direction,
/// automatic ISA level.
///
/// - `desc`: receives the defaults; not NULL.
/// - `struct_size`: `sizeof(gaunt_harmonics_desc)` as the caller compiled it.
///
/// Errors, in the order checked: `NULL_POINTER`; `ABI_MISMATCH` (`struct_size` not of this version); `MISALIGNED`. On error
/// nothing is written. Threads: reentrant.
#[unsafe(no_mangle)]
pub extern "C" fn gaunt_harmonics_desc_init(
    desc: *mut gaunt_harmonics_desc,
    struct_size: u32,
) -> gaunt_status {
    status::from_result((|| {
        if desc.is_null() {
            return Err(GAUNT_ERR_NULL_POINTER);
        }
        if struct_size != gaunt_harmonics_desc::SIZE {
            return Err(GAUNT_ERR_ABI_MISMATCH);
        }
        guard::write(desc, gaunt_harmonics_desc::DEFAULT)
    })())
}

/// The bytes of workspace that a call with this description needs, aligned to `GAUNT_ALIGNMENT`: the same for `float` and
/// `double`, for values, gradients and vjp, and for any number of samples. At most 1.2 MB, at degree 4 at most 20 KB.
///
/// - `desc`: the description; not NULL.
/// - `workspace_bytes`: receives the size; not NULL.
///
/// Errors, in the order checked: `NULL_POINTER` (`workspace_bytes`, then `desc`); `MISALIGNED` (`desc`); `ABI_MISMATCH`
/// (`struct_size`); `INVALID_ARGUMENT`; `UNSUPPORTED`; `OVERFLOW`; `MISALIGNED` (`workspace_bytes`). On error nothing is
/// written. Threads: reentrant.
#[unsafe(no_mangle)]
pub extern "C" fn gaunt_harmonics_memory(
    desc: *const gaunt_harmonics_desc,
    workspace_bytes: *mut usize,
) -> gaunt_status {
    status::from_result((|| {
        if workspace_bytes.is_null() {
            return Err(GAUNT_ERR_NULL_POINTER);
        }
        let desc = parse(&guard::read(desc)?)?;
        desc.lengths(0).map_err(status::of)?;
        guard::write(workspace_bytes, workspace_of(&desc)?)
    })())
}

/// The lengths, in elements, of the arrays of a call with `n_samples` samples.
///
/// - `desc`: the description; not NULL.
/// - `n_samples`: number of samples; 0 is allowed.
/// - `xyz_len`: receives the length of the coordinates of the vectors, `3 n_samples n_channels`; may be NULL.
/// - `values_len`: receives the length of the harmonics, and of each of their derivatives; may be NULL.
///
/// Errors, in the order checked: `NULL_POINTER` (`desc`); `MISALIGNED` (`desc`); `ABI_MISMATCH`; `INVALID_ARGUMENT`;
/// `UNSUPPORTED`; `OVERFLOW`; `MISALIGNED` (an out pointer). On error nothing is written. Threads: reentrant.
#[unsafe(no_mangle)]
pub extern "C" fn gaunt_harmonics_lengths(
    desc: *const gaunt_harmonics_desc,
    n_samples: usize,
    xyz_len: *mut usize,
    values_len: *mut usize,
) -> gaunt_status {
    status::from_result((|| {
        let desc = parse(&guard::read(desc)?)?;
        let lengths = desc.lengths(n_samples).map_err(status::of)?;
        guard::check_optional(xyz_len)?;
        guard::check_optional(values_len)?;
        guard::write_optional(xyz_len, lengths.xyz)?;
        guard::write_optional(values_len, lengths.values)
    })())
}

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
#[unsafe(no_mangle)]
pub extern "C" fn gaunt_harmonics_values_f32(
    desc: *const gaunt_harmonics_desc,
    n_samples: usize,
    xyz: *const f32,
    xyz_len: usize,
    values: *mut f32,
    values_len: usize,
    workspace: *mut c_void,
    workspace_bytes: usize,
) -> gaunt_status {
    let outputs = [(values, values_len)];
    status::from_result(values_of(desc, n_samples, (xyz, xyz_len), outputs, (workspace, workspace_bytes)))
}

/// The harmonics of a batch of vectors, `double`; otherwise as `gaunt_harmonics_values_f32`.
#[unsafe(no_mangle)]
pub extern "C" fn gaunt_harmonics_values_f64(
    desc: *const gaunt_harmonics_desc,
    n_samples: usize,
    xyz: *const f64,
    xyz_len: usize,
    values: *mut f64,
    values_len: usize,
    workspace: *mut c_void,
    workspace_bytes: usize,
) -> gaunt_status {
    let outputs = [(values, values_len)];
    status::from_result(values_of(desc, n_samples, (xyz, xyz_len), outputs, (workspace, workspace_bytes)))
}

/// The harmonics of a batch of vectors and their derivatives with respect to the coordinates, `float`, in one pass.
///
/// - `dx`, `dy`, `dz`: receive the derivatives with respect to x, y and z, each an array of `values_len` elements in the
///   layout of `values`; NULL only if that is 0; none may overlap any other array of the call.
///
/// Everything else, errors included, as for `gaunt_harmonics_values_f32`, whose bits `values` receives.
#[unsafe(no_mangle)]
pub extern "C" fn gaunt_harmonics_gradients_f32(
    desc: *const gaunt_harmonics_desc,
    n_samples: usize,
    xyz: *const f32,
    xyz_len: usize,
    values: *mut f32,
    dx: *mut f32,
    dy: *mut f32,
    dz: *mut f32,
    values_len: usize,
    workspace: *mut c_void,
    workspace_bytes: usize,
) -> gaunt_status {
    let outputs = [values, dx, dy, dz].map(|output| (output, values_len));
    status::from_result(gradients_of(desc, n_samples, (xyz, xyz_len), outputs, (workspace, workspace_bytes)))
}

/// The harmonics of a batch of vectors and their derivatives, `double`; otherwise as `gaunt_harmonics_gradients_f32`.
#[unsafe(no_mangle)]
pub extern "C" fn gaunt_harmonics_gradients_f64(
    desc: *const gaunt_harmonics_desc,
    n_samples: usize,
    xyz: *const f64,
    xyz_len: usize,
    values: *mut f64,
    dx: *mut f64,
    dy: *mut f64,
    dz: *mut f64,
    values_len: usize,
    workspace: *mut c_void,
    workspace_bytes: usize,
) -> gaunt_status {
    let outputs = [values, dx, dy, dz].map(|output| (output, values_len));
    status::from_result(gradients_of(desc, n_samples, (xyz, xyz_len), outputs, (workspace, workspace_bytes)))
}

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
#[unsafe(no_mangle)]
pub extern "C" fn gaunt_harmonics_vjp_f32(
    desc: *const gaunt_harmonics_desc,
    n_samples: usize,
    xyz: *const f32,
    xyz_len: usize,
    d_values: *const f32,
    d_values_len: usize,
    d_xyz: *mut f32,
    d_xyz_len: usize,
    workspace: *mut c_void,
    workspace_bytes: usize,
) -> gaunt_status {
    let inputs = [(xyz, xyz_len), (d_values, d_values_len)];
    status::from_result(vjp_of(desc, n_samples, inputs, (d_xyz, d_xyz_len), (workspace, workspace_bytes)))
}

/// The vector-Jacobian product of the harmonics, `double`; otherwise as `gaunt_harmonics_vjp_f32`.
#[unsafe(no_mangle)]
pub extern "C" fn gaunt_harmonics_vjp_f64(
    desc: *const gaunt_harmonics_desc,
    n_samples: usize,
    xyz: *const f64,
    xyz_len: usize,
    d_values: *const f64,
    d_values_len: usize,
    d_xyz: *mut f64,
    d_xyz_len: usize,
    workspace: *mut c_void,
    workspace_bytes: usize,
) -> gaunt_status {
    let inputs = [(xyz, xyz_len), (d_values, d_values_len)];
    status::from_result(vjp_of(desc, n_samples, inputs, (d_xyz, d_xyz_len), (workspace, workspace_bytes)))
}

/// Checks every member's spelling and translates the description.
fn parse(desc: &gaunt_harmonics_desc) -> Result<HarmonicsDesc, gaunt_status> {
    if desc.struct_size != gaunt_harmonics_desc::SIZE {
        return Err(GAUNT_ERR_ABI_MISMATCH);
    }
    let mut parsed = HarmonicsDesc::new(degree(desc.lmax)?);
    parsed.layout = value(&values::LAYOUTS, desc.layout)?;
    parsed.normalization = value(&values::NORMALIZATIONS, desc.normalization)?;
    parsed.kind = value(&KINDS, desc.kind)?;
    parsed.isa = value(&values::ISAS, desc.isa)?;
    if desc.reserved != [0; 4] {
        return Err(GAUNT_ERR_INVALID_ARGUMENT);
    }
    parsed.n_channels = usize::try_from(desc.n_channels).map_err(|_| GAUNT_ERR_OVERFLOW)?;
    Ok(parsed)
}

/// Bytes of workspace.
fn workspace_of(desc: &HarmonicsDesc) -> Result<usize, gaunt_status> {
    let lines = desc.workspace_len().map_err(status::of)?;
    lines.checked_mul(size_of::<CacheLine>()).ok_or(GAUNT_ERR_OVERFLOW)
}

/// Checks the arrays of a call, each with the length that it should have, and the workspace, which it borrows.
fn checked<'a, T>(
    desc: &HarmonicsDesc,
    inputs: &[(*const T, usize)],
    outputs: &[(*mut T, usize)],
    expected: &[usize],
    workspace: (*mut c_void, usize),
) -> Result<&'a mut [CacheLine], gaunt_status> {
    for (pointer, len) in inputs {
        guard::check_array(*pointer, *len)?;
    }
    for (pointer, len) in outputs {
        guard::check_array(pointer.cast_const(), *len)?;
    }
    let lengths = inputs.iter().map(|input| input.1).chain(outputs.iter().map(|output| output.1));
    if lengths.zip(expected).any(|(len, expected)| len != *expected) {
        return Err(GAUNT_ERR_SIZE_MISMATCH);
    }
    let needed = workspace_of(desc)?;
    guard::check_lines(workspace.0, workspace.1, needed)?;
    guard::check_disjoint(inputs, outputs, workspace)?;
    guard::lines_mut(workspace.0, workspace.1, needed)
}

/// The body of `gaunt_harmonics_values_*`.
fn values_of<T: Real>(
    desc: *const gaunt_harmonics_desc,
    n_samples: usize,
    xyz: (*const T, usize),
    outputs: [(*mut T, usize); 1],
    workspace: (*mut c_void, usize),
) -> Result<(), gaunt_status> {
    let desc = parse(&guard::read(desc)?)?;
    let lengths = desc.lengths(n_samples).map_err(status::of)?;
    let workspace = checked(&desc, &[xyz], &outputs, &[lengths.xyz, lengths.values], workspace)?;
    let [values] = outputs.map(|(pointer, len)| guard::array_mut(pointer, len));
    desc.values(n_samples, guard::array(xyz.0, xyz.1), values, workspace).map_err(status::of)
}

/// The body of `gaunt_harmonics_gradients_*`.
fn gradients_of<T: Real>(
    desc: *const gaunt_harmonics_desc,
    n_samples: usize,
    xyz: (*const T, usize),
    outputs: [(*mut T, usize); 4],
    workspace: (*mut c_void, usize),
) -> Result<(), gaunt_status> {
    let desc = parse(&guard::read(desc)?)?;
    let lengths = desc.lengths(n_samples).map_err(status::of)?;
    let expected = [lengths.xyz, lengths.values, lengths.values, lengths.values, lengths.values];
    let workspace = checked(&desc, &[xyz], &outputs, &expected, workspace)?;
    let [values, gradients @ ..] = outputs.map(|(pointer, len)| guard::array_mut(pointer, len));
    let xyz = guard::array(xyz.0, xyz.1);
    desc.gradients(n_samples, xyz, values, gradients, workspace).map_err(status::of)
}

/// The body of `gaunt_harmonics_vjp_*`.
fn vjp_of<T: Real>(
    desc: *const gaunt_harmonics_desc,
    n_samples: usize,
    inputs: [(*const T, usize); 2],
    d_xyz: (*mut T, usize),
    workspace: (*mut c_void, usize),
) -> Result<(), gaunt_status> {
    let desc = parse(&guard::read(desc)?)?;
    let lengths = desc.lengths(n_samples).map_err(status::of)?;
    let expected = [lengths.xyz, lengths.values, lengths.xyz];
    let workspace = checked(&desc, &inputs, &[d_xyz], &expected, workspace)?;
    let [xyz, d_values] = inputs.map(|(pointer, len)| guard::array(pointer, len));
    desc.vjp(n_samples, xyz, d_values, guard::array_mut(d_xyz.0, d_xyz.1), workspace).map_err(status::of)
}
