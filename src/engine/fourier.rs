//! The fourier engine's transform pair: coefficients ↔ samples on a torus, by fast Fourier transforms.
//!
//! Over both poles a function on the sphere continues to one on the torus of colatitudes `θ` and azimuths `φ`, a Fourier
//! series with few terms ([`crate::tables::fourier`]); products of functions are products of their samples there (Luo, Chen
//! & Krishnapriyan 2024, by the convolution theorem). Synthesis goes
//!
//! 1. from degrees to frequencies, for every order `m` and parity of the degree: a small triangle of constants;
//! 2. from frequencies to colatitudes, for every order: the coefficients of `cos mφ` and of `sin mφ` are real and imaginary
//!    part of one complex transform;
//! 3. from orders to azimuths, for every pair of colatitudes: the values on two rings are real and imaginary part of one
//!    complex transform.
//!
//! The series in `θ` are even for even and odd for odd `m`. Colatitudes at a quarter of a step, `θ_n = 2π (n + ¼) / n_theta`,
//! make use of that: no two of them are mirror images, so `n_theta > lmax1 + lmax2` samples of the full circle determine
//! frequencies as high as that. In azimuth, orders of the product above `lmax3` may alias into one another:
//! `n_phi > lmax1 + lmax2 + lmax3` suffices.
//!
//! The bracket is `∂f/∂θ (1/sin θ ∂g/∂φ) − (1/sin θ ∂f/∂φ) ∂g/∂θ`; both components of a gradient are series like those of
//! functions, but even in `θ` where these are odd, and the other way round.
//!
//! Analysis is the transpose of steps 3 and 2, then the projection from frequencies to degrees. Real arithmetic throughout
//! but for the transforms; samples stay in the order in which the transforms leave them. Of the transforms over azimuths what is
//! kept as samples is the state before the last stage: the pointwise operations complete it, and begin the adjoint
//! ([`Fft::couple`]).

use core::ops::Range;

use pulp::{Simd, WithSimd};

use super::Transform;
use crate::isa::outline;
use crate::lanes::{
    Adjoint, BlockRows, BlockRowsMut, DENSE, Fft, Forward, LaneOps, Matrix, OrderRows, Panel, Radices,
    RingPairs, cast, cast_mut, multiply, settle, times,
};
use crate::tables::fourier::{Degrees, FourierSizes, FourierTable};

/// The cheapest lengths that are exact for operands of degrees to `lmax`, outputs to `lmax3`, their products to `bandwidth`
/// and a sum of the three degrees of at most `total`. `gradients`: whether there are brackets. `None` if there are no lengths
/// below twice the least.
pub(crate) fn sizes(
    lmax: usize,
    lmax3: usize,
    bandwidth: usize,
    total: usize,
    gradients: bool,
) -> Option<FourierSizes> {
    let (least_theta, least_phi) = (bandwidth + 1, total + 1);
    let candidates = (least_phi..=2 * least_phi).filter_map(|n| Some((Radices::of(n)?.cost(), n)));
    let (cost_phi, n_phi) = candidates.min()?;
    // Even, so that rings come in pairs.
    let candidates = (least_theta.next_multiple_of(2)..=2 * least_theta).step_by(2);
    let candidates = candidates
        .filter_map(|n| Some(((lmax + 1) * Radices::whole(n)?.cost() + n / 2 * (cost_phi + 8 * n_phi), n)));
    let (_, n_theta) = candidates.min()?;
    Some(FourierSizes { lmax, lmax3, bandwidth, n_theta, n_phi, gradients })
}

/// Lane vectors for the rings of a function, or of a component of its gradient: all colatitudes.
pub(crate) const fn rings_len(sizes: &FourierSizes) -> usize {
    let lmax = if sizes.lmax > sizes.lmax3 { sizes.lmax } else { sizes.lmax3 };
    (lmax + 1) * 2 * sizes.n_theta
}

/// Lane vectors for the samples of a function.
pub(crate) const fn all_samples_len(sizes: &FourierSizes) -> usize {
    sizes.n_theta * sizes.n_phi
}

/// Lane vectors for one part of them, at most.
pub(crate) const fn part_samples_len(sizes: &FourierSizes) -> usize {
    Parts::new(sizes).pairs * 2 * sizes.n_phi
}

