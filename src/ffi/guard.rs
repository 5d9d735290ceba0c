//! Raw pointers in, checked references out: the only place of the C layer that dereferences.
//!
//! What a C caller promises, here and in `gaunt.h`: a non-NULL pointer with a length points to that many readable (for
//! outputs: writable) elements that nobody else writes during the call. Everything that can be checked (NULL,
//! alignment, length, overlap) is checked; the rest is that promise, and each block below relies on it.
#![allow(unsafe_code)]

use core::ffi::c_void;
use core::mem::{align_of, size_of};
use core::ptr::NonNull;

use super::{
    GAUNT_ERR_ABI_MISMATCH, GAUNT_ERR_ALIASING, GAUNT_ERR_INTERNAL, GAUNT_ERR_MEMORY_TOO_SMALL,
    GAUNT_ERR_MISALIGNED, GAUNT_ERR_NULL_POINTER, gaunt_status,
};
use crate::lanes::CacheLine;

/// Checks that a pointer is not NULL and is aligned for its type.
fn check<T>(pointer: *const T) -> Result<(), gaunt_status> {
    if pointer.is_null() {
        Err(GAUNT_ERR_NULL_POINTER)
    } else if !pointer.is_aligned() {
        Err(GAUNT_ERR_MISALIGNED)
    } else {
        Ok(())
    }
}

/// Checks an out pointer that may be NULL.
pub(super) fn check_optional<T>(pointer: *mut T) -> Result<(), gaunt_status> {
    if pointer.is_null() { Ok(()) } else { check(pointer.cast_const()) }
}

/// Reads a struct.
pub(super) fn read<T: Copy>(pointer: *const T) -> Result<T, gaunt_status> {
    check(pointer)?;
    // SAFETY: not NULL, aligned; readable by the caller's promise; `T` is plain data valid for every bit pattern.
    Ok(unsafe { pointer.read() })
}

/// Writes one value.
pub(super) fn write<T>(pointer: *mut T, value: T) -> Result<(), gaunt_status> {
    check(pointer.cast_const())?;
    // SAFETY: not NULL, aligned; writable by the caller's promise.
    unsafe { pointer.write(value) };
    Ok(())
}

/// Writes one value unless the pointer is NULL.
pub(super) fn write_optional<T>(pointer: *mut T, value: T) -> Result<(), gaunt_status> {
    if pointer.is_null() { Ok(()) } else { write(pointer, value) }
}

/// What is at the head of plan memory, whatever its type is called in `gaunt.h`.
#[repr(C)] // the mark comes first
pub(super) struct Marked<P> {
    /// Says that the rest is what it should be.
    mark: u64,
    /// Size of the plan memory.
    bytes: usize,
    pub(super) plan: P,
}

impl<P> Marked<P> {
    /// Cache lines that this takes.
    pub(super) const LINES: usize = size_of::<Self>().div_ceil(size_of::<CacheLine>());

    /// The plan memory, as an array that nothing may overlap that is written.
    pub(super) fn memory<T>(&self) -> (*const T, usize) {
        ((&raw const *self).cast(), self.bytes / size_of::<T>())
    }

    /// Moves a plan to the head of plan memory of so many bytes, and returns its address there.
    pub(super) fn place(
        head: &'static mut [CacheLine],
        mark: u64,
        bytes: usize,
        plan: P,
    ) -> Result<*const Self, gaunt_status> {
        if size_of_val(head) < size_of::<Self>() || align_of::<Self>() > align_of::<CacheLine>() {
            return Err(GAUNT_ERR_INTERNAL);
        }
        let target = head.as_mut_ptr().cast::<Self>();
        // SAFETY: exclusive memory, large enough and aligned, as just checked.
        unsafe { target.write(Self { mark, bytes, plan }) };
        Ok(target.cast_const())
    }

    /// The plan behind a pointer, if the mark is there.
    pub(super) fn find<'a>(pointer: *const Self, mark: u64) -> Result<&'a Self, gaunt_status> {
        check(pointer)?;
        if read(pointer.cast::<u64>())? != mark {
            return Err(GAUNT_ERR_ABI_MISMATCH);
        }
        // SAFETY: not NULL, aligned, and what `place` has written; not written during the call by the caller's promise.
        Ok(unsafe { &*pointer })
    }
}

