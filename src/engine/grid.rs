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
//! so that a sum over `m` only runs over the orders of one part ([`Azimuths`]). A pointwise product of functions multiplies
//! the parts like signs, see [`convolve`]. With the cube roots of the quadrature weights in the tables
//! ([`crate::tables::grid`]), analysing the product of two synthesised functions is the exact projection.
//!
//! The bracket is Poisson's in the canonical coordinates `x = cos θ` and `φ`: with
//! `∂f/∂θ = −sin θ ∂f/∂x`, `r̂·(∇f × ∇g) = ∂f/∂φ ∂g/∂x − ∂f/∂x ∂g/∂φ`, a polynomial again. The derivative by `φ` takes
//! the rings of the function itself; the one by `x` has a Legendre table of its own.
//!
//! At small degrees loops are so short that counting, and finding the way through memory, takes as many instructions as
//! computing. Where all three functions have the same one from 5 to 8, there is code for it ([`GridChunk`]): a third fewer
//! instructions. It serves brackets; products alone are taken at fewer points there ([`octahedral`](super::octahedral)).

use pulp::Simd;

use super::Transform;
use super::parts::{convolve, convolve_two, difference};
use crate::lanes::{
    ANY, Azimuths, BlockRows, BlockRowsMut, LaneOps, MAX_RINGS, Triangle, analyse_orders, analyse_triangle,
    synthesise_orders, synthesise_triangle,
};
use crate::tables::grid::{GradientTable, GridTable, compiled_lmax, n_theta};

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

/// How many chunks a grid has: its nodes split evenly, at most [`MAX_RINGS`] rings each.
#[inline(always)]
pub(crate) const fn n_chunks(n_theta: usize) -> usize {
    let n_chunks = n_theta.div_ceil(2).div_ceil(MAX_RINGS / 2);
    if n_chunks == 0 { 1 } else { n_chunks }
}

/// One of them, by its number.
#[inline(always)]
pub(crate) const fn chunk(n_theta: usize, i: usize) -> Chunk {
    let (nodes, n_chunks) = (n_theta.div_ceil(2), n_chunks(n_theta));
    let (base, extra) = (nodes / n_chunks, nodes % n_chunks);
    let (first_node, count) = if i < extra { (i * (base + 1), base + 1) } else { (i * base + extra, base) };
    let has_equator = first_node + count == nodes && n_theta % 2 == 1;
    Chunk { first_node, rings: 2 * count - has_equator as usize }
}

/// The first node of the chunk of so many rings, of the grid for three functions of a degree. It is an error at compile time
/// unless there is one such chunk, and one only.
const fn known_first_node(degree: usize, rings: usize) -> usize {
    let n_theta = n_theta(3 * degree);
    let (mut found, mut first_node, mut i) = (0, 0, 0);
    while i < n_chunks(n_theta) {
        let chunk = chunk(n_theta, i);
        if chunk.rings == rings {
            (found, first_node) = (found + 1, chunk.first_node);
        }
        i += 1;
    }
    assert!(found == 1);
    first_node
}

/// The degree of all three functions if it is the same one, and the grid's constants are those compiled in for it; otherwise
/// [`ANY`].
#[inline(always)]
pub(crate) fn known_degree<T>(table: &GridTable<'_, T>, degrees: [usize; 3]) -> usize {
    let [degree, ..] = degrees;
    let grid = n_theta(degrees.iter().sum());
    let is_known = degrees == [degree; 3] && (table.n_theta, table.lmax) == (grid, compiled_lmax(grid));
    if is_known { degree } else { ANY }
}

/// The transform pair of one grid on one chunk of `RINGS` rings. Analyses of successive chunks add up. `DEGREE` is the
/// [known](known_degree) degree of all three functions, which is then what bounds loops, or [`ANY`].
#[derive(Clone, Copy)]
pub(crate) struct GridChunk<'t, T, const RINGS: usize, const DEGREE: usize> {
    pub(crate) table: GridTable<'t, T>,
    pub(crate) gradient: GradientTable<'t, T>,
    /// Where it starts, unless that is known with the degree.
    pub(crate) first_node: usize,
}