/// Complex numbers of a part, at most: enough that transforms share the loads of their factors, few enough that the samples of
/// two functions and of their product stay in near caches (24 KiB with AVX2, of a single product 16).
const PART_NUMBERS: usize = 128;

/// How samples are split into parts.
#[derive(Clone, Copy, Debug)]
struct Parts {
    /// Pairs of rings of a part; the last one may have fewer.
    pairs: usize,
    count: usize,
}

impl Parts {
    /// As many pairs of rings as have so many samples, as complex numbers; one, if that has more.
    const fn new(sizes: &FourierSizes) -> Self {
        let pairs = match PART_NUMBERS.checked_div(sizes.n_phi) {
            None | Some(0) => 1,
            Some(pairs) => pairs,
        };
        Self { pairs, count: (sizes.n_theta / 2).div_ceil(pairs) }
    }
}

/// The transform pair of one Fourier basis.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Torus<'t, T> {
    table: FourierTable<'t, T>,
    theta: Fft<'t, T>,
    phi: Fft<'t, T>,
    parts: Parts,
}

impl<'t, T: LaneOps> Torus<'t, T> {
    #[inline(always)]
    pub(crate) fn new(table: FourierTable<'t, T>) -> Option<Self> {
        let FourierSizes { n_theta, n_phi, .. } = table.sizes;
        let theta = Fft::new(Radices::whole(n_theta)?, table.roots_theta)?;
        let phi = Fft::new(Radices::of(n_phi)?, table.roots_phi)?;
        Some(Self { table, theta, phi, parts: Parts::new(&table.sizes) })
    }

    /// From the coefficients of order `±m` to the frequencies `[u][cos, sin]` in `row`, of a component of a gradient but for its
    /// [factors](Component::differentiate). The order's part is taken off the table `series`.
    #[inline(always)]
    fn synthesise_order<S: Simd>(
        &self,
        s: S,
        component: Component,
        (lmax, m): (usize, usize),
        x: &[T::Lanes<S>],
        series: &mut &[T],
        row: &mut [T::Lanes<S>],
    ) -> Option<()> {
        let by_phi = component == Component::ByPhi;
        for parity in 0..2 {
            let degrees = Degrees::new(m, parity);
            let n_degrees = degrees.count(self.table.sizes.lmax);
            let (first, offset, n_all, n) = if by_phi {
                (degrees.first_turn(), 1, degrees.turns(self.table.sizes.lmax), degrees.turns(lmax))
            } else {
                let n_all = degrees.frequencies(self.table.sizes.lmax);
                (degrees.first_frequency, 0, n_all, degrees.frequencies(lmax))
            };
            let (block, rest) = series.split_at_checked(n_degrees * n_all)?;
            *series = rest;
            // Without degrees the product below writes the frequencies' zeros.
            let staircase = degrees.first.saturating_sub(first + offset) / 2;
            let a = Matrix { data: block, row_stride: 1, column_stride: n_all, staircase };
            let b = OrderRows { rows: x, first: degrees.first, m };
            let out = Panel { data: row.get_mut(2 * first..)?, stride: 4 };
            multiply::<S, T, 2>(s, (n, degrees.count(lmax)), a, &b, out)?;
        }
        Some(())
    }

    /// The projection: from the frequencies `[u][cos, sin]` in `row` to the coefficients of order `±m`. The order's part
    /// is taken off the table `projection`.
    #[inline(always)]
    fn analyse_order<S: Simd>(
        &self,
        s: S,
        (lmax, m): (usize, usize),
        row: &[T::Lanes<S>],
        projection: &mut &[T],
        x: &mut [T::Lanes<S>],
    ) -> Option<()> {
        let FourierSizes { lmax3, bandwidth, .. } = self.table.sizes;
        for parity in 0..2 {
            let degrees = Degrees::new(m, parity);
            let depth = degrees.frequencies(bandwidth);
            let n_all = degrees.count(lmax3);
            let (block, rest) = projection.split_at_checked(n_all * depth)?;
            *projection = rest;
            let n_degrees = degrees.count(lmax);
            if n_degrees == 0 {
                continue;
            }
            let a = Matrix { data: block, row_stride: 1, column_stride: n_all, staircase: DENSE };
            let b = Panel { data: row.get(2 * degrees.first_frequency..)?, stride: 4 };
            let out = OrderRows { rows: &mut *x, first: degrees.first, m };
            multiply::<S, T, 2>(s, (n_degrees, depth), a, &b, out)?;
        }
        Some(())
    }

