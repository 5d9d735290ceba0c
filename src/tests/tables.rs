//! The tables against exact values.

use crate::reference;
use crate::tables::gaunt::{LMAX_DIRECT, Terms};

/// Distance in units in the last place of the expected value.
fn ulps(actual: f64, expected: f64) -> f64 {
    let ulp = f64::from_bits(expected.abs().to_bits() + 1) - expected.abs();
    (actual - expected).abs() / ulp
}

#[test]
fn sparse_coefficients_agree_with_the_reference_to_the_last_bits() {
    for (l1, l2) in (0..=LMAX_DIRECT).flat_map(|l1| (0..=LMAX_DIRECT).map(move |l2| (l1, l2))) {
        let mut expected = std::collections::BTreeMap::new();
        reference::for_each_term(l1, l2, l1 + l2, |i, j, k, g| {
            assert!(expected.insert((i, j, k), g).is_none());
        });
        for l3 in 0..=l1 + l2 {
            let terms = Terms::new(l1, l2, l3);
            for term in (0..terms.len()).map(|t| terms.get(t).unwrap()) {
                let reference = expected.remove(&(term.i, term.j, term.k)).unwrap();
                assert!(ulps(term.value, reference) <= 3.0, "{term:?} instead of {reference}");
            }
        }
        assert!(expected.is_empty(), "missing terms {expected:?}");
    }
}
