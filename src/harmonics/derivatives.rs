//! Gradients and their pull-back.
//!
//! Derivatives of solid harmonics are solid harmonics of one degree less. With `F_lm = |r|^l P_lm(cos θ) e^{imφ}` (no
//! Condon–Shortley phase; Hobson, *Spherical and Ellipsoidal Harmonics*, §84)
//!
//! ```text
//! ∂F_lm/∂z = (l + m) F_{l−1,m}
//! (∂/∂x + i ∂/∂y) F_lm = −F_{l−1,m+1}
//! (∂/∂x − i ∂/∂y) F_lm = (l + m)(l + m − 1) F_{l−1,m−1}
//! ```
//!
//! Real and imaginary parts, normalised: with `C_m`, `S_m` the harmonics of orders `m` and `−m` and of degree `l − 1`,
//! times the ratio of the norms of both degrees, but `C_0 = √2 R_{l−1,0}` and `S_0 = 0`, and with
//! `a = ½ √((l − m)(l − m − 1))`, `b = ½ √((l + m)(l + m − 1))`, `e = √((l − m)(l + m))`,
//!
//! ```text
//!             ∂/∂x                       ∂/∂y                       ∂/∂z
//! R_lm        b C_{m−1} − a C_{m+1}      −b S_{m−1} − a S_{m+1}     e C_m
//! R_l,−m      b S_{m−1} − a S_{m+1}       b C_{m−1} + a C_{m+1}     e S_m
//! R_l0        −√2 a C_1                  −√2 a S_1                  l C_0 / √2
//! ```
//!
//! For functions of the direction, `r̂ = r / |r|`: `∇Y_lm = (∇R_lm(r̂) − l r̂ Y_lm) / |r|`. Error: the values' own, twice,
//! and five roundings: `∇R` and `l r̂ Y` are at most `√2 l M_l` each.

use pulp::{Simd, WithSimd};

use super::HarmonicsKind;
use super::values::{Evaluation, MAX_UNROLLED, Outputs, Point, elements};
use crate::index::n_lm;
use crate::lanes::{ANY, LaneOps, LaneRows, cast_mut, lane_count, read_lanes, write_lanes};
use crate::plan::Real;

/// Lane vectors that [`Neighbours`] take: orders 0 to `lmax + 1`, twice.
pub(super) const fn neighbours_len(lmax: usize) -> usize {
    2 * (lmax + 2)
}

/// `Σ g ∇R` and `Σ l g Y`.
type Sums<V> = ([V; 3], V);

/// `C_m` and `S_m` of one degree, from order 0 to two beyond the last, which are 0.
struct Neighbours<'a, V> {
    cosines: &'a mut [V],
    sines: &'a mut [V],
    /// `C_0 / √2`.
    zonal: V,
}

impl<'a, V: bytemuck::Pod> Neighbours<'a, V> {
    #[inline(always)]
    fn new(memory: &'a mut [V]) -> Option<Self> {
        let (cosines, sines) = memory.split_at_mut_checked(memory.len() / 2)?;
        Some(Self { cosines, sines, zonal: V::zeroed() })
    }

    /// Takes the harmonics of degree `l − 1`, times a factor.
    #[inline(always)]
    fn take<S: Simd, T: LaneOps<Lanes<S> = V>>(
        &mut self,
        s: S,
        l: usize,
        factor: V,
        rows: &[V],
    ) -> Option<()> {
        let rows = rows.get((l - 1) * (l - 1)..l * l)?;
        let (negative, rest) = rows.split_at_checked(l - 1)?;
        let (zonal, positive) = rest.split_first()?;
        let zero = T::splat(s, T::zeroed());
        self.zonal = T::mul(s, factor, *zonal);
        let (first, cosines) = self.cosines.split_first_mut()?;
        *first = T::mul(s, self.zonal, T::splat(s, T::from_f64(core::f64::consts::SQRT_2)));
        for (cosine, row) in cosines.iter_mut().zip(positive) {
            *cosine = T::mul(s, factor, *row);
        }
        let (first, sines) = self.sines.split_first_mut()?;
        *first = zero;
        for (sine, row) in sines.iter_mut().zip(negative.iter().rev()) {
            *sine = T::mul(s, factor, *row);
        }
        for beyond in [cosines, sines] {
            *beyond.get_mut(l - 1)? = zero;
            *beyond.get_mut(l)? = zero;
        }
        Some(())
    }