    /// In `row`, from the coefficients `z_u` of `2 cos uθ` or, for `SINES`, of `2 sin uθ`, `u < n_frequencies`, to those of
    /// `e^(2πi un / n_theta)` at the quarter steps: with `w = e^(iπu / 2 n_theta)`, for sines times `−i`, and
    /// `z' = z_{n_theta − u}`,
    ///
    /// ```text
    /// cosines:  w (z − i z'), w* (z + i z')        sines:  w (z + i z'), w* (z − i z')
    /// ```
    ///
    /// for the frequencies `u` and `n_theta − u`.
    #[inline(always)]
    fn quarter_steps<S: Simd, const SINES: bool>(
        &self,
        s: S,
        n_frequencies: usize,
        row: &mut [T::Lanes<S>],
    ) -> Option<()> {
        let n_theta = self.table.sizes.n_theta;
        let MirrorPairs { constant, low, middle, high, quarters } = self.mirror_pairs::<S, SINES>(row)?;
        // (Settled, or the compiler calls a function to fill a few vectors.)
        let zero = settle::<S, T>(T::splat(s, T::zeroed()));
        if SINES {
            *constant = [zero; 2];
        }
        *middle = if n_theta / 2 < n_frequencies { middle_steps::<S, T>(s, *middle) } else { [zero; 2] };
        let mut pairs = low.iter_mut().zip(high.iter_mut().rev()).zip(quarters);
        let highest = n_frequencies.saturating_sub(1);
        // Mostly there is no `z'`.
        let n_alone = highest.min(n_theta.checked_sub(n_frequencies)?);
        for ((low, high), [re, im]) in pairs.by_ref().take(n_alone) {
            let w = [T::splat(s, *re), T::splat(s, *im)];
            let z = *low;
            (*low, *high) = (times::<S, T>(s, z, w), times::<S, T>(s, z, [w[0], T::neg(s, w[1])]));
        }
        for ((low, high), [re, im]) in pairs.by_ref().take(highest - n_alone) {
            let w = [T::splat(s, *re), T::splat(s, *im)];
            let (a, b) = (*low, *high);
            let minus = [T::add(s, a[0], b[1]), T::sub(s, a[1], b[0])];
            let plus = [T::sub(s, a[0], b[1]), T::add(s, a[1], b[0])];
            let (a, b) = if SINES { (plus, minus) } else { (minus, plus) };
            (*low, *high) = (times::<S, T>(s, a, w), times::<S, T>(s, b, [w[0], T::neg(s, w[1])]));
        }
        for ((low, high), _) in pairs {
            (*low, *high) = ([zero; 2], [zero; 2]);
        }
        Some(())
    }

    /// The adjoint of [`Self::quarter_steps`], for all frequencies.
    #[inline(always)]
    fn quarter_steps_back<S: Simd, const SINES: bool>(&self, s: S, row: &mut [T::Lanes<S>]) -> Option<()> {
        let MirrorPairs { constant, low, middle, high, quarters } = self.mirror_pairs::<S, SINES>(row)?;
        if SINES {
            *constant = [T::splat(s, T::zeroed()); 2];
        }
        *middle = middle_steps::<S, T>(s, *middle);
        for ((low, high), [re, im]) in low.iter_mut().zip(high.iter_mut().rev()).zip(quarters) {
            let w = [T::splat(s, *re), T::splat(s, *im)];
            let (a, b) = (times::<S, T>(s, *low, [w[0], T::neg(s, w[1])]), times::<S, T>(s, *high, w));
            *low = [T::add(s, a[0], b[0]), T::add(s, a[1], b[1])];
            // i (a − b), for sines −i (a − b).
            *high = if SINES {
                [T::sub(s, a[1], b[1]), T::sub(s, b[0], a[0])]
            } else {
                [T::sub(s, b[1], a[1]), T::sub(s, a[0], b[0])]
            };
        }
        Some(())
    }

