//! What the tests share: random numbers, running a plan, the levels of the machine.

use std::vec;
use std::vec::Vec;

use crate::{CacheLine, Isa, Plan, PlanDesc, Real, Weights, reference};

/// The ISA levels of this machine. Those of the architecture that are missing are named on standard output, and are a
/// failure where `GAUNT_REQUIRE_ISA` lists them (comma-separated, as `Debug` prints them). `GAUNT_ONLY_ISA` restricts
/// the tests to one level: on an emulated CPU every other one costs minutes.
pub(super) fn levels() -> Vec<Isa> {
    let required = std::env::var("GAUNT_REQUIRE_ISA").unwrap_or_default();
    let only = std::env::var("GAUNT_ONLY_ISA").ok();
    let of_architecture = Isa::ALL.into_iter().filter(|isa| match isa {
        Isa::Scalar => true,
        Isa::Neon => cfg!(target_arch = "aarch64"),
        Isa::Avx2 | Isa::Avx512 => cfg!(target_arch = "x86_64"),
    });
    let mut available = Vec::new();
    for isa in of_architecture {
        if only.as_ref().is_some_and(|only| *only != std::format!("{isa:?}")) {
            continue;
        }
        if isa.is_available() {
            available.push(isa);
        } else {
            std::println!("NOT RUN: ISA level {isa:?}: this CPU does not have it");
            let name = std::format!("{isa:?}");
            assert!(!required.split(',').any(|r| r == name), "ISA level {isa:?} is required but missing");
        }
    }
    assert!(!available.is_empty(), "GAUNT_ONLY_ISA names no level of this CPU");
    available
}

/// A small generator of reproducible numbers (`SplitMix64`).
pub(super) struct Random(pub(super) u64);

impl Random {
    pub(super) fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Uniform in [−1, 1), exact in `f32`.
    pub(super) fn value(&mut self) -> f64 {
        (self.bits() >> 41) as f64 / f64::from(1 << 22) - 1.0
    }

    pub(super) fn values<T: Real>(&mut self, n: usize) -> Vec<T> {
        (0..n).map(|_| T::from_f64(self.value())).collect()
    }
}

/// Cache lines full of NaNs: a plan may not depend on what memory contained.
pub(super) fn dirty_lines(n: usize) -> Vec<CacheLine> {
    let mut lines = vec![CacheLine::ZERO; n];
    bytemuck::cast_slice_mut::<_, u8>(&mut lines).fill(0xff);
    lines
}

/// All non-zero terms `(i, j, k, C_ijk)` of the reference.
pub(super) fn terms(
    coefficient: impl Fn([usize; 3], [isize; 3]) -> f64,
    [l1, l2, l3]: [usize; 3],
) -> Vec<(usize, usize, usize, f64)> {
    let mut terms = Vec::new();
    reference::for_each_term(coefficient, l1, l2, l3, |i, j, k, value| terms.push((i, j, k, value)));
    terms
}

/// Makes a plan in dirty memory and executes it once in a dirty workspace.
pub(super) fn execute<T: Real>(
    desc: &PlanDesc,
    n_samples: usize,
    x1: &[T],
    x2: &[T],
    weights: &Weights<'_, T>,
) -> Vec<T> {
    let memory = desc.memory::<T>().unwrap();
    let mut tables = dirty_lines(memory.tables);
    let plan = Plan::new(desc, &mut tables).unwrap();
    let mut out = vec![T::from_f64(f64::NAN); desc.lengths(n_samples).unwrap().out];
    let mut workspace = dirty_lines(memory.workspace);
    plan.execute(n_samples, x1, x2, weights, &mut out, &mut workspace).unwrap();
    out
}
