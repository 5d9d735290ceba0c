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
//! like signs, see [`convolve`]. With the cube roots of the quadrature weights in the tables ([`crate::tables::grid`]),
//! analysing the product of two synthesised functions is the exact projection.
//!
//! The bracket is Poisson's in the canonical coordinates `x = cos θ` and `φ`: with
//! `∂f/∂θ = −sin θ ∂f/∂x`, `r̂·(∇f × ∇g) = ∂f/∂φ ∂g/∂x − ∂f/∂x ∂g/∂φ`, a polynomial again. The derivative by `φ` takes
//! the rings of the function itself; the one by `x` has a Legendre table of its own.

use pulp::Simd;

use super::{Sampled, Transform};
use crate::lanes::{
    BlockRows, BlockRowsMut, DENSE, LaneOps, MAX_RINGS, Matrix, Panel, Quads, QuadsMut, Triangle,
    analyse_triangle, multiply, synthesise_triangle,
};
use crate::tables::grid::{GradientTable, GridTable};

/// Lane vectors for the rings of one chunk, to degree `lmax`: those of a function, and those of its derivative by `x` if it
/// has a `gradient`.
pub(crate) const fn rings_len(lmax: usize, gradient: bool) -> usize {
    2 * (lmax + 1) * MAX_RINGS * (1 + gradient as usize)
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
    pub(crate) gradient: GradientTable<'t, T>,
    pub(crate) first_node: usize,
}

/// What is sampled of a function.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Component {
    Value,
    /// `∂f/∂φ`
    ByPhi,
    /// `∂f/∂x`
    ByX,
}

/// The orders of a part, `first, first + 2, …`, and whether they are sines.
const PARTS: [(usize, bool); 4] = [(0, false), (1, false), (2, true), (1, true)];

/// Likewise of a derivative by `φ`, which has no constant.
const PARTS_BY_PHI: [(usize, bool); 4] = [(2, false), (1, false), (2, true), (1, true)];

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
        let Self { table, first_node, .. } = *self;
        Triangle { data: table.legendre, mmax: table.lmax, nodes: table.folded(), first_node }
    }

    /// Their derivatives.
    #[inline(always)]
    fn slopes(&self) -> Triangle<'_, T> {
        let Self { table, gradient, first_node } = *self;
        Triangle { data: gradient.legendre, mmax: gradient.lmax, nodes: table.folded(), first_node }
    }

    /// From the orders on the chunk's rings to `samples[part][meridian][ring]`; for the derivative by `φ` cosines become sines
    /// and sines cosines.
    #[inline(always)]
    fn sum_orders_of<S: Simd>(
        &self,
        s: S,
        component: Component,
        lmax: usize,
        rings: &[T::Lanes<S>],
        samples: &mut [T::Lanes<S>],
    ) -> Option<()> {
        let by_phi = component == Component::ByPhi;
        let (parts, cosine, sine) = if by_phi {
            (PARTS_BY_PHI, self.gradient.cosine, self.gradient.sine)
        } else {
            (PARTS, self.table.cosine, self.table.sine)
        };
        let folded = self.table.folded();
        let part_len = folded * RINGS;
        for (part, (first, is_sine)) in parts.into_iter().enumerate() {
            let out = samples.get_mut(part * part_len..(part + 1) * part_len)?;
            let table = if is_sine { sine } else { cosine };
            let depth = (lmax + 2).saturating_sub(first) / 2;
            // Empty if the degree has no such order: then the part is zero.
            let a = Matrix {
                data: table.get(first * folded..).unwrap_or(&[]),
                row_stride: 1,
                column_stride: 2 * folded,
                staircase: DENSE,
            };
            let column = usize::from(is_sine != by_phi);
            let b =
                Panel { data: rings.get((2 * first + column) * RINGS..).unwrap_or(&[]), stride: 4 * RINGS };
            let out = Panel { data: out, stride: RINGS };
            multiply::<S, T, RINGS>(s, (self.meridians(part), depth), a, &b, out)?;
        }
        Some(())
    }
}