    /// The frequencies in mirror pairs.
    #[inline(always)]
    fn mirror_pairs<'r, S: Simd, const SINES: bool>(
        &self,
        row: &'r mut [T::Lanes<S>],
    ) -> Option<MirrorPairs<'r, 't, T, T::Lanes<S>>> {
        let n_theta = self.table.sizes.n_theta;
        let (constant, rest) = row.as_chunks_mut::<2>().0.get_mut(..n_theta)?.split_first_mut()?;
        let (low, rest) = rest.split_at_mut_checked(n_theta / 2 - 1)?;
        let (middle, high) = rest.split_first_mut()?;
        let quarters = self.table.quarters.as_chunks::<2>().0;
        let quarters = quarters.get(if SINES { n_theta / 2 } else { 0 }..)?.get(1..)?;
        Some(MirrorPairs { constant, low, middle, high, quarters })
    }

    /// The rings of a function, or of a component of its gradient.
    #[inline(always)]
    fn sum_degrees<S: Simd>(
        &self,
        s: S,
        component: Component,
        lmax: usize,
        x: &[T::Lanes<S>],
        rings: &mut [T::Lanes<S>],
    ) -> Option<()> {
        let row_len = 2 * self.table.sizes.n_theta;
        let rings = rings.get_mut(..(lmax + 1) * row_len)?;
        outline(s, SumDegrees { torus: self, component, lmax, x, rings: &mut *rings })?;
        outline(s, Forward { fft: &self.theta, stages: self.theta.all(), count: lmax + 1, x: rings })
    }

    /// The pairs of rings of a part.
    #[inline(always)]
    fn pairs(&self, part: usize) -> Range<usize> {
        let per_part = self.parts.pairs;
        part * per_part..(self.table.sizes.n_theta / 2).min((part + 1) * per_part)
    }

    /// Lane vectors for the samples of a part.
    #[inline(always)]
    fn part_len(&self, part: usize) -> usize {
        self.pairs(part).len() * 2 * self.table.sizes.n_phi
    }

    /// The part's samples of what has these rings.
    #[inline(always)]
    fn sum_orders<S: Simd>(
        &self,
        s: S,
        part: usize,
        lmax: usize,
        rings: &[T::Lanes<S>],
        samples: &mut [T::Lanes<S>],
    ) -> Option<()> {
        let FourierSizes { n_theta, n_phi, .. } = self.table.sizes;
        let (pairs, samples) = (self.pairs(part), samples.get_mut(..self.part_len(part))?);
        let ring_pairs = RingPairs { rings, row_len: 2 * n_theta, first: pairs.start, lmax, n_phi };
        self.phi.start(s, &ring_pairs, pairs.len(), samples)?;
        let (fft, stages) = (&self.phi, self.phi.inner());
        // Of two stages none is in between.
        if stages.is_empty() {
            return Some(());
        }
        outline(s, Forward { fft, stages, count: pairs.len(), x: samples })
    }
}

/// From coefficients to the frequencies of every order, at the quarter steps.
struct SumDegrees<'a, 't, T, V> {
    torus: &'a Torus<'t, T>,
    component: Component,
    lmax: usize,
    x: &'a [V],
    rings: &'a mut [V],
}

impl<T: LaneOps, V: bytemuck::Pod> WithSimd for SumDegrees<'_, '_, T, V> {
    type Output = Option<()>;

    #[inline(always)]
    fn with_simd<S: Simd>(self, s: S) -> Option<()> {
        let Self { torus, component, lmax, x, rings } = self;
        let (x, rings) = (cast(x), cast_mut(rings));
        let row_len = 2 * torus.table.sizes.n_theta;
        let mut series = if component == Component::ByPhi { torus.table.turns } else { torus.table.series };
        // (None by `φ` for degree 0: of order 0 these are sines.)
        let n_frequencies = if component == Component::ByPhi { lmax } else { lmax + 1 };
        for m in 0..=lmax {
            let row = rings.get_mut(m * row_len..(m + 1) * row_len)?;
            torus.synthesise_order(s, component, (lmax, m), x, &mut series, row)?;
            component.differentiate::<S, T>(s, m, row.as_chunks_mut::<2>().0.get_mut(..n_frequencies)?);
            // Even orders are cosines, odd ones sines; components of a gradient the other way round.
            if m.is_multiple_of(2) == (component == Component::Value) {
                torus.quarter_steps::<S, false>(s, n_frequencies, row)?;
            } else {
                torus.quarter_steps::<S, true>(s, n_frequencies, row)?;
            }
        }
        Some(())
    }
}

