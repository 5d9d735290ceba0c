//! What the machine can do, measured beside the candidates: multiply-adds in registers, streams through memory.

use std::hint::black_box;
use std::marker::PhantomData;
use std::time::{Duration, Instant};

use gaunt::Isa;
use pulp::{Simd, WithSimd};

use crate::element::{Array, Element, vectorize};

/// Vector multiply-adds of one call.
#[derive(Clone, Copy)]
pub(crate) struct FmaRun {
    pub(crate) multiply_adds: usize,
    pub(crate) elapsed: Duration,
    /// Elements of a vector.
    pub(crate) lanes: usize,
}

/// Times `blocks` blocks of multiply-adds in several independent chains in registers.
pub(crate) fn fma<T: Element>(isa: Isa, blocks: usize) -> FmaRun {
    let start = Instant::now();
    let (per_block, lanes) = vectorize(isa, Chains::<T> { blocks, element: PhantomData });
    FmaRun { multiply_adds: per_block * blocks, elapsed: start.elapsed(), lanes }
}

struct Chains<T> {
    blocks: usize,
    element: PhantomData<T>,
}

impl<T: Element> WithSimd for Chains<T> {
    /// Multiply-adds of a block, elements of a vector.
    type Output = (usize, usize);

    #[inline(always)]
    fn with_simd<S: Simd>(self, s: S) -> (usize, usize) {
        // More than latency × units of a core, and few enough to leave registers to the factors: a spill would halve the
        // rate. 8 on x86-64, 16 on the widest aarch64 cores, 12 for the scalar level's separate multiplication and
        // addition.
        let per_block = match (T::lanes::<S>(), S::REGISTER_COUNT) {
            (1, _) => run::<S, T, 14>(s, self.blocks),
            (_, ..32) => run::<S, T, 12>(s, self.blocks),
            _ => run::<S, T, 20>(s, self.blocks),
        };
        (per_block, T::lanes::<S>())
    }
}

/// `x ← a x + b`, again and again, towards 1: never a denormal. The compiler knows neither factors nor starting values
/// and has to deliver the results, so it can drop or merge nothing.
///
/// Nor may it take chain by chain, which would show the latency of an instruction: it does in long straight code, so a loop
/// of unknown length has few steps. And it may not pack the chains of the scalar level into vectors, as it would starting from
/// values that a loop carries or that lie side by side in memory: there, blocks are straight code between places that are
/// apart.
#[inline(always)]
fn run<S: Simd, T: Element, const N: usize>(s: S, blocks: usize) -> usize {
    let repetitions = if T::lanes::<S>() == 1 { 8 } else { 128 };
    let a = black_box(T::splat(s, T::round(0.75)));
    let b = black_box(T::splat(s, T::round(0.25)));
    let mut places = [[a; 2]; N];
    for (i, place) in places.iter_mut().enumerate() {
        place[0] = T::splat(s, T::round(i as f64));
    }
    let mut x = [a; N];
    for _ in 0..blocks {
        let places = black_box(&mut places);
        for (x, place) in x.iter_mut().zip(&*places) {
            *x = place[0];
        }
        if T::lanes::<S>() == 1 {
            // Few enough steps at a time to be unrolled.
            eight_steps::<S, T, N>(s, a, b, &mut x);
            eight_steps::<S, T, N>(s, a, b, &mut x);
            eight_steps::<S, T, N>(s, a, b, &mut x);
            eight_steps::<S, T, N>(s, a, b, &mut x);
            eight_steps::<S, T, N>(s, a, b, &mut x);
            eight_steps::<S, T, N>(s, a, b, &mut x);
            eight_steps::<S, T, N>(s, a, b, &mut x);
            eight_steps::<S, T, N>(s, a, b, &mut x);
        } else {
            for _ in 0..black_box(repetitions) {
                eight_steps::<S, T, N>(s, a, b, &mut x);
            }
        }
        for (x, place) in x.iter().zip(places) {
            place[0] = *x;
        }
    }
    black_box(places);
    repetitions * 8 * N
}

#[inline(always)]
fn eight_steps<S: Simd, T: Element, const N: usize>(
    s: S,
    a: T::Vector<S>,
    b: T::Vector<S>,
    x: &mut [T::Vector<S>; N],
) {
    for _ in 0..8 {
        for x in &mut *x {
            *x = T::mul_add(s, *x, a, b);
        }
    }
}

/// Two streams read and one written: `c = a + b/2` where all three go on.
pub(crate) struct Triad<T> {
    isa: Isa,
    a: Array<T>,
    b: Array<T>,
    c: Array<T>,
}

impl<T: Element> Triad<T> {
    pub(crate) fn new(isa: Isa, lengths: [usize; 3]) -> Self {
        let [a, b, c] = lengths.map(Array::zeroed);
        let mut triad = Self { isa, a, b, c };
        // Written once: pages that were never written are one page of zeros.
        triad.a.get_mut().fill(T::round(1.0));
        triad.b.get_mut().fill(T::round(2.0));
        triad.c.get_mut().fill(T::round(9.0));
        triad
    }