    #[inline(always)]
    fn get(&self, m: usize) -> Option<[V; 2]> {
        Some([*self.cosines.get(m)?, *self.sines.get(m)?])
    }
}

/// `value − l r̂ Y` for the direction, `value` else.
#[inline(always)]
fn minus_radial<S: Simd, T: LaneOps, const SURFACE: bool>(
    s: S,
    value: T::Lanes<S>,
    radial: T::Lanes<S>,
    harmonic: T::Lanes<S>,
) -> T::Lanes<S> {
    if SURFACE { T::mul_add(s, radial, harmonic, value) } else { value }
}

impl<T: Real, const DEGREE: usize> Evaluation<'_, T, DEGREE> {
    /// The derivatives of a block's harmonics, from these.
    #[inline(always)]
    fn differentiate<S: Simd, const SURFACE: bool>(
        &self,
        s: S,
        point: &Point<T, S>,
        rows: &[T::Lanes<S>],
        [dx, dy, dz]: [&mut [T::Lanes<S>]; 3],
        neighbours: &mut [T::Lanes<S>],
    ) -> Option<()> {
        let zero = T::splat(s, T::zeroed());
        for derivative in [&mut *dx, &mut *dy, &mut *dz] {
            *derivative.first_mut()? = zero;
        }
        let mut near = Neighbours::new(neighbours)?;
        let mut derivatives = [dx, dy, dz];
        if DEGREE == ANY {
            for l in 1..=self.lmax() {
                self.differentiate_degree::<S, SURFACE>(s, l, point, rows, &mut derivatives, &mut near)?;
            }
        } else {
            const { assert!(MAX_UNROLLED == 4) };
            seq_macro::seq! {L in 1..=4 {
                if L <= DEGREE {
                    self.differentiate_degree::<S, SURFACE>(s, L, point, rows, &mut derivatives, &mut near)?;
                }
            }}
        }
        Some(())
    }

    /// Likewise those of one degree `l >= 1`.
    #[inline(always)]
    fn differentiate_degree<S: Simd, const SURFACE: bool>(
        &self,
        s: S,
        l: usize,
        point: &Point<T, S>,
        rows: &[T::Lanes<S>],
        [dx, dy, dz]: &mut [&mut [T::Lanes<S>]; 3],
        near: &mut Neighbours<'_, T::Lanes<S>>,
    ) -> Option<()> {
        let zero = T::splat(s, T::zeroed());
        let factor = T::splat(s, *self.norms.ratios.get(l)?);
        let factor = if SURFACE { T::mul(s, factor, point.reciprocal) } else { factor };
        near.take::<S, T>(s, l, factor, rows)?;
        // −l r̂ / |r|
        let degree = T::mul(s, T::splat(s, T::from_f64(-(l as f64))), point.reciprocal);
        let radial = [T::mul(s, point.x, degree), T::mul(s, point.y, degree), T::mul(s, point.z, degree)];

        let of_degree = l * l..(l + 1) * (l + 1);
        let (negative, rest) = rows.get(of_degree.clone())?.split_at_checked(l)?;
        let (zonal, positive) = rest.split_first()?;
        let (dx_negative, rest) = dx.get_mut(of_degree.clone())?.split_at_mut_checked(l)?;
        let (dx_zonal, dx_positive) = rest.split_first_mut()?;
        let (dy_negative, rest) = dy.get_mut(of_degree.clone())?.split_at_mut_checked(l)?;
        let (dy_zonal, dy_positive) = rest.split_first_mut()?;
        let (dz_negative, rest) = dz.get_mut(of_degree)?.split_at_mut_checked(l)?;
        let (dz_zonal, dz_positive) = rest.split_first_mut()?;

        let (e, axial) = self.table.axial(l)?.split_first()?;
        let root2 = T::splat(s, T::from_f64(-core::f64::consts::SQRT_2));
        let a = T::mul(s, T::splat(s, *self.table.ladder.get(l)?), root2);
        let ([mut c0, mut s0], [mut c1, mut s1]) = (near.get(0)?, near.get(1)?);
        *dx_zonal = minus_radial::<S, T, SURFACE>(s, T::mul(s, a, c1), radial[0], *zonal);
        *dy_zonal = minus_radial::<S, T, SURFACE>(s, T::mul(s, a, s1), radial[1], *zonal);
        let along = T::mul(s, T::splat(s, *e), near.zonal);
        *dz_zonal = minus_radial::<S, T, SURFACE>(s, along, radial[2], *zonal);

        let harmonics = positive.iter().zip(negative.iter().rev());
        let above = near.cosines.get(2..)?.iter().zip(near.sines.get(2..)?);
        let factors = axial.iter().zip(self.table.ladder.get(l + 1..)?);
        let factors = factors.zip(self.table.ladder.get(..l)?.iter().rev());
        let dx = dx_positive.iter_mut().zip(dx_negative.iter_mut().rev());
        let dy = dy_positive.iter_mut().zip(dy_negative.iter_mut().rev());
        let dz = dz_positive.iter_mut().zip(dz_negative.iter_mut().rev());
        let inputs = harmonics.zip(above).zip(factors);
        for (((harmonics, above), ((e, b), a)), ((dx, dy), dz)) in inputs.zip(dx.zip(dy).zip(dz)) {
            let (c2, s2) = (*above.0, *above.1);
            let (a, b, e) = (T::splat(s, *a), T::splat(s, *b), T::splat(s, *e));
            let [ac, as_] = [T::mul(s, a, c2), T::mul(s, a, s2)];
            let [bc, bs] = [T::mul(s, b, c0), T::mul(s, b, s0)];
            let (cosine, sine) = (*harmonics.0, *harmonics.1);
            *dx.0 = minus_radial::<S, T, SURFACE>(s, T::sub(s, bc, ac), radial[0], cosine);
            *dx.1 = minus_radial::<S, T, SURFACE>(s, T::sub(s, bs, as_), radial[0], sine);
            let sum = T::sub(s, zero, T::add(s, bs, as_));
            *dy.0 = minus_radial::<S, T, SURFACE>(s, sum, radial[1], cosine);
            *dy.1 = minus_radial::<S, T, SURFACE>(s, T::add(s, bc, ac), radial[1], sine);
            *dz.0 = minus_radial::<S, T, SURFACE>(s, T::mul(s, e, c1), radial[2], cosine);
            *dz.1 = minus_radial::<S, T, SURFACE>(s, T::mul(s, e, s1), radial[2], sine);
            (c0, s0, c1, s1) = (c1, s1, c2, s2);
        }
        Some(())
    }

    /// `Σ_lm g_lm ∇Y_lm` of a block, from its harmonics and `g`.
    #[inline(always)]
    fn pull_back<S: Simd>(
        &self,
        s: S,
        point: &Point<T, S>,
        rows: &[T::Lanes<S>],
        d_values: &[T::Lanes<S>],
        neighbours: &mut [T::Lanes<S>],
    ) -> Option<[T::Lanes<S>; 3]> {
        let zero = T::splat(s, T::zeroed());
        let mut near = Neighbours::new(neighbours)?;
        // Of ∇R, and Σ l g Y.
        let (mut total, mut radial) = ([zero; 3], zero);
        if DEGREE == ANY {
            for l in 1..=self.lmax() {
                (total, radial) = self.pull_back_degree(s, l, rows, d_values, &mut near, (total, radial))?;
            }
        } else {
            const { assert!(MAX_UNROLLED == 4) };
            seq_macro::seq! {L in 1..=4 {
                if L <= DEGREE {
                    (total, radial) = self.pull_back_degree(s, L, rows, d_values, &mut near, (total, radial))?;
                }
            }}
        }
        if self.kind == HarmonicsKind::Solid {
            return Some(total);
        }
        let [x, y, z] = [T::mul(s, point.x, radial), T::mul(s, point.y, radial), T::mul(s, point.z, radial)];
        let [x, y, z] = [T::sub(s, total[0], x), T::sub(s, total[1], y), T::sub(s, total[2], z)];
        let r = point.reciprocal;
        Some([T::mul(s, x, r), T::mul(s, y, r), T::mul(s, z, r)])
    }

    /// Adds what one degree `l >= 1` contributes to `Σ g ∇R` and to `Σ l g Y`.
    #[inline(always)]
    fn pull_back_degree<S: Simd>(
        &self,
        s: S,
        l: usize,
        rows: &[T::Lanes<S>],
        d_values: &[T::Lanes<S>],
        near: &mut Neighbours<'_, T::Lanes<S>>,
        (mut total, radial): Sums<T::Lanes<S>>,
    ) -> Option<Sums<T::Lanes<S>>> {
        let zero = T::splat(s, T::zeroed());
        near.take::<S, T>(s, l, T::splat(s, *self.norms.ratios.get(l)?), rows)?;
        let of_degree = l * l..(l + 1) * (l + 1);
        let (negative, rest) = rows.get(of_degree.clone())?.split_at_checked(l)?;
        let (zonal, positive) = rest.split_first()?;
        let (d_negative, rest) = d_values.get(of_degree)?.split_at_checked(l)?;
        let (d_zonal, d_positive) = rest.split_first()?;

        let (e, axial) = self.table.axial(l)?.split_first()?;
        let root2 = T::splat(s, T::from_f64(-core::f64::consts::SQRT_2));
        let a = T::mul(s, T::mul(s, T::splat(s, *self.table.ladder.get(l)?), root2), *d_zonal);
        let ([mut c0, mut s0], [mut c1, mut s1]) = (near.get(0)?, near.get(1)?);
        total[0] = T::mul_add(s, a, c1, total[0]);
        total[1] = T::mul_add(s, a, s1, total[1]);
        let e = T::mul(s, T::splat(s, *e), *d_zonal);
        total[2] = T::mul_add(s, e, near.zonal, total[2]);

        // Of cosines and of sines.
        let mut sums = [[zero; 2]; 3];
        let mut along = [T::mul(s, *d_zonal, *zonal), zero];
        let harmonics = positive.iter().zip(negative.iter().rev());
        let gradients = d_positive.iter().zip(d_negative.iter().rev());
        let above = near.cosines.get(2..)?.iter().zip(near.sines.get(2..)?);
        let factors = axial.iter().zip(self.table.ladder.get(l + 1..)?);
        let factors = factors.zip(self.table.ladder.get(..l)?.iter().rev());
        let inputs = harmonics.zip(gradients).zip(above).zip(factors);
        for (((harmonics, gradients), above), ((e, b), a)) in inputs {
            let (c2, s2) = (*above.0, *above.1);
            let (cosine, sine) = (*gradients.0, *gradients.1);
            let (a, b, e) = (T::splat(s, *a), T::splat(s, *b), T::splat(s, *e));
            let [ac, as_] = [T::mul(s, a, cosine), T::mul(s, a, sine)];
            let [bc, bs] = [T::mul(s, b, cosine), T::mul(s, b, sine)];
            // x: b (C_{m−1}, S_{m−1}) − a (C_{m+1}, S_{m+1}); y: −b S_{m−1} − a S_{m+1} and b C_{m−1} + a C_{m+1}.
            let [[plus_x, minus_x], [plus_y, minus_y], [plus_z, minus_z]] = &mut sums;
            *plus_x = T::mul_add(s, bs, s0, T::mul_add(s, bc, c0, *plus_x));
            *minus_x = T::mul_add(s, as_, s2, T::mul_add(s, ac, c2, *minus_x));
            *plus_y = T::mul_add(s, as_, c2, T::mul_add(s, bs, c0, *plus_y));
            *minus_y = T::mul_add(s, ac, s2, T::mul_add(s, bc, s0, *minus_y));
            *plus_z = T::mul_add(s, T::mul(s, e, cosine), c1, *plus_z);
            *minus_z = T::mul_add(s, T::mul(s, e, sine), s1, *minus_z);
            along[0] = T::mul_add(s, cosine, *harmonics.0, along[0]);
            along[1] = T::mul_add(s, sine, *harmonics.1, along[1]);
            (c0, s0, c1, s1) = (c1, s1, c2, s2);
        }
        let [[plus_x, minus_x], [plus_y, minus_y], [plus_z, minus_z]] = sums;
        total[0] = T::add(s, total[0], T::sub(s, plus_x, minus_x));
        total[1] = T::add(s, total[1], T::sub(s, plus_y, minus_y));
        total[2] = T::add(s, total[2], T::add(s, plus_z, minus_z));
        let degree = T::splat(s, T::from_f64(l as f64));
        let radial = T::mul_add(s, degree, T::add(s, along[0], along[1]), radial);
        Some((total, radial))
    }
}