/// The way back, to the coefficients of the projection.
struct ProjectDegrees<'a, 't, T, V> {
    torus: &'a Torus<'t, T>,
    lmax: usize,
    rings: &'a mut [V],
    x: &'a mut [V],
}

impl<T: LaneOps, V: bytemuck::Pod> WithSimd for ProjectDegrees<'_, '_, T, V> {
    type Output = Option<()>;

    #[inline(always)]
    fn with_simd<S: Simd>(self, s: S) -> Option<()> {
        let Self { torus, lmax, rings, x } = self;
        let (x, rings): (&mut [T::Lanes<S>], _) = (cast_mut(x), cast_mut(rings));
        let row_len = 2 * torus.table.sizes.n_theta;
        let mut projection = torus.table.projection;
        for m in 0..=lmax {
            let row = rings.get_mut(m * row_len..(m + 1) * row_len)?;
            if m.is_multiple_of(2) {
                torus.quarter_steps_back::<S, false>(s, row)?;
            } else {
                torus.quarter_steps_back::<S, true>(s, row)?;
            }
            torus.analyse_order(s, (lmax, m), row, &mut projection, &mut *x)?;
        }
        Some(())
    }
}

/// Complex coefficients of the frequencies below `n_theta`, which are mirror images `u` and `n_theta − u` of each other.
struct MirrorPairs<'r, 't, T, V> {
    /// Frequency 0, of which there is no sine.
    constant: &'r mut [V; 2],
    low: &'r mut [[V; 2]],
    /// Half of `n_theta`, its own mirror image.
    middle: &'r mut [V; 2],
    /// The mirror images of the low ones, in reverse.
    high: &'r mut [[V; 2]],
    /// `w` of every pair, see [`Torus::quarter_steps`].
    quarters: &'t [[T; 2]],
}

/// The quarter steps of the frequency that is its own mirror image, or their adjoint.
#[inline(always)]
fn middle_steps<S: Simd, T: LaneOps>(s: S, [re, im]: [T::Lanes<S>; 2]) -> [T::Lanes<S>; 2] {
    let root = T::splat(s, T::from_f64(core::f64::consts::SQRT_2));
    [T::mul(s, root, re), T::mul(s, root, im)]
}

/// What is sampled of a function.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Component {
    Value,
    /// `∂f/∂θ`
    ByTheta,
    /// `1/sin θ ∂f/∂φ`
    ByPhi,
}

impl Component {
    /// The factors by which the series of a component differs from the sums over the table, for order `m`.
    #[inline(always)]
    fn differentiate<S: Simd, T: LaneOps>(self, s: S, m: usize, frequencies: &mut [[T::Lanes<S>; 2]]) {
        match self {
            Self::Value => {}
            Self::ByTheta => {
                // (2 cos uθ)' = −u 2 sin uθ, (2 sin uθ)' = u 2 cos uθ
                let mut factor = T::splat(s, T::zeroed());
                let step = T::splat(s, T::from_f64(if m.is_multiple_of(2) { -1.0 } else { 1.0 }));
                for [cos, sin] in frequencies {
                    (*cos, *sin) = (T::mul(s, factor, *cos), T::mul(s, factor, *sin));
                    factor = T::add(s, factor, step);
                }
            }
            Self::ByPhi => {
                // (c cos mφ + s sin mφ)' = m (s cos mφ − c sin mφ); there is no sine of order 0, and no derivative.
                for [cos, sin] in frequencies {
                    (*cos, *sin) = (*sin, T::neg(s, *cos));
                }
            }
        }
    }
}

