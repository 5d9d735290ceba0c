//! The grid engine's transform pair: coefficients ↔ samples on a Gauss–Legendre × equispaced grid.
//!
//! Synthesis evaluates `f(θ_j, φ_k) = Σ_lm x_lm Y_lm(θ_j, φ_k)` in two stages: a Legendre sum over `l` for every order
//! (rings of both hemispheres from one pass over even and odd `l − m`), then a sum over `m` on every ring. Analysis is
//! the transpose. Both run on chunks of up to 8 rings, so that a chunk's data stays in the L1 cache.
//!
//! Samples are kept *folded*: at a meridian `φ` of the first quarter, instead of the values at the four mirror images
//! `±φ`, `π ± φ`, their parts under the two mirror symmetries,
//!
//! | part | from | `φ → −φ` | `φ → π − φ` |
//! | --- | --- | --- | --- |
//! | 0 | cosines of even order | + | + |
//! | 1 | cosines of odd order | + | − |
//! | 2 | sines of even order | − | − |
//! | 3 | sines of odd order | − | + |
//!
//! so that a sum over `m` only runs over the orders of one part. A pointwise product of functions multiplies the parts
//! like signs, see [`GridChunk::multiply_samples`]. With the cube roots of the quadrature weights in the tables
//! ([`crate::tables::grid`]), analysing the product of two synthesised functions is the exact projection.

use pulp::Simd;

use super::Transform;
use crate::lanes::{
    BlockRows, BlockRowsMut, DENSE, LaneOps, MAX_RINGS, Matrix, Panel, Triangle, analyse_triangle, multiply,
    synthesise_triangle,
};
use crate::tables::grid::GridTable;

/// Lane vectors for the per-order ring values of one chunk, to degree `lmax`.
pub(crate) const fn rings_len(lmax: usize) -> usize {
    2 * (lmax + 1) * MAX_RINGS
}

/// Lane vectors for the folded samples of one chunk.
pub(crate) const fn chunk_samples_len(n_theta: usize) -> usize {
    4 * n_theta.div_ceil(2) * MAX_RINGS
}

/// Lane vectors for the folded samples of all chunks.
pub(crate) const fn all_samples_len(n_theta: usize) -> usize {
    4 * n_theta.div_ceil(2) * n_theta
}

/// A chunk of rings: the folded nodes `first_node..`, `RINGS` rings with their mirror images.
#[derive(Clone, Copy)]
pub(crate) struct Chunk {
    pub(crate) first_node: usize,
    pub(crate) rings: usize,
}

impl Chunk {
    /// Where its samples start among those of all chunks: each earlier node stands for two rings.
    #[inline(always)]
    pub(crate) fn samples_start(self, n_theta: usize) -> usize {
        4 * n_theta.div_ceil(2) * 2 * self.first_node
    }
}

/// The chunks of a grid: its nodes split evenly, at most [`MAX_RINGS`] rings each.
pub(crate) fn chunks(n_theta: usize) -> impl Iterator<Item = Chunk> {
    let nodes = n_theta.div_ceil(2);
    let n_chunks = nodes.div_ceil(MAX_RINGS / 2).max(1);
    let (base, extra) = (nodes / n_chunks, nodes % n_chunks);
    let mut first_node = 0;
    (0..n_chunks).map(move |i| {
        let count = base + usize::from(i < extra);
        let start = first_node;
        first_node += count;
        let equator = first_node == nodes && n_theta % 2 == 1;
        Chunk { first_node: start, rings: 2 * count - usize::from(equator) }
    })
}

/// The transform pair of one grid on one chunk of `RINGS` rings. Analyses of successive chunks add up.
#[derive(Clone, Copy)]
pub(crate) struct GridChunk<'t, T, const RINGS: usize> {
    pub(crate) table: GridTable<'t, T>,
    pub(crate) first_node: usize,
}

/// The orders of a part, `first, first + 2, …`, and whether they are sines.
const PARTS: [(usize, bool); 4] = [(0, false), (1, false), (2, true), (1, true)];

impl<T: LaneOps, const RINGS: usize> GridChunk<'_, T, RINGS> {
    /// Meridians at which a part can be different from zero: an odd `n_theta` has the meridian `φ = π/2`, where the
    /// cosines of odd and the sines of even orders vanish.
    #[inline(always)]
    fn meridians(&self, part: usize) -> usize {
        if part == 1 || part == 2 { self.table.n_theta / 2 } else { self.table.folded() }
    }

    /// The Legendre functions at the chunk's nodes.
    #[inline(always)]
    fn legendre(&self) -> Triangle<'_, T> {
        let Self { table, first_node } = *self;
        Triangle { data: table.legendre, mmax: table.lmax, nodes: table.folded(), first_node }
    }
}