impl<T: LaneOps, const RINGS: usize, const DEGREE: usize> GridChunk<'_, T, RINGS, DEGREE> {
    const FIRST_NODE: Option<usize> =
        if DEGREE == ANY { None } else { Some(known_first_node(DEGREE, RINGS)) };

    /// The degree of a function: a constant where it is known.
    #[inline(always)]
    fn lmax(lmax: usize) -> usize {
        if DEGREE == ANY { lmax } else { DEGREE }
    }

    #[inline(always)]
    fn n_theta(&self) -> usize {
        if DEGREE == ANY { self.table.n_theta } else { n_theta(3 * DEGREE) }
    }

    /// The largest degree tabulated.
    #[inline(always)]
    fn table_lmax(&self) -> usize {
        if DEGREE == ANY { self.table.lmax } else { compiled_lmax(n_theta(3 * DEGREE)) }
    }

    /// Where the chunk starts.
    #[inline(always)]
    fn first_node(&self) -> usize {
        Self::FIRST_NODE.unwrap_or(self.first_node)
    }

    /// Meridians, and how many of them are not an edge: an odd `n_theta` has the meridian `φ = π/2`, where the cosines of odd
    /// and the sines of even orders vanish.
    #[inline(always)]
    fn n_meridians(&self) -> (usize, usize) {
        (self.n_theta().div_ceil(2), self.n_theta() / 2)
    }

    /// Cosines and sines of the orders, or their derivatives by `φ`.
    #[inline(always)]
    fn azimuths(&self, derivative: bool) -> Azimuths<'_, T> {
        let (cosine, sine) = if derivative {
            (self.gradient.cosine, self.gradient.sine)
        } else {
            (self.table.cosine, self.table.sine)
        };
        let (meridians, general) = self.n_meridians();
        Azimuths { cosine, sine, meridians, general, derivative }
    }

    /// The Legendre functions at the chunk's nodes.
    #[inline(always)]
    fn legendre(&self) -> Triangle<'_, T> {
        let (table, first_node) = (self.table, self.first_node());
        let (nodes, _) = self.n_meridians();
        Triangle { data: table.legendre, mmax: self.table_lmax(), nodes, first_node }
    }

    /// Their derivatives.
    #[inline(always)]
    fn slopes(&self) -> Triangle<'_, T> {
        let (gradient, first_node) = (self.gradient, self.first_node());
        let (nodes, _) = self.n_meridians();
        Triangle { data: gradient.legendre, mmax: gradient.lmax, nodes, first_node }
    }
}