    /// Goes through the arrays once.
    pub(crate) fn pass(&mut self) {
        vectorize(self.isa, Pass { a: self.a.get(), b: self.b.get(), c: self.c.get_mut() });
    }
}

struct Pass<'a, T> {
    a: &'a [T],
    b: &'a [T],
    c: &'a mut [T],
}

impl<T: Element> WithSimd for Pass<'_, T> {
    type Output = ();

    /// Arrays of different lengths advance together, block by block, as those of a product do.
    #[inline(always)]
    fn with_simd<S: Simd>(self, s: S) {
        const BLOCK: usize = 4096;
        let Self { a, b, c } = self;
        let lens = [a.len(), b.len(), c.len()];
        let n_blocks = lens.into_iter().max().unwrap_or(0).div_ceil(BLOCK);
        let mut sum = T::splat(s, T::round(0.0));
        for block in 0..n_blocks {
            let [a_range, b_range, c_range] =
                lens.map(|len| len * block / n_blocks..len * (block + 1) / n_blocks);
            pass_block::<S, T>(s, &a[a_range], &b[b_range], &mut c[c_range], &mut sum);
        }
        black_box(sum);
    }
}

#[inline(always)]
fn pass_block<S: Simd, T: Element>(s: S, mut a: &[T], mut b: &[T], mut c: &mut [T], sum: &mut T::Vector<S>) {
    // Up to where the shortest, the second and the longest array end.
    loop {
        let live = [a.len(), b.len(), c.len()].into_iter().filter(|len| *len > 0).min();
        let Some(len) = live else { return };
        let (a_part, a_rest) = a.split_at(len.min(a.len()));
        let (b_part, b_rest) = b.split_at(len.min(b.len()));
        let (c_part, c_rest) = c.split_at_mut(len.min(c.len()));
        // A stream that has ended is replaced by the other, which costs no memory traffic.
        let x = if a_part.is_empty() { b_part } else { a_part };
        let y = if b_part.is_empty() { a_part } else { b_part };
        if x.is_empty() {
            c_part.fill(T::round(1.0));
        } else if c_part.is_empty() {
            read::<S, T>(s, x, y, sum);
        } else {
            combine::<S, T>(s, x, y, c_part);
        }
        (a, b, c) = (a_rest, b_rest, c_rest);
    }
}

/// `c = a + b/2`; the three are as long.
#[inline(always)]
fn combine<S: Simd, T: Element>(s: S, a: &[T], b: &[T], c: &mut [T]) {
    let whole = c.len() / T::lanes::<S>() * T::lanes::<S>();
    let half = T::splat(s, T::round(0.5));
    let (c_whole, c_tail) = c.split_at_mut(whole);
    let c_whole: &mut [T::Vector<S>] = bytemuck::cast_slice_mut(c_whole);
    let a_whole: &[T::Vector<S>] = bytemuck::cast_slice(&a[..whole]);
    let b_whole: &[T::Vector<S>] = bytemuck::cast_slice(&b[..whole]);
    for ((c, a), b) in c_whole.iter_mut().zip(a_whole).zip(b_whole) {
        *c = T::mul_add(s, *b, half, *a);
    }
    for ((c, a), b) in c_tail.iter_mut().zip(&a[whole..]).zip(&b[whole..]) {
        *c = T::round((*a).into() + 0.5 * (*b).into());
    }
}

/// Reads both, which are as long; a tail shorter than a vector lies in a cache line that a neighbour reads.
#[inline(always)]
fn read<S: Simd, T: Element>(s: S, a: &[T], b: &[T], sum: &mut T::Vector<S>) {
    let whole = a.len() / T::lanes::<S>() * T::lanes::<S>();
    let a: &[T::Vector<S>] = bytemuck::cast_slice(&a[..whole]);
    let b: &[T::Vector<S>] = bytemuck::cast_slice(&b[..whole]);
    for (a, b) in a.iter().zip(b) {
        *sum = T::mul_add(s, *a, *b, *sum);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chains_count_their_multiply_adds() {
        for isa in Isa::ALL.into_iter().filter(|isa| isa.is_available()) {
            let run = fma::<f32>(isa, 7);
            assert!(run.multiply_adds >= 7 * 10 * 64, "{isa:?}");
            assert_eq!(fma::<f64>(isa, 0).lanes, run.lanes.div_ceil(2), "{isa:?}");
            assert_eq!(run.lanes == 1, isa == Isa::Scalar, "{isa:?}");
        }
    }

    #[test]
    fn the_triad_writes_all_of_its_output() {
        for isa in Isa::ALL.into_iter().filter(|isa| isa.is_available()) {
            for lengths in [[5, 5, 5], [10_001, 10_001, 10_001], [9, 5000, 9000], [900, 9, 20_000]] {
                let mut triad = Triad::<f32>::new(isa, lengths);
                triad.pass();
                let c = triad.c.get();
                assert!(c.iter().all(|c| (1.0..=3.0).contains(c)), "{isa:?} {lengths:?}");
                assert!(c.iter().any(|c| *c > 1.5), "{isa:?} {lengths:?}");
            }
        }
    }
}
