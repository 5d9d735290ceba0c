//! Products and brackets by Gauss–Legendre quadrature in plain `f64`, for degrees at which the sum over coefficients takes too
//! long.
//!
//! Harmonics from the library's readable reference, nodes from Newton's iteration: no table or code of an engine.

use std::f64::consts::{PI, TAU};

use gaunt::{flat_index, n_lm, reference};

use crate::config::Degrees;
use crate::target::{Form, pairs};

/// The products or brackets of every pair of a first and a second operand.
pub(crate) fn evaluate(form: Form, degrees: Degrees, x1: &[Vec<f64>], x2: &[Vec<f64>]) -> Vec<Vec<f64>> {
    let [l1, l2, l3] = degrees.0;
    let lmax = l1.max(l2).max(l3);
    let n_phi = l1 + l2 + l3 + 1;
    let azimuth: Vec<Vec<f64>> = (0..n_phi).map(|k| azimuth(lmax, TAU * k as f64 / n_phi as f64)).collect();
    let mut legendre = vec![0.0; n_lm(lmax)];
    let mut outputs = vec![vec![0.0; n_lm(l3)]; x1.len() * x2.len()];
    for (cosine, weight) in gauss_legendre(n_phi.div_ceil(2)) {
        // At φ = 0, harmonics of order m >= 0 are their Legendre function.
        reference::harmonics(lmax, [(1.0 - cosine * cosine).sqrt(), 0.0, cosine], &mut legendre);
        let slopes = slopes(lmax, cosine, &legendre);
        // Σ over the harmonics of functions of the colatitude with factors, on the ring; `side` is the sign of the order.
        let ring =
            |l: usize, x: &Vec<f64>, of: &[f64], factor: &dyn Fn(isize) -> f64, side: isize| -> Vec<f64> {
                let mut orders = vec![0.0; 2 * lmax + 1];
                for_each_harmonic(l, |lm, l, m| {
                    orders[index(lmax, side * m)] += x[lm] * factor(m) * of[flat_index(l, m.abs())];
                });
                azimuth.iter().map(|row| row.iter().zip(&orders).map(|(a, b)| a * b).sum()).collect()
            };
        let values = |l, x| ring(l, x, &legendre, &|_| 1.0, 1);
        // (cos mφ)' = −m sin mφ, (sin |m|φ)' = |m| cos mφ
        let by_phi = |l, x| ring(l, x, &legendre, &|m| -(m as f64), -1);
        let by_cosine = |l, x| ring(l, x, &slopes, &|_| 1.0, 1);
        let products = |f: &[f64], g: &[f64]| f.iter().zip(g).map(|(f, g)| f * g).collect::<Vec<_>>();
        let samples: Vec<Vec<f64>> = match form {
            Form::Product => {
                let f: Vec<_> = x1.iter().map(|x| values(l1, x)).collect();
                let g: Vec<_> = x2.iter().map(|x| values(l2, x)).collect();
                pairs(&f, &g).map(|(f, g)| products(f, g)).collect()
            }
            // r̂·(∇f × ∇g) = ∂f/∂φ ∂g/∂cos θ − ∂f/∂cos θ ∂g/∂φ
            Form::Bracket => {
                let f: Vec<_> = x1.iter().map(|x| [by_phi(l1, x), by_cosine(l1, x)]).collect();
                let g: Vec<_> = x2.iter().map(|x| [by_phi(l2, x), by_cosine(l2, x)]).collect();
                let bracket = |f: &[Vec<f64>; 2], g: &[Vec<f64>; 2]| {
                    let (forth, back) = (products(&f[0], &g[1]), products(&f[1], &g[0]));
                    forth.iter().zip(&back).map(|(forth, back)| forth - back).collect()
                };
                pairs(&f, &g).map(|(f, g)| bracket(f, g)).collect()
            }
        };
        for (out, samples) in outputs.iter_mut().zip(samples) {
            let mut orders = vec![0.0; 2 * lmax + 1];
            for (sample, row) in samples.iter().zip(&azimuth) {
                let value = sample * weight * TAU / n_phi as f64;
                orders.iter_mut().zip(row).for_each(|(order, factor)| *order += value * factor);
            }
            for_each_harmonic(l3, |lm, l, m| {
                out[lm] += legendre[flat_index(l, m.abs())] * orders[index(lmax, m)];
            });
        }
    }
    outputs
}

/// The derivatives of normalised Legendre functions by `x = cos θ` (Abramowitz & Stegun 8.5.4):
/// `(1 − x²) P' = √((2l + 1)(l² − m²) / (2l − 1)) P_{l−1,m} − l x P_lm`.
fn slopes(lmax: usize, x: f64, legendre: &[f64]) -> Vec<f64> {
    let mut slopes = vec![0.0; n_lm(lmax)];
    for_each_harmonic(lmax, |lm, l, m| {
        if m >= 0 {
            let lower = if m.unsigned_abs() < l { legendre[flat_index(l - 1, m)] } else { 0.0 };
            let (l, m) = (l as f64, m as f64);
            let factor =
                if l > m { ((2.0 * l + 1.0) * (l * l - m * m) / (2.0 * l - 1.0)).sqrt() } else { 0.0 };
            slopes[lm] = (factor * lower - l * x * legendre[lm]) / (1.0 - x * x);
        }
    });
    slopes
}

/// `sin |m|φ`, 1, `cos mφ` for `m` from `-lmax` to `lmax`.
fn azimuth(lmax: usize, phi: f64) -> Vec<f64> {
    let lmax = lmax.cast_signed();
    let factor = |m: isize| {
        let angle = m.abs() as f64 * phi;
        if m < 0 { angle.sin() } else { angle.cos() }
    };
    (-lmax..=lmax).map(factor).collect()
}

/// Where order `m` is among those from `-lmax` to `lmax`.
const fn index(lmax: usize, m: isize) -> usize {
    lmax.wrapping_add_signed(m)
}

/// Calls with flat index, degree and order.
fn for_each_harmonic(lmax: usize, mut call: impl FnMut(usize, usize, isize)) {
    for l in 0..=lmax {
        for m in -l.cast_signed()..=l.cast_signed() {
            call(flat_index(l, m), l, m);
        }
    }
}

/// Nodes and weights on [−1, 1].
fn gauss_legendre(n: usize) -> impl Iterator<Item = (f64, f64)> {
    (0..n).map(move |j| {
        // Start within O(1/n²) (Abramowitz & Stegun 22.16.6).
        let mut x = (PI * (j as f64 + 0.75) / (n as f64 + 0.5)).cos();
        let mut slope = 1.0;
        for _ in 0..10 {
            let (mut p, mut previous) = (x, 1.0);
            for k in 1..n {
                let k = k as f64;
                (previous, p) = (p, ((2.0 * k + 1.0) * x * p - k * previous) / (k + 1.0));
            }
            slope = n as f64 * (previous - x * p) / (1.0 - x * x);
            x -= p / slope;
        }
        (x, 2.0 / ((1.0 - x * x) * slope * slope))
    })
}