/// The harmonics of some blocks and their derivatives, from a pair on. A `#[target_feature]` frame of its own.
pub(super) struct Gradients<'a, T: 'static, V, const DEGREE: usize> {
    pub(super) evaluation: Evaluation<'a, T, DEGREE>,
    pub(super) pair: usize,
    pub(super) blocks: usize,
    /// The values and the derivatives.
    pub(super) outputs: Outputs<'a, T, V, 4>,
    /// [`neighbours_len`] lane vectors.
    pub(super) neighbours: &'a mut [V],
}

impl<T: Real, V: bytemuck::Pod, const DEGREE: usize> WithSimd for Gradients<'_, T, V, DEGREE> {
    type Output = Option<()>;

    #[inline(always)]
    fn with_simd<S: Simd>(self, s: S) -> Option<()> {
        let Self { evaluation, mut pair, blocks, mut outputs, neighbours } = self;
        let n_rows = n_lm(evaluation.lmax());
        let near: &mut [T::Lanes<S>] = cast_mut(neighbours);
        for block in 0..blocks {
            let point = evaluation.point(s, pair)?;
            let [rows, dx, dy, dz] = outputs.block::<S>(block, n_rows)?;
            evaluation.fill(s, &point, rows)?;
            match evaluation.kind {
                HarmonicsKind::Surface => {
                    evaluation.differentiate::<S, true>(s, &point, rows, [dx, dy, dz], near)?;
                }
                HarmonicsKind::Solid => {
                    evaluation.differentiate::<S, false>(s, &point, rows, [dx, dy, dz], near)?;
                }
            }
            outputs.write(s, &evaluation, pair)?;
            pair += lane_count::<S, T>();
        }
        Some(())
    }
}

