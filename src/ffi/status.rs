//! Status codes: what every fallible C function returns.

// Exporting a symbol counts as `unsafe_code`.
#![allow(unsafe_code)]

use core::ffi::{CStr, c_char};

use crate::error::Error;

/// Result of a call: `GAUNT_SUCCESS` (0), or a negative number that names the fault. Numbers are never reused.
#[allow(non_camel_case_types)]
pub type gaunt_status = i32;

/// The call did what it documents.
pub const GAUNT_SUCCESS: gaunt_status = 0;
/// A pointer is NULL that must not be (an array may be NULL only when its length is zero).
pub const GAUNT_ERR_NULL_POINTER: gaunt_status = -1;
/// A number is none of the constants that its member or argument takes, a degree is negative, or a reserved member is not
/// zero.
pub const GAUNT_ERR_INVALID_ARGUMENT: gaunt_status = -2;
/// Valid, but not served: a degree above the maximum, `lmax3 > lmax1 + lmax2`, degrees that the requested engine does not
/// reach, or two parts without `GAUNT_OPERATION_PRODUCT_AND_BRACKET`.
pub const GAUNT_ERR_UNSUPPORTED: gaunt_status = -3;
/// A product of sizes does not fit into `size_t`.
pub const GAUNT_ERR_OVERFLOW: gaunt_status = -4;
/// An array's length is not the expected one; the `gaunt_*_lengths` functions tell it.
pub const GAUNT_ERR_SIZE_MISMATCH: gaunt_status = -5;
/// The plan memory or the workspace has fewer bytes than the matching `gaunt_*_memory` function asks for.
pub const GAUNT_ERR_MEMORY_TOO_SMALL: gaunt_status = -6;
/// The plan memory or the workspace is not aligned to `GAUNT_ALIGNMENT` bytes, or an array not to its elements.
pub const GAUNT_ERR_MISALIGNED: gaunt_status = -7;
/// An output or the workspace overlaps another array of the call, or the plan memory.
pub const GAUNT_ERR_ALIASING: gaunt_status = -8;
/// `struct_size` is not that of this library's header, or the plan pointer does not point to a plan of this library.
pub const GAUNT_ERR_ABI_MISMATCH: gaunt_status = -9;
/// The function's element type is not the plan's `dtype`.
pub const GAUNT_ERR_DTYPE_MISMATCH: gaunt_status = -10;
/// A defect of this library: an internal check failed. Please report it. The output may be partly written.
pub const GAUNT_ERR_INTERNAL: gaunt_status = -11;
/// The numbers given for a rotation do not describe one: one is not finite, the matrix is not orthogonal or is a reflection,
/// the quaternion is not a unit, the direction is zero.
pub const GAUNT_ERR_INVALID_ROTATION: gaunt_status = -12;

/// Maps the Rust error to its status code.
pub(super) fn of(error: Error) -> gaunt_status {
    match error {
        Error::Unsupported => GAUNT_ERR_UNSUPPORTED,
        Error::Overflow => GAUNT_ERR_OVERFLOW,
        Error::LengthMismatch { .. } => GAUNT_ERR_SIZE_MISMATCH,
        Error::StorageTooSmall { .. } => GAUNT_ERR_MEMORY_TOO_SMALL,
        Error::InvalidRotation { .. } => GAUNT_ERR_INVALID_ROTATION,
        Error::Internal => GAUNT_ERR_INTERNAL,
    }
}

/// Maps a checked call to its status code.
pub(super) fn from_result(result: Result<(), gaunt_status>) -> gaunt_status {
    match result {
        Ok(()) => GAUNT_SUCCESS,
        Err(status) => status,
    }
}

/// The one-line English description of a status; never NULL, static, not to be freed.
///
/// Unknown numbers give "unknown status". Threads: reentrant.
#[unsafe(no_mangle)]
pub extern "C" fn gaunt_status_string(status: gaunt_status) -> *const c_char {
    let text: &CStr = match status {
        GAUNT_SUCCESS => c"success",
        GAUNT_ERR_NULL_POINTER => c"a required pointer is NULL",
        GAUNT_ERR_INVALID_ARGUMENT => {
            c"a number is none of the constants that are allowed there, or a degree is negative"
        }
        GAUNT_ERR_UNSUPPORTED => c"these degrees or parts are not supported, or not by the requested engine",
        GAUNT_ERR_OVERFLOW => c"a product of sizes overflows size_t",
        GAUNT_ERR_SIZE_MISMATCH => c"an array length is not the expected one (see gaunt_*_lengths)",
        GAUNT_ERR_MEMORY_TOO_SMALL => c"plan memory or workspace too small (see gaunt_*_memory)",
        GAUNT_ERR_MISALIGNED => c"plan memory, workspace or an array is misaligned",
        GAUNT_ERR_ALIASING => c"an output or the workspace overlaps another array or the plan",
        GAUNT_ERR_ABI_MISMATCH => c"struct_size of another version, or not a plan of this library",
        GAUNT_ERR_DTYPE_MISMATCH => c"the function's element type is not the plan's dtype",
        GAUNT_ERR_INVALID_ROTATION => c"the numbers given for a rotation describe none",
        GAUNT_ERR_INTERNAL => c"internal error of the gaunt library, please report it",
        _ => c"unknown status",
    };
    text.as_ptr()
}
