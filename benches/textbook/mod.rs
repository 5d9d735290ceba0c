//! The product as the method is usually written down, with plain two-dimensional real FFTs by `realfft`: the baseline of
//! benches and, in tests, an oracle that shares nothing with the engines.
//!
//! 1. Coefficients to the Fourier coefficients of the function continued over both poles, of which order `m` has only
//!    those with `v = ±m`.
//! 2. Both operands to samples on `(2 l1 + 2 l2 + 1)²` points, multiplication, and back.
//! 3. Projection of the product's Fourier coefficients on the harmonics.
//!
//! One product at a time, tables in full, nothing made of parities.

use std::f64::consts::{PI, TAU};
use std::sync::Arc;
use std::vec;
use std::vec::Vec;

use realfft::num_complex::Complex;
use realfft::num_traits::{FromPrimitive, Zero};
use realfft::{ComplexToReal, FftNum, RealFftPlanner, RealToComplex};
use rustfft::{Fft, FftPlanner};

/// Tables and transforms for one triple of degrees.
pub(crate) struct Textbook<T> {
    degrees: [usize; 3],
    /// Points in both directions.
    n: usize,
    /// Of `e^(iuθ)` in `P̄_lm`, `u` from `−l` to `l`, for `(l, m >= 0)` at `l (l + 1) / 2 + m`.
    series: Vec<Vec<Complex<T>>>,
    /// Of `e^(iuθ)` on `P̄_lm`, `u` from `−(l1 + l2)` to `l1 + l2`, likewise.
    projection: Vec<Vec<Complex<T>>>,
    to_samples: Arc<dyn ComplexToReal<T>>,
    from_samples: Arc<dyn RealToComplex<T>>,
    to_colatitudes: Arc<dyn Fft<T>>,
    from_colatitudes: Arc<dyn Fft<T>>,
}

fn cast<T: FftNum>(value: f64) -> T {
    <T as FromPrimitive>::from_f64(value).unwrap()
}

impl<T: FftNum> Textbook<T> {
    /// `harmonics(lmax, direction, out)` writes all harmonics at a direction, in flat order.
    pub(crate) fn new(
        degrees @ [l1, l2, l3]: [usize; 3],
        harmonics: impl Fn(usize, [f64; 3], &mut [f64]),
    ) -> Self {
        let (lmax, bandwidth) = (l1.max(l2).max(l3), (l1 + l2).cast_signed());
        let n = 2 * (l1 + l2) + 1;
        let series = series(lmax, harmonics);
        let projection = series[..(l3 + 1) * (l3 + 2) / 2].iter().map(|series| {
            let l = (series.len() / 2_usize).cast_signed();
            let entry = |u: isize| (-l..=l).zip(series).map(|(v, c)| c * half_period(u + v)).sum();
            (-bandwidth..=bandwidth).map(entry).collect::<Vec<Complex<f64>>>()
        });
        let round = |column: Vec<Complex<f64>>| {
            column.into_iter().map(|c| Complex::new(cast(c.re), cast(c.im))).collect()
        };
        let (mut real, mut complex) = (RealFftPlanner::new(), FftPlanner::new());
        Self {
            degrees,
            n,
            projection: projection.map(round).collect(),
            series: series.into_iter().map(round).collect(),
            to_samples: real.plan_fft_inverse(n),
            from_samples: real.plan_fft_forward(n),
            to_colatitudes: complex.plan_fft_inverse(n),
            from_colatitudes: complex.plan_fft_forward(n),
        }
    }

