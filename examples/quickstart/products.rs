//! Using the library: make a plan, execute it, check it against the readable reference, time it.

use std::hint::black_box;
use std::time::{Duration, Instant};

use gaunt::{CacheLine, Engine, Error, Isa, Plan, PlanDesc, Real, Weights, n_lm, reference};

use crate::density::N_CHANNELS;
use crate::invariants::{product_scale, relative, worse};

/// The product `A ⊗ A` of [`N_CHANNELS`] channels to degree `lmax`, output to the same degree; the rest is default:
/// layout `[sample][lm][channel]`, orthonormal harmonics, the best engine and ISA level.
pub(crate) fn describe(lmax: usize) -> PlanDesc {
    let mut desc = PlanDesc::product(lmax, lmax, lmax);
    desc.n_channels = N_CHANNELS;
    desc
}

/// Memory for the tables of a plan; a plan borrows it.
pub(crate) fn tables<T: Real>(desc: &PlanDesc) -> Result<Vec<CacheLine>, Error> {
    Ok(vec![CacheLine::ZERO; desc.memory::<T>()?.tables])
}

/// A plan with the workspace that its executions need.
pub(crate) struct Squarer<'t, T> {
    plan: Plan<'t, T>,
    workspace: Vec<CacheLine>,
}

impl<'t, T: Real> Squarer<'t, T> {
    pub(crate) fn new(desc: &PlanDesc, tables: &'t mut [CacheLine]) -> Result<Self, Error> {
        let plan = Plan::new(desc, tables)?;
        Ok(Self { plan, workspace: vec![CacheLine::ZERO; plan.workspace_len()] })
    }

    /// `b = a ⊗ a` for every sample and channel.
    pub(crate) fn square(&mut self, a: &[T], b: &mut [T]) -> Result<(), Error> {
        let n_samples = a.len() / (n_lm(self.plan.desc().lmax1) * N_CHANNELS);
        self.plan.execute(n_samples, a, a, &Weights::default(), b, &mut self.workspace)
    }
}

/// What a degree's plans are and how they did.
pub(crate) struct Comparison {
    /// Of the `f64` and the `f32` plan.
    pub(crate) engines: [Engine; 2],
    pub(crate) isas: [Isa; 2],
    /// Of the `f64` and the `f32` plan: largest difference from the reference, relative to [`product_scale`].
    pub(crate) differences: [f64; 2],
    /// Products per second of the `f64` plan, the `f32` plan and the reference, median of several runs.
    pub(crate) rates: [f64; 3],
}

/// Checks products of the densities `a` against the reference, then times all of them.
pub(crate) fn compare(lmax: usize, a: &[f64]) -> Result<Comparison, Error> {
    let desc = describe(lmax);
    let (mut tables_f64, mut tables_f32) = (tables::<f64>(&desc)?, tables::<f32>(&desc)?);
    let mut doubles = Squarer::<f64>::new(&desc, &mut tables_f64)?;
    let mut singles = Squarer::<f32>::new(&desc, &mut tables_f32)?;
    let (mut b, mut b_f32) = (vec![0.0; a.len()], vec![0.0; a.len()]);
    #[allow(clippy::cast_possible_truncation)] // rounding is what is meant
    let a_f32: Vec<f32> = a.iter().map(|x| *x as f32).collect();

    doubles.square(a, &mut b)?;
    singles.square(&a_f32, &mut b_f32)?;
    let mut differences = [0.0; 2];
    let sample_len = n_lm(lmax) * N_CHANNELS;
    let mut expected = vec![0.0; n_lm(lmax)];
    let samples =
        a.chunks_exact(sample_len).zip(b.chunks_exact(sample_len).zip(b_f32.chunks_exact(sample_len)));
    // The reference is slow: a few atoms, each with another channel.
    for (sample, (a, (b, b_f32))) in samples.take(4).enumerate() {
        let channel = 5 * sample % N_CHANNELS;
        let x = one_channel(a, channel);
        reference::product(lmax, lmax, lmax, &x, &x, &mut expected);
        let scale = product_scale(lmax, a, channel);
        for (lm, expected) in expected.iter().enumerate() {
            let [double, single] =
                [b[lm * N_CHANNELS + channel], f64::from(b_f32[lm * N_CHANNELS + channel])];
            differences[0] = worse(differences[0], relative(double - expected, scale));
            differences[1] = worse(differences[1], relative(single - expected, scale));
        }
    }

    // In turns, so that a busy machine slows all of them alike.
    let n_products = a.len() / n_lm(lmax);
    let x = one_channel(&a[..sample_len], 0);
    let mut rates: [Vec<f64>; 3] = Default::default();
    for _ in 0..5 {
        rates[0].push(rate(n_products, || doubles.square(black_box(a), black_box(&mut b)))?);
        rates[1].push(rate(n_products, || singles.square(black_box(&a_f32), black_box(&mut b_f32)))?);
        rates[2].push(rate(1, || {
            reference::product(lmax, lmax, lmax, black_box(&x), black_box(&x), black_box(&mut expected));
            Ok(())
        })?);
    }
    Ok(Comparison {
        engines: [doubles.plan.engine(), singles.plan.engine()],
        isas: [doubles.plan.isa(), singles.plan.isa()],
        differences,
        rates: rates.map(median),
    })
}

/// The coefficients of one channel of a sample, in flat order.
fn one_channel(sample: &[f64], channel: usize) -> Vec<f64> {
    sample.iter().skip(channel).step_by(N_CHANNELS).copied().collect()
}

/// Products per second of a call that computes `n_products`, repeated for a while.
fn rate(n_products: usize, mut call: impl FnMut() -> Result<(), Error>) -> Result<f64, Error> {
    const ENOUGH: Duration = Duration::from_millis(10);
    let start = Instant::now();
    let mut n_calls = 0;
    loop {
        call()?;
        n_calls += 1;
        let elapsed = start.elapsed();
        if elapsed >= ENOUGH {
            return Ok((n_products * n_calls) as f64 / elapsed.as_secs_f64());
        }
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
