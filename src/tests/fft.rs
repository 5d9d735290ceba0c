//! The transforms of lane vectors against sums over all numbers.

use std::f64::consts::TAU;
use std::vec;
use std::vec::Vec;

use pulp::{Simd, WithSimd};

use super::support::{Random, levels};
use super::tolerance::{Roundoff, fft_roundings};
use crate::isa::Level;
use crate::lanes::{Adjoint, CacheLine, Fft, Forward, Radices, cast, cast_mut};
use crate::plan::Real;

/// Transforms every lane of `count` transforms of `x`, `[count][len][re, im][lanes]`, forwards or by the adjoint.
struct Transformed<'a, T> {
    len: usize,
    count: usize,
    roots: &'a [T],
    adjoint: bool,
    x: &'a mut [CacheLine],
}

impl<T: Real> WithSimd for Transformed<'_, T> {
    type Output = Option<()>;

    #[inline(always)]
    fn with_simd<S: Simd>(self, s: S) -> Option<()> {
        let Self { len, count, roots, adjoint, x } = self;
        let (fft, x) = (Fft::new(len, roots)?, cast_mut::<_, T::Lanes<S>>(x));
        if adjoint { s.vectorize(Adjoint { fft, count, x }) } else { s.vectorize(Forward { fft, count, x }) }
    }
}

/// Where frequency `k` ends up: the digits of `k` by the radices, the first one leading.
fn place(len: usize, mut k: usize) -> usize {
    let (mut place, mut rest) = (0, len);
    for radix in Radices::of(len).unwrap().as_slice() {
        let radix = usize::from(*radix);
        rest /= radix;
        place += k % radix * rest;
        k /= radix;
    }
    place
}

fn transforms_are_the_sums<T: Roundoff>() {
    let mut random = Random(17);
    let (mut worst, mut lengths) = (0.0_f64, 0);
    for len in
        (1..=128).chain([144, 160, 192, 200, 216, 225, 240, 250, 256, 270, 288, 300, 320, 384, 400, 768])
    {
        if Radices::of(len).is_none() {
            continue;
        }
        lengths += 1;
        let turn = |k: usize| (TAU * (k % len) as f64 / len as f64).sin_cos();
        let roots: Vec<T> = (0..len)
            .flat_map(|k| {
                let (im, re) = turn(k);
                [re, im]
            })
            .map(T::from_f64)
            .collect();
        for isa in levels() {
            let level = Level::up_to(Some(isa));
            let lanes = level.lanes::<T>();
            for count in [1, 3] {
                let input: Vec<T> = random.values(2 * len * count * lanes);
                let mut x =
                    vec![CacheLine::ZERO; (input.len() * size_of::<T>()).div_ceil(size_of::<CacheLine>())];
                let number = |x: &[T], transform: usize, k: usize, lane: usize| {
                    let at = ((transform * len + k) * 2) * lanes + lane;
                    [x[at].to_f64(), x[at + lanes].to_f64()]
                };
                cast_mut::<_, T>(&mut x)[..input.len()].copy_from_slice(&input);
                level.run(Transformed::<T> { len, count, roots: &roots, adjoint: false, x: &mut x }).unwrap();
                for (transform, lane) in [(0, 0), (count - 1, lanes - 1)] {
                    let (mut error, mut norm) = (0.0_f64, 0.0_f64);
                    for k in 0..len {
                        let mut expected = [0.0, 0.0];
                        for j in 0..len {
                            let ((sin, cos), [re, im]) = (turn(j * k), number(&input, transform, j, lane));
                            expected = [expected[0] + re * cos - im * sin, expected[1] + re * sin + im * cos];
                        }
                        let [re, im] = number(cast(&x), transform, place(len, k), lane);
                        error += (re - expected[0]).powi(2) + (im - expected[1]).powi(2);
                        norm += expected[0].powi(2) + expected[1].powi(2);
                    }
                    // And the sums' own errors, in `f64`.
                    let bound = fft_roundings(len) as f64 * T::UNIT
                        + (len + 4) as f64 * f64::UNIT * (len as f64).sqrt();
                    let ratio = (error / norm).sqrt() / bound;
                    assert!(ratio <= 1.0, "{isa:?} {len}: {ratio} times the bound");
                    worst = worst.max(ratio);
                }
                // The adjoint undoes it, but for the factor.
                level.run(Transformed::<T> { len, count, roots: &roots, adjoint: true, x: &mut x }).unwrap();
                let back: &[T] = cast(&x);
                let (mut error, mut norm) = (0.0_f64, 0.0_f64);
                for (back, input) in back.iter().zip(&input) {
                    let (back, input) = (back.to_f64(), input.to_f64());
                    error += (back / len as f64 - input).powi(2);
                    norm += input.powi(2);
                }
                let bound = 2.0 * fft_roundings(len) as f64 * T::UNIT + f64::UNIT;
                assert!(error <= (bound * bound) * norm, "{isa:?} {len}: not undone");
            }
        }
    }
    std::println!("{lengths} lengths, worst error / bound {worst:.3}");
    assert!(lengths > 50);
}

#[test]
fn transforms_are_the_sums_f32() {
    transforms_are_the_sums::<f32>();
}

#[test]
fn transforms_are_the_sums_f64() {
    transforms_are_the_sums::<f64>();
}