impl<T: LaneOps, const RINGS: usize> Transform<T> for GridChunk<'_, T, RINGS> {
    #[inline(always)]
    fn n_parts(&self) -> usize {
        1
    }

    #[inline(always)]
    fn part_start(&self, _: usize) -> usize {
        0
    }

    #[inline(always)]
    fn sum_degrees<S: Simd>(
        &self,
        s: S,
        lmax: usize,
        sampled: Sampled,
        x: BlockRows<'_, T, T::Lanes<S>>,
        rings: &mut [T::Lanes<S>],
    ) -> Option<()> {
        let (of_function, of_slope) = rings.split_at_mut_checked(2 * (lmax + 1) * RINGS)?;
        synthesise_triangle::<S, T, RINGS, false>(s, lmax, self.legendre(), x, of_function)?;
        if sampled.gradient {
            synthesise_triangle::<S, T, RINGS, true>(s, lmax, self.slopes(), x, of_slope)?;
        }
        Some(())
    }

    #[inline(always)]
    fn sum_orders<S: Simd>(
        &self,
        s: S,
        _: usize,
        lmax: usize,
        rings: &[T::Lanes<S>],
        values: Option<&mut [T::Lanes<S>]>,
        gradient: Option<[&mut [T::Lanes<S>]; 2]>,
    ) -> Option<()> {
        let (of_function, of_slope) = rings.split_at_checked(2 * (lmax + 1) * RINGS)?;
        let [by_phi, by_x] = gradient.map_or([None, None], |[by_phi, by_x]| [Some(by_phi), Some(by_x)]);
        // One text, once in the binary, for all components.
        for (component, rings, samples) in [
            (Component::Value, of_function, values),
            (Component::ByPhi, of_function, by_phi),
            (Component::ByX, of_slope, by_x),
        ] {
            if let Some(samples) = samples {
                self.sum_orders_of(s, component, lmax, rings, samples)?;
            }
        }
        Some(())
    }

    #[inline(always)]
    fn project_orders<S: Simd>(
        &self,
        s: S,
        _: usize,
        lmax: usize,
        samples: &mut [T::Lanes<S>],
        rings: &mut [T::Lanes<S>],
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
        Some(())
    }

    #[inline(always)]
    fn project_degrees<S: Simd>(
        &self,
        s: S,
        lmax: usize,
        rings: &mut [T::Lanes<S>],
        x: BlockRowsMut<'_, T, T::Lanes<S>>,
    ) -> Option<()> {
        analyse_triangle::<S, T, RINGS>(s, lmax, self.legendre(), rings, x, self.first_node > 0)
    }

    #[inline(always)]
    fn multiply<S: Simd>(
        &self,
        s: S,
        _: usize,
        f: &[T::Lanes<S>],
        g: &[T::Lanes<S>],
        out: &mut [T::Lanes<S>],
        accumulate: bool,
    ) -> Option<()> {
        let (general, all) = (self.table.n_theta / 2 * RINGS, self.table.folded() * RINGS);
        let (f, g, mut out) = (Quads::new(f, all)?, Quads::new(g, all)?, QuadsMut::new(out, all)?);
        for i in 0..general {
            put_quad::<S, T>(s, &mut out, i, convolve::<S, T>(s, f.get(i), g.get(i)), accumulate);
        }
        for i in general..all {
            put_quad::<S, T>(s, &mut out, i, convolve_edge::<S, T>(s, f.get(i), g.get(i)), accumulate);
        }
        Some(())
    }

    #[inline(always)]
    fn bracket<S: Simd>(
        &self,
        s: S,
        _: usize,
        f: [&[T::Lanes<S>]; 2],
        g: [&[T::Lanes<S>]; 2],
        out: &mut [T::Lanes<S>],
        accumulate: bool,
    ) -> Option<()> {
        let (general, all) = (self.table.n_theta / 2 * RINGS, self.table.folded() * RINGS);
        let ([f_phi, f_x], [g_phi, g_x]) = (f, g);
        let (f_phi, f_x) = (Quads::new(f_phi, all)?, Quads::new(f_x, all)?);
        let (g_phi, g_x) = (Quads::new(g_phi, all)?, Quads::new(g_x, all)?);
        let mut out = QuadsMut::new(out, all)?;
        for i in 0..general {
            let forth = convolve::<S, T>(s, f_phi.get(i), g_x.get(i));
            let back = convolve::<S, T>(s, g_phi.get(i), f_x.get(i));
            put_quad::<S, T>(s, &mut out, i, difference::<S, T>(s, forth, back), accumulate);
        }
        for i in general..all {
            let forth = convolve_edge::<S, T>(s, f_phi.get(i), g_x.get(i));
            let back = convolve_edge::<S, T>(s, g_phi.get(i), f_x.get(i));
            put_quad::<S, T>(s, &mut out, i, difference::<S, T>(s, forth, back), accumulate);
        }
        Some(())
    }
}

