//! Asking for cache lines ahead of time.
#![allow(unsafe_code)]
#![cfg_attr(not(target_arch = "x86_64"), allow(unused_variables))]

/// Asks for the cache lines that hold `len` elements from `start` on, those that exist, to be brought near. Changes speed
/// only; does nothing where there is no stable instruction for it.
///
/// Into the second cache: the nearest is small, and what is being worked on is there.
#[inline(always)]
pub(crate) fn prefetch<T>(array: &[T], start: usize, len: usize) {
    #[cfg(target_arch = "x86_64")]
    {
        use core::arch::x86_64::{_MM_HINT_T1, _mm_prefetch};
        let first = array.as_ptr().wrapping_add(start).cast::<i8>();
        let mut byte = 0;
        while byte <= len * size_of::<T>() {
            // SAFETY: SSE is part of the baseline; the instruction accesses nothing and takes any address.
            unsafe { _mm_prefetch::<_MM_HINT_T1>(first.wrapping_add(byte)) };
            byte += size_of::<super::CacheLine>();
        }
    }
}
