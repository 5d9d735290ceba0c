//! Conversions: layouts and the conventions of other libraries.

// Exporting symbols counts as `unsafe_code`.
#![allow(unsafe_code)]

use super::values::{self, value};
use super::{GAUNT_ERR_SIZE_MISMATCH, degree, gaunt_status, guard, status};
use crate::convention::{converted_lens, from_convention, to_convention};
use crate::conversion::{convert_layout, converted_len};
use crate::plan::Real;

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
#[unsafe(no_mangle)]
pub extern "C" fn gaunt_convert_layout_f32(
    lmax: i32,
    n_channels: usize,
    n_samples: usize,
    from: i32,
    x: *const f32,
    x_len: usize,
    to: i32,
    out: *mut f32,
    out_len: usize,
) -> gaunt_status {
    status::from_result(convert(lmax, n_channels, n_samples, (from, x, x_len), (to, out, out_len)))
}

/// `gaunt_convert_layout_f32` for `double`.
#[unsafe(no_mangle)]
pub extern "C" fn gaunt_convert_layout_f64(
    lmax: i32,
    n_channels: usize,
    n_samples: usize,
    from: i32,
    x: *const f64,
    x_len: usize,
    to: i32,
    out: *mut f64,
    out_len: usize,
) -> gaunt_status {
    status::from_result(convert(lmax, n_channels, n_samples, (from, x, x_len), (to, out, out_len)))
}

/// The lengths, in elements, of the arrays of a conversion between our coefficients and those of a convention.
///
/// - `convention`: `GAUNT_CONVENTION_*`.
/// - `lmax`: largest degree, 0 to `GAUNT_LMAX_INPUT`.
/// - `n_vectors`: number of coefficient vectors; 0 is allowed.
/// - `ours_len`, `theirs_len`: receive the lengths; each may be NULL. A complex coefficient counts two elements.
///
/// Errors, in the order checked: `INVALID_ARGUMENT`; `UNSUPPORTED` (`lmax` too large); `OVERFLOW`; `MISALIGNED` (an out
/// pointer). On error nothing is written. Threads: reentrant.
#[unsafe(no_mangle)]
pub extern "C" fn gaunt_convention_lengths(
    convention: i32,
    lmax: i32,
    n_vectors: usize,
    ours_len: *mut usize,
    theirs_len: *mut usize,
) -> gaunt_status {
    status::from_result((|| {
        let [ours, theirs] =
            converted_lens(value(&values::CONVENTIONS, convention)?, degree(lmax)?, n_vectors)
                .map_err(status::of)?;
        guard::check_optional(ours_len)?;
        guard::check_optional(theirs_len)?;
        guard::write_optional(ours_len, ours)?;
        guard::write_optional(theirs_len, theirs)
    })())
}

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
#[unsafe(no_mangle)]
pub extern "C" fn gaunt_to_convention_f32(
    convention: i32,
    lmax: i32,
    n_vectors: usize,
    ours: *const f32,
    ours_len: usize,
    theirs: *mut f32,
    theirs_len: usize,
) -> gaunt_status {
    status::from_result(convert_to(convention, lmax, n_vectors, (ours, ours_len), (theirs, theirs_len)))
}

/// `gaunt_to_convention_f32` for `double`.
#[unsafe(no_mangle)]
pub extern "C" fn gaunt_to_convention_f64(
    convention: i32,
    lmax: i32,
    n_vectors: usize,
    ours: *const f64,
    ours_len: usize,
    theirs: *mut f64,
    theirs_len: usize,
) -> gaunt_status {
    status::from_result(convert_to(convention, lmax, n_vectors, (ours, ours_len), (theirs, theirs_len)))
}

