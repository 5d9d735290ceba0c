//! Expands the density of an atom's neighbours in radial functions and spherical harmonics.
//!
//! `A[channel][lm] = Σ_j R_channel(r_j) Y_lm(r̂_j)` over the neighbours `j` of an atom, whatever their species.

use std::f64::consts::PI;

use gaunt::{CacheLine, Error, HarmonicsDesc, n_lm};

use crate::neighbours::{MIN_DISTANCE, Neighbours};
use crate::random::Rotation;

/// In Å. The density fades out smoothly towards it.
pub(crate) const CUTOFF: f64 = 5.0;
/// Number of radial functions. One vector register of every ISA level holds a divisor of it.
pub(crate) const N_CHANNELS: usize = 16;

/// Two atoms so close that they have no direction.
#[derive(Debug, PartialEq)]
pub(crate) struct Coincidence {
    pub(crate) atom: usize,
    pub(crate) neighbour: usize,
}

/// The neighbours of one atom: what the expansion needs of them. Made once, filled for one atom after the other.
#[derive(Default)]
pub(crate) struct Neighbourhood {
    /// Direction (not normalised) and values of the radial functions.
    neighbours: Vec<([f64; 3], [f64; N_CHANNELS])>,
    /// The directions, turned, and their harmonics, `[neighbour][lm]`.
    xyz: Vec<f64>,
    harmonics: Vec<f64>,
    workspace: Vec<CacheLine>,
}

impl Neighbourhood {
    /// Looks up the neighbours of an atom.
    pub(crate) fn fill(&mut self, all: &Neighbours, atom: usize) -> Result<(), Coincidence> {
        self.neighbours.clear();
        let mut coincident = None;
        all.for_each(atom, |neighbour, displacement, distance| {
            if distance < MIN_DISTANCE {
                coincident = Some(neighbour);
            }
            self.neighbours.push((displacement, radial(distance)));
        });
        coincident.map_or(Ok(()), |neighbour| Err(Coincidence { atom, neighbour }))
    }

    pub(crate) fn len(&self) -> usize {
        self.neighbours.len()
    }

    /// Writes the coefficients, `[lm][channel]`, of the neighbourhood turned by a rotation.
    ///
    /// Only directions turn: distances are invariant, so the radial functions are those of the neighbourhood as read.
    pub(crate) fn expand(&mut self, lmax: usize, rotation: &Rotation, out: &mut [f64]) -> Result<(), Error> {
        let desc = HarmonicsDesc::new(lmax);
        self.workspace.resize(desc.workspace_len()?, CacheLine::ZERO);
        self.xyz.clear();
        self.xyz.extend(self.neighbours.iter().flat_map(|(direction, _)| rotation.apply(*direction)));
        self.harmonics.resize(self.len() * n_lm(lmax), 0.0);
        desc.values(self.len(), &self.xyz, &mut self.harmonics, &mut self.workspace)?;

        out.fill(0.0);
        for ((_, radial), harmonics) in self.neighbours.iter().zip(self.harmonics.chunks_exact(n_lm(lmax))) {
            for (coefficients, harmonic) in out.chunks_exact_mut(N_CHANNELS).zip(harmonics) {
                for (coefficient, radial) in coefficients.iter_mut().zip(radial) {
                    *coefficient += harmonic * radial;
                }
            }
        }
        Ok(())
    }
}

/// The radial functions: overlapping Gaussians on shells up to the cutoff, times a smooth step down to it. Positive, so
/// that neighbours cannot cancel in `A_00`; the error bound of the rotation check rests on that.
fn radial(distance: f64) -> [f64; N_CHANNELS] {
    const SPACING: f64 = CUTOFF / N_CHANNELS as f64;
    const WIDTH: f64 = 2.0 * SPACING;
    let fade = 0.5 * (1.0 + (PI * distance / CUTOFF).cos());
    let mut values = [0.0; N_CHANNELS];
    for (channel, value) in values.iter_mut().enumerate() {
        let from_shell = (distance - (channel + 1) as f64 * SPACING) / WIDTH;
        *value = fade * (-0.5 * from_shell * from_shell).exp();
    }
    values
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_density_is_the_sum_of_its_neighbours() {
        let positions = [[0.0; 3], [0.0, 0.0, 1.5], [2.0, 0.0, 0.0], [0.0, 9.0, 0.0]];
        let neighbours = Neighbours::new(&positions, None, CUTOFF);
        let mut neighbourhood = Neighbourhood::default();
        neighbourhood.fill(&neighbours, 0).unwrap();
        assert_eq!(neighbourhood.len(), 2);
        let mut coefficients = vec![f64::NAN; n_lm(1) * N_CHANNELS];
        neighbourhood.expand(1, &Rotation::IDENTITY, &mut coefficients).unwrap();
        // √4π Y_00 = 1, √(4π/3) (Y_1−1, Y_10, Y_11) = (y, z, x).
        let (y0, y1) = ((4.0 * PI).sqrt().recip(), (3.0 / (4.0 * PI)).sqrt());
        for channel in 0..N_CHANNELS {
            let (up, along_x) = (radial(1.5)[channel], radial(2.0)[channel]);
            for (lm, expected) in [y0 * (up + along_x), 0.0, y1 * up, y1 * along_x].into_iter().enumerate() {
                // 8 (l + 1) roundings of harmonics and a few more, of values up to 1.
                assert!((coefficients[lm * N_CHANNELS + channel] - expected).abs() < 10.0 * f64::EPSILON);
            }
        }
        assert!(radial(CUTOFF).iter().all(|value| value.abs() < 1e-30));
    }

    #[test]
    fn coincident_atoms_are_refused() {
        let positions = [[0.0; 3], [3.0, 0.0, 0.0], [3.0, 0.0, 1e-5]];
        let neighbours = Neighbours::new(&positions, None, CUTOFF);
        let mut neighbourhood = Neighbourhood::default();
        assert_eq!(neighbourhood.fill(&neighbours, 0), Ok(()));
        assert_eq!(neighbourhood.fill(&neighbours, 1), Err(Coincidence { atom: 1, neighbour: 2 }));
    }
}
