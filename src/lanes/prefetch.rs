//! Asking for cache lines ahead of time.
#![allow(unsafe_code)]
#![cfg_attr(not(target_arch = "x86_64"), allow(unused_variables))]

use super::CacheLine;

/// Whether there is a stable instruction to ask with.
pub(crate) const CAN_PREFETCH: bool = cfg!(target_arch = "x86_64");

/// Asks for the cache lines that hold `len` elements from `start` on, those that exist, to be brought near. Changes speed
/// only; does nothing where there is no stable instruction for it.
#[inline(always)]
pub(crate) fn prefetch<T>(array: &[T], start: usize, len: usize) {
    let first = array.as_ptr().wrapping_add(start).cast();
    prefetch_lines(first, len * size_of::<T>() / size_of::<CacheLine>() + 1);
}

/// [`prefetch`] of lines from an address on.
#[inline(always)]
fn prefetch_lines(first: *const CacheLine, n_lines: usize) {
    for line in 0..n_lines {
        prefetch_line(first.wrapping_add(line));
    }
}

/// Asks for the cache line at an address, which need not exist.
///
/// Into the second cache: the nearest is small, and what is being worked on is there.
#[inline(always)]
pub(super) fn prefetch_line(address: *const CacheLine) {
    #[cfg(target_arch = "x86_64")]
    {
        use core::arch::x86_64::{_MM_HINT_T1, _mm_prefetch};

        // SAFETY: SSE is part of the baseline; the instruction accesses nothing and takes any address.
        unsafe { _mm_prefetch::<_MM_HINT_T1>(address.cast()) };
    }
}

/// Bytes of arrays beside which nothing has to be asked for: they stay in the second cache, or close.
pub(crate) const NEAR: usize = 1 << 20;

/// Asks in sequence for what of two arrays will be needed, at the pace at which the work proceeds.
pub(crate) struct Ahead {
    /// The next lines of each array; none if nothing is asked for.
    next: Option<[*const CacheLine; 2]>,
    /// Bytes of either array that have been worked on since lines were asked for.
    due: usize,
}

/// Lines that are asked for at a time: few, as memory answers few at a time, but not one, which would cost a branch that is
/// hard to foresee.
const BURST: usize = 4;

impl Ahead {
    /// Asks for nothing.
    pub(crate) const NOTHING: Self = Self { next: None, due: 0 };

    /// Asks for what lies `distance` elements behind what is being worked on, which starts where the arrays do.
    pub(crate) fn new<T>(arrays: [&[T]; 2], distance: usize) -> Self {
        let next = arrays.map(|array| array.as_ptr().wrapping_add(distance).cast());
        Self { next: Some(next), due: 0 }
    }

    /// As much as `len` elements of both arrays is being worked on now.
    #[inline(always)]
    pub(crate) fn advance<T>(&mut self, len: usize) {
        let Some(next) = &mut self.next else { return };
        self.due += len * size_of::<T>();
        while self.due >= BURST * size_of::<CacheLine>() {
            for next in &mut *next {
                prefetch_lines(*next, BURST);
                *next = next.wrapping_add(BURST);
            }
            self.due -= BURST * size_of::<CacheLine>();
        }
    }
}