/// The inverse of `gaunt_to_convention_f32`: another library's coefficients to ours.
///
/// - `convention`, `lmax`, `n_vectors`: as there.
/// - `theirs`, `theirs_len`: the other library's coefficients; read only; NULL only if the length is 0. Of complex
///   coefficients that stand for a complex function its real part is taken.
/// - `ours`, `ours_len`: receives our coefficients, orthonormal; may not overlap `theirs`.
///
/// Errors and threads: as there.
#[unsafe(no_mangle)]
pub extern "C" fn gaunt_from_convention_f32(
    convention: i32,
    lmax: i32,
    n_vectors: usize,
    theirs: *const f32,
    theirs_len: usize,
    ours: *mut f32,
    ours_len: usize,
) -> gaunt_status {
    status::from_result(convert_from(convention, lmax, n_vectors, (theirs, theirs_len), (ours, ours_len)))
}

/// `gaunt_from_convention_f32` for `double`.
#[unsafe(no_mangle)]
pub extern "C" fn gaunt_from_convention_f64(
    convention: i32,
    lmax: i32,
    n_vectors: usize,
    theirs: *const f64,
    theirs_len: usize,
    ours: *mut f64,
    ours_len: usize,
) -> gaunt_status {
    status::from_result(convert_from(convention, lmax, n_vectors, (theirs, theirs_len), (ours, ours_len)))
}

/// Checks and borrows the array that is read and the one that is written, both with their expected lengths.
fn arrays<'a, T>(
    (x, x_len, x_expected): (*const T, usize, usize),
    (out, out_len, out_expected): (*mut T, usize, usize),
) -> Result<(&'a [T], &'a mut [T]), gaunt_status> {
    guard::check_array(x, x_len)?;
    guard::check_array(out.cast_const(), out_len)?;
    if (x_len, out_len) != (x_expected, out_expected) {
        return Err(GAUNT_ERR_SIZE_MISMATCH);
    }
    guard::check_disjoint(&[(x, x_len)], &[(out, out_len)], (core::ptr::null_mut(), 0))?;
    Ok((guard::array(x, x_len), guard::array_mut(out, out_len)))
}

/// The body of `gaunt_convert_layout_f32` and `gaunt_convert_layout_f64`.
fn convert<T: Real>(
    lmax: i32,
    n_channels: usize,
    n_samples: usize,
    (from, x, x_len): (i32, *const T, usize),
    (to, out, out_len): (i32, *mut T, usize),
) -> Result<(), gaunt_status> {
    let lmax = degree(lmax)?;
    let [from, to] = [value(&values::LAYOUTS, from)?, value(&values::LAYOUTS, to)?];
    let expected = converted_len(lmax, n_channels, n_samples).map_err(status::of)?;
    let (x, out) = arrays((x, x_len, expected), (out, out_len, expected))?;
    convert_layout(lmax, n_channels, n_samples, (from, x), (to, out)).map_err(status::of)
}

/// The body of `gaunt_to_convention_f32` and `gaunt_to_convention_f64`.
fn convert_to<T: Real>(
    convention: i32,
    lmax: i32,
    n_vectors: usize,
    (ours, ours_len): (*const T, usize),
    (theirs, theirs_len): (*mut T, usize),
) -> Result<(), gaunt_status> {
    let (convention, lmax) = (value(&values::CONVENTIONS, convention)?, degree(lmax)?);
    let expected = converted_lens(convention, lmax, n_vectors).map_err(status::of)?;
    let (ours, theirs) = arrays((ours, ours_len, expected[0]), (theirs, theirs_len, expected[1]))?;
    to_convention(convention, lmax, n_vectors, ours, theirs).map_err(status::of)
}

/// The body of `gaunt_from_convention_f32` and `gaunt_from_convention_f64`.
fn convert_from<T: Real>(
    convention: i32,
    lmax: i32,
    n_vectors: usize,
    (theirs, theirs_len): (*const T, usize),
    (ours, ours_len): (*mut T, usize),
) -> Result<(), gaunt_status> {
    let (convention, lmax) = (value(&values::CONVENTIONS, convention)?, degree(lmax)?);
    let expected = converted_lens(convention, lmax, n_vectors).map_err(status::of)?;
    let (theirs, ours) = arrays((theirs, theirs_len, expected[1]), (ours, ours_len, expected[0]))?;
    from_convention(convention, lmax, n_vectors, theirs, ours).map_err(status::of)
}
