//! The transforms of lane vectors against sums over all numbers, in double-double.

use std::vec;
use std::vec::Vec;

use pulp::{Simd, WithSimd};

use super::support::{Random, levels};
use super::tolerance::{Roundoff, fft_roundings};
use crate::isa::Level;
use crate::lanes::{Adjoint, CacheLine, Fft, Forward, Radices, cast, cast_mut};
use crate::plan::Real;
use crate::tables::DoubleDouble as Dd;

/// Transforms every lane of `count` transforms of `x`, `[count][len][re, im][lanes]`, forwards or by the adjoint.
struct Transformed<'a, T> {
    radices: Radices,
    count: usize,
    roots: &'a [T],
    adjoint: bool,
    x: &'a mut [CacheLine],
}

impl<T: Real> WithSimd for Transformed<'_, T> {
    type Output = Option<()>;

    #[inline(always)]
    fn with_simd<S: Simd>(self, s: S) -> Option<()> {
        let Self { radices, count, roots, adjoint, x } = self;
        let (fft, x) = (&Fft::new(radices, roots)?, cast_mut::<_, T::Lanes<S>>(x));
        let stages = fft.all();
        if adjoint {
            s.vectorize(Adjoint { fft, stages, count, x })
        } else {
            s.vectorize(Forward { fft, stages, count, x })
        }
    }
}