/// Checks an array's pointer: NULL only without elements, aligned to its elements.
pub(super) fn check_array<T>(pointer: *const T, len: usize) -> Result<(), gaunt_status> {
    if len == 0 { Ok(()) } else { check(pointer) }
}

/// Borrows an array that [`check_array`] has accepted.
pub(super) fn array<'a, T>(pointer: *const T, len: usize) -> &'a [T] {
    if len == 0 {
        return &[];
    }
    // SAFETY: `check_array` accepted it; `len` readable elements, not written during the call, by the caller's promise.
    unsafe { core::slice::from_raw_parts(pointer, len) }
}

/// Borrows, for writing, an array that [`check_array`] has accepted and [`check_disjoint`] found overlapping nothing.
pub(super) fn array_mut<'a, T>(pointer: *mut T, len: usize) -> &'a mut [T] {
    if len == 0 {
        return &mut [];
    }
    // SAFETY: as in `array`; exclusive because `check_disjoint` compared it with every other array of the call.
    unsafe { core::slice::from_raw_parts_mut(pointer, len) }
}

/// Checks caller memory that has to hold `needed` bytes of cache lines.
pub(super) fn check_lines(memory: *mut c_void, bytes: usize, needed: usize) -> Result<(), gaunt_status> {
    if needed == 0 {
        return Ok(());
    }
    check(memory.cast::<CacheLine>().cast_const())?;
    if bytes < needed { Err(GAUNT_ERR_MEMORY_TOO_SMALL) } else { Ok(()) }
}

/// Borrows `needed` bytes of caller memory as cache lines.
///
/// The caller need not have written them: memory that comes from outside the Rust program holds some bytes, whichever
/// they are, and all are valid for `CacheLine`. Nothing here depends on them.
pub(super) fn lines_mut<'a>(
    memory: *mut c_void,
    bytes: usize,
    needed: usize,
) -> Result<&'a mut [CacheLine], gaunt_status> {
    check_lines(memory, bytes, needed)?;
    let (Some(start), false) = (NonNull::new(memory.cast::<CacheLine>()), needed == 0) else {
        return Ok(&mut []);
    };
    let len = needed / size_of::<CacheLine>();
    // SAFETY: aligned, at least `needed` bytes, writable and exclusive by the caller's promise and `check_disjoint`;
    // `CacheLine` is valid for every bit pattern.
    Ok(unsafe { core::slice::from_raw_parts_mut(start.as_ptr(), len) })
}

/// Checks that the outputs and the workspace overlap nothing.
pub(super) fn check_disjoint<T>(
    inputs: &[(*const T, usize)],
    outputs: &[(*mut T, usize)],
    workspace: (*mut c_void, usize),
) -> Result<(), gaunt_status> {
    // Half-open address ranges; lengths were validated, so the ends do not wrap for memory that exists.
    let range = |start: usize, bytes: usize| (start, start.saturating_add(bytes));
    let array_range =
        |pointer: *const T, len: usize| range(pointer.addr(), len.saturating_mul(size_of::<T>()));
    let overlap = |a: (usize, usize), b: (usize, usize)| a.0 < a.1 && b.0 < b.1 && a.0 < b.1 && b.0 < a.1;
    let workspace = range(workspace.0.addr(), workspace.1);
    let inputs = || inputs.iter().map(|&(pointer, len)| array_range(pointer, len));
    let outputs = || outputs.iter().map(|&(pointer, len)| array_range(pointer.cast_const(), len));
    let clash = inputs().any(|input| overlap(input, workspace))
        || outputs().enumerate().any(|(i, output)| {
            overlap(output, workspace)
                || inputs().any(|input| overlap(input, output))
                || outputs().take(i).any(|other| overlap(other, output))
        });
    if clash { Err(GAUNT_ERR_ALIASING) } else { Ok(()) }
}
