//! Which products take the place of what they are made of, and which chunks have kernels of their own.

use std::vec::Vec;

use crate::engine::grid::{chunk, n_chunks};
use crate::tables::grid::n_theta;
use crate::trilinear::Schedule;

/// For functions with these parts and these derivatives wanted, whether each target overwrites its first input.
fn in_place(parts: [[bool; 2]; 3], wanted: [bool; 3]) -> Vec<bool> {
    Schedule::new(parts, wanted).targets().iter().map(|target| target.in_place().is_some()).collect()
}

#[test]
fn products_overwrite_what_is_not_needed_any_more() {
    let natural = [[true, false]; 3];
    assert_eq!(in_place(natural, [false, false, true]), [true]);
    assert_eq!(in_place(natural, [true, true, false]), [true, true]);
    // The first is made of the second function, which the last is made of as well.
    assert_eq!(in_place(natural, [true, true, true]), [false, true, true]);
    // A bracket, and a product beside it: the bracket takes the gradients.
    let bracket = [[true, false], [true, false], [false, true]];
    assert_eq!(in_place(bracket, [false, false, true]), [false]);
    let both = [[true, false], [true, false], [true, true]];
    assert_eq!(in_place(both, [false, false, true]), [true, false]);
    // Sums of products.
    assert_eq!(in_place([[true, true]; 3], [false, false, true]), [false, false]);
}

#[test]
fn kernels_of_known_degrees_are_for_the_chunks_that_there_are() {
    // As `trilinear::transform` lists them.
    for (degree, rings) in [(5, &[8][..]), (6, &[6, 4]), (7, &[6, 5]), (8, &[8, 5])] {
        let n_theta = n_theta(3 * degree);
        let of_chunks: Vec<_> = (0..n_chunks(n_theta)).map(|i| chunk(n_theta, i).rings).collect();
        assert_eq!(of_chunks, rings, "degree {degree}");
    }
}
