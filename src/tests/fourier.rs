//! The fourier engine's constants, and the product by plain FFTs of the textbook kind.

use std::vec;
use std::vec::Vec;

use super::support::Random;
use super::tolerance::{
    DOUBLE_DOUBLE_NOISE, FOURIER_TABLE_ROUNDINGS, Roundoff, Terms, fourier_series, reference_harmonics_error,
    roundings,
};
use crate::engine::fourier;
use crate::tables::fourier::{Degrees, FourierSizes, FourierTable, fill_fourier_table};
use crate::{Engine, n_lm, reference};

#[path = "../../benches/textbook/mod.rs"]
mod textbook;

/// Exact values to 20 digits; `make_fourier.py` beside it tells the format.
const EXACT: &str = include_str!("../../ffi-tests/vectors/fourier.txt");

/// The table for these degrees, without the transforms' factors: `series(l, m, u)` and `projection(l, m, u)`.
struct Constants {
    sizes: FourierSizes,
    entries: Vec<f64>,
}

impl Constants {
    fn new([l1, l2, l3]: [usize; 3]) -> Self {
        let sizes = fourier::sizes(l1.max(l2), l3, l1 + l2, l1 + l2 + l3, false).unwrap();
        let mut entries = vec![f64::NAN; sizes.table_len()];
        fill_fourier_table(sizes, &mut entries, |value| value).unwrap();
        Self { sizes, entries }
    }

    fn table(&self) -> FourierTable<'_, f64> {
        FourierTable::new(self.sizes, &self.entries).unwrap()
    }

    /// Where the block of `(m, parity)` starts, with its number of degrees.
    fn block(lmax: usize, limit: usize, m: usize, parity: usize) -> (usize, usize) {
        let mut start = 0;
        for (order, p) in (0..=lmax).flat_map(|m| [(m, 0), (m, 1)]) {
            let degrees = Degrees::new(order, p);
            let count = degrees.count(lmax);
            if (order, p) == (m, parity) {
                return (start, count);
            }
            start += if count > 0 { count * degrees.frequencies(limit) } else { 0 };
        }
        unreachable!("{m} {parity}")
    }

    fn series(&self, l: usize, m: usize, u: usize) -> f64 {
        let parity = (l - m) % 2;
        let (start, _) = Self::block(self.sizes.lmax, self.sizes.lmax, m, parity);
        let frequencies = Degrees::new(m, parity).frequencies(self.sizes.lmax);
        let half = if m > 0 { 0.5 } else { 1.0 };
        self.table().series[start + (l - m) / 2 * frequencies + u / 2] / half
    }

    fn projection(&self, l: usize, m: usize, u: usize) -> f64 {
        let parity = (l - m) % 2;
        let (start, count) = Self::block(self.sizes.lmax3, self.sizes.bandwidth, m, parity);
        let half = if m > 0 { 0.5 } else { 1.0 };
        let weight = 2.0 * core::f64::consts::PI / (self.sizes.n_theta * self.sizes.n_phi) as f64;
        self.table().projection[start + u / 2 * count + (l - m) / 2] / (half * weight)
    }
}

/// The constants of the change of basis, there and back, as exact arithmetic gives them.
fn constants_are_exact(degrees: [usize; 3], smallest: usize) {
    let constants = Constants::new(degrees);
    let FourierSizes { lmax, lmax3, bandwidth, .. } = constants.sizes;
    let (mut count, mut worst): (usize, f64) = (0, 0.0);
    for line in EXACT.lines().filter(|line| !line.starts_with('#')) {
        let words: Vec<_> = line.split_whitespace().collect();
        let [kind, l, m, u, value] = words[..] else { panic!("{line}") };
        let [l, m, u] = [l, m, u].map(|word| word.parse::<usize>().unwrap());
        let expected: f64 = value.parse().unwrap();
        let actual = match kind {
            "series" if (smallest..=lmax).contains(&l) => constants.series(l, m, u),
            "projection" if (smallest..=lmax3).contains(&l) && u <= bandwidth => {
                constants.projection(l, m, u)
            }
            _ => continue,
        };
        // Where exact arithmetic gives zero, double-double arithmetic leaves its own noise.
        let bound = FOURIER_TABLE_ROUNDINGS * f64::UNIT * expected.abs() + DOUBLE_DOUBLE_NOISE;
        let error = (actual - expected).abs();
        assert!(error <= bound, "{line}: {actual:e}, error {error:.1e} > {bound:.1e}");
        worst = worst.max(error / bound);
        count += 1;
    }
    std::println!("{degrees:?}: {count} constants, worst error / bound {worst:.3}");
    assert!(count > 40, "{degrees:?}: only {count} constants compared");
}

#[test]
fn constants_to_degree_64_are_exact() {
    for degrees in [[8, 8, 8], [12, 12, 24], [25, 20, 25], [64, 64, 64]] {
        constants_are_exact(degrees, 0);
    }
}

#[test]
fn constants_of_the_largest_degrees_are_exact() {
    constants_are_exact([256, 256, 256], 192);
}

/// All series, by fast Fourier transforms of the reference's Legendre functions.
#[test]
fn series_agree_with_transforms_of_the_legendre_functions() {
    const LMAX: usize = 40;
    let constants = Constants::new([LMAX, LMAX, 0]);
    let expected = fourier_series(LMAX);
    for (l, m) in (0..=LMAX).flat_map(|l| (0..=l).map(move |m| (l, m))) {
        for u in (l % 2..=l).step_by(2) {
            let (actual, expected) = (constants.series(l, m, u), expected[l * l + l + m][u]);
            // A mean of values with the harmonics' errors, and the transform's.
            let bound = reference_harmonics_error(l) + 256.0 * f64::UNIT;
            assert!((actual - expected).abs() <= bound, "{l} {m} {u}: {actual} instead of {expected}");
        }
    }
}

/// The textbook's product is the reference's, in both element types.
#[test]
fn plain_transforms_agree_with_the_reference() {
    for degrees @ [l1, l2, l3] in
        [[0, 0, 0], [1, 1, 2], [2, 3, 1], [4, 4, 4], [5, 2, 7], [8, 8, 8], [12, 9, 15]]
    {
        let book = textbook::Textbook::<f64>::new(degrees, reference::harmonics);
        let mut random = Random(61);
        let (x1, x2) = (random.values::<f64>(n_lm(l1)), random.values::<f64>(n_lm(l2)));
        let (mut expected, mut actual) = (vec![0.0; n_lm(l3)], vec![f64::NAN; n_lm(l3)]);
        reference::product(l1, l2, l3, &x1, &x2, &mut expected);
        book.product(&x1, &x2, &mut actual);
        // Its tables have errors of the reference's harmonics; the rest is an FFT product like the engine's.
        let sums = Terms::new(Engine::Fourier, degrees).sums(&x1, &x2);
        let unit = roundings(Engine::Fourier, degrees) as f64 * f64::UNIT;
        for ((actual, expected), sum) in actual.iter().zip(&expected).zip(sums) {
            let bound = (unit + 3.0 * reference_harmonics_error(l1.max(l2).max(l3))) * sum;
            assert!((actual - expected).abs() <= bound, "{degrees:?}: {actual} instead of {expected}");
        }
    }
}