/// Where frequency `k` ends up: the digits of `k` by the radices, the first one leading.
fn place(len: usize, radices: &Radices, mut k: usize) -> usize {
    let (mut place, mut rest) = (0, len);
    for radix in radices.as_slice() {
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
        let (whole, staged) = (Radices::whole(len), Radices::of(len));
        if whole.is_none() {
            continue;
        }
        lengths += 1;
        let turns: Vec<_> = (0..len as u64).map(|k| Dd::cos_sin_pi(2 * k, len as u64)).collect();
        let roots: Vec<T> =
            turns.iter().flat_map(|(re, im)| [re, im]).map(|x| T::from_f64(x.to_f64())).collect();
        for isa in levels() {
            let level = Level::up_to(Some(isa));
            let lanes = level.lanes::<T>();
            let all_radices = [whole, staged.filter(|staged| Some(*staged) != whole)];
            for (radices, count) in all_radices.into_iter().flatten().flat_map(|r| [(r, 1), (r, 3)]) {
                let input: Vec<T> = random.values(2 * len * count * lanes);
                let mut x =
                    vec![CacheLine::ZERO; (input.len() * size_of::<T>()).div_ceil(size_of::<CacheLine>())];
                let number = |x: &[T], transform: usize, k: usize, lane: usize| {
                    let at = ((transform * len + k) * 2) * lanes + lane;
                    [x[at].to_f64(), x[at + lanes].to_f64()]
                };
                cast_mut::<_, T>(&mut x)[..input.len()].copy_from_slice(&input);
                level
                    .run(Transformed::<T> { radices, count, roots: &roots, adjoint: false, x: &mut x })
                    .unwrap();
                for (transform, lane) in [(0, 0), (count - 1, lanes - 1)] {
                    let (mut error, mut norm) = (0.0_f64, 0.0_f64);
                    for k in 0..len {
                        let mut expected = [Dd::ZERO; 2];
                        for j in 0..len {
                            let ((cos, sin), x) = (turns[j * k % len], number(&input, transform, j, lane));
                            let [re, im] = x.map(Dd::new);
                            expected[0] = expected[0].add(re.mul(cos)).sub(im.mul(sin));
                            expected[1] = expected[1].add(re.mul(sin)).add(im.mul(cos));
                        }
                        let actual = number(cast(&x), transform, place(len, &radices, k), lane);
                        for (actual, expected) in actual.into_iter().zip(expected) {
                            error += Dd::new(actual).sub(expected).to_f64().powi(2);
                            norm += expected.to_f64().powi(2);
                        }
                    }
                    let bound = fft_roundings(&radices) as f64 * T::UNIT;
                    // (A transform of length 1 makes none.)
                    let ratio = if error == 0.0 { 0.0 } else { (error / norm).sqrt() / bound };
                    assert!(ratio <= 1.0, "{isa:?} {radices:?}: {ratio} times the bound");
                    worst = worst.max(ratio);
                }
                // The adjoint undoes it, but for the factor.
                level
                    .run(Transformed::<T> { radices, count, roots: &roots, adjoint: true, x: &mut x })
                    .unwrap();
                let back: &[T] = cast(&x);
                let (mut error, mut norm) = (0.0_f64, 0.0_f64);
                for (back, input) in back.iter().zip(&input) {
                    let (back, input) = (back.to_f64(), input.to_f64());
                    error += (back / len as f64 - input).powi(2);
                    norm += input.powi(2);
                }
                let bound = 2.0 * fft_roundings(&radices) as f64 * T::UNIT + f64::UNIT;
                assert!(error <= (bound * bound) * norm, "{isa:?} {radices:?}: not undone");
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

/// A product of two functions, the difference of two products, and the sum of both, by the stages one after the other and by
/// [`Fft::couple`].
struct Coupled<'a, T> {
    len: usize,
    roots: &'a [T],
    at_once: bool,
    /// The functions `f` and `g` of both terms.
    functions: &'a mut [Vec<CacheLine>; 4],
    results: &'a mut [Vec<CacheLine>; 3],
}

impl<T: Real> WithSimd for Coupled<'_, T> {
    type Output = Option<()>;

    #[inline(always)]
    fn with_simd<S: Simd>(self, s: S) -> Option<()> {
        let Self { len, roots, at_once, functions, results } = self;
        let (fft, n) = (&Fft::new(Radices::of(len)?, roots)?, 2 * len);
        let stages = if at_once { fft.before_last() } else { fft.all() };
        let mut samples = functions.each_mut().map(|x| &mut cast_mut::<_, T::Lanes<S>>(x)[..n]);
        for x in &mut samples {
            s.vectorize(Forward { fft, stages: stages.clone(), count: 1, x })?;
        }
        let [f1, g1, f2, g2] = samples.map(|x| &*x);
        let [product, difference, sum] = results.each_mut().map(|x| &mut cast_mut::<_, T::Lanes<S>>(x)[..n]);
        if at_once {
            product.copy_from_slice(f1);
            fft.couple(s, None, [g1], product, false)?;
            fft.couple(s, Some([f1, f2]), [g1, g2], difference, false)?;
            fft.couple(s, Some([f1]), [g1], sum, false)?;
            fft.couple(s, Some([f1, f2]), [g1, g2], sum, true)?;
        } else {
            for i in 0..n {
                product[i] = T::mul(s, f1[i], g1[i]);
                difference[i] = T::sub(s, product[i], T::mul(s, f2[i], g2[i]));
            }
            let last = stages.end - 1..stages.end;
            s.vectorize(Adjoint { fft, stages: last.clone(), count: 1, x: &mut *product })?;
            s.vectorize(Adjoint { fft, stages: last, count: 1, x: &mut *difference })?;
            for i in 0..n {
                sum[i] = T::add(s, product[i], difference[i]);
            }
        }
        Some(())
    }
}

fn coupling_is_the_stages_in_between<T: Roundoff>() {
    let mut random = Random(18);
    for len in (1..=100).filter(|len| Radices::of(*len).is_some()) {
        let turns = (0..len as u64).map(|k| Dd::cos_sin_pi(2 * k, len as u64));
        let roots: Vec<T> = turns.flat_map(|(re, im)| [re, im]).map(|x| T::from_f64(x.to_f64())).collect();
        for isa in levels() {
            let level = Level::up_to(Some(isa));
            let size = 2 * len * level.lanes::<T>();
            let lines = (size * size_of::<T>()).div_ceil(size_of::<CacheLine>());
            let functions = [(); 4].map(|()| {
                let mut x = vec![CacheLine::ZERO; lines];
                cast_mut::<_, T>(&mut x)[..size].copy_from_slice(&random.values::<T>(size));
                x
            });
            let [expected, actual] = [false, true].map(|at_once| {
                let (mut functions, roots) = (functions.clone(), roots.as_slice());
                let mut results = [(); 3].map(|()| vec![CacheLine::ZERO; lines]);
                let (functions, into) = (&mut functions, &mut results);
                level.run(Coupled::<T> { len, roots, at_once, functions, results: into }).unwrap();
                results.map(|x| {
                    cast::<_, T>(&x)[..size].iter().map(|x| x.to_f64().to_bits()).collect::<Vec<_>>()
                })
            });
            assert!(expected.iter().all(|x| x.iter().any(|bits| *bits != 0)));
            assert_eq!(actual, expected, "{isa:?} {len}"); // the same arithmetic
        }
    }
}

#[test]
fn coupling_is_the_stages_in_between_f32() {
    coupling_is_the_stages_in_between::<f32>();
}

#[test]
fn coupling_is_the_stages_in_between_f64() {
    coupling_is_the_stages_in_between::<f64>();
}
