//! A check that users can run where their program runs: whether a plan does there what it should.
//!
//! Three identities, on random arguments, need no second implementation:
//!
//! - *equivariance*: the result of rotated operands is the rotated result;
//! - the *adjoint identity*: `⟨v, J u⟩ = ⟨Jᵀ v, u⟩` for the derivatives [`Plan::jvp`] and [`Plan::vjp`];
//! - *differences*: `(f(x + u) − f(x − u)) / 2 = J u`, exact for what is linear in `x`.

use crate::error::Error;
use crate::index::n_lm;
use crate::lanes::{CacheLine, Remaining, cast_mut};
use crate::plan::{
    Engine, Gradients, LMAX_INPUT, Lengths, Normalization, Operation, Plan, Real, Tangents, Weights,
};
use crate::rotation::{RotationDesc, RotationForm, RotationPlan, Sense};

/// What [`Plan::self_check`] found: errors relative to the bounds that follow from rounding, at most 1 if all is well
/// (usually far below).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SelfCheck {
    /// Of the result of rotated operands.
    pub equivariance: f64,
    /// Of the adjoint identity, for all operands and weights at once.
    pub adjoint: f64,
    /// Of differences along both operands.
    pub difference: f64,
}

impl SelfCheck {
    /// The largest of them; NaN if one is.
    #[must_use]
    pub fn worst(&self) -> f64 {
        [self.equivariance, self.adjoint, self.difference].into_iter().fold(0.0, larger)
    }
}

/// The larger number; NaN if one is.
fn larger(a: f64, b: f64) -> f64 {
    if a.is_nan() || a > b { a } else { b }
}

/// An array in memory of its own.
fn array<'a, T: Real>(memory: &mut Remaining<'a, CacheLine>, len: usize) -> Result<&'a mut [T], Error> {
    let lines = memory.take(lines_of::<T>(len)?).ok_or(Error::Internal)?;
    cast_mut(lines).get_mut(..len).ok_or(Error::Internal)
}

fn lines_of<T>(len: usize) -> Result<usize, Error> {
    let bytes = len.checked_mul(size_of::<T>()).ok_or(Error::Overflow)?;
    Ok(bytes.div_ceil(size_of::<CacheLine>()))
}

/// Uniform numbers in [−1, 1), exact in both element types (`SplitMix64`: Steele, Lea & Flood 2014).
struct Random(u64);

impl Random {
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let bits = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((bits ^ (bits >> 31)) >> 41) as f64 / f64::from(1 << 22) - 1.0
    }

    fn fill<T: Real>(&mut self, x: &mut [T]) {
        x.iter_mut().for_each(|x| *x = T::from_f64(self.next()));
    }

    /// Of a random rotation.
    fn quaternion<T: Real>(&mut self) -> [T; 4] {
        let mut q = [self.next(), self.next(), self.next(), self.next() + 1.5];
        let norm = libm::sqrt(q.iter().map(|q| q * q).sum());
        q.iter_mut().for_each(|q| *q /= norm);
        q.map(T::from_f64)
    }
}

fn dot<T: Real>(x: &[T], y: &[T]) -> f64 {
    x.iter().zip(y).map(|(x, y)| (*x).into() * (*y).into()).sum()
}

fn norm<T: Real>(x: &[T]) -> f64 {
    libm::sqrt(dot(x, x))
}

/// `‖x − y‖`.
fn distance<T: Real>(x: &[T], y: &[T]) -> f64 {
    let square = |(x, y): (&T, &T)| {
        let difference = (*x).into() - (*y).into();
        difference * difference
    };
    libm::sqrt(x.iter().zip(y).map(square).sum())
}