    /// The coefficients of the product, in flat order.
    pub(crate) fn product(&self, x1: &[T], x2: &[T], out: &mut [T]) {
        let [l1, l2, l3] = self.degrees;
        let n = self.n;
        let mut samples = self.samples(l1, x1);
        samples.iter_mut().zip(self.samples(l2, x2)).for_each(|(f, g)| *f = *f * g);

        let half = n / 2 + 1;
        let mut columns = vec![vec![Complex::zero(); n]; l3 + 1];
        let mut spectrum = vec![Complex::zero(); half];
        for (j, row) in samples.chunks_exact_mut(n).enumerate() {
            self.from_samples.process(row, &mut spectrum).unwrap();
            columns.iter_mut().zip(&spectrum).for_each(|(column, value)| column[j] = *value);
        }
        let bandwidth = l1 + l2;
        let weight = cast::<T>(TAU / (n * n) as f64);
        for (m, column) in columns.iter_mut().enumerate() {
            self.from_colatitudes.process(column);
            for l in m..=l3 {
                let projection = &self.projection[l * (l + 1) / 2 + m];
                let frequencies = (0..=2 * bandwidth).map(|i| column[(i + n - bandwidth) % n]);
                let sum: Complex<T> = frequencies.zip(projection).map(|(h, z)| h * z).sum();
                out[l * l + l + m] = weight * sum.re;
                if m > 0 {
                    out[l * l + l - m] = -weight * sum.im;
                }
            }
        }
    }

    /// The values of a function, `[θ][φ]`.
    fn samples(&self, lmax: usize, x: &[T]) -> Vec<T> {
        let n = self.n;
        let columns: Vec<Vec<Complex<T>>> = (0..=lmax)
            .map(|m| {
                let mut column = vec![Complex::zero(); n];
                for l in m..=lmax {
                    let sine = if m > 0 { x[l * l + l - m] } else { T::zero() };
                    let x = Complex::new(x[l * l + l + m], -sine) * cast::<T>(if m > 0 { 0.5 } else { 1.0 });
                    for (i, c) in self.series[l * (l + 1) / 2 + m].iter().enumerate() {
                        let u = (i + n - l) % n;
                        column[u] = column[u] + x * c;
                    }
                }
                self.to_colatitudes.process(&mut column);
                column
            })
            .collect();
        let mut samples = vec![T::zero(); n * n];
        let mut spectrum = vec![Complex::zero(); n / 2 + 1];
        for (j, row) in samples.chunks_exact_mut(n).enumerate() {
            spectrum.fill(Complex::zero());
            spectrum.iter_mut().zip(&columns).for_each(|(value, column)| *value = column[j]);
            spectrum[0].im = T::zero(); // but for rounding
            self.to_samples.process(&mut spectrum, row).unwrap();
        }
        samples
    }
}

/// The coefficients of `e^(iuθ)`, `u` from `−l` to `l`, of every `P̄_lm` to `lmax`, from its values on the circle of
/// colatitudes: beyond the poles it goes on with the sign `(−1)^m`.
fn series(lmax: usize, harmonics: impl Fn(usize, [f64; 3], &mut [f64])) -> Vec<Vec<Complex<f64>>> {
    let n = 2 * lmax + 2;
    let values: Vec<Vec<f64>> = (0..=n / 2)
        .map(|j| {
            let (sin, cos) = (TAU * j as f64 / n as f64).sin_cos();
            let mut y = vec![0.0; (lmax + 1) * (lmax + 1)];
            // On the meridian φ = 0 the cosine harmonics are P̄_lm; sin π is not quite zero.
            harmonics(lmax, [if j == n / 2 { 0.0 } else { sin }, 0.0, cos], &mut y);
            y
        })
        .collect();
    let transform = FftPlanner::new().plan_fft_forward(n);
    let of_harmonic = |(l, m): (usize, usize)| {
        let beyond = if m % 2 == 0 { 1.0 } else { -1.0 };
        let value = |j: usize| {
            let (j, sign) = if j <= n / 2 { (j, 1.0) } else { (n - j, beyond) };
            Complex::new(sign * values[j][l * l + l + m] / n as f64, 0.0)
        };
        let mut column: Vec<Complex<f64>> = (0..n).map(value).collect();
        transform.process(&mut column);
        (0..=2 * l).map(|i| column[(i + n - l) % n]).collect()
    };
    (0..=lmax).flat_map(|l| (0..=l).map(move |m| (l, m))).map(of_harmonic).collect()
}

/// `∫₀^π e^(ikθ) sin θ dθ`.
fn half_period(k: isize) -> Complex<f64> {
    match k {
        1 => Complex::new(0.0, PI / 2.0),
        -1 => Complex::new(0.0, -PI / 2.0),
        _ if k % 2 == 0 => Complex::new(2.0 / (1 - k * k) as f64, 0.0),
        _ => Complex::new(0.0, 0.0),
    }
}
