//! Finds the neighbours of every atom within a cutoff, in time and memory proportional to the atoms.
//!
//! Atoms are sorted into bins no thinner than the cutoff (thinner only if the cell is), along the cell's vectors if there is
//! a cell. Periodic images are counted explicitly, so that cells smaller than the cutoff are right, too.

use std::collections::HashMap;

use crate::xyz::{Cell, dot};

/// Atoms closer than this (in Å) have no direction between them worth the name.
pub(crate) const MIN_DISTANCE: f64 = 1e-3;

/// The atoms, sorted into bins.
pub(crate) struct Neighbours {
    cutoff: f64,
    /// Periodic directions are wrapped into the cell.
    positions: Vec<[f64; 3]>,
    cell: Cell,
    /// Number of bins along the periodic directions; 0 along the others, which have no end.
    n_bins: [isize; 3],
    /// Bins to look at on either side.
    reach: [isize; 3],
    /// The occupied bins only: one stray atom does not make the others' bins wide or the memory large.
    bins: HashMap<[isize; 3], Vec<usize>>,
    bin_of: Vec<[isize; 3]>,
}

impl Neighbours {
    pub(crate) fn new(positions: &[[f64; 3]], cell: Option<&Cell>, cutoff: f64) -> Self {
        let cell = cell.cloned().unwrap_or(Cell {
            vectors: [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]],
            is_periodic: [false; 3],
        });
        let (dual, heights) = (cell.dual(), cell.heights());
        let n_bins = [0, 1, 2]
            .map(|axis| if cell.is_periodic[axis] { floor(heights[axis] / cutoff).max(1) } else { 0 });
        let reach = [0, 1, 2].map(|axis| match n_bins[axis] {
            0 => 1,
            n => floor(cutoff * n as f64 / heights[axis]) + 1,
        });
        let mut this = Self {
            cutoff,
            positions: Vec::with_capacity(positions.len()),
            cell,
            n_bins,
            reach,
            bins: HashMap::new(),
            bin_of: Vec::with_capacity(positions.len()),
        };
        for (atom, &position) in positions.iter().enumerate() {
            let mut wrapped = position;
            let mut bin = [0; 3];
            for axis in 0..3 {
                let fraction = dot(dual[axis], position);
                bin[axis] = if let n @ 1.. = n_bins[axis] {
                    for (x, vector) in wrapped.iter_mut().zip(this.cell.vectors[axis]) {
                        *x -= fraction.floor() * vector;
                    }
                    // At most `n - 1` even if the difference rounds to 1.
                    floor((fraction - fraction.floor()) * n as f64).min(n - 1)
                } else {
                    floor(fraction * heights[axis] / cutoff)
                };
            }
            this.positions.push(wrapped);
            this.bins.entry(bin).or_default().push(atom);
            this.bin_of.push(bin);
        }
        this
    }

    /// Calls `visit(neighbour, displacement, distance)` for every neighbour, periodic images included, in an order that
    /// depends on nothing but the atoms.
    pub(crate) fn for_each(&self, atom: usize, mut visit: impl FnMut(usize, [f64; 3], f64)) {
        let [x, y, z] = self.positions[atom];
        let home = self.bin_of[atom];
        // Bins in reach along an axis, with the number of the periodic image that they belong to.
        let along = |axis: usize| {
            (home[axis] - self.reach[axis]..=home[axis] + self.reach[axis]).map(move |bin| {
                match self.n_bins[axis] {
                    0 => (bin, 0),
                    n => (bin.rem_euclid(n), bin.div_euclid(n)),
                }
            })
        };
        for (bin_x, image_x) in along(0) {
            for (bin_y, image_y) in along(1) {
                for (bin_z, image_z) in along(2) {
                    let Some(bin) = self.bins.get(&[bin_x, bin_y, bin_z]) else {
                        continue;
                    };
                    let is_home = image_x == 0 && image_y == 0 && image_z == 0;
                    let shift =
                        combine(&self.cell.vectors, [image_x, image_y, image_z].map(|image| image as f64));
                    for &other in bin {
                        if other == atom && is_home {
                            continue;
                        }
                        let position = self.positions[other];
                        let displacement = [
                            position[0] - x + shift[0],
                            position[1] - y + shift[1],
                            position[2] - z + shift[2],
                        ];
                        let distance = dot(displacement, displacement).sqrt();
                        if distance < self.cutoff {
                            visit(other, displacement, distance);
                        }
                    }
                }
            }
        }
    }
}