impl<T: Real> Plan<'_, T> {
    /// Cache lines of memory that [`Self::self_check`] needs.
    ///
    /// # Errors
    /// [`Error::Unsupported`] for outputs beyond degree [`LMAX_INPUT`], to which functions can be rotated;
    /// [`Error::Overflow`].
    pub fn self_check_len(&self) -> Result<usize, Error> {
        let Lengths { x1, x2, out, weights1, weights2, weights3 } = self.lengths(1)?;
        let mut rotation = 0;
        for desc in self.rotations()? {
            let memory = desc.memory::<T>()?;
            rotation = rotation.max(memory.tables + memory.workspace);
        }
        // Each argument, its direction and its gradient; four results.
        let arrays = [(3, x1), (3, x2), (3, weights1), (3, weights2), (3, weights3), (4, out)];
        arrays.into_iter().try_fold(self.workspace_len() + rotation, |sum, (count, len)| {
            lines_of::<T>(len)?
                .checked_mul(count)
                .and_then(|lines| lines.checked_add(sum))
                .ok_or(Error::Overflow)
        })
    }

    /// Checks this plan with random arguments of one sample: that results turn with the operands, that gradients and
    /// directional derivatives belong together, and that these are differences of results. Meant for a program's start or
    /// its tests: it catches a plan, a build or a machine that does not compute what it should, and costs a few executions.
    ///
    /// - `seed`: another one makes other arguments.
    /// - `memory`: [`Self::self_check_len`] cache lines; the contents do not matter and are undefined afterwards.
    ///
    /// # Errors
    /// [`Error::Unsupported`] as [`Self::self_check_len`]; [`Error::StorageTooSmall`].
    pub fn self_check(&self, seed: u64, memory: &mut [CacheLine]) -> Result<SelfCheck, Error> {
        let (expected, received) = (self.self_check_len()?, memory.len());
        if received < expected {
            return Err(Error::StorageTooSmall { expected, received });
        }
        let lengths = self.lengths(1)?;
        let lens = [lengths.x1, lengths.x2, lengths.weights1, lengths.weights2, lengths.weights3];
        let mut memory = Remaining(memory);
        let workspace = memory.take(self.workspace_len()).ok_or(Error::Internal)?;
        let mut arrays = || -> Result<[&mut [T]; 5], Error> {
            let [a, b, c, d, e] = lens.map(|len| array(&mut memory, len));
            Ok([a?, b?, c?, d?, e?])
        };
        let (mut arguments, mut directions, gradients) = (arrays()?, arrays()?, arrays()?);
        let [v, z1, z2, z3] = [lengths.out; 4].map(|len| array(&mut memory, len));
        let (v, z1, z2, z3) = (v?, z1?, z2?, z3?);
        let mut random = Random(seed);
        for x in arguments.iter_mut().chain(&mut directions) {
            random.fill(x);
        }
        random.fill(v);
        let [x1, x2, weights1, weights2, weights3] = arguments.each_ref().map(|x| &**x);
        let weights = Weights { weights1, weights2, weights3 };
        let [u1, u2, w1, w2, w3] = directions;
        let unit = self.check_roundings()
            * if size_of::<T>() == 4 { 0.5 * f64::from(f32::EPSILON) } else { 0.5 * f64::EPSILON };
        // Weights are below 1. (Arguments of degree 0 may be small: no less than 1.)
        let size = |x: &[T]| norm(x).max(1.0);

        let tangents = Tangents {
            x1: Some(u1),
            x2: Some(u2),
            weights1: Some(w1),
            weights2: Some(w2),
            weights3: Some(w3),
        };
        self.jvp(1, x1, x2, &weights, &tangents, false, z1, workspace)?;
        let [g1, g2, h1, h2, h3] = gradients;
        let all = Gradients {
            x1: Some(&mut *g1),
            x2: Some(&mut *g2),
            weights1: Some(&mut *h1),
            weights2: Some(&mut *h2),
            weights3: Some(&mut *h3),
        };
        self.vjp(1, x1, x2, &weights, v, all, false, workspace)?;
        let pairs: [(&[T], &[T]); 5] = [(g1, u1), (g2, u2), (h1, w1), (h2, w2), (h3, w3)];
        let (mut contracted, mut changes) = (0.0, 0.0);
        for (gradient, u) in pairs {
            contracted += dot(gradient, u);
            changes += size(u);
        }
        let adjoint = (dot(v, z1) - contracted).abs() / (unit * changes * size(x1) * size(x2) * size(v));

        let mut difference = 0.0;
        for (i, (x, u)) in [(x1, &*u1), (x2, &*u2)].into_iter().enumerate() {
            let (shifted, tangents) = if i == 0 {
                (&mut *g1, Tangents { x1: Some(u), ..Tangents::default() })
            } else {
                (&mut *g2, Tangents { x2: Some(u), ..Tangents::default() })
            };
            for (sign, z) in [(1.0, &mut *z1), (-1.0, &mut *z2)] {
                for ((slot, x), u) in shifted.iter_mut().zip(x).zip(u) {
                    *slot = T::from_f64((*x).into() + sign * (*u).into()); // exact
                }
                let (x1, x2) = if i == 0 { (&*shifted, x2) } else { (x1, &*shifted) };
                self.execute(1, x1, x2, &weights, z, workspace)?;
            }
            self.jvp(1, x1, x2, &weights, &tangents, false, z3, workspace)?;
            let mut square = 0.0;
            for ((above, below), tangent) in z1.iter().zip(&*z2).zip(&*z3) {
                let error = ((*above).into() - (*below).into()) / 2.0 - (*tangent).into();
                square += error * error;
            }
            let bound = unit * (size(x) + size(u)) * size(if i == 0 { x2 } else { x1 });
            difference = larger(difference, libm::sqrt(square) / bound);
        }

        // The rotated operands take the directions' place.
        let quaternion = random.quaternion::<T>();
        self.execute(1, x1, x2, &weights, z1, workspace)?;
        for (desc, (x, rotated)) in
            self.rotations()?.iter().zip([(x1, &mut *u1), (x2, &mut *u2), (&mut *z1, &mut *z2)])
        {
            let n_tables = desc.memory::<T>()?.tables;
            let (tables, rest) = memory.0.split_at_mut_checked(n_tables).ok_or(Error::Internal)?;
            let n_parts = x.len().checked_div(n_lm(desc.lmax) * desc.n_channels).unwrap_or(0);
            RotationPlan::new(desc, tables)?.execute(
                Sense::Forward,
                n_parts,
                &quaternion,
                x,
                rotated,
                rest,
            )?;
        }
        self.execute(1, u1, u2, &weights, z3, workspace)?;
        let equivariance = distance(z2, z3) / (unit * size(x1) * size(x2));
        Ok(SelfCheck { equivariance, adjoint, difference })
    }

    /// Rotations of the operands and the output. Their parts count as samples.
    fn rotations(&self) -> Result<[RotationDesc; 3], Error> {
        let desc = self.desc();
        if desc.lmax3 > LMAX_INPUT {
            return Err(Error::Unsupported);
        }
        let rotation = |lmax, is_shared: bool| {
            let mut rotation = RotationDesc::new(lmax);
            rotation.n_channels = if is_shared { 1 } else { desc.n_channels };
            (rotation.layout, rotation.isa) = (desc.layout, Some(self.isa()));
            (rotation.form, rotation.shared) = (RotationForm::Quaternion, true);
            rotation
        };
        let (shared1, shared2) = (desc.broadcast1.over_channels(), desc.broadcast2.over_channels());
        Ok([rotation(desc.lmax1, shared1), rotation(desc.lmax2, shared2), rotation(desc.lmax3, false)])
    }

    /// A bound of the error of `Σ v z`, in norms of `x1`, `x2` and `v`, in units of the element type's rounding.
    ///
    /// With `max|f| <= √(n_lm / 4π) ‖x‖` (Cauchy and Schwarz) the sums of an engine's absolute terms are below `√4π max|f|
    /// max|g|`, and `n_lm` of them below `√n_lm` times their largest in norm; gradients, in brackets, are `√(l (l + 1))`
    /// times as large, in two products. Where a quadrature has negative weights `w`, the sums are up to
    /// `√(Σ|w| / 4π · Σ|w| Y²)` times as large: below 5 for those that there are. Roundings as in [`conventions`](crate::conventions#exactness), those of a
    /// rotation of the three functions included.
    fn check_roundings(&self) -> f64 {
        let desc = self.desc();
        let [l1, l2, l3] = [desc.lmax1, desc.lmax2, desc.lmax3];
        let (lmax, total) = (l1.max(l2).max(l3), l1 + l2 + l3);
        let coefficients = (n_lm(l1) * n_lm(l2)) as f64 * n_lm(l3) as f64;
        let brackets = (2 * lmax * (lmax + 1)) as f64;
        let (one, all) = (1.0, 4.0 * (1.0 + brackets)); // four terms each
        let operation = match desc.operation {
            Operation::Product => one,
            Operation::Bracket => brackets,
            Operation::ProductAndBracket => all,
        };
        let four_pi = 4.0 * core::f64::consts::PI;
        let normalization = match desc.normalization {
            Normalization::Integral => 1.0,
            _ => libm::sqrt(four_pi * (2 * l3 + 1) as f64),
        };
        let transforms = match self.engine() {
            // 16 log₂ n for each of the six transforms of an operand or the output
            Engine::Fourier => 96 * (1 + (4 * total + 2).ilog2() as usize),
            Engine::Direct => (l1.min(l2) + 1) * (l1.min(l2) + 2) * (l1.max(l2) + 1),
            _ => 0,
        };
        let negative_weights = if self.takes_octahedral_rule() { 5.0 } else { 1.0 };
        let path = 64 + 2 * total + transforms;
        let n = (lmax / 2 + 1) as f64;
        let rotations = 3.0 * (16.0 + 2.0 * (n + 2.0) * libm::sqrt(n) + 8.0 * lmax as f64);
        libm::sqrt(coefficients / four_pi)
            * negative_weights
            * operation.max(1.0)
            * normalization
            * (path as f64 + rotations)
    }
}
