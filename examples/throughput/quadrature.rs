//! Products by Gauss–Legendre quadrature in plain `f64`, for degrees at which the sum over coefficients takes too long.
//!
//! Harmonics from the library's readable reference, nodes from Newton's iteration: no table or code of an engine.

use std::f64::consts::{PI, TAU};

use gaunt::{flat_index, n_lm, reference};

use crate::config::Degrees;
use crate::target::pairs;

/// The products of every pair of a first and a second operand.
pub(crate) fn products(degrees: Degrees, x1: &[Vec<f64>], x2: &[Vec<f64>]) -> Vec<Vec<f64>> {
    let [l1, l2, l3] = degrees.0;
    let lmax = l1.max(l2).max(l3);
    let n_phi = l1 + l2 + l3 + 1;
    let azimuth: Vec<Vec<f64>> = (0..n_phi).map(|k| azimuth(lmax, TAU * k as f64 / n_phi as f64)).collect();
    let mut legendre = vec![0.0; n_lm(lmax)];
    let mut outputs = vec![vec![0.0; n_lm(l3)]; x1.len() * x2.len()];
    for (cosine, weight) in gauss_legendre(n_phi.div_ceil(2)) {
        // At φ = 0, harmonics of order m >= 0 are their Legendre function.
        reference::harmonics(lmax, [(1.0 - cosine * cosine).sqrt(), 0.0, cosine], &mut legendre);
        let ring = |l: usize, x: &Vec<f64>| -> Vec<f64> {
            let mut orders = vec![0.0; 2 * lmax + 1];
            for_each_harmonic(l, |lm, l, m| {
                orders[index(lmax, m)] += x[lm] * legendre[flat_index(l, m.abs())];
            });
            azimuth.iter().map(|row| row.iter().zip(&orders).map(|(a, b)| a * b).sum()).collect()
        };
        let f: Vec<_> = x1.iter().map(|x| ring(l1, x)).collect();
        let g: Vec<_> = x2.iter().map(|x| ring(l2, x)).collect();
        for (out, (f, g)) in outputs.iter_mut().zip(pairs(&f, &g)) {
            let mut orders = vec![0.0; 2 * lmax + 1];
            for ((f, g), row) in f.iter().zip(g).zip(&azimuth) {
                let value = f * g * weight * TAU / n_phi as f64;
                orders.iter_mut().zip(row).for_each(|(order, factor)| *order += value * factor);
            }
            for_each_harmonic(l3, |lm, l, m| {
                out[lm] += legendre[flat_index(l, m.abs())] * orders[index(lmax, m)];
            });
        }
    }
    outputs
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