/// The parts of a product. Parts multiply like pairs of signs: `h_p = Σ_q f_q g_{p ∘ q}` with `0` neutral, `q ∘ q = 0` and
/// `1 ∘ 2 = 3`, `1 ∘ 3 = 2`, `2 ∘ 3 = 1`: 16 multiply-adds instead of the 28 operations of unfolding, multiplying and
/// folding.
#[inline(always)]
fn convolve<S: Simd, T: LaneOps>(
    s: S,
    f: [T::Lanes<S>; 4],
    [g0, g1, g2, g3]: [T::Lanes<S>; 4],
) -> [T::Lanes<S>; 4] {
    [
        dot::<S, T>(s, f, [g0, g1, g2, g3]),
        dot::<S, T>(s, f, [g1, g0, g3, g2]),
        dot::<S, T>(s, f, [g2, g3, g0, g1]),
        dot::<S, T>(s, f, [g3, g2, g1, g0]),
    ]
}

/// Likewise at `φ = π/2`, where only the parts 0 and 3 are there.
#[inline(always)]
fn convolve_edge<S: Simd, T: LaneOps>(
    s: S,
    [f0, _, _, f3]: [T::Lanes<S>; 4],
    [g0, _, _, g3]: [T::Lanes<S>; 4],
) -> [T::Lanes<S>; 4] {
    let zero = T::splat(s, T::zeroed());
    [T::mul_add(s, f3, g3, T::mul(s, f0, g0)), zero, zero, T::mul_add(s, f3, g0, T::mul(s, f0, g3))]
}

#[inline(always)]
fn difference<S: Simd, T: LaneOps>(s: S, a: [T::Lanes<S>; 4], b: [T::Lanes<S>; 4]) -> [T::Lanes<S>; 4] {
    [T::sub(s, a[0], b[0]), T::sub(s, a[1], b[1]), T::sub(s, a[2], b[2]), T::sub(s, a[3], b[3])]
}

/// Four values, added to what is there if `accumulate`.
#[inline(always)]
fn put_quad<S: Simd, T: LaneOps>(
    s: S,
    out: &mut QuadsMut<'_, T::Lanes<S>>,
    i: usize,
    values: [T::Lanes<S>; 4],
    accumulate: bool,
) {
    let mut sums = values;
    if accumulate {
        for (sum, value) in sums.iter_mut().zip(out.get(i)) {
            *sum = T::add(s, value, *sum);
        }
    }
    out.set(i, sums);
}

/// `Σ_i x_i y_i`.
#[inline(always)]
fn dot<S: Simd, T: LaneOps>(s: S, x: [T::Lanes<S>; 4], y: [T::Lanes<S>; 4]) -> T::Lanes<S> {
    let sum = T::mul(s, x[0], y[0]);
    let sum = T::mul_add(s, x[1], y[1], sum);
    let sum = T::mul_add(s, x[2], y[2], sum);
    T::mul_add(s, x[3], y[3], sum)
}