impl<T: LaneOps> Transform<T> for Torus<'_, T> {
    #[inline(always)]
    fn n_parts(&self) -> usize {
        self.parts.count
    }

    #[inline(always)]
    fn part_start(&self, part: usize) -> usize {
        self.pairs(part).start * 2 * self.table.sizes.n_phi
    }

    #[inline(always)]
    fn synthesise<S: Simd>(
        &self,
        s: S,
        part: usize,
        lmax: usize,
        x: Option<BlockRows<'_, T, T::Lanes<S>>>,
        rings: &mut [T::Lanes<S>],
        values: Option<&mut [T::Lanes<S>]>,
        gradient: Option<[&mut [T::Lanes<S>]; 2]>,
    ) -> Option<()> {
        let x = if let Some(x) = x { Some(x.together()?) } else { None };
        let (len, mut rest) = (rings_len(&self.table.sizes), rings);
        let [by_theta, by_phi] =
            gradient.map_or([None, None], |[by_theta, by_phi]| [Some(by_theta), Some(by_phi)]);
        // One text, once in the binary, for all components.
        for (component, samples) in
            [(Component::Value, values), (Component::ByTheta, by_theta), (Component::ByPhi, by_phi)]
        {
            let Some(samples) = samples else { continue };
            let (rings, others) = rest.split_at_mut_checked(len)?;
            if let Some(x) = x {
                self.sum_degrees(s, component, lmax, x, rings)?;
            }
            self.sum_orders(s, part, lmax, rings, samples)?;
            rest = others;
        }
        Some(())
    }

    #[inline(always)]
    fn multiply<S: Simd>(
        &self,
        s: S,
        part: usize,
        f: Option<&[T::Lanes<S>]>,
        g: &[T::Lanes<S>],
        out: &mut [T::Lanes<S>],
        accumulate: bool,
    ) -> Option<()> {
        let len = self.part_len(part);
        let f = if let Some(f) = f { Some([f.get(..len)?]) } else { None };
        self.phi.couple(s, f, [g.get(..len)?], out.get_mut(..len)?, accumulate)
    }

    #[inline(always)]
    fn bracket<S: Simd>(
        &self,
        s: S,
        part: usize,
        f: [&[T::Lanes<S>]; 2],
        g: [&[T::Lanes<S>]; 2],
        out: &mut [T::Lanes<S>],
        accumulate: bool,
    ) -> Option<()> {
        let len = self.part_len(part);
        let ([f_theta, f_phi], [g_theta, g_phi]) = (f, g);
        let f = [f_theta.get(..len)?, f_phi.get(..len)?];
        let g = [g_phi.get(..len)?, g_theta.get(..len)?];
        self.phi.couple(s, Some(f), g, out.get_mut(..len)?, accumulate)
    }

    #[inline(always)]
    fn analyse<S: Simd>(
        &self,
        s: S,
        part: usize,
        lmax: usize,
        samples: &mut [T::Lanes<S>],
        rings: &mut [T::Lanes<S>],
        x: Option<BlockRowsMut<'_, T, T::Lanes<S>>>,
    ) -> Option<()> {
        let FourierSizes { n_theta, n_phi, .. } = self.table.sizes;
        let (row_len, pair_len, pairs) = (2 * n_theta, 2 * n_phi, self.pairs(part));
        let samples = samples.get_mut(..self.part_len(part))?;
        let (fft, stages) = (&self.phi, self.phi.before_last());
        outline(s, Adjoint { fft, stages, count: pairs.len(), x: &mut *samples })?;
        for (i, pair) in pairs.enumerate() {
            let spectrum = samples.get(i * pair_len..(i + 1) * pair_len)?;
            let ([zonal1, zonal2], rest) = spectrum.as_chunks::<2>().0.split_first()?;
            // There is no sine; the cosine stands in for it.
            *ring_pair_mut(rings, pair)? = [[*zonal1, *zonal1], [*zonal2, *zonal2]];
            let mut row = row_len;
            for (positive, negative) in rest.get(..lmax)?.iter().zip(rest.iter().rev()) {
                *ring_pair_mut(rings.get_mut(row..)?, pair)? = [
                    [T::add(s, positive[0], negative[0]), T::sub(s, negative[1], positive[1])],
                    [T::add(s, positive[1], negative[1]), T::sub(s, positive[0], negative[0])],
                ];
                row += row_len;
            }
        }
        if let Some(mut x) = x {
            let rings = rings.get_mut(..(lmax + 1) * row_len)?;
            let (fft, stages) = (&self.theta, self.theta.all());
            outline(s, Adjoint { fft, stages, count: lmax + 1, x: &mut *rings })?;
            outline(s, ProjectDegrees { torus: self, lmax, rings, x: x.together() })?;
            x.store()?;
        }
        Some(())
    }
}

/// The complex values `[cos, sin]` of the first order on both rings of a pair.
#[inline(always)]
fn ring_pair_mut<V: Copy>(row: &mut [V], pair: usize) -> Option<&mut [[V; 2]; 2]> {
    row.as_chunks_mut::<2>().0.as_chunks_mut::<2>().0.get_mut(pair)
}