/// `Σ fraction · vector`.
fn combine(vectors: &[[f64; 3]; 3], fraction: [f64; 3]) -> [f64; 3] {
    [0, 1, 2].map(|axis| (0..3).map(|i| fraction[i] * vectors[i][axis]).sum())
}

/// The largest integer not above `x`.
#[allow(clippy::cast_possible_truncation)] // coordinates are bounded by the parser
fn floor(x: f64) -> isize {
    x.floor() as isize
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;

    const CUTOFF: f64 = 5.0;

    /// Every neighbour's distance, ascending, by looking at every pair and every image that could matter.
    fn by_brute_force(positions: &[[f64; 3]], cell: Option<&Cell>, atom: usize) -> Vec<f64> {
        let images =
            |axis: usize| if cell.is_some_and(|cell| cell.is_periodic[axis]) { -8..=8 } else { 0..=0 };
        let vectors = cell.map_or([[0.0; 3]; 3], |cell| cell.vectors);
        let mut distances = Vec::new();
        for (other, position) in positions.iter().enumerate() {
            for (i, j, k) in images(0)
                .flat_map(|i| images(1).flat_map(move |j| images(2).map(move |k| (i, j, k))))
                .filter(|image| other != atom || *image != (0, 0, 0))
            {
                let shift = combine(&vectors, [f64::from(i), f64::from(j), f64::from(k)]);
                let difference = [0, 1, 2].map(|axis| position[axis] + shift[axis] - positions[atom][axis]);
                distances.push(dot(difference, difference).sqrt());
            }
        }
        distances.retain(|distance| *distance < CUTOFF);
        distances.sort_by(f64::total_cmp);
        distances
    }

    fn check(positions: &[[f64; 3]], cell: Option<&Cell>) {
        let neighbours = Neighbours::new(positions, cell, CUTOFF);
        for atom in 0..positions.len() {
            let mut distances = Vec::new();
            neighbours.for_each(atom, |_, _, distance| distances.push(distance));
            distances.sort_by(f64::total_cmp);
            let expected = by_brute_force(positions, cell, atom);
            assert_eq!(distances.len(), expected.len(), "atom {atom}, {cell:?}");
            assert!(
                distances.iter().zip(&expected).all(|(a, b)| (a - b).abs() < 1e-12),
                "atom {atom}, {cell:?}"
            );
        }
    }

    #[test]
    fn bins_find_what_brute_force_finds() {
        let mut random = Random::new(1);
        let mut within = |vectors: &[[f64; 3]; 3], n_atoms: usize| -> Vec<[f64; 3]> {
            (0..n_atoms)
                .map(|_| combine(vectors, [0.0; 3].map(|_: f64| 2.0 * random.uniform() - 0.5)))
                .collect()
        };
        check(&within(&[[20.0, 0.0, 0.0], [0.0, 11.0, 0.0], [0.0, 0.0, 30.0]], 100), None);
        for vectors in [
            [[20.0, 0.0, 0.0], [0.0, 11.0, 0.0], [0.0, 0.0, 30.0]],
            [[7.0, 0.0, 0.0], [2.0, 6.0, 0.0], [-3.0, 1.0, 5.5]],
            [[10.0, 0.0, 0.0], [0.0, 10.0, 0.0], [0.0, 9.0, -1.5]],
        ] {
            let positions = within(&vectors, 20);
            for is_periodic in [[true; 3], [true, true, false], [false, false, true]] {
                check(&positions, Some(&Cell { vectors, is_periodic }));
            }
        }
    }

    #[test]
    fn degenerate_extents_are_no_problem() {
        check(&[[1.0, 2.0, 3.0]], None);
        check(&[[0.0, 0.0, 0.0], [1.0, 0.0, 0.0], [9.0, 0.0, 0.0]], None);
        check(&[[-1e7, 0.0, 0.0], [1e7, 1e7, -1e7], [1e7, 1e7, 1.0 - 1e7], [1.0, 1.0, 1.0]], None);
        let cube =
            Cell { vectors: [[2.0, 0.0, 0.0], [0.0, 2.0, 0.0], [0.0, 0.0, 2.0]], is_periodic: [true; 3] };
        check(&[[-1e-17, 2.0, 4.0]], Some(&cube));
    }
}
