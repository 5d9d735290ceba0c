//! Runs of neighbouring elements, copied as such.
#![allow(unsafe_code)]

use core::ops::Range;

use bytemuck::Pod;

/// Runs of `1, 3, 5, …, 2 · lmax + 1` elements, `lmax > 0`, `n` of each length: by length, block after block, or joined, one
/// of each length together.
#[derive(Clone, Copy)]
pub(crate) struct Runs {
    pub(crate) lmax: usize,
    pub(crate) n: usize,
}

/// More elements than a chunk goes on for behind a run.
const OVERRUN: usize = 8;

impl Runs {
    /// Copies some of the runs of each length from blocks to runs that are joined. Of the other ones, those that come after
    /// may be overwritten. `None` (nothing written) if there are not as many, or an array is too short.
    #[inline(always)]
    pub(crate) fn join<T: Pod>(self, some: Range<usize>, blocks: &[T], joined: &mut [T]) -> Option<()> {
        let [long, exact] = self.split(some, blocks.len(), joined.len())?;
        let (x, y) = (blocks.as_ptr(), joined.as_mut_ptr());
        // SAFETY: all runs lie inside the slices.
        unsafe { self.copy::<T, true, true>(long, x, y) };
        // SAFETY: as above.
        unsafe { self.copy::<T, true, false>(exact, x, y) };
        Some(())
    }

    /// The inverse of [`Self::join`].
    #[inline(always)]
    pub(crate) fn part<T: Pod>(self, some: Range<usize>, joined: &[T], blocks: &mut [T]) -> Option<()> {
        let [long, exact] = self.split(some, blocks.len(), joined.len())?;
        let (x, y) = (joined.as_ptr(), blocks.as_mut_ptr());
        // SAFETY: all runs lie inside the slices.
        unsafe { self.copy::<T, false, true>(long, x, y) };
        // SAFETY: as above.
        unsafe { self.copy::<T, false, false>(exact, x, y) };
        Some(())
    }

    /// Some of the runs of each length: those behind which so many of the same length follow that a chunk may go on there,
    /// and the others. `None` if arrays of so many elements do not hold all runs.
    #[inline(always)]
    fn split(self, some: Range<usize>, blocks: usize, joined: usize) -> Option<[Range<usize>; 2]> {
        let len = self.lmax.checked_add(1)?.checked_pow(2)?.checked_mul(self.n)?;
        if self.lmax == 0 || some.end > self.n || len > blocks || len > joined {
            return None;
        }
        let exact = self.n.saturating_sub(OVERRUN).clamp(some.start, some.end.max(some.start));
        Some([some.start..exact, exact..some.end])
    }

    /// [`Self::join`], or [`Self::part`]; by chunks that go on behind a run, for it is what comes next that is overwritten
    /// there, or by such that do not.
    ///
    /// # Safety
    /// All runs have to be readable from `x` on, and writable from `y` on. If chunks go on, [`OVERRUN`] runs of each length
    /// have to follow.
    #[inline(always)]
    unsafe fn copy<T: Pod, const JOIN: bool, const LONG: bool>(
        self,
        some: Range<usize>,
        x: *const T,
        y: *mut T,
    ) {
        let Self { lmax, n } = self;
        let start = some.start * (lmax + 1) * (lmax + 1);
        let [first_x, first_y] = if JOIN { [0, start] } else { [start, 0] };
        let (mut x, mut y) = (x.wrapping_add(first_x), y.wrapping_add(first_y));
        for run in some {
            let (mut source, mut target, mut len) =
                if JOIN { (x.wrapping_add(run), y, 1) } else { (x, y.wrapping_add(run), 1) };
            // From the run of a block to that of the next.
            let mut step = n + 2 * run;
            macro_rules! copy {
                ($long:literal, $exact:literal) => {
                    if LONG {
                        // SAFETY: the caller's promise.
                        unsafe { copy_chunks::<T, $long>(len, source, target) };
                    } else {
                        // SAFETY: the caller's promise; no chunk is longer than the run.
                        unsafe { copy_overlapping::<T, $exact>(len, source, target) };
                    }
                    let [source_step, target_step] = if JOIN { [step, len] } else { [len, step] };
                    (source, target) = (source.wrapping_add(source_step), target.wrapping_add(target_step));
                    (step, len) = (step + 2 * n, len + 2);
                };
            }
            // The shortest ones without a loop: all that there are of low degrees.
            copy!(1, 1);
            copy!(4, 2);
            while len <= 2 * lmax + 1 {
                if size_of::<T>() > 4 {
                    copy!(4, 4);
                } else if len < 8 {
                    copy!(8, 4);
                } else {
                    copy!(8, 8);
                }
            }
            (x, y) = if JOIN { (x, target) } else { (source, y) };
        }
    }
}

/// Copies a run by chunks, of which the last one goes on behind it if they do not divide.
///
/// # Safety
/// What is copied has to be readable from `x` on and writable from `y` on.
#[inline(always)]
unsafe fn copy_chunks<T: Pod, const CHUNK: usize>(len: usize, x: *const T, y: *mut T) {
    let mut i = 0;
    loop {
        // SAFETY: the caller's promise.
        unsafe { copy_chunk::<T, CHUNK>(x.wrapping_add(i), y.wrapping_add(i)) };
        i += CHUNK;
        if i >= len {
            break;
        }
    }
}

/// Copies a run by chunks, of which the last one overlaps the one before if they do not divide.
///
/// # Safety
/// The run has to be readable from `x` on and writable from `y` on; `0 < CHUNK <= len`.
#[inline(always)]
unsafe fn copy_overlapping<T: Pod, const CHUNK: usize>(len: usize, x: *const T, y: *mut T) {
    let last = len - CHUNK;
    let mut i = 0;
    loop {
        // SAFETY: `i + CHUNK` is at most `len`.
        unsafe { copy_chunk::<T, CHUNK>(x.wrapping_add(i), y.wrapping_add(i)) };
        if i == last {
            break;
        }
        i = last.min(i + CHUNK);
    }
}

/// Copies elements, in as few instructions as possible.
///
/// # Safety
/// They have to be readable from `x` on and writable from `y` on.
#[inline(always)]
unsafe fn copy_chunk<T: Pod, const CHUNK: usize>(x: *const T, y: *mut T) {
    // SAFETY: the caller's promise.
    let chunk = unsafe { x.cast::<[T; CHUNK]>().read() };
    // SAFETY: as above.
    unsafe { y.cast::<[T; CHUNK]>().write(chunk) };
}