impl<T: LaneOps, const RINGS: usize> Transform<T> for GridChunk<'_, T, RINGS> {
    /// `samples[part][meridian][ring]`.
    #[inline(always)]
    fn synthesise<S: Simd>(
        &self,
        s: S,
        lmax: usize,
        x: BlockRows<'_, T, T::Lanes<S>>,
        rings: &mut [T::Lanes<S>],
        samples: &mut [T::Lanes<S>],
    ) -> Option<()> {
        synthesise_triangle::<S, T, RINGS>(s, lmax, self.legendre(), x, rings)?;
        let folded = self.table.folded();
        let part_len = folded * RINGS;
        for (part, (first, sine)) in PARTS.into_iter().enumerate() {
            let out = samples.get_mut(part * part_len..(part + 1) * part_len)?;
            let table = if sine { self.table.sine } else { self.table.cosine };
            let depth = (lmax + 2).saturating_sub(first) / 2;
            // Empty if the degree has no such order: then the part is zero.
            let a = Matrix {
                data: table.get(first * folded..).unwrap_or(&[]),
                row_stride: 1,
                column_stride: 2 * folded,
                staircase: DENSE,
            };
            let b = Panel {
                data: rings.get((2 * first + usize::from(sine)) * RINGS..).unwrap_or(&[]),
                stride: 4 * RINGS,
            };
            let out = Panel { data: out, stride: RINGS };
            multiply::<S, T, RINGS>(s, (self.meridians(part), depth), a, &b, out)?;
        }
        Some(())
    }

    #[inline(always)]
    fn analyse<S: Simd>(
        &self,
        s: S,
        lmax: usize,
        samples: &mut [T::Lanes<S>],
        rings: &mut [T::Lanes<S>],
        x: BlockRowsMut<'_, T, T::Lanes<S>>,
    ) -> Option<()> {
        let folded = self.table.folded();
        let part_len = folded * RINGS;
        for (part, (first, sine)) in PARTS.into_iter().enumerate() {
            let b = Panel { data: samples.get(part * part_len..(part + 1) * part_len)?, stride: RINGS };
            let table = if sine { self.table.sine } else { self.table.cosine };
            let orders = (lmax + 2).saturating_sub(first) / 2;
            let a = Matrix {
                data: table.get(first * folded..).unwrap_or(&[]),
                row_stride: 2 * folded,
                column_stride: 1,
                staircase: DENSE,
            };
            let out = rings.get_mut((2 * first + usize::from(sine)) * RINGS..).unwrap_or(&mut []);
            let out = Panel { data: out, stride: 4 * RINGS };
            multiply::<S, T, RINGS>(s, (orders, self.meridians(part)), a, &b, out)?;
        }
        analyse_triangle::<S, T, RINGS>(s, lmax, self.legendre(), rings, x, self.first_node > 0)
    }

    /// Parts multiply like pairs of signs: `h_p = Σ_q f_q g_{p ∘ q}` with `0` neutral, `q ∘ q = 0` and `1 ∘ 2 = 3`,
    /// `1 ∘ 3 = 2`, `2 ∘ 3 = 1`: 16 multiply-adds instead of the 28 operations of unfolding, multiplying and folding.
    #[inline(always)]
    fn multiply_samples<S: Simd>(&self, s: S, f: &mut [T::Lanes<S>], g: &[T::Lanes<S>]) -> Option<()> {
        let part_len = self.table.folded() * RINGS;
        let (general, len) = (self.table.n_theta / 2 * RINGS, 4 * part_len);
        let (f, g) = (f.get_mut(..len)?, g.get(..len)?);
        let (f01, f23) = f.split_at_mut_checked(2 * part_len)?;
        let ((f0, f1), (f2, f3)) = (f01.split_at_mut_checked(part_len)?, f23.split_at_mut_checked(part_len)?);
        let (g01, g23) = g.split_at_checked(2 * part_len)?;
        let ((g0, g1), (g2, g3)) = (g01.split_at_checked(part_len)?, g23.split_at_checked(part_len)?);

        let (f0, f0_edge) = f0.split_at_mut_checked(general)?;
        let (f3, f3_edge) = f3.split_at_mut_checked(general)?;
        let (g0, g0_edge) = g0.split_at_checked(general)?;
        let (g3, g3_edge) = g3.split_at_checked(general)?;
        let f = f0.iter_mut().zip(f1).zip(f2.iter_mut().zip(f3));
        let g = g0.iter().zip(g1).zip(g2.iter().zip(g3));
        for (((f0, f1), (f2, f3)), ((g0, g1), (g2, g3))) in f.zip(g) {
            let (x, [y0, y1, y2, y3]) = ([*f0, *f1, *f2, *f3], [*g0, *g1, *g2, *g3]);
            *f0 = dot::<S, T>(s, x, [y0, y1, y2, y3]);
            *f1 = dot::<S, T>(s, x, [y1, y0, y3, y2]);
            *f2 = dot::<S, T>(s, x, [y2, y3, y0, y1]);
            *f3 = dot::<S, T>(s, x, [y3, y2, y1, y0]);
        }
        // At φ = π/2 only the parts 0 and 3 are there.
        let f_edge = f0_edge.iter_mut().zip(f3_edge);
        for ((f0, f3), (g0, g3)) in f_edge.zip(g0_edge.iter().zip(g3_edge)) {
            let (x0, x3) = (*f0, *f3);
            *f0 = T::mul_add(s, x3, *g3, T::mul(s, x0, *g0));
            *f3 = T::mul_add(s, x3, *g0, T::mul(s, x0, *g3));
        }
        Some(())
    }
}

/// `Σ_i x_i y_i`.
#[inline(always)]
fn dot<S: Simd, T: LaneOps>(s: S, x: [T::Lanes<S>; 4], y: [T::Lanes<S>; 4]) -> T::Lanes<S> {
    let sum = T::mul(s, x[0], y[0]);
    let sum = T::mul_add(s, x[1], y[1], sum);
    let sum = T::mul_add(s, x[2], y[2], sum);
    T::mul_add(s, x[3], y[3], sum)
}
