//! Path constants against exact values.

use std::vec::Vec;

use super::tables::exact;
use crate::{Error, LMAX_INPUT, bracket_path_constant, product_path_constant};

/// All orders of three degrees.
fn permutations([a, b, c]: [usize; 3]) -> [[usize; 3]; 6] {
    [[a, b, c], [a, c, b], [b, a, c], [b, c, a], [c, a, b], [c, b, a]]
}

#[test]
fn path_constants_are_exact_to_the_last_bit() {
    let mut small = Vec::new();
    for words in exact("path ") {
        let [l1, l2, l3, expected] = words[..] else { panic!("{words:?}") };
        let l = [l1, l2, l3].map(|l| l.parse::<usize>().unwrap());
        let expected: f64 = expected.parse().unwrap();
        let even = l.iter().sum::<usize>() % 2 == 0;
        for l in permutations(l) {
            let (product, bracket) = (product_path_constant(l).unwrap(), bracket_path_constant(l).unwrap());
            let (constant, other) = if even { (product, bracket) } else { (bracket, product) };
            assert!(constant == expected, "{l:?}: {constant:e} instead of {expected:e}");
            assert_eq!(other, 0.0, "{l:?}");
        }
        small.extend((l[2] <= 12).then_some(l));
    }
    let rising = (0..=12).flat_map(|a| (a..=12).flat_map(move |b| (b..=12).map(move |c| [a, b, c])));
    assert!(small.into_iter().eq(rising.filter(|[a, b, c]| *c <= a + b)), "not all paths to degree 12");
}

#[test]
fn degrees_that_make_no_path_have_no_constant() {
    let lmax3 = 2 * LMAX_INPUT;
    for l in [[1, 1, 3], [1, 1, 4], [0, 0, 1], [0, 0, 2], [5, 2, 2], [lmax3, 1, 1], [lmax3, lmax3 - 3, 2]] {
        for l in permutations(l) {
            assert_eq!((product_path_constant(l), bracket_path_constant(l)), (Ok(0.0), Ok(0.0)), "{l:?}");
        }
    }
    for l in [[lmax3 + 1, lmax3, 1], [lmax3 + 1, 0, 0], [usize::MAX, usize::MAX, 1]] {
        for l in permutations(l) {
            assert_eq!(product_path_constant(l), Err(Error::Unsupported), "{l:?}");
            assert_eq!(bracket_path_constant(l), Err(Error::Unsupported), "{l:?}");
        }
    }
}