/// The pull-back of some blocks, from a pair on. A `#[target_feature]` frame of its own.
pub(super) struct PullBack<'a, T: 'static, V, const DEGREE: usize> {
    pub(super) evaluation: Evaluation<'a, T, DEGREE>,
    pub(super) pair: usize,
    pub(super) blocks: usize,
    /// What the harmonics of a pair are multiplied by, together, pair after pair, if they lie so.
    pub(super) array: Option<&'a [T]>,
    /// Room for that of one block, or else that of all blocks, one after the other.
    pub(super) d_values: &'a mut [V],
    /// The whole array of gradients.
    pub(super) d_xyz: &'a mut [T],
    /// Room for the harmonics of one block.
    pub(super) values: &'a mut [V],
    /// [`neighbours_len`] lane vectors.
    pub(super) neighbours: &'a mut [V],
}

impl<T: Real, V: bytemuck::Pod, const DEGREE: usize> WithSimd for PullBack<'_, T, V, DEGREE> {
    type Output = Option<()>;

    #[inline(always)]
    fn with_simd<S: Simd>(self, s: S) -> Option<()> {
        let Self { evaluation, mut pair, blocks, array, d_values, d_xyz, values, neighbours } = self;
        let n_rows = n_lm(evaluation.lmax());
        let rows = cast_mut(values).get_mut(..n_rows)?;
        let (d_values, near): (&mut [T::Lanes<S>], _) = (cast_mut(d_values), cast_mut(neighbours));
        for block in 0..blocks {
            let start = if array.is_some() { 0 } else { block * n_rows };
            let d_rows = d_values.get_mut(start..start + n_rows)?;
            if let Some(array) = array {
                read_lanes(
                    s,
                    array,
                    &elements::<S, T>(pair, n_rows, array.len()),
                    LaneRows::of_block(d_rows),
                )?;
            }
            let point = evaluation.point(s, pair)?;
            evaluation.fill(s, &point, rows)?;
            let gradient = evaluation.pull_back(s, &point, rows, d_rows, near)?;
            write_lanes(s, d_xyz, &elements::<S, T>(pair, 3, d_xyz.len()), LaneRows::of_block(&gradient))?;
            pair += lane_count::<S, T>();
        }
        Some(())
    }
}