impl<T: LaneOps, const RINGS: usize, const DEGREE: usize> Transform<T> for GridChunk<'_, T, RINGS, DEGREE> {
    #[inline(always)]
    fn n_parts(&self) -> usize {
        1
    }

    #[inline(always)]
    fn part_start(&self, _: usize) -> usize {
        0
    }

    #[inline(always)]
    fn synthesise<S: Simd>(
        &self,
        s: S,
        _: usize,
        lmax: usize,
        x: Option<BlockRows<'_, T, T::Lanes<S>>>,
        rings: &mut [T::Lanes<S>],
        values: Option<&mut [T::Lanes<S>]>,
        gradient: Option<[&mut [T::Lanes<S>]; 2]>,
    ) -> Option<()> {
        let lmax = Self::lmax(lmax);
        let (of_function, of_slope) = rings.split_at_mut_checked(2 * (lmax + 1) * RINGS)?;
        let x = x?.together()?;
        synthesise_triangle::<S, T, RINGS, DEGREE, false>(s, lmax, self.legendre(), x, of_function)?;
        if gradient.is_some() {
            synthesise_triangle::<S, T, RINGS, ANY, true>(s, lmax, self.slopes(), x, of_slope)?;
        }
        let [by_phi, by_x] = gradient.map_or([None, None], |[by_phi, by_x]| [Some(by_phi), Some(by_x)]);
        // One text for values and both components of a gradient.
        for (rings, derivative, samples) in
            [(&*of_function, false, values), (&*of_function, true, by_phi), (&*of_slope, false, by_x)]
        {
            if let Some(samples) = samples {
                let azimuths = self.azimuths(derivative);
                synthesise_orders::<S, T, RINGS, DEGREE>(s, lmax, &azimuths, rings, samples)?;
            }
        }
        Some(())
    }

    #[inline(always)]
    fn analyse<S: Simd>(
        &self,
        s: S,
        _: usize,
        lmax: usize,
        samples: &mut [T::Lanes<S>],
        rings: &mut [T::Lanes<S>],
        x: Option<BlockRowsMut<'_, T, T::Lanes<S>>>,
    ) -> Option<()> {
        // (Of several chunks the coefficients come together.)
        let (lmax, mut x, accumulate) = (Self::lmax(lmax), x?, self.first_node() > 0);
        analyse_orders::<S, T, RINGS, DEGREE>(s, lmax, &self.azimuths(false), samples, rings)?;
        analyse_triangle::<S, T, RINGS, DEGREE>(s, lmax, self.legendre(), rings, x.together(), accumulate)?;
        x.store()
    }

    #[inline(always)]
    fn multiply<S: Simd>(
        &self,
        s: S,
        _: usize,
        f: Option<&[T::Lanes<S>]>,
        g: &[T::Lanes<S>],
        out: &mut [T::Lanes<S>],
        accumulate: bool,
    ) -> Option<()> {
        let f = f.map(by_meridian::<_, RINGS>);
        let (g, out) = (by_meridian::<_, RINGS>(g), by_meridian_mut::<_, RINGS>(out));
        let (all, general) = self.n_meridians();
        for k in 0..all {
            let (g, out) = (g.get(k)?, out.get_mut(k)?);
            for ring in 0..RINGS {
                let f = if let Some(f) = f { f.get(k)? } else { &*out };
                let (f, g) = (parts(f, ring), parts(g, ring));
                let product =
                    if k < general { convolve::<S, T>(s, f, g) } else { convolve_edge::<S, T>(s, f, g) };
                put_parts::<S, T, RINGS>(s, out, ring, product, accumulate);
            }
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
        let ([f_phi, f_x], [g_phi, g_x]) = (f, g);
        let (f_phi, f_x) = (by_meridian::<_, RINGS>(f_phi), by_meridian::<_, RINGS>(f_x));
        let (g_phi, g_x) = (by_meridian::<_, RINGS>(g_phi), by_meridian::<_, RINGS>(g_x));
        let out = by_meridian_mut::<_, RINGS>(out);
        let (all, general) = self.n_meridians();
        for k in 0..all {
            let (f_phi, f_x, g_phi, g_x) = (f_phi.get(k)?, f_x.get(k)?, g_phi.get(k)?, g_x.get(k)?);
            let out = out.get_mut(k)?;
            for ring in 0..RINGS {
                let (f_phi, f_x) = (parts(f_phi, ring), parts(f_x, ring));
                let (g_phi, g_x) = (parts(g_phi, ring), parts(g_x, ring));
                let (forth, back) = if k < general {
                    (convolve::<S, T>(s, f_phi, g_x), convolve::<S, T>(s, g_phi, f_x))
                } else {
                    (convolve_edge::<S, T>(s, f_phi, g_x), convolve_edge::<S, T>(s, g_phi, f_x))
                };
                let bracket = difference::<S, T, 4>(s, forth, back);
                put_parts::<S, T, RINGS>(s, out, ring, bracket, accumulate);
            }
        }
        Some(())
    }
}

/// The samples at one meridian, `[part][ring]`.
type Meridian<V, const RINGS: usize> = [[V; RINGS]; 4];

/// Samples by meridian.
#[inline(always)]
fn by_meridian<V, const RINGS: usize>(samples: &[V]) -> &[Meridian<V, RINGS>] {
    samples.as_chunks::<RINGS>().0.as_chunks::<4>().0
}

#[inline(always)]
fn by_meridian_mut<V, const RINGS: usize>(samples: &mut [V]) -> &mut [Meridian<V, RINGS>] {
    samples.as_chunks_mut::<RINGS>().0.as_chunks_mut::<4>().0
}

/// The parts on one ring.
#[inline(always)]
fn parts<V: Copy, const RINGS: usize>(meridian: &Meridian<V, RINGS>, ring: usize) -> [V; 4] {
    [meridian[0][ring], meridian[1][ring], meridian[2][ring], meridian[3][ring]]
}

/// Writes the parts on one ring, or adds them to what is there if `accumulate`.
#[inline(always)]
fn put_parts<S: Simd, T: LaneOps, const RINGS: usize>(
    s: S,
    meridian: &mut Meridian<T::Lanes<S>, RINGS>,
    ring: usize,
    values: [T::Lanes<S>; 4],
    accumulate: bool,
) {
    for (part, value) in meridian.iter_mut().zip(values) {
        part[ring] = if accumulate { T::add(s, part[ring], value) } else { value };
    }
}

/// The parts of a product at `φ = π/2`, where only the parts 0 and 3 are there.
#[inline(always)]
fn convolve_edge<S: Simd, T: LaneOps>(
    s: S,
    [f0, _, _, f3]: [T::Lanes<S>; 4],
    [g0, _, _, g3]: [T::Lanes<S>; 4],
) -> [T::Lanes<S>; 4] {
    let zero = T::splat(s, T::zeroed());
    let [h0, h3] = convolve_two::<S, T>(s, [f0, f3], [g0, g3]);
    [h0, zero, zero, h3]
}
