//! Numbers that do not change when an atom's neighbourhood is turned, and by how much rounding may change them.

use std::f64::consts::PI;

use gaunt::n_lm;

use crate::density::N_CHANNELS;

/// Largest degree of the example.
pub(crate) const LMAX: usize = 6;

/// Invariants per degree of a density `A` and the product `B = A ⊗ A`; degrees above `lmax` are zero.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Invariants {
    /// `Σ_m B_lm² / (2l + 1)`.
    pub(crate) power: [f64; LMAX + 1],
    /// `Σ_m A_lm B_lm`.
    pub(crate) triple: [f64; LMAX + 1],
}

impl Invariants {
    /// Of one channel of one sample; `a` and `b` are `[lm][channel]`.
    pub(crate) fn new(lmax: usize, a: &[f64], b: &[f64], channel: usize) -> Self {
        let mut invariants = Self::default();
        for l in 0..=lmax {
            for lm in n_lm(l) - (2 * l + 1)..n_lm(l) {
                let (a, b) = (a[lm * N_CHANNELS + channel], b[lm * N_CHANNELS + channel]);
                invariants.power[l] += b * b / (2 * l + 1) as f64;
                invariants.triple[l] += a * b;
            }
        }
        invariants
    }

    pub(crate) fn add(&mut self, other: &Self) {
        for l in 0..=LMAX {
            self.power[l] += other.power[l];
            self.triple[l] += other.triple[l];
        }
    }
}

/// `(L + 1) / √4π`, the norm of the vector of all harmonics at a point (addition theorem). A function of norm `‖A‖`
/// is nowhere larger than `κ ‖A‖`, hence `‖A ⊗ A‖ <= κ ‖A‖²`.
fn kappa(lmax: usize) -> f64 {
    (lmax + 1) as f64 / (4.0 * PI).sqrt()
}

/// The largest value that the norm of `A` allows a coefficient of the product to take.
pub(crate) fn product_scale(lmax: usize, a: &[f64], channel: usize) -> f64 {
    kappa(lmax) * norm_squared(lmax, a, channel)
}

fn norm_squared(lmax: usize, a: &[f64], channel: usize) -> f64 {
    a.chunks_exact(N_CHANNELS).take(n_lm(lmax)).map(|coefficients| coefficients[channel].powi(2)).sum()
}

/// The largest change between two orientations of any invariant, relative to the largest value that the norm of `A`
/// allows it to take. Each orientation is densities and products, `[sample][lm][channel]`.
pub(crate) fn largest_change(lmax: usize, original: [&[f64]; 2], turned: [&[f64]; 2]) -> f64 {
    let samples = |array| <[f64]>::chunks_exact(array, n_lm(lmax) * N_CHANNELS);
    let originals = samples(original[0]).zip(samples(original[1]));
    let mut largest = 0.0;
    for ((a, b), (turned_a, turned_b)) in originals.zip(samples(turned[0]).zip(samples(turned[1]))) {
        for channel in 0..N_CHANNELS {
            let product_scale = product_scale(lmax, a, channel);
            let triple_scale = product_scale * norm_squared(lmax, a, channel).sqrt();
            let one = Invariants::new(lmax, a, b, channel);
            let other = Invariants::new(lmax, turned_a, turned_b, channel);
            for l in 0..=lmax {
                largest = worse(largest, relative(one.power[l] - other.power[l], product_scale.powi(2)));
                largest = worse(largest, relative(one.triple[l] - other.triple[l], triple_scale));
            }
        }
    }
    largest
}

/// The larger of two errors; not a number if one is not.
pub(crate) fn worse(a: f64, b: f64) -> f64 {
    if a >= b || a.is_nan() { a } else { b }
}

/// `|difference| / scale`; an atom without neighbours has a scale of zero.
pub(crate) fn relative(difference: f64, scale: f64) -> f64 {
    if difference == 0.0 { 0.0 } else { difference.abs() / scale }
}

/// Rounding error of one product, in units of roundoff and of [`product_scale`].
///
/// Synthesis, pointwise product and analysis (or, without a grid, the sum of all terms) add up to fewer than `8 (L + 3)`
/// roundings in sequence, of terms that in sum of absolute values exceed the product's norm by at most `(L + 1)²`
/// (Cauchy–Schwarz in the synthesis and in the analysis).
pub(crate) fn product_roundings(lmax: usize) -> f64 {
    (8 * (lmax + 3) * (lmax + 1).pow(2)) as f64
}

/// How much [`largest_change`] may be by rounding alone, to first order, for at most `n_neighbours` per atom.
///
/// With `u` the unit roundoff and all errors relative:
/// * The rotation moves a direction by at most `16 u`, which harmonics of degree `l` amplify by at most `l + 1`; their
///   evaluation adds at most `8 (l + 1) u` in either orientation, taken as twice that. Summing `N` neighbours adds `N u`, again twice.
///   The radial functions are positive, so `A_00` bounds the sum of their values from above and no cancellation
///   enlarges this by more than `L + 1`: `α = (L + 1) (48 (L + 1) + 2 N) u`.
/// * The product is bilinear: `2 α`, and its own rounding `β` in either orientation.
/// * `A · B` then differs by at most `3 α + 2 β`, `B · B` by `4 α + 4 β`, and their sums round `2 l + 4` times each.
pub(crate) fn change_bound(lmax: usize, n_neighbours: usize) -> f64 {
    let alpha = ((lmax + 1) * (48 * (lmax + 1) + 2 * n_neighbours)) as f64;
    let beta = product_roundings(lmax);
    (4.0 * alpha + 4.0 * beta + (4 * lmax + 8) as f64) * f64::EPSILON / 2.0
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALL: f64 = 1e-13;

    #[test]
    fn invariants_are_sums_over_orders() {
        let mut a = vec![0.0; n_lm(1) * N_CHANNELS];
        let mut b = a.clone();
        for lm in 0..4 {
            a[lm * N_CHANNELS + 3] = (lm + 1) as f64;
            b[lm * N_CHANNELS + 3] = (lm + 5) as f64;
        }
        let invariants = Invariants::new(1, &a, &b, 3);
        let expected = [(5.0, 25.0), (12.0 + 21.0 + 32.0, (36.0 + 49.0 + 64.0) / 3.0)];
        for (l, (triple, power)) in expected.into_iter().enumerate() {
            assert!((invariants.triple[l] - triple).abs() < SMALL);
            assert!((invariants.power[l] - power).abs() < SMALL);
        }
        assert!(Invariants::new(1, &a, &b, 4).power.iter().all(|power| power.abs() < SMALL));
    }

    #[test]
    fn changes_are_found_and_nan_is_not_hidden() {
        let a = vec![1.0; 2 * N_CHANNELS];
        let mut turned = a.clone();
        assert!(largest_change(0, [&a, &a], [&turned, &turned]) < SMALL);
        turned[N_CHANNELS + 2] = 1.0 + 1e-6;
        let change = largest_change(0, [&a, &a], [&turned, &turned]);
        assert!(change > change_bound(0, 100), "{change}");
        turned[1] = f64::NAN;
        assert!(largest_change(0, [&a, &a], [&turned, &turned]).is_nan());
        let zero = vec![0.0; N_CHANNELS];
        assert!(largest_change(0, [&zero, &zero], [&zero, &zero]) < SMALL);
    }
}
