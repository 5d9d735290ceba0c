//! Runs of neighbouring elements, copied as such.
#![allow(unsafe_code)]

use bytemuck::Pod;

use super::rows::extent;

/// Copies `count` runs of `len` elements, none of both missing, that start at one distance in either array. `None` (nothing
/// written) if one is too short.
#[inline(always)]
pub(crate) fn copy_runs<T: Pod>(
    len: usize,
    count: usize,
    (x, x_stride): (&[T], usize),
    (y, y_stride): (&mut [T], usize),
) -> Option<()> {
    let [x_extent, y_extent] =
        [extent(&[(count, x_stride), (len, 1)])?, extent(&[(count, y_stride), (len, 1)])?];
    if len == 0 || x_extent > x.len() || y_extent > y.len() {
        return None;
    }
    let (x, y) = (x.as_ptr(), y.as_mut_ptr());
    macro_rules! copy {
        ($chunk:literal) => {
            // SAFETY: all runs lie inside the slices, and a chunk is at most as long as a run.
            unsafe { copy_chunks::<T, $chunk>(len, count, x, x_stride, y, y_stride) }
        };
    }
    match len {
        1 => copy!(1),
        2..4 => copy!(2),
        4..8 => copy!(4),
        _ => copy!(8),
    }
    Some(())
}

/// [`copy_runs`] by chunks, of which the last one overlaps the one before if they do not divide.
///
/// # Safety
/// The runs have to be readable in `x` and writable in `y`; `0 < CHUNK <= len`.
#[inline(always)]
unsafe fn copy_chunks<T: Pod, const CHUNK: usize>(
    len: usize,
    count: usize,
    mut x: *const T,
    x_stride: usize,
    mut y: *mut T,
    y_stride: usize,
) {
    let last = len - CHUNK;
    for _ in 0..count {
        let mut i = 0;
        loop {
            // SAFETY: `i + CHUNK` is at most `len`.
            let chunk = unsafe { x.wrapping_add(i).cast::<[T; CHUNK]>().read_unaligned() };
            // SAFETY: as above.
            unsafe { y.wrapping_add(i).cast::<[T; CHUNK]>().write_unaligned(chunk) };
            if i == last {
                break;
            }
            i = last.min(i + CHUNK);
        }
        (x, y) = (x.wrapping_add(x_stride), y.wrapping_add(y_stride));
    }
}
